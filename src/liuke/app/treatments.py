"""Tells the churn model whom strategies contacted, from the propensity log and the contacts in the lake."""

from __future__ import annotations

from datetime import date

import pyarrow as pa

from liuke.collect.identity import IDENTITY_MAP
from liuke.engage.outreach import CONTACTS
from liuke.learn.experiments import ASSIGNMENTS
from liuke.predict.churn import Treated
from liuke.store.lake import Lake, connect

_ASSIGNMENTS_SQL = """
SELECT a.experiment, coalesce(m.customer_id, a.customer_id) AS customer_id, a.arm, a.probability, a.assigned_on,
       CASE WHEN a.exposed_on < $as_of THEN a.exposed_on END AS exposed_on
FROM {assignments} a LEFT JOIN {identities} m ON m.identity_id = a.customer_id
WHERE a.arm IN ('treated', 'control') AND a.assigned_on < $as_of
"""

_CONTACTS_SQL = """
SELECT DISTINCT coalesce(m.customer_id, c.customer_id) AS customer_id, c.sent_at::DATE AS sent_on
FROM {contacts} c LEFT JOIN {identities} m ON m.identity_id = c.customer_id
WHERE c.state = 'sent' AND c.sent_at < $as_of
"""


class LakeTreatments:
    """What the shop's own strategies did, as of a day.

    Parameters
    ----------
    lake : Lake
        With ``assignments``, ``contacts`` and ``identity_map``.
    """

    def __init__(self, lake: Lake) -> None:
        self._lake = lake

    def __call__(self, as_of: date) -> Treated:
        """Return assignments and sent messages of days before ``as_of``."""
        scans = {
            "assignments": self._lake.scan_sql(ASSIGNMENTS.name),
            "contacts": self._lake.scan_sql(CONTACTS.name),
            "identities": self._lake.scan_sql(IDENTITY_MAP.name),
        }
        with connect() as engine:
            rows: list[pa.Table] = [
                engine.sql(sql.format(**scans), params={"as_of": as_of}).to_arrow_table()
                for sql in (_ASSIGNMENTS_SQL, _CONTACTS_SQL)
            ]
        return Treated(*rows)
