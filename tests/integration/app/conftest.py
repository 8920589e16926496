"""A published shop behind the real application, called in process."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import console_shop
import pytest
from fastapi.testclient import TestClient

from liuke.app.http import create_app

SignIn = Callable[[str], TestClient]


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = console_shop.NOW

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> None:
        self.now += timedelta(**by)


@pytest.fixture(scope="module", autouse=True)
def _quick_passwords() -> Iterator[None]:
    with console_shop.quick_passwords():
        yield


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def shop_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made once: publishing takes longer than most tests."""
    folder = tmp_path_factory.mktemp("console") / "shop"
    console_shop.make_shop(folder)
    return folder


@pytest.fixture
def shop(shop_folder: Path, tmp_path: Path, clock: Clock) -> console_shop.ConsoleShop:
    return console_shop.open_shop(Path(shutil.copytree(shop_folder, tmp_path / "shop")), clock)


@pytest.fixture
def client(shop: console_shop.ConsoleShop) -> Iterator[TestClient]:
    with TestClient(create_app(shop), headers={"X-Liuke-Request": "test"}) as client:
        yield client


@pytest.fixture
def sign_in(client: TestClient) -> SignIn:
    def as_role(role: str) -> TestClient:
        client.cookies.clear()
        answer = client.post("/api/session", json={"name": role, "password": console_shop.PASSWORD})
        assert answer.status_code == 200, answer.text
        return client

    return as_role
