"""Who gets in, who is kept out, and what the audit chain says about it."""

from __future__ import annotations

import console_shop
import pytest
import sqlalchemy as sa
from console_shop import PASSWORD

from liuke.app import access

PROTECTED = ["/api/overview", "/api/tags", "/api/customers", "/api/customers/100005", "/api/customers/100005/timeline",
             "/api/outreach", "/api/data", "/api/admin", "/api/session"]  # fmt: skip


@pytest.mark.parametrize("path", PROTECTED)
def test_nothing_is_shown_without_a_session(client, path):
    answer = client.get(path)
    assert answer.status_code == 401
    assert answer.json()["code"] == "not_signed_in"
    assert answer.json()["hint"]


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(client):
    answer = client.post("/api/session", json={"name": "operator", "password": PASSWORD})
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert answer.json()["role"] == "operator"
    assert answer.json()["as_of"] == "2026-03-01"


def test_the_session_token_is_not_stored(shop, sign_in):
    token = sign_in("admin").cookies["liuke_session"]
    with shop.operations.read() as connection:
        stored = connection.execute(sa.text("SELECT token_hash FROM sessions")).scalars().all()
    assert len(stored) == 1
    assert token not in stored


def test_a_session_ends_by_itself_and_on_request(sign_in, clock):
    client = sign_in("operator")
    clock.advance(hours=11)
    assert client.get("/api/session").status_code == 200
    clock.advance(hours=2)
    assert client.get("/api/session").status_code == 401
    client = sign_in("operator")
    token = client.cookies["liuke_session"]
    assert client.delete("/api/session").status_code == 204
    client.cookies.set("liuke_session", token)
    assert client.get("/api/session").status_code == 401


def test_wrong_name_and_wrong_password_look_alike(client):
    wrong = [{"name": "admin", "password": "not-the-password"}, {"name": "nobody", "password": PASSWORD}]
    answers = [client.post("/api/session", json=body) for body in wrong]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert answers[0].json() == answers[1].json()


def test_guessing_is_slowed_down_and_honest_users_get_back_in(client, clock):
    for _ in range(6):
        client.post("/api/session", json={"name": "admin", "password": "guess-after-guess"})
        clock.advance(seconds=1)
    blocked = client.post("/api/session", json={"name": "admin", "password": PASSWORD})
    assert blocked.status_code == 429
    assert int(blocked.headers["retry-after"]) >= 1
    clock.advance(seconds=int(blocked.headers["retry-after"]))
    assert client.post("/api/session", json={"name": "admin", "password": PASSWORD}).status_code == 200


@pytest.mark.parametrize("headers", [{}, {"X-Liuke-Request": "x", "Origin": "https://evil.example"}])
def test_a_request_forged_by_another_site_changes_nothing(client, headers):
    del client.headers["X-Liuke-Request"]
    answer = client.post("/api/session", json={"name": "admin", "password": PASSWORD}, headers=headers)
    assert answer.status_code == 403
    assert answer.json()["code"] == "forged_request"
    assert "set-cookie" not in answer.headers


def test_every_sign_in_is_one_row_of_an_intact_chain(shop, sign_in):
    sign_in("admin")
    with shop.operations.read() as connection:
        begun = [entry for entry in access.recent(connection, 10) if entry.action == "session.begin"]
        assert [entry.actor for entry in begun] == ["admin"]
        assert access.first_broken_entry(connection) is None


def test_a_rewritten_audit_row_is_found(shop, sign_in):
    sign_in("admin")
    with shop.operations.begin() as connection:
        connection.execute(sa.text("UPDATE audit SET actor = 'somebody' WHERE position = 2"))
    assert sign_in("admin").get("/api/admin").json()["audit_intact"] is False


def test_preferences_are_remembered_for_the_user(sign_in):
    client = sign_in("operator")
    assert client.put("/api/session/preferences", json={"language": "en", "theme": "dark"}).status_code == 204
    again = sign_in("operator").get("/api/session").json()
    assert (again["language"], again["theme"]) == ("en", "dark")
    assert client.put("/api/session/preferences", json={"language": "xx", "theme": ""}).status_code == 422


def test_users_are_made_with_care(shop):
    with pytest.raises(access.UserExistsError):
        access.create_user(shop.operations, "admin", PASSWORD, "admin", console_shop.NOW)
    with pytest.raises(access.WeakPasswordError):
        access.create_user(shop.operations, "new", "short", "admin", console_shop.NOW)
    with pytest.raises(Exception, match="no role"):
        access.create_user(shop.operations, "new", PASSWORD, "king", console_shop.NOW)


def test_a_new_password_ends_old_sessions(shop, sign_in):
    client = sign_in("operator")
    access.set_password(shop.operations, "operator", "another-long-password", console_shop.NOW)
    assert client.get("/api/session").status_code == 401
