"""Which identities are one customer: connected components over deterministic links."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from liuke.collect.identity.config import CAPPED_NAMESPACES, MAX_RECORDS_PER_KEY

Ids = npt.NDArray[np.int64]


def component_map(links: pa.Table, max_records_per_key: int = MAX_RECORDS_PER_KEY) -> pa.Table:
    """Resolve identities to customers.

    Parameters
    ----------
    links : pa.Table, shape (n_links, ≥ 2)
        ``identity_id`` (a record of a source) and ``linked_identity_id`` (another identifier of the same person), both
        int64. Optional: ``namespace`` (kind of the identifier) limits the cap below to the kinds that people share;
        without it every kind is capped. Optional: ``seen_at`` (timestamp or int) tells which record came first.
    max_records_per_key : int
        An identifier with more records than that (a household's or a counter's phone) joins nobody.

    Returns
    -------
    pa.Table
        ``identity_id``, ``customer_id`` (int64), sorted, one row per identity that belongs to a customer of another
        name. Identities that aren't in it are customers of their own. A customer bears the name of its first seen
        record, the smallest id among equals, so that a later merge doesn't rename the older customer.

    Notes
    -----
    Only exact equality of keys joins records: no similarity of names or addresses is considered.

    Examples
    --------
    >>> table = component_map(pa.table({"identity_id": [7, 3], "linked_identity_id": [90, 90]}))
    >>> table.to_pylist()
    [{'identity_id': 7, 'customer_id': 3}, {'identity_id': 90, 'customer_id': 3}]
    """
    kept = links.filter(pa.array(~_overshared(links, max_records_per_key))) if links.num_rows else links
    records, keys = _ids(kept, "identity_id"), _ids(kept, "linked_identity_id")
    nodes, positions = np.unique(np.concatenate([records, keys]), return_inverse=True)
    if nodes.size == 0:
        return pa.table({"identity_id": pa.array([], pa.int64()), "customer_id": pa.array([], pa.int64())})
    record_at, key_at = positions[: records.size], positions[records.size :]
    graph = coo_array((np.ones(records.size, dtype=np.int8), (record_at, key_at)), shape=(nodes.size, nodes.size))
    _, label = connected_components(graph, directed=False)
    names = _names(nodes, label, record_at, _seen(kept))
    customer = names[label]
    merged = customer != nodes
    return pa.table({"identity_id": nodes[merged], "customer_id": customer[merged]})


def overshared_keys(links: pa.Table, max_records_per_key: int = MAX_RECORDS_PER_KEY) -> pa.Table:
    """Return the identifiers that join nobody because too many records have them.

    Returns
    -------
    pa.Table
        ``linked_identity_id``, ``records``: sorted by id.
    """
    flagged = links.filter(pa.array(_overshared(links, max_records_per_key))) if links.num_rows else links
    pairs = np.unique(np.column_stack([_ids(flagged, "linked_identity_id"), _ids(flagged, "identity_id")]), axis=0)
    keys, counts = np.unique(pairs[:, 0], return_counts=True)
    return pa.table({"linked_identity_id": keys, "records": counts})


def _overshared(links: pa.Table, limit: int) -> npt.NDArray[np.bool_]:
    """Tell for each link whether its key belongs to more than ``limit`` distinct records."""
    records, keys = _ids(links, "identity_id"), _ids(links, "linked_identity_id")
    pairs = np.unique(np.column_stack([keys, records]), axis=0)
    distinct, counts = np.unique(pairs[:, 0], return_counts=True)
    over = np.isin(keys, distinct[counts > limit])
    if "namespace" in links.column_names:
        kinds = np.asarray(links["namespace"].to_pylist(), dtype=object)
        over &= np.isin(kinds.astype(str), sorted(CAPPED_NAMESPACES))
    return over


def _names(nodes: Ids, label: npt.NDArray[np.int32], record_at: Any, seen: Ids) -> Ids:
    """Return per component the id of its first seen record."""
    order = np.lexsort((nodes[record_at], seen))
    names = np.full(int(label.max()) + 1, -1, dtype=np.int64)
    ordered = record_at[order]
    components, first = np.unique(label[ordered], return_index=True)
    names[components] = nodes[ordered[first]]
    return names


def _seen(links: pa.Table) -> Ids:
    if "seen_at" not in links.column_names:
        return np.zeros(links.num_rows, dtype=np.int64)
    column = links["seen_at"]
    instants = column.cast(pa.timestamp("us")) if pa.types.is_timestamp(column.type) else column
    return np.asarray(instants.cast(pa.int64()).to_numpy(), dtype=np.int64)


def _ids(table: pa.Table, name: str) -> Ids:
    return np.asarray(table[name].to_numpy(), dtype=np.int64)
