"""Random definitions on random shops: the plan, the plan for a few customers and the slow reference give one answer."""

from __future__ import annotations

from collections import Counter
from typing import get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tag_agreement import Ledger, disagreements
from tag_facts import FLAGS

from liuke.understand.tags.nodes import AnyNode

SEEDS = range(16)  # the same in every run, so that the ledger says what this run has proved
RARE = ("model", "percent_rank", "days_since", "months_since", "per_child", "holds", "default", "tag")
NODES = {node.model_fields["node"].default for node in get_args(AnyNode)}
CANNOT_HAPPEN = {("model", "ties"), ("model", "duplicates")}  # scores are keyed by customer and day


def test_the_plan_and_the_reference_agree_and_every_node_met_every_nasty_case(
    capsys: pytest.CaptureFixture[str],
) -> None:
    ledger: Ledger = Counter()
    differing = [one for seed in SEEDS for kinds in ((), RARE) for one in disagreements(seed, ledger, kinds)]
    with capsys.disabled():
        print("\n" + page(ledger))
    assert differing == []
    missed = {(node, case) for node in NODES for case in FLAGS if not ledger[node, case]}
    assert missed == CANNOT_HAPPEN


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(1_000, 2**32))
def test_they_agree_on_shops_that_were_never_tried(seed: int) -> None:
    assert disagreements(seed) == []


def page(ledger: Ledger) -> str:
    """Return the ledger as a table: nodes down, nasty cases across, evaluations that met them."""
    head = f"evaluations of a node for a customer whose rows held the case ({len(SEEDS)} shops, two sets of tags each)"
    lines = [head, " " * 15 + "".join(f"{case:>14}" for case in FLAGS)]
    return "\n".join(lines + [f"{n:15}" + "".join(f"{ledger[n, case]:>14}" for case in FLAGS) for n in sorted(NODES)])
