"""A shop is the same shop however often, and in however many deliveries, it is written."""

from __future__ import annotations

import ast
import resource
import time
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import openpyxl
import pytest

import liuke_sim
from liuke_sim import VARIANTS, Shop, ShopConfig, deliveries

TINY = VARIANTS["tiny"]


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def whole(config: ShopConfig, seed: int, folder: Path) -> Shop:
    shop = Shop.generate(config, seed)
    shop.write_history(folder, until=config.end)
    return shop


def test_the_same_seed_writes_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        whole(TINY, 5, tmp_path / name).write_truth(tmp_path / name)
    assert content(tmp_path / "one") == content(tmp_path / "two")


def test_another_seed_writes_another_shop(tmp_path: Path) -> None:
    for seed in (5, 6):
        whole(TINY, seed, tmp_path / str(seed))
    one, two = content(tmp_path / "5"), content(tmp_path / "6")
    always = [name for name in one if not name.startswith("feedback")]  # a small shop has weeks without a complaint
    assert always == [name for name in two if not name.startswith("feedback")]
    assert not [name for name in one if one[name] == two.get(name) and "products" not in name]


def test_deliveries_week_by_week_write_the_same_bytes_as_one_delivery(tmp_path: Path) -> None:
    whole(TINY, 5, tmp_path / "whole")
    shop = Shop.generate(TINY, 5)
    shop.write_history(tmp_path / "parts", until=TINY.batches[1][1])
    shop.write_history(tmp_path / "parts")
    for start, end in list(deliveries(shop)):
        shop.write_week(tmp_path / "parts", start, end)
    assert content(tmp_path / "parts") == content(tmp_path / "whole")


@pytest.mark.parametrize(
    ("series", "columns"),
    [
        ("crm/profiles_*.csv", "member_no, updated_at, member_tier, member_since, sms_consent, sms_consent_on"),
        ("crm/children_*.csv", "*"),
        ("third_party/attributes_*.csv", "*"),
        ("orders/order_status_*.csv.gz", "*"),
        ("orders/order_lines_*.csv.gz", "order_no, line_no, member_no, paid_amount, exported_at"),
        ("social/social_status_*.csv", "*"),
        ("behaviour/behaviour_*.parquet", "*"),
        ("feedback/reviews_*.csv", "*"),
        ("feedback/chats_*.csv", "*"),
    ],
)
def test_the_length_of_a_file_period_changes_no_row(cuts: tuple[Path, Path], series: str, columns: str) -> None:
    """No row may know what happened between its own moment and the end of its file."""
    rows = []
    for folder in cuts:
        pattern = folder / series
        reader = (
            f"read_parquet('{pattern}')" if series.endswith("parquet") else f"read_csv('{pattern}', all_varchar=true)"
        )
        rows.append(set(duckdb.connect().execute(f"select distinct {columns} from {reader}").fetchall()))
    assert rows[0] == rows[1]
    assert len(rows[0]) > 50


@pytest.fixture(scope="module")
def cuts(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    base = tmp_path_factory.mktemp("cuts")
    config = replace(TINY, customers=2_000)
    whole(replace(config, batch_days=7), 5, base / "weeks")
    whole(replace(config, batch_days=182), 5, base / "once")
    return base / "weeks", base / "once"


def test_chunks_share_no_customers_and_no_numbers(tmp_path: Path) -> None:
    shop = whole(replace(TINY, chunk=200), 5, tmp_path / "shop")
    truth = shop.write_truth(tmp_path / "truth")[0]
    events = f"read_parquet('{tmp_path}/shop/behaviour/*.parquet')"
    total = TINY.customers + TINY.late_customers
    assert duckdb.sql(f"select count(distinct member_no) from '{truth}'").fetchall() == [(total,)]
    clash = duckdb.sql(
        f"select count(*) from (select event_id from {events} group by all having count(distinct member_no) > 1)"
    )
    assert clash.fetchall() == [(0,)]


def test_a_delivery_off_the_grid_or_in_the_past_is_refused(tmp_path: Path) -> None:
    shop = Shop.generate(TINY, 5)
    with pytest.raises(ValueError, match="still to come: 2024-09-30"):
        shop.write_history(tmp_path, until=date(2024, 9, 10))
    shop.write_history(tmp_path)
    with pytest.raises(ValueError, match="no files end on 2025-03-03"):
        shop.write_history(tmp_path)
    with pytest.raises(ValueError, match="stands at 2025-03-03"):
        shop.write_week(tmp_path, date(2025, 3, 10), date(2025, 3, 17))


def test_a_configuration_whose_edges_are_no_whole_weeks_is_refused() -> None:
    with pytest.raises(ValueError, match="whole weeks"):
        ShopConfig(weekly_from=date(2025, 9, 2))


def test_a_corrected_till_file_comes_back_under_its_name_with_the_slips_put_right(tmp_path: Path) -> None:
    config = replace(TINY, customers=3_000)
    shop = Shop.generate(config, 5)
    first, second, third = config.batches[:3]
    shop.write_history(tmp_path, until=second[1])
    name = next(path for path in (tmp_path / "store").glob(f"till_{second[0]:%Y%m%d}_*.xlsx"))
    before = _sheet(name)
    shop.write_history(tmp_path, until=third[1])
    after = _sheet(name)
    assert len(before) == len(after)
    changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert changed
    assert all((new[5] > 0) == (new[2] == "销售") for _, new in changed)
    assert first[0] == config.start


def test_the_simulator_imports_nothing_of_the_product() -> None:
    modules = list(Path(liuke_sim.__file__).parent.rglob("*.py"))
    assert len(modules) > 30
    for path in modules:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
            assert not [name for name in names if name.split(".")[0] == "liuke"], path


def test_a_larger_shop_needs_time_in_proportion_and_no_more_memory_than_its_chunks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Four chunks instead of one must not need four times the memory."""
    config = replace(VARIANTS["plain"], customers=2_000, chunk=2_000, weekly_from=date(2024, 12, 2), weeks=0)
    started = time.perf_counter()
    whole(config, 5, tmp_path / "one")
    one = time.perf_counter() - started
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    whole(replace(config, customers=8_000), 5, tmp_path / "four")
    four = time.perf_counter() - started - one
    growth_mib = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory) / 1024
    with capsys.disabled():
        print(f"\nliuke_sim: 2,000 customers {one:.2f} s, 8,000 {four:.2f} s, +{growth_mib:.0f} MiB", end="")
    assert four < 12 * one + 2
    assert growth_mib < 150


def _sheet(path: Path) -> list[tuple[object, ...]]:
    book = openpyxl.load_workbook(path)
    assert book.active is not None
    return list(book.active.iter_rows(min_row=2, values_only=True))
