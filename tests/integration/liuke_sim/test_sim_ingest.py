"""The generated shop's files go through the product's own ingestion, and every row is accounted for."""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from liuke.collect.behaviours import load_catalogue
from liuke.collect.history import History
from liuke.collect.sources import Ingestor, IngestReport
from liuke.kernel import ShopProfile
from liuke.store.lake import Lake
from liuke.store.operations import FieldCipher, Operations
from liuke.store.workspace import Workspace
from liuke_sim import EVENTS, SOURCES_DIR, VARIANTS, Shop, WrittenFile

SHOP = ShopProfile(zone="Asia/Shanghai", currency="CNY", margin_rate=0.25)
CONFIG = replace(VARIANTS["tiny"], customers=1_500, batch_days=182, weeks=2)


class Delivered:
    """A workspace into which a shop delivers."""

    def __init__(self, base: Path) -> None:
        self.workspace = Workspace.create(base / "shop", "")
        for mapping in SOURCES_DIR.glob("*.yaml"):
            shutil.copy(mapping, self.workspace.sources_dir / mapping.name)
        self.operations = Operations(self.workspace.operations_url)
        self.operations.create_all()
        self.lake = Lake(self.workspace.lake_dir)
        self.inbox = base / "inbox"
        cipher = FieldCipher(b"k" * 32)
        self.ingestor = Ingestor(self.workspace, self.lake, self.operations, cipher, SHOP, self.inbox)

    def ingest(self, day: date) -> IngestReport:
        return self.ingestor.ingest(datetime(day.year, day.month, day.day) - timedelta(hours=8))


@pytest.fixture(scope="module")
def delivered(tmp_path_factory: pytest.TempPathFactory) -> tuple[Delivered, list[WrittenFile], list[IngestReport]]:
    place = Delivered(tmp_path_factory.mktemp("delivered"))
    shop = Shop.generate(CONFIG, seed=4)
    files = shop.write_history(place.inbox)
    reports = [place.ingest(shop.today)]
    for _ in range(CONFIG.weeks):
        files += shop.write_week(place.inbox, shop.today, shop.today + timedelta(days=7))
        reports.append(place.ingest(shop.today))
    return place, files, reports


Story = tuple[Delivered, list[WrittenFile], list[IngestReport]]


def test_every_delivered_row_is_loaded_or_explained(delivered: Story) -> None:
    _, files, reports = delivered
    assert not [refused for report in reports for refused in report.refused]
    told = [load for report in reports for load in report.loads]
    assert sum(load.rows for load in told) == sum(file.rows for file in files)
    for load in told:
        assert load.rows == load.loaded + sum(load.filtered.values()) + sum(load.quarantined.values())


def test_only_the_planted_dirt_is_held_back(delivered: Story) -> None:
    _, _, reports = delivered
    reasons: Counter[str] = Counter()
    for report in reports:
        for load in report.loads:
            assert not load.filtered
            for reason, rows in load.quarantined.items():
                reasons[reason.split(" of an earlier")[0].split(" is not a ")[0]] += rows
    planted = {"ordered_at", "registered_at", "交易时间", "quantity out of range", "member_no is empty"}
    assert {reason for reason in reasons if not reason.startswith("repeats the key")} <= planted
    assert reasons["repeats the key (event_id)"] > 20
    assert reasons["quantity out of range"] > 0


def test_what_customers_say_reaches_the_product_word_for_word(delivered: Story) -> None:
    """Quarantine aside, each text of the files is in an event's properties, and the properties are JSON."""
    place, _, reports = delivered
    words = "json_extract_string(properties, '$.text')"
    loaded = duckdb.connect().execute(
        f"select event, count(*), count({words}), count(distinct {words}) from {place.lake.scan_sql('events')} "
        "where event in ('review', 'complaint_opened', 'service_chat', 'survey_answered') group by all"
    )
    by_event = {event: counts for event, *counts in loaded.fetchall()}
    assert set(by_event) == {"review", "complaint_opened", "service_chat", "survey_answered"}
    for rows, texts, different in by_event.values():
        assert rows >= texts >= different > 0
    assert by_event["complaint_opened"][0] == by_event["complaint_opened"][1]
    with_words = {"reviews": "review", "surveys": "survey_answered"}
    for series, event in with_words.items():
        in_files = sum(load.loaded for report in reports for load in report.loads if load.source == series)
        assert 0 < in_files <= by_event[event][0]


def test_a_corrected_till_file_supersedes_its_first_version(delivered: Story) -> None:
    _, _, reports = delivered
    corrected = [load for load in reports[-1].loads if load.corrects]
    assert [load.source for load in corrected] == ["store-tills"]
    assert not corrected[0].quarantined


def test_ingesting_once_more_adds_nothing(delivered: Story) -> None:
    place, _, _ = delivered
    again = place.ingest(CONFIG.end)
    assert not again.loads
    assert not again.refused


def test_the_catalogue_holds_every_behaviour_of_the_shop(delivered: Story) -> None:
    place, _, _ = delivered
    assert set(EVENTS) == set(load_catalogue(place.workspace.path / "behaviours.yaml").names)


def test_one_person_behind_many_records(delivered: Story) -> None:
    """Purchases on all four channels reach the product, and the seams of the first day stay visible as dates."""
    place, _, _ = delivered
    history = History(place.lake, place.operations, SHOP, place.workspace.scratch_dir)
    with history.at(CONFIG.end) as moment:
        channels = moment.connection.execute("select channel, count(*) from purchases group by all").fetchall()
        first, last = moment.connection.execute("select min(occurred_on), max(occurred_on) from purchases").fetchall()[
            0
        ]
        losses = moment.connection.execute("select count(*) from purchases where margin_minor >= net_minor").fetchall()
    assert {channel for channel, n in channels if n > 5} >= {"app", "mini_program", "douyin", "store"}
    assert CONFIG.start <= first < last < CONFIG.end
    assert losses == [(0,)]
