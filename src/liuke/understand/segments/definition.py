"""A segment as its author writes it, and the hash that names what it means."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, Field, ValidationError

from liuke.kernel import checked_text, read_yaml
from liuke.understand.segments.comparisons import Name, Part
from liuke.understand.segments.errors import SegmentError
from liuke.understand.segments.expressions import canonical_text
from liuke.understand.segments.rules import KEY, All, Any_, AnyRule, BoundedRule, ExpressionCondition, Not

_TYPE_COMPLAINTS = frozenset({"bool_type", "int_type", "float_type", "string_type"})
_READINGS = frozenset({"bool", "int", "float", "constrained-int", "constrained-float", "constrained-str", "str"})
LANGUAGE = 1
"""Version of the rule language; a document says which one it is written in."""


class SegmentName(Part):
    """What a segment is called, in both languages."""

    zh: Name
    en: Name


class SegmentDefinition(Part):
    """One named set of customers."""

    language: Literal[1] = 1
    key: str = Field(pattern=KEY)
    name: SegmentName
    note: Annotated[str, AfterValidator(checked_text)] = Field("", max_length=1_000)
    rule: BoundedRule

    @property
    def rule_hash(self) -> str:
        """Hash of the normalised rule; names, order of parts and ways of writing the same leave it alone."""
        return digest([LANGUAGE, normalised(self.rule)])

    def document(self) -> dict[str, Any]:
        """Return the definition as plain data, without what is at its default."""
        dumped: dict[str, Any] = self.model_dump(mode="json", exclude_defaults=True)
        head = {"language": self.language, "key": self.key, "name": dumped["name"]}
        note = {"note": self.note} if self.note else {}
        return head | note | {"rule": plain(self.rule)}

    def yaml(self) -> str:
        """Return the definition as a file of the workspace."""
        return yaml.safe_dump(self.document(), allow_unicode=True, sort_keys=False, width=110)


def parse_definition(raw: Any, place: str = "") -> SegmentDefinition:
    """Read a definition from plain data.

    Parameters
    ----------
    raw : mapping
        JSON or YAML, parsed.
    place : str, optional
        File that is named in errors.

    Raises
    ------
    SegmentError
        Naming the place, the field and what was expected.
    """
    where = f"{place}: " if place else ""
    if not isinstance(raw, Mapping):
        raise SegmentError(f"{where}this is no segment", hint="a segment has language, key, name and rule")
    if raw.get("language") != LANGUAGE:
        raise SegmentError(
            f"{where}the segment is written in language {raw.get('language')!r}",
            hint=f"begin with `language: {LANGUAGE}`",
        )
    try:
        return SegmentDefinition.model_validate(dict(raw))
    except ValidationError as error:
        # of a value that may be several things each reading has its complaint: the one that is not about the type tells
        found = error.errors()
        first = next((one for one in found if one["type"] not in _TYPE_COMPLAINTS), found[0])
        steps = ".".join(str(step) for step in first["loc"] if step not in _READINGS)
        raise SegmentError(
            f"{where}{steps}: {first['msg']}", hint="the README of liuke.understand.segments lists the conditions"
        ) from None
    except RecursionError:
        raise SegmentError(f"{where}the rule is nested too deeply", hint="split it into several segments") from None


def parse_yaml(text: str, place: str = "") -> SegmentDefinition:
    """Read a definition from YAML (or JSON, which is YAML).

    Raises
    ------
    SegmentError
        If the text cannot be read or is no segment.
    """
    try:
        document = read_yaml(text)
    except yaml.YAMLError as error:
        raise SegmentError(
            f"{place or 'the text'} cannot be read: {error}", hint="it has to be YAML in UTF-8"
        ) from None
    return parse_definition(document, place)


def plain(rule: AnyRule) -> dict[str, Any]:
    """Return a rule as plain data: its kind, and whatever is not at its default."""
    kept = rule.model_dump(mode="json", exclude_defaults=True)
    out: dict[str, Any] = {"kind": rule.kind}
    for name in type(rule).model_fields:
        value = getattr(rule, name)
        if isinstance(rule, All | Any_) and name == "of":
            out[name] = [plain(part) for part in rule.of]
        elif isinstance(rule, Not) and name == "of":
            out[name] = plain(rule.of)
        elif name != "kind" and name in kept:
            out[name] = value.model_dump(mode="json") if isinstance(value, Part) else kept[name]
            if isinstance(value, tuple):
                out[name] = [part.model_dump(mode="json") if isinstance(part, Part) else part for part in value]
    return out


def normalised(rule: AnyRule) -> Any:
    """Return a form that is equal for rules that say the same in another order or with other brackets."""
    match rule:
        case All() | Any_():
            flat: list[Any] = []
            for part in rule.of:
                form = normalised(part)
                same = isinstance(form, dict) and form.get("kind") == rule.kind
                flat += form["of"] if same else [form]
            unique = sorted({_text(form): form for form in flat}.items())
            forms = [form for _, form in unique]
            return forms[0] if len(forms) == 1 else {"kind": rule.kind, "of": forms}
        case Not():
            below = normalised(rule.of)
            return below["of"] if below.get("kind") == "not" else {"kind": "not", "of": below}
        case ExpressionCondition():
            return {"kind": "expression", "text": canonical_text(rule.text)}
    return _sorted_values(rule.model_dump(mode="json"))


def _sorted_values(value: Any) -> Any:
    """Sort what is a set (`values` of a list test, `where`), and write 5.0 as 5."""
    if isinstance(value, dict):
        return {
            key: sorted({_text(_sorted_values(item)): _sorted_values(item) for item in part}.values(), key=_text)
            if key in ("values", "where")
            else _sorted_values(part)
            for key, part in value.items()
        }
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    return value


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=True, separators=(",", ":"))


def digest(value: Any) -> str:
    """Return a short hash of plain data."""
    return hashlib.sha256(_text(value).encode()).hexdigest()[:16]
