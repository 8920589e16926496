"""The golden set: 5,000 customers with every nasty case, the same on every machine, in a real lake.

Engines are compared on it column by column. `write_golden_shop` fills a lake as ingestion would; `golden_history` opens
its past; `golden_tags` is a set in which every node occurs, beside the shipped ones.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from random import Random

import pyarrow as pa
import sqlalchemy as sa
from random_tags import COMBINED, ROWS, combined, rows_of
from raw_shop import AS_OF, HIDDEN_LOAD, SCORES, SHOP, SPECS, RawShop, random_shop

from liuke.collect.behaviours import load_catalogue
from liuke.collect.history import History
from liuke.collect.sources import loads
from liuke.store.lake import Lake
from liuke.store.operations import Operations
from liuke.understand.tags import TagSet, anonymous_tags, load_definitions

GOLDEN_CUSTOMERS = 5_000
GOLDEN_AS_OF = AS_OF
_FAMILY = 5  # people per little shop
_STRIDE = 10_000
_OWN = ("identity_id", "customer_id", "order_id")


def golden_rows(customers: int = GOLDEN_CUSTOMERS, seed: int = 2024) -> RawShop:
    """Return canonical rows of at least so many customers: many little shops side by side, with ids of their own."""
    rng = Random(seed)
    whole: RawShop = {name: [] for name in (*SPECS, SCORES)}
    families = -(-customers // _FAMILY)
    for number in range(families):
        offset = number * _STRIDE
        for name, rows in random_shop(rng, people=_FAMILY, rows=8).items():
            if name == "products" and number:
                continue  # one catalogue for all
            for row in rows:
                own = {key: row[key] + offset for key in _OWN if key in row}
                if "linked_identity_id" in row:
                    own["linked_identity_id"] = row["linked_identity_id"] + offset
                whole[name].append(
                    row | own | ({"row_number": row["row_number"] + offset} if "row_number" in row else {})
                )
    return whole


def write_golden_shop(folder: Path, customers: int = GOLDEN_CUSTOMERS) -> tuple[Lake, Operations]:
    """Write the golden set into a new lake, with its register of loads: one load is not committed and stays unseen."""
    rows = golden_rows(customers)
    lake, operations = Lake(folder / "lake"), Operations(f"sqlite:///{folder / 'operations.db'}")
    operations.create_all()
    for name, spec in SPECS.items():
        lake.ensure(spec)
        columns = [column.name for column in spec.columns]
        lake.append(name, pa.table({c: [row.get(c) for row in rows[name]] for c in columns}), f"golden:{name}")
    with operations.begin() as connection:
        connection.execute(sa.insert(loads), [
            {"load_id": load, "source": "golden", "file_key": f"f{load}", "content_sha256": "", "mapping_digest": "",
             "kind": "file", "state": "begun" if load == HIDDEN_LOAD else "committed",
             "begun_at": dt.datetime(2024, 1, 1)} for load in (1, 2, HIDDEN_LOAD)
        ])  # fmt: skip
    return lake, operations


def golden_history(folder: Path, lake: Lake, operations: Operations) -> History:
    """Return the past of the golden shop."""
    return History(lake, operations, SHOP, folder / "scratch")


def golden_scores(customers: int = GOLDEN_CUSTOMERS) -> pa.Table:
    """Return the published scores of the golden set."""
    rows = golden_rows(customers)[SCORES]
    return pa.table({name: [row[name] for row in rows] for name in rows[0]})


def golden_tags(seed: int = 7, per_node: int = 2) -> TagSet:
    """Return the shipped tags, and `per_node` random definitions of every node, all visible."""
    rng = Random(seed)
    trees = {"a": rows_of(rng, "sum"), "b": rows_of(rng, "count")}
    for kind in (*ROWS, *COMBINED):
        for k in range(per_node):
            trees[f"{kind}_{k}"] = rows_of(rng, kind) if kind in ROWS else combined(rng, kind)
    nodes = anonymous_tags(trees)
    return TagSet([*load_definitions(catalogue=load_catalogue(None)).values(), *nodes.values()])
