"""Definitions as plain documents: what an analyst keeps in git as YAML and what the API exchanges as JSON are one form.

The normal form leaves out what is at its default, so that a file and an answer of the API differ only in spelling.
Reading it again gives an equal definition with an equal hash.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from pydantic import BaseModel

from liuke.understand.tags.predicates import AllOf, AnyOf, Not, Test, predicate_document


def plain(value: Any) -> Any:
    """Return a model, or anything inside one, as texts, numbers, lists and mappings."""
    match value:
        case Test() | AllOf() | AnyOf() | Not():
            return predicate_document(value)
        case BaseModel():
            return _model(value)
        case dict():
            return {key: plain(item) for key, item in value.items()}
        case tuple() | list():
            return [plain(item) for item in value]
        case dt.date():
            return value.isoformat()
    return value


def _model(model: BaseModel) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        if name == "node" or field.is_required() or value != field.get_default(call_default_factory=True):
            found[field.alias or name] = plain(value)
    return found
