"""Reading definitions: templates, overriding, references, errors that say what to do."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
import yaml
from small_moment import moment_from

from liuke.collect.behaviours import load_catalogue
from liuke.understand.tags import (
    CycleError,
    DefinitionError,
    build_tags,
    compile_plan,
    customer_tags_spec,
    explain,
    load_definitions,
)

AS_OF = dt.date(2024, 3, 1)


def write(folder: Path, tags: str, name: str = "mine.yaml") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"language: 1\nfamily: value\ntags:\n{tags}", "utf-8")
    return folder


def tag(key: str, value: str, kind: str = "number") -> str:
    return f"  - {{key: {key}, name: {{zh: 值, en: Value}}, type: {kind}, value: {value}}}\n"


COUNT = "{node: count, source: purchases}"


def test_tags_read_other_tags_in_any_order_of_the_file(tmp_path: Path) -> None:
    folder = write(tmp_path, tag("doubled", "{node: combine, op: add, of: [bought, bought]}") + tag("bought", COUNT))
    moment = moment_from({"purchases": [{"customer_id": 7, "order_id": 1, "occurred_on": dt.date(2024, 1, 1)}]}, AS_OF)
    table = build_tags(moment, load_definitions(folder, catalogue=load_catalogue(None), shipped=False))
    assert table.to_pylist() == [{"customer_id": 7, "doubled": 2, "bought": 1}]


def test_a_cycle_is_refused_with_its_path(tmp_path: Path) -> None:
    def ratio(of: str) -> str:
        return f"{{node: ratio, numerator: {of}, denominator: 2}}"

    folder = write(tmp_path, tag("a", ratio("b")) + tag("b", "{node: holds, if: {c: {gte: 1}}}", "boolean")
                   + tag("c", "{node: percent_rank, of: a}"))  # fmt: skip
    with pytest.raises(CycleError) as caught:
        load_definitions(folder, catalogue=load_catalogue(None), shipped=False)
    assert caught.value.path == ("a", "b", "c", "a")
    assert "a -> b -> c -> a" in str(caught.value)


@pytest.mark.parametrize(
    ("value", "kind", "says", "hints"),
    [
        ("{node: sum, source: purchases, column: net_minro}", "number", "unknown column 'net_minro'", "net_minor"),
        ("{node: count, source: events, where: {evnt: search}}", "number", "unknown column 'evnt'", "event"),
        ("{node: count, source: events, where: {event: 3}}", "number", "cannot be compared with 3", "quotes"),
        ("{node: attribute, column: member_teir}", "category", "unknown column 'member_teir'", "member_tier"),
        ("{node: sum, source: purchases, column: channel}", "number", "which is text", "numeric"),
        ("{node: count, source: children, days: 3}", "number", "children has no days", "leave out"),
        (
            "{node: ratio, numerator: {node: attribute, column: city}, denominator: 1}",
            "number",
            "a number is needed",
            "numeric",
        ),
        (COUNT, "category", "says it is category, but its value is integer", "type"),
        ("{node: case, when: [{if: {bought: 1}, then: 1}], else: many}", "number", "different kinds", "one kind"),
        (
            "{node: per_child, of: {node: count, source: events}}",
            "list",
            "per_child cannot read other sources",
            "columns",
        ),
    ],
)
def test_a_wrong_definition_says_what_is_wrong_and_what_to_do(
    tmp_path: Path, value: str, kind: str, says: str, hints: str
) -> None:
    tags = load_definitions(
        write(tmp_path, tag("bought", COUNT) + tag("wrong", value, kind)), catalogue=load_catalogue(None), shipped=False
    )
    with pytest.raises(DefinitionError) as caught:
        compile_plan(tags, None, AS_OF)
    assert says in caught.value.message
    assert "'wrong'" in caught.value.message
    assert hints in caught.value.hint


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("{node: count, source: purchase}", "'purchases'"),
        ("{node: cuont, source: purchases}", "count"),
        ("{node: count, source: purchases, dayz: 3}", "dayz"),
        ("{node: count, source: purchases, days: 0}", "greater than 0"),
        ("{node: count, source: events, where: {event: {is: x}}}", "unknown operator"),
        ("{node: bucket, of: bought, edges: [2, 1], labels: [a, b, c]}", "edges must rise"),
        ("{node: bucket, of: bought, edges: [1], labels: [a]}", "2 buckets"),
        ("{node: trend, of: {node: count, source: purchases}}", "needs `days`"),
    ],
)
def test_a_wrong_file_names_file_tag_and_reason(tmp_path: Path, value: str, says: str) -> None:
    write(tmp_path, tag("bought", COUNT) + tag("wrong", value))
    with pytest.raises(DefinitionError) as caught:
        load_definitions(tmp_path, catalogue=load_catalogue(None), shipped=False)
    assert "mine.yaml" in caught.value.message
    assert "'wrong'" in caught.value.message
    assert says in caught.value.message


def test_an_unknown_reference_names_reader_and_closest_tag(tmp_path: Path) -> None:
    write(tmp_path, tag("bought", COUNT) + tag("b", "{node: default, of: bougt, value: 0}"))
    with pytest.raises(DefinitionError, match=r"(?s)unknown tag 'bougt' in tag b.*did you mean bought"):
        load_definitions(tmp_path, catalogue=load_catalogue(None), shipped=False)


def test_another_language_is_refused(tmp_path: Path) -> None:
    (tmp_path / "new.yaml").write_text("language: 2\ntags: []", "utf-8")
    with pytest.raises(DefinitionError, match="language: 1"):
        load_definitions(tmp_path, catalogue=load_catalogue(None), shipped=False)


def test_one_key_twice_in_a_folder_is_refused(tmp_path: Path) -> None:
    write(tmp_path, tag("bought", COUNT), "a.yaml")
    write(tmp_path, tag("bought", COUNT), "b.yaml")
    with pytest.raises(DefinitionError, match="defined twice"):
        load_definitions(tmp_path, catalogue=load_catalogue(None), shipped=False)


def test_for_each_writes_every_combination_and_keeps_types(tmp_path: Path) -> None:
    template = """
  - for_each: {event: [{key: search, zh: 搜索}, {key: login, zh: 登录}], days: [7, 30]}
    key: "{event.key}_{days}d"
    name: {zh: "近{days}天{event.zh}", en: "{event.key} in {days} days"}
    type: number
    value: {node: count, source: events, where: {event: "{event.key}"}, days: "{days}"}
"""
    tags = load_definitions(write(tmp_path, template), catalogue=load_catalogue(None), shipped=False)
    assert list(tags) == ["search_7d", "search_30d", "login_7d", "login_30d"]
    assert tags["login_30d"].name.zh == "近30天登录"
    rows = [
        {"customer_id": 1, "event": "search", "occurred_on": AS_OF - dt.timedelta(days=back)} for back in (1, 7, 8, 30)
    ]
    found = build_tags(moment_from({"events": rows}, AS_OF), tags).to_pylist()[0]
    assert found == {"customer_id": 1, "search_7d": 2, "search_30d": 4, "login_7d": 0, "login_30d": 0}


def test_a_workspace_adds_tags_and_overrides_shipped_ones(tmp_path: Path) -> None:
    shipped = load_definitions(catalogue=load_catalogue(None))
    own = load_definitions(
        write(tmp_path / "tags", tag("visits", COUNT) + tag("monthly_spend", COUNT)),
        tmp_path / "absent",
        catalogue=load_catalogue(None),
    )
    assert set(own) == {*shipped, "visits"}
    assert own["monthly_spend"].type == "number"
    assert own.definition_hash("monthly_spend") != shipped.definition_hash("monthly_spend")
    assert own.definition_hash("high_monthly_spend") != shipped.definition_hash("high_monthly_spend")  # reads it
    assert own.definition_hash("value_tier") == shipped.definition_hash("value_tier")


def test_the_hash_is_of_what_is_computed_not_of_how_it_is_written(tmp_path: Path) -> None:
    one = write(tmp_path / "1", tag("t", "{node: count, source: events, where: {event: {eq: search}}, ago: 0}"))
    two = write(tmp_path / "2", tag("t", "{source: events, node: count, where: {event: search}}").replace("值", "次"))
    other = write(tmp_path / "3", tag("t", "{source: events, node: count, where: {event: login}}"))
    hashes = [
        load_definitions(folder, catalogue=load_catalogue(None), shipped=False).hash() for folder in (one, two, other)
    ]
    assert hashes[0] == hashes[1] != hashes[2]


def test_only_what_is_asked_for_is_read(tmp_path: Path) -> None:
    tags = load_definitions(catalogue=load_catalogue(None))
    plan = compile_plan(tags, ["monthly_spend", "activity"], AS_OF)
    assert [column.key for column in plan.columns] == ["monthly_spend", "activity"]
    assert "FROM purchase_items" not in plan.sql
    assert "FROM children" not in plan.sql
    assert "margin_minor" not in plan.sql


def test_days_counted_beside_their_gaps_hold_the_first_one_too(tmp_path: Path) -> None:
    gaps = "{{node: gap_stats, source: purchases, stat: {stat}}}".format
    days = tag("days", "{node: distinct_days, source: purchases}")
    folder = write(tmp_path, days + tag("mean", gaps(stat="mean")) + tag("gaps", gaps(stat="count")))
    bought = [(7, 1), (7, 3), (7, 9), (8, 5), (8, 5)]
    rows = [{"customer_id": c, "order_id": n, "occurred_on": dt.date(2024, 1, d)} for n, (c, d) in enumerate(bought)]
    found = build_tags(moment_from({"purchases": rows, "customers": [{"customer_id": 9}]}, AS_OF),
                       load_definitions(folder, catalogue=load_catalogue(None), shipped=False)).to_pylist()  # fmt: skip
    assert found == [
        {"customer_id": 7, "days": 3, "mean": 4.0, "gaps": 2},
        {"customer_id": 8, "days": 1, "mean": None, "gaps": 0},
        {"customer_id": 9, "days": 0, "mean": None, "gaps": 0},
    ]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("{event: search, not: {event: login}}", 2),
        ("{event: {eq: search, ne: login}}", 2),
        ("{all: [{event: search}, {event: [search, login]}]}", 2),
        ("{all: [{event: search}, {any: [{event: login}]}]}", 0),
        ("{all: [{event: search}, {any: [{event: login}, {event: share}]}]}", 0),
    ],
)
def test_a_condition_may_name_more_values_than_the_one_it_picks(tmp_path: Path, where: str, expected: int) -> None:
    folder = write(tmp_path, tag("found", f"{{node: count, source: events, where: {where}}}"))
    day = dt.date(2024, 1, 1)
    rows = [{"customer_id": 7, "event": event, "occurred_on": day} for event in ("search", "login", "search")]
    table = build_tags(
        moment_from({"events": rows}, AS_OF), load_definitions(folder, catalogue=load_catalogue(None), shipped=False)
    )
    assert table.to_pylist() == [{"customer_id": 7, "found": expected}]


def test_a_few_customers_read_no_row_older_than_their_windows(tmp_path: Path) -> None:
    recent = tag("recent", "{node: count, source: events, where: {event: search}, days: 30}")
    tags = load_definitions(write(tmp_path, recent), catalogue=load_catalogue(None), shipped=False)
    assert "r.occurred_on >= DATE '2024-01-31'" in compile_plan(tags, None, AS_OF, only="few").sql
    everything = load_definitions(
        write(tmp_path / "more", recent + tag("ever", "{node: count, source: events}")),
        catalogue=load_catalogue(None),
        shipped=False,
    )
    assert "r.occurred_on >=" not in compile_plan(everything, None, AS_OF, only="few").sql
    passes = [compile_plan(everything, None, AS_OF, only=only).readings[0].passes for only in (None, "few")]
    assert passes == [2, 1]  # kept in memory, they are read once


def test_equal_leaves_are_computed_once(tmp_path: Path) -> None:
    tags = load_definitions(
        write(tmp_path, tag("a", COUNT) + tag("b", COUNT)), catalogue=load_catalogue(None), shipped=False
    )
    assert compile_plan(tags, None, AS_OF).sql.count("count(") == 1


def test_a_quote_in_a_value_stays_a_value(tmp_path: Path) -> None:
    value = '{node: count, source: events, where: {category: "x\'; DROP TABLE events; --"}}'
    tags = load_definitions(write(tmp_path, tag("t", value)), catalogue=load_catalogue(None), shipped=False)
    moment = moment_from(
        {"events": [{"customer_id": 1, "category": "x'; DROP TABLE events; --", "occurred_on": dt.date(2024, 1, 1)}]},
        AS_OF,
    )
    assert build_tags(moment, tags)["t"].to_pylist() == [1]


def test_hidden_tags_are_computed_but_not_shown(tmp_path: Path) -> None:
    tags = load_definitions(catalogue=load_catalogue(None)).select(["overdue_ratio"])
    assert tags.visible == ("overdue_ratio",)
    assert {"recency_days", "purchase_gap_days"} < set(tags)
    assert customer_tags_spec(tags).names == ("as_of", "customer_id", "overdue_ratio")


def test_every_shipped_tag_is_complete() -> None:
    tags = load_definitions(catalogue=load_catalogue(None))
    assert len(tags) >= 25
    assert {tag.family for tag in tags.values()} == {
        "value", "activity", "lifecycle", "need", "churn_risk", "price_sensitivity", "membership", "family_stage",
    }  # fmt: skip
    for key, definition in tags.items():
        assert definition.group is not None, key
        assert definition.owner, key
        assert definition.explain is not None, key
        words = explain(tags, key)
        assert words.formula_zh
        assert words.formula_en
        for value in _values(definition.value.model_dump()):
            assert definition.type not in ("category", "list") or not definition.labels or value in definition.labels


def _values(tree: object) -> set[str]:
    """Texts that a definition can answer with."""
    if isinstance(tree, dict):
        own = set(tree.get("labels") or ()) if tree.get("node") == "bucket" else set()
        own |= {tree["value"]} if tree.get("node") == "constant" and isinstance(tree["value"], str) else set()
        return own.union(*(_values(item) for item in tree.values()))
    return set().union(*(_values(item) for item in tree)) if isinstance(tree, list | tuple) else set()


def test_shipped_files_are_plain_yaml() -> None:
    from liuke.understand.tags.loading import SHIPPED

    files = sorted(SHIPPED.glob("*.yaml"))
    assert len(files) == 8
    assert all(yaml.safe_load(path.read_text("utf-8"))["language"] == 1 for path in files)
