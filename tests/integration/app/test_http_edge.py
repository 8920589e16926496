"""Headers, errors, files and the documented schema."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from liuke.app.http import create_app, spa

WEB = Path(__file__).resolve().parents[3] / "web"


def test_the_committed_schema_is_the_one_the_api_has(client):
    committed = json.loads((WEB / "openapi.json").read_text(encoding="utf-8"))
    assert committed == client.app.openapi(), (
        "run: python -m liuke.app.http > web/openapi.json, then npm run generate-api"
    )


def test_every_answer_forbids_framing_sniffing_and_foreign_scripts(client):
    for path in ("/api/health", "/", "/api/nothing"):
        headers = client.get(path).headers
        assert headers["x-frame-options"] == "DENY"
        assert headers["x-content-type-options"] == "nosniff"
        policy = headers["content-security-policy"]
        assert "script-src 'self';" in policy
        assert "frame-ancestors 'none'" in policy


def test_an_unknown_address_below_the_api_is_a_404_in_json(client):
    for method, path in (("GET", "/api/nothing/here"), ("POST", "/api/nothing"), ("DELETE", "/api/x"), ("GET", "/api")):
        answer = client.request(method, path)
        assert answer.status_code == 404
        assert set(answer.json()) == {"code", "message", "hint"}


def test_wrong_parameters_say_which(sign_in):
    answer = sign_in("analyst").get("/api/customers", params={"page_size": 1000})
    assert answer.status_code == 422
    assert "page_size" in answer.json()["message"]


def test_answers_are_compressed_and_not_kept(sign_in):
    answer = sign_in("analyst").get("/api/overview", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["cache-control"] == "no-store"


def test_a_failure_inside_tells_a_browser_nothing(shop, monkeypatch):
    with TestClient(create_app(shop), raise_server_exceptions=False) as client:
        monkeypatch.setattr(client.app.state, "reader", None)
        answer = client.get("/api/health")
    assert answer.status_code == 500
    assert answer.json()["code"] == "internal_error"
    assert "NoneType" not in answer.text


@pytest.fixture
def built_console(tmp_path, monkeypatch, shop):
    folder = tmp_path / "static"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<html>console</html>", encoding="utf-8")
    (folder / "assets" / "index-abc.js").write_text("1", encoding="utf-8")
    (tmp_path / "secret").write_text("secret", encoding="utf-8")
    monkeypatch.setattr(spa, "console_dir", lambda: folder)
    with TestClient(create_app(shop)) as client:
        yield client


def test_pages_are_fresh_and_assets_are_kept(built_console):
    for path in ("/", "/customers", "/customers/5?level=red"):
        page = built_console.get(path)
        assert page.text == "<html>console</html>"
        assert page.headers["cache-control"] == "no-cache"
    assert "immutable" in built_console.get("/assets/index-abc.js").headers["cache-control"]
    assert built_console.get("/assets/missing.js").status_code == 404


@pytest.mark.parametrize("path", ["/..%2fsecret", "/assets/..%2f..%2fsecret", "/assets/%2e%2e/%2e%2e/secret"])
def test_no_file_outside_the_console_is_served(built_console, path):
    assert "secret" not in built_console.get(path).text


def test_without_a_built_console_the_page_says_how_to_build_it(shop, tmp_path, monkeypatch):
    monkeypatch.setattr(spa, "console_dir", lambda: tmp_path / "nothing")
    with TestClient(create_app(shop)) as client:
        answer = client.get("/")
    assert answer.status_code == 503
    assert "make console" in answer.text
