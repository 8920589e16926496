"""Frozen dataclasses to JSON and back, by their own declarations."""

from __future__ import annotations

import types
from dataclasses import fields, is_dataclass
from enum import Enum
from math import isfinite
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from liuke.learn.analysis.errors import PlanError


def encode(value: Any) -> Any:
    """Return a value as JSON can hold it.

    Raises
    ------
    ValueError
        If a number is not finite: such numbers have to be None before.
    """
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: encode(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, dict):
        return {str(key): encode(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [encode(item) for item in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, float) and not isfinite(value):
        raise ValueError(f"{value} is no JSON number")
    return value


def decode(tree: Any, wanted: Any, where: str) -> Any:
    """Return what ``encode`` was given.

    Parameters
    ----------
    wanted
        The declared type.
    where
        Path of the value, for errors.

    Raises
    ------
    PlanError
        If the tree doesn't fit the declaration.
    """
    origin = get_origin(wanted)
    if wanted is Any or origin is Literal:
        return tree
    if origin in (Union, types.UnionType):
        kinds = [kind for kind in get_args(wanted) if kind is not type(None)]
        return None if tree is None else decode(tree, kinds[0], where)
    if origin is tuple:
        if not isinstance(tree, list):
            raise _misfit(where, "a list")
        return tuple(decode(item, get_args(wanted)[0], f"{where}[{i}]") for i, item in enumerate(tree))
    if origin is dict:
        if not isinstance(tree, dict):
            raise _misfit(where, "an object")
        return tree
    if is_dataclass(wanted):
        return _decode_record(tree, wanted, where)
    if isinstance(wanted, type) and issubclass(wanted, Enum):
        return wanted(tree)
    if wanted is float and isinstance(tree, int) and not isinstance(tree, bool):
        return float(tree)
    if not isinstance(tree, wanted):
        raise _misfit(where, wanted.__name__)
    return tree


def _decode_record(tree: Any, wanted: Any, where: str) -> Any:
    if not isinstance(tree, dict):
        raise _misfit(where, "an object")
    hints = get_type_hints(wanted)
    missing = [field.name for field in fields(wanted) if field.name not in tree]
    if missing:
        raise _misfit(f"{where}.{missing[0]}", "there")
    return wanted(**{name: decode(tree[name], hints[name], f"{where}.{name}") for name in hints})


def _misfit(where: str, wanted: str) -> PlanError:
    return PlanError(f"{where} is not {wanted}", hint="read a report that `liuke trials analyse --json` wrote")
