"""Measured beside true: served where a demo left it, unknown in the workspace of a real shop."""

from __future__ import annotations

import pytest
from simulated_effects import SIMULATION

from liuke.app.publish import write_simulation


@pytest.fixture
def simulated(shop):
    """The test shop for as long as it is a simulated one."""
    path = write_simulation(shop.workspace.published_dir, SIMULATION)
    yield shop
    path.unlink()


def test_a_real_shop_knows_no_true_effects(sign_in):
    client = sign_in("operator")
    answer = client.get("/api/simulation")
    assert (answer.status_code, answer.json()["code"]) == (404, "no_simulation")
    assert client.get("/api/session").json()["simulated"] is False


def test_nobody_sees_it_without_a_session(client, simulated):
    assert client.get("/api/simulation").status_code == 401


@pytest.mark.parametrize("role", ["admin", "operator", "analyst"])
def test_measured_stands_beside_true(sign_in, simulated, role):
    client = sign_in(role)
    page = client.get("/api/simulation").json()
    assert client.get("/api/session").json()["simulated"] is True
    assert [(row["true_effect"], row["covered"]) for row in page["effects"]] == [
        (0.026, True),
        (-35.0, False),
        (None, None),
    ]
    assert (page["as_of"], page["contacts"], page["untranslated"]) == ("2026-03-01", 6540, 3)


def test_the_document_is_replaced_whole(shop, simulated, sign_in):
    write_simulation(shop.workspace.published_dir, SIMULATION | {"contacts": 7})
    assert sign_in("operator").get("/api/simulation").json()["contacts"] == 7
    assert [path.name for path in shop.workspace.published_dir.glob("*.half")] == []
