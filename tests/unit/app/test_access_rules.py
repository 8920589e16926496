"""Waiting times, passwords and roles, without a database."""

from __future__ import annotations

from datetime import timedelta

import pytest

from liuke.app.access import Permission, Role, WeakPasswordError, generate_password
from liuke.app.access.config import FREE_FAILURES, MAX_WAIT_SECONDS
from liuke.app.access.passwords import hash_password, password_matches
from liuke.app.access.throttle import wait_seconds


def test_waiting_doubles_and_is_capped():
    waits = [wait_seconds(failures, timedelta(0)) for failures in range(FREE_FAILURES + 3)]
    assert waits == [0] * FREE_FAILURES + [1, 2, 4]
    assert wait_seconds(10_000, timedelta(0)) == MAX_WAIT_SECONDS


def test_waiting_passes_and_is_forgotten():
    assert wait_seconds(FREE_FAILURES + 4, timedelta(seconds=10)) == 6
    assert wait_seconds(FREE_FAILURES + 4, timedelta(seconds=16)) == 0
    assert wait_seconds(10_000, timedelta(hours=2)) == 0


@pytest.mark.parametrize("password", ["", "short", "aaaaaaaaaaaaaaaa", "abababababababab"])
def test_weak_passwords_are_refused(password):
    with pytest.raises(WeakPasswordError):
        hash_password(password)


def test_generated_passwords_are_strong_and_differ():
    drawn = {generate_password() for _ in range(20)}
    assert len(drawn) == 20
    assert all(len(password) == 16 and not set(password) & set("0O1lIo") for password in drawn)


def test_a_hash_opens_for_its_password_only():
    stored = hash_password("correct horse battery")
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=4$")  # RFC 9106, low-memory profile
    assert password_matches(stored, "correct horse battery")
    assert not password_matches(stored, "correct horse batterz")
    assert not password_matches(None, "correct horse battery")
    assert not password_matches("no hash at all", "correct horse battery")


def test_only_administrators_see_personal_values_in_clear():
    assert [role for role in Role if Permission.SEE_PERSONAL in role.permissions] == [Role.ADMIN]
    assert Role.ANALYST.permissions == frozenset()
