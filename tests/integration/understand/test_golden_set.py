"""The golden set in a real lake: deterministic, and the plan over it says what the slow reference says."""

from __future__ import annotations

from pathlib import Path

from golden_set import GOLDEN_AS_OF, golden_history, golden_rows, golden_scores, golden_tags, write_golden_shop
from raw_shop import SCORES
from tag_agreement import same
from tag_facts import read_facts
from tag_reference import Reference

from liuke.understand.tags import build_tags

CUSTOMERS = 60


def test_the_golden_set_is_the_same_every_time() -> None:
    assert golden_rows(CUSTOMERS) == golden_rows(CUSTOMERS)
    assert golden_tags().hash() == golden_tags().hash()


def test_the_plan_over_a_real_lake_says_what_the_reference_says(tmp_path: Path) -> None:
    history = golden_history(tmp_path, *write_golden_shop(tmp_path, CUSTOMERS))
    tags = golden_tags(per_node=1)
    facts = read_facts(golden_rows(CUSTOMERS))
    reference = Reference(facts, GOLDEN_AS_OF, {key: one.value for key, one in tags.items()})
    with history.at(GOLDEN_AS_OF) as moment:
        moment.connection.register(SCORES, golden_scores(CUSTOMERS))
        rows = build_tags(moment, tags, scores={"churn": SCORES}).to_pylist()
    assert [row["customer_id"] for row in rows] == facts.customers
    assert len(rows) >= CUSTOMERS
    ranked = {key for key in tags if tags[key].ranks}  # of the whole population: slow to read slowly, tried elsewhere
    for row in rows[:20]:
        for key in tags.visible:
            if not ranked & {key, *tags[key].needs}:
                wanted = reference.value(tags[key].value, row["customer_id"])
                assert same(row[key], wanted) or _money(row[key], wanted), (key, row["customer_id"], row[key], wanted)


def _money(found: object, wanted: object) -> bool:
    """Money is rounded to whole minor units at the end."""
    return isinstance(found, int) and isinstance(wanted, float) and abs(found - wanted) <= 0.5
