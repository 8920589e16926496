"""Live traffic is the files of a period, message by message."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from liuke_sim import VARIANTS, Shop
from liuke_sim.live import Arrival, live

CONFIG = replace(VARIANTS["tiny"], customers=1_200, chunk=700)
PERIOD = CONFIG.batches[3][0], CONFIG.batches[5][1]
IDS = {
    "behaviour/*.parquet": "event_id",
    "social/social_events_*.csv": "event_id",
    "feedback/reviews_*.csv": "review_no",
    "feedback/complaints_*.csv": "record_no",
    "feedback/chats_*.csv": "chat_no",
    "feedback/surveys_*.csv": "answer_no",
}


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Arrival], Path]:
    """The same period of the same shop: as files, and live."""
    base = tmp_path_factory.mktemp("live")
    files, streamed = Shop.generate(CONFIG, 5), Shop.generate(CONFIG, 5)
    for shop in (files, streamed):
        shop.write_history(base / "before", until=PERIOD[0])
    files.write_history(base / "shop", until=PERIOD[1])
    files.write_truth(base / "truth_files")
    arrivals = list(live(streamed, *PERIOD))
    streamed.write_truth(base / "truth_live")
    return base, arrivals, base / "shop"


def test_the_same_messages_as_the_files_of_the_period(story: tuple[Path, list[Arrival], Path]) -> None:
    _, arrivals, shop = story
    connection = duckdb.connect()
    in_files: set[str] = set()
    for pattern, number in IDS.items():
        reader = "read_parquet" if pattern.endswith("parquet") else "read_csv"
        rows = connection.execute(f"select distinct {number}::varchar from {reader}('{shop / pattern}')").fetchall()
        in_files |= {one for (one,) in rows}
    told = [message["messageId"] for _, message in arrivals if message["type"] == "track"]
    assert len(told) == len(set(told)) > 2_000
    assert set(told) == in_files


def test_texts_and_properties_are_those_of_the_files(story: tuple[Path, list[Arrival], Path]) -> None:
    _, arrivals, shop = story
    spoken = {m["messageId"]: m["properties"].get("text") for _, m in arrivals if m.get("event") == "review"}
    rows = duckdb.connect().execute(f"select review_no::varchar, text from '{shop}/feedback/reviews_*.csv'").fetchall()
    assert len(rows) > 5
    for number, text in rows:
        assert spoken[number] == text
    viewed = {m["messageId"]: m for _, m in arrivals if m.get("event") == "product_view"}
    rows = (
        duckdb.connect()
        .execute(
            f"select event_id::varchar, member_no::varchar, product_key, session_id::varchar from "
            f"'{shop}/behaviour/*.parquet' where event = 'product_view'"
        )
        .fetchall()
    )
    for number, member, product, session in rows:
        message = viewed[number]
        assert (message["userId"], message["properties"]["product_key"]) == (member, product)
        assert message["properties"]["session_id"] == session


def test_messages_come_in_the_order_of_arrival_and_are_json(story: tuple[Path, list[Arrival], Path]) -> None:
    _, arrivals, _ = story
    moments = [arrived for arrived, _ in arrivals]
    assert moments == sorted(moments)
    for arrived, message in arrivals:
        assert json.loads(json.dumps(message)) == message
        assert ("userId" in message) != ("anonymousId" in message)
        assert message["timestamp"] <= message["sentAt"] == arrived.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def test_new_profiles_are_identified_once(story: tuple[Path, list[Arrival], Path]) -> None:
    _, arrivals, shop = story
    numbers = [m["messageId"] for _, m in arrivals if m["type"] == "identify"]
    assert len(numbers) == len(set(numbers)) > 20
    members = (
        duckdb.connect().execute(f"select distinct member_no::varchar from '{shop}/crm/profiles_*.csv'").fetchall()
    )
    assert {m["userId"] for _, m in arrivals if m["type"] == "identify"} == {one for (one,) in members}


def test_the_truth_is_the_same_whichever_way_the_period_was_lived(story: tuple[Path, list[Arrival], Path]) -> None:
    base, _, _ = story
    for name in ("truth", "truth_drifts"):
        assert (base / f"truth_files/{name}.parquet").read_bytes() == (base / f"truth_live/{name}.parquet").read_bytes()
    texts = [
        duckdb.connect().execute(f"select * from '{base}/{way}/truth_texts.parquet' order by text_id").fetchall()
        for way in ("truth_files", "truth_live")
    ]
    assert texts[0] == texts[1]
    assert len(texts[0]) > 50


def test_traffic_of_another_time_is_refused() -> None:
    shop = Shop.generate(VARIANTS["tiny"], 5)
    with pytest.raises(ValueError, match="cannot begin on"):
        next(live(shop, *PERIOD))
