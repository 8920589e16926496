"""The workspace says which time it lives in."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from liuke.app.bootstrap import Application
from liuke.kernel import SettingsError, SimulatedClock


def now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


def test_a_real_shop_lives_by_the_real_clock(tmp_path: Path) -> None:
    app = Application.create(tmp_path / "shop")
    assert app.simulated_day is None
    assert app.next_day_command is None
    assert abs(app.now() - now()) < timedelta(seconds=5)


def test_a_simulated_shop_stands_at_nine_of_its_day_and_an_open_application_sees_it_move(tmp_path: Path) -> None:
    Application.create(tmp_path / "my shop").workspace.simulate(date(2025, 10, 27))
    app = Application.open(tmp_path / "my shop")
    assert app.now() == datetime(2025, 10, 27, 1)  # nine o'clock in Shanghai
    assert app.today() == date(2025, 10, 27)
    Application.open(tmp_path / "my shop").workspace.simulate(date(2025, 10, 28))
    assert app.today() == app.simulated_day == date(2025, 10, 28)
    assert app.next_day_command == f"liuke run -w '{tmp_path}/my shop'"
    assert abs(app.wall_clock() - now()) < timedelta(seconds=5), "who signs in does so today"


def test_a_clock_that_is_given_comes_first(tmp_path: Path) -> None:
    Application.create(tmp_path / "shop").workspace.simulate(date(2025, 10, 27))
    clock = SimulatedClock("Asia/Shanghai", date(2024, 1, 1))
    assert Application.open(tmp_path / "shop", clock).today() == date(2024, 1, 1)


def test_a_demo_of_an_earlier_version_stands_at_its_last_delivery(tmp_path: Path) -> None:
    Application.create(tmp_path / "shop")
    (tmp_path / "shop" / "demo-delivered").write_text("2025-10-27", encoding="utf-8")
    assert Application.open(tmp_path / "shop").today() == date(2025, 10, 27)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"simulated_day": "yesterday"}', '{"simulated_day": 5}'])
def test_a_broken_clock_never_shows_the_real_time(tmp_path: Path, text: str) -> None:
    Application.create(tmp_path / "shop")
    (tmp_path / "shop" / "clock.json").write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=r"clock\.json"):
        Application.open(tmp_path / "shop")
