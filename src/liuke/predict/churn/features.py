"""From a table of features to the matrix that models read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from liuke.collect.behaviours import Catalogue
from liuke.kernel.errors import SettingsError
from liuke.predict.churn.ports import Moment
from liuke.understand.tags import TagSet, build_tags, load_definitions

FloatArray = npt.NDArray[np.float64]

DEFINITIONS = Path(__file__).with_name("definitions")

# BG/NBD's answer is a feature too: a lifetime in one number, from the same days before the cutoff.
BG_NBD_FEATURE = "expected_silence"
BG_NBD_FAMILY = "churn_risk"


@dataclass(frozen=True)
class TagFeatures:
    """The features of ``definitions/``, computed by the tag compiler."""

    definitions: TagSet

    @classmethod
    def of(cls, catalogue: Catalogue) -> TagFeatures:
        """Read the definitions that come with this room; the shop's behaviours say which events are visits."""
        return cls(load_definitions(DEFINITIONS, catalogue=catalogue, shipped=False))

    @cached_property
    def definition_hash(self) -> str:
        """Hash of the normalised definitions."""
        return self.definitions.hash()

    @cached_property
    def hashes(self) -> Mapping[str, str]:
        """Hash of each definition with everything below it."""
        return {key: self.definitions.definition_hash(key) for key in self.definitions.visible}

    @cached_property
    def families(self) -> Mapping[str, str]:
        """Tag family of each feature."""
        return {key: tag.family for key, tag in self.definitions.items()} | {BG_NBD_FEATURE: BG_NBD_FAMILY}

    @cached_property
    def titles(self) -> Mapping[str, tuple[str, str]]:
        """Chinese and English name of each feature."""
        return {key: (tag.name.zh, tag.name.en) for key, tag in self.definitions.items()}

    @cached_property
    def money(self) -> frozenset[str]:
        """Features in minor currency units."""
        return frozenset(key for key, tag in self.definitions.items() if tag.type == "money_minor")

    def __call__(self, moment: Moment) -> pa.Table:
        """Compute all features at a moment."""
        return build_tags(moment, self.definitions)

    def covariates(self, moment: Moment, customer_id: npt.NDArray[np.int64]) -> tuple[FloatArray, tuple[str, ...]]:
        """Return the features of the wanted customers as numbers, shape (n_customers, n_features), and their names."""
        return matrix(self(moment), customer_id)


@dataclass(frozen=True)
class TagStrata:
    """Lifecycle stage and value tier of each customer, by the shop's tags."""

    definitions: TagSet

    NAMES: ClassVar[tuple[str, str]] = ("lifecycle", "value_tier")

    def __call__(self, moment: Moment) -> pa.Table:
        """Compute both at a moment."""
        return build_tags(moment, self.definitions, names=self.NAMES)


def matrix(table: pa.Table, customer_id: npt.NDArray[np.int64]) -> tuple[FloatArray, tuple[str, ...]]:
    """Return the features of the wanted customers and their names.

    Parameters
    ----------
    table : pyarrow.Table
        ``customer_id`` and one column per feature: numbers, booleans, or lists of numbers
        or of numbers as text (the smallest counts).
    customer_id : int64 array, shape (n_customers,)

    Returns
    -------
    array, shape (n_customers, n_features), and names
        NaN where a value or the customer's row is missing.
    """
    names = tuple(name for name in table.column_names if name != "customer_id")
    ids = np.asarray(table["customer_id"], dtype=np.int64)
    order = np.argsort(ids, kind="stable")
    at = np.searchsorted(ids[order], customer_id)
    position = order[np.minimum(at, max(ids.size - 1, 0))] if ids.size else np.zeros(customer_id.size, dtype=np.intp)
    found = ids[position] == customer_id if ids.size else np.zeros(customer_id.size, dtype=np.bool_)
    features = np.full((customer_id.size, len(names)), np.nan)
    for j, name in enumerate(names):
        if ids.size:
            features[:, j] = np.where(found, _numbers(table[name], name)[position], np.nan)
    return features, names


def _numbers(column: pa.ChunkedArray, name: str) -> FloatArray:
    kind = column.type
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return np.array([min(map(float, v)) if v else np.nan for v in column.to_pylist()], dtype=np.float64)
    if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)
            or pa.types.is_decimal(kind)):  # fmt: skip
        raise SettingsError(
            f"feature {name} is of type {kind}; models read numbers, booleans and lists of numbers",
            hint="express it as a number in features.yaml, for example with `holds` or `percent_rank`",
        )
    numbers: FloatArray = column.cast(pa.float64()).to_numpy(zero_copy_only=False).astype(np.float64)
    return numbers
