"""What did a strategy change? Treated against control as randomised, whoever was in fact reached.

The unit is the customer, counted once with the first entry, under whatever id it happened: later entries happen after
treatment. Outcomes are the
purchases of the day of entry and the days after it, up to the goal's horizon; customers whose window is not complete by
``as_of`` are left out of both arms alike, and counted. Members of the global control group are in neither arm.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date
from functools import partial
from typing import Protocol

import duckdb
import pyarrow as pa

from liuke.decide.strategies import Arm
from liuke.learn.experiments.config import ExperimentSettings
from liuke.learn.experiments.contracts import Effect, Reading
from liuke.learn.experiments.verdict import Evidence, judge
from liuke.learn.inference import Difference, Moments, proportions, sample_ratio_p, welch

ENTRIES = "experiments_entries"  # name under which the entries are registered while one query runs

# Sums are exact until they are cast at the end: adding doubles would give other last digits from run to run.
_SUMS = f"""
WITH firsts AS (
    SELECT coalesce(m.customer_id, e.customer_id) AS customer_id, e.arm, e.probability, e.entered_on
    FROM {ENTRIES} e LEFT JOIN identity_map m ON m.identity_id = e.customer_id
    WHERE e.arm IN ('control', 'treated') AND e.entered_on < $as_of
    QUALIFY row_number() OVER (
        PARTITION BY coalesce(m.customer_id, e.customer_id) ORDER BY e.entered_on, e.entry, e.customer_id
    ) = 1
),
outcomes AS (
    SELECT f.customer_id, f.arm,
           (CASE f.arm WHEN 'control' THEN f.probability ELSE 1 - f.probability END)::DECIMAL(18, 15) AS control_chance,
           f.entered_on + $horizon_days <= $as_of AS complete,
           count(p.order_id) > 0 AS bought,
           coalesce(sum(p.margin_minor), 0)::HUGEINT AS margin
    FROM firsts f
    LEFT JOIN purchases p
           ON p.customer_id = f.customer_id
          AND p.occurred_on >= f.entered_on AND p.occurred_on < f.entered_on + $horizon_days
    GROUP BY ALL
)
SELECT arm,
       count(*) FILTER (complete) AS n,
       count(*) FILTER (NOT complete) AS pending_n,
       count(*) AS entered_n,
       coalesce(sum(control_chance), 0)::DOUBLE AS control_expected,
       count(*) FILTER (complete AND bought) AS buyers,
       coalesce(sum(margin) FILTER (complete), 0)::DOUBLE AS margin,
       coalesce(sum(margin * margin) FILTER (complete), 0)::DOUBLE AS margin_sq
FROM outcomes
GROUP BY arm
"""


class MomentLike(Protocol):
    """The part of ``liuke.collect.history.Moment`` that a read-out needs: its day and its views."""

    @property
    def as_of(self) -> date:
        """Facts are of days before it."""
        ...

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """DuckDB with the view ``purchases`` and the table ``identity_map``, which names merged customers."""
        ...


def read_out(
    moment: MomentLike, entries: pa.Table, reading: Reading, settings: ExperimentSettings
) -> tuple[Effect, ...]:
    """Compare a strategy's arms on repurchase and margin.

    Parameters
    ----------
    moment
        What the shop knew at ``moment.as_of``.
    entries
        The strategy's entries: ``customer_id BIGINT, entry VARCHAR, arm VARCHAR, probability DOUBLE,
        entered_on DATE``.
    reading
        Which strategy, and the horizon of its goal in days.

    Returns
    -------
    tuple of Effect
        ``repurchase`` and ``margin``; without complete windows their numbers are None and the verdict "too early".

    Notes
    -----
    An entry on day D is complete at ``as_of`` when D + horizon_days <= as_of.
    """
    sums = _sums(moment, entries, reading.horizon_days)
    treated, control = sums.get(Arm.TREATED.value, _ArmSums()), sums.get(Arm.CONTROL.value, _ArmSums())
    bought = (Moments(arm.n, arm.buyers, arm.buyers) for arm in (treated, control))
    margin = (Moments(arm.n, arm.margin, arm.margin_sq) for arm in (treated, control))
    effect = partial(_effect, moment.as_of, reading, treated, control, settings)
    return effect("repurchase", *bought), effect("margin", *margin)


def effects_table(effects: Iterable[Effect]) -> pa.Table:
    """Return effects shaped like the lake table ``effects``."""
    rows = []
    for effect in effects:
        row = asdict(effect)
        reason = {"zh": row.pop("reason_zh"), "en": row.pop("reason_en")}
        rows.append({**row, "verdict": effect.verdict.value, "reason": json.dumps(reason, ensure_ascii=False)})
    counts = {"treated_n", "control_n", "pending_n"}
    texts = {"strategy", "metric", "verdict", "reason"}
    order = [
        *("as_of", "strategy", "metric", "treated_n", "treated_mean", "control_n", "control_mean", "difference"),
        *("low", "high", "level", "srm_p", "pending_n", "verdict", "reason"),
    ]
    kinds = {"as_of": pa.date32(), **dict.fromkeys(counts, pa.int64()), **dict.fromkeys(texts, pa.string())}
    return pa.Table.from_pylist(rows, schema=pa.schema([(name, kinds.get(name, pa.float64())) for name in order]))


@dataclass(frozen=True, slots=True)
class _ArmSums:
    """One row of the query: an arm's counts and sums."""

    n: int = 0
    pending_n: int = 0
    entered_n: int = 0
    control_expected: float = 0.0
    buyers: int = 0
    margin: float = 0.0
    margin_sq: float = 0.0


def _sums(moment: MomentLike, entries: pa.Table, horizon_days: int) -> dict[str, _ArmSums]:
    connection = moment.connection
    connection.register(ENTRIES, entries)
    try:
        parameters = {"as_of": moment.as_of, "horizon_days": horizon_days}
        rows = connection.execute(_SUMS, parameters).fetchall()
    finally:
        connection.unregister(ENTRIES)
    return {row[0]: _ArmSums(*row[1:]) for row in rows}


def _split_p(treated: _ArmSums, control: _ArmSums) -> float:
    """Check the sizes of all who entered, complete or not: the draw knows nothing of windows."""
    entered = treated.entered_n + control.entered_n
    expected = treated.control_expected + control.control_expected
    if not 0 < expected < entered:
        return 1.0  # nobody entered, or there is no control arm to check
    return sample_ratio_p([control.entered_n, treated.entered_n], [expected, entered - expected])


def _effect(
    as_of: date,
    reading: Reading,
    treated_sums: _ArmSums,
    control_sums: _ArmSums,
    settings: ExperimentSettings,
    metric: str,
    treated: Moments,
    control: Moments,
) -> Effect:
    difference = _difference(metric, treated, control, settings.level)
    evidence = Evidence(
        treated_n=treated.n,
        control_n=control.n,
        pending_n=treated_sums.pending_n + control_sums.pending_n,
        buyers=treated_sums.buyers + control_sums.buyers,
        srm_p=_split_p(treated_sums, control_sums),
        difference=difference,
        worthwhile=settings.worthwhile_repurchase if metric == "repurchase" else settings.worthwhile_margin_minor,
        share=metric == "repurchase",
        currency=reading.currency,
    )
    verdict, reason_zh, reason_en = judge(evidence, settings)
    return Effect(
        as_of=as_of,
        strategy=reading.strategy,
        metric=metric,
        treated_n=treated.n,
        treated_mean=treated.mean if treated.n else None,
        control_n=control.n,
        control_mean=control.mean if control.n else None,
        difference=difference.value if difference else None,
        low=difference.low if difference else None,
        high=difference.high if difference else None,
        level=settings.level,
        srm_p=evidence.srm_p,
        pending_n=evidence.pending_n,
        verdict=verdict,
        reason_zh=reason_zh,
        reason_en=reason_en,
    )


def _difference(metric: str, treated: Moments, control: Moments, level: float) -> Difference | None:
    if min(treated.n, control.n) < 2:
        return None
    return proportions(treated, control, level) if metric == "repurchase" else welch(treated, control, level)
