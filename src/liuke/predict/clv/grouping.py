"""Values and value at risk of groups of customers, as rows."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from liuke.kernel.results import Estimate
from liuke.predict.clv.risk import Stakes, value_at_risk
from liuke.predict.clv.valuing import ValuedCustomers

_GROUPS = pa.schema(
    [
        ("grouping", pa.string()),
        ("member_of", pa.string()),
        ("customers", pa.int64()),
        ("value_minor", pa.int64()),
        ("value_low_minor", pa.int64()),
        ("value_high_minor", pa.int64()),
        ("horizon_days", pa.int32()),
        ("scored", pa.int64()),
        ("at_risk_minor", pa.int64()),
        ("at_risk_low_minor", pa.int64()),
        ("at_risk_high_minor", pa.int64()),
        ("at_risk_days", pa.int32()),
        ("level", pa.float64()),
    ]
)


def group_rows(
    valued: ValuedCustomers,
    stakes: Stakes | None,
    groups: Mapping[tuple[str, str], npt.NDArray[np.int64]],
    horizon_days: int,
    at_risk_days: int | None,
    level: float,
) -> pa.Table:
    """Return rows of ``group_values`` without the day, in the order of the groups; both inputs lie in order of ids."""
    rows = []
    for (grouping, group), members in groups.items():
        value = valued.total(_positions(valued.summary.customer_id, members), level)
        row = {"grouping": grouping, "member_of": group, "customers": value.n, "horizon_days": horizon_days}
        row |= _amounts(value, "value_minor", "value_low_minor", "value_high_minor")
        if stakes is not None:
            own = stakes.take(_positions(stakes.customer_id, members))
            row |= {"scored": len(own.customer_id), "at_risk_days": at_risk_days, "level": level}
            if len(own.customer_id):
                at_risk = value_at_risk(own, valued.choice.total_error, level)
                row |= _amounts(at_risk, "at_risk_minor", "at_risk_low_minor", "at_risk_high_minor")
        rows.append(dict.fromkeys(_GROUPS.names) | {"scored": 0, "level": level} | row)
    return pa.Table.from_pylist(rows, schema=_GROUPS)


def _amounts(estimate: Estimate, *names: str) -> dict[str, int]:
    return dict(zip(names, (round(v) for v in (estimate.value, estimate.low, estimate.high)), strict=True))


def _positions(ids: npt.NDArray[np.int64], members: npt.NDArray[np.int64]) -> npt.NDArray[np.intp]:
    """Return where members stand among ascending ids; who is not there is left out."""
    at = np.minimum(np.searchsorted(ids, members), max(ids.size - 1, 0))
    return at[ids[at] == members] if ids.size else at[:0]
