"""The console, served by uvicorn over a published shop and driven in a real Chromium."""

from __future__ import annotations

import os
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import console_shop
import console_trials
import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Locator, Page, expect
from simulated_effects import SIMULATION

from liuke.app.http import create_app, spa
from liuke.app.publish import write_simulation

SCREENSHOTS = os.environ.get("LIUKE_SCREENSHOTS")
CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
SWITCHES = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
]  # fmt: skip


@pytest.fixture(scope="session", autouse=True)
def _what_it_takes() -> None:
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: install one (Debian: apt install chromium fonts-noto-cjk)")
    if not (spa.console_dir() / "index.html").is_file():
        pytest.skip("the console is not built: run `make console`")


@pytest.fixture(scope="module", autouse=True)
def _quick_passwords() -> Iterator[None]:
    with console_shop.quick_passwords():
        yield


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    return {"executable_path": CHROMIUM, "headless": True, "args": SWITCHES}


@pytest.fixture(scope="session")
def base_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a server that runs for the whole session."""
    with _served(console_shop.make_shop(tmp_path_factory.mktemp("console") / "shop")) as address:
        yield address


@pytest.fixture(scope="session")
def poor_shop(tmp_path_factory: pytest.TempPathFactory) -> console_shop.ConsoleShop:
    """A shop in which nothing has been published yet; a test may publish."""
    return console_shop.make_shop(tmp_path_factory.mktemp("console") / "poor", published=False)


@pytest.fixture(scope="session")
def poor_url(poor_shop: console_shop.ConsoleShop) -> Iterator[str]:
    """Address of the shop in which nothing is published."""
    with _served(poor_shop) as address:
        yield address


@pytest.fixture(scope="session")
def simulated_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a shop whose truth is known."""
    shop = console_shop.make_shop(tmp_path_factory.mktemp("console") / "simulated")
    write_simulation(shop.workspace.published_dir, SIMULATION)
    with _served(shop) as address:
        yield address


@pytest.fixture(scope="session")
def trials_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a shop with trials that have been read."""
    shop = console_shop.make_shop(tmp_path_factory.mktemp("console") / "trials")
    console_trials.live_trials(shop)
    with _served(shop) as address:
        yield address


@contextmanager
def _served(shop: console_shop.ConsoleShop) -> Iterator[str]:
    app = create_app(shop)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        deadline = time.monotonic() + 20
        while not server.started and time.monotonic() < deadline:
            time.sleep(0.05)
        assert server.started, "the server did not start within 20 s"
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(10)


@dataclass
class Console:
    """One browser window on the console, with everything that went wrong in it."""

    page: Page
    language: str
    theme: str
    problems: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        """Go to a page and wait until it has come to rest."""
        self.page.goto(path)
        self.settle()

    def settle(self) -> None:
        """Wait until nothing loads and no skeleton is left."""
        self.page.wait_for_load_state("networkidle")
        expect(self.page.locator(".ant-skeleton")).to_have_count(0)

    def pick(self, opener: Locator, choice: Locator) -> None:
        """Open a menu, see that it came down on the screen, and click a choice in it."""
        opener.click()
        expect(choice).to_be_in_viewport()
        choice.click()

    def violations(self) -> list[str]:
        """Everything that axe finds on the page as it stands."""
        found = Axe().run(self.page).response["violations"]
        return [f"{one['id']}: {node['html'][:160]}" for one in found for node in one["nodes"]]

    def picture(self, name: str) -> None:
        """Keep a screenshot where the docs want them."""
        if SCREENSHOTS:
            path = Path(SCREENSHOTS) / f"{name}-{self.language}-{self.theme}.png"
            self.page.screenshot(path=path, full_page=True, animations="disabled")


OpenConsole = Callable[..., Console]


@pytest.fixture
def open_console(browser: Any, base_url: str) -> Iterator[OpenConsole]:
    """Open a window, signed in unless `role` is None; closing it fails the test if anything went wrong in it."""
    opened: list[tuple[BrowserContext, Console]] = []

    def window(language: str = "zh-CN", theme: str = "light", role: str | None = "admin", width: int = 1440,
        address: str = base_url) -> Console:  # fmt: skip
        context = browser.new_context(
            base_url=address, viewport={"width": width, "height": 900 if width > 720 else 844}, locale=language,
            timezone_id="Asia/Shanghai", reduced_motion="reduce", color_scheme=theme,
        )  # fmt: skip
        if role is not None:
            body = {"name": role, "password": console_shop.PASSWORD}
            answer = context.request.post("/api/session", data=body, headers={"X-Liuke-Request": "test"})
            assert answer.ok, answer.text()
        console = Console(context.new_page(), language, theme)
        _watch(console, signed_in=role is not None)
        opened.append((context, console))
        return console

    yield window
    problems = [problem for _, console in opened for problem in console.problems]
    for context, _ in opened:
        context.close()
    assert problems == []


def _watch(console: Console, *, signed_in: bool) -> None:
    def expected(url: str, status: int) -> bool:
        # Before anybody has signed in, the console asks once who is signed in, and a wrong password is refused.
        return not signed_in and status == 401 and "/api/session" in url

    def message(entry: Any) -> None:
        refused = not signed_in and "401" in entry.text
        if entry.type in {"error", "warning"} and not refused:
            console.problems.append(f"console {entry.type}: {entry.text}")

    page = console.page
    page.on("console", message)
    page.on("pageerror", lambda error: console.problems.append(f"uncaught: {error}"))
    page.on("requestfailed", lambda request: console.problems.append(f"failed: {request.url} {request.failure}"))
    page.on("response", lambda answer: console.problems.append(f"{answer.status}: {answer.url}")
            if answer.status >= 400 and not expected(answer.url, answer.status) else None)  # fmt: skip
