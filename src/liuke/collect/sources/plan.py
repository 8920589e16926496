"""From a mapping and a file's columns to the SQL that judges rows and makes canonical ones of them.

Nothing runs here. A plan holds: the *typed* relation (every declared column in its type), *rules* (an ordered list of
conditions, the first of which that holds decides over a row), *group rules* (on what is summed over rows), and one
*emission* per canonical table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from liuke.collect.consent import channel_sql, purpose_sql
from liuke.collect.identity import normal_sql
from liuke.collect.quality import because
from liuke.collect.sources.emission import Emission
from liuke.collect.sources.errors import MappingError
from liuke.collect.sources.expressions import Expression, Scope
from liuke.collect.sources.mapping import ColumnSpecification, Constant, Emit, Mapping, Scalar
from liuke.collect.sources.plausible import Bounds, GroupRule, group_rules, row_objections
from liuke.collect.sources.readers import ROW, UNDECODABLE, Source
from liuke.collect.sources.sql import identifier, literal
from liuke.collect.sources.statements import TABLE as STATEMENTS
from liuke.collect.sources.statements import refusal
from liuke.collect.sources.targets import AMOUNT, DATE, NUMBER, ONE_OF, TARGETS, TEXT, Field, Target
from liuke.collect.sources.types import mismatch, typed_sql, value_sql

LIVE = "live_of_file"  # temp view: the rows that are to be loaded, columns in their types
PERSONAL_NAMESPACES = frozenset({"phone", "email"})  # their ids are peppered: they could be enumerated
FILTERED, QUARANTINED = "filtered", "quarantined"
NOBODY = because("no_table")
STRICT = {"channel": ("unknown_medium", channel_sql), "purpose": ("unknown_purpose", purpose_sql)}
"""What a grant must name clearly: the reason if it doesn't, and the word's meaning."""
CODE, CONTENT = "__code", "__content"  # columns beside the file's: the rule that objects, the hash of the row
_RAW = "__raw_"  # prefix of a typed column's text before its conversion


@dataclass(frozen=True)
class Rule:
    """A condition that keeps a row from being loaded, and the reason as `because` makes it or the mapping words it.

    ``field`` is the column at fault, if it is one column.
    """

    verdict: str
    reason: str
    condition: str
    field: str | None = None


@dataclass(frozen=True)
class LinkPlan:
    """Another identifier of the row's person: SQL of the row's identity, of the identifier, of the moment if known."""

    namespace: str
    identity: str
    key: str
    occurred: str | None


@dataclass(frozen=True)
class Plan:
    """What is to be done with one file.

    Parameters
    ----------
    relation, columns : str
        All rows of the file; every column of them as it stands there (``__raw_<name>``) and in its type.
    names, used : tuple of str
        The file's columns, and those that the mapping looks at.
    rules, group_rules, emissions, links
    key : tuple of str
        SQL of the columns that tell rows apart.
    personal : frozenset of str
        SQL of the columns that name a person.
    times : tuple of str or None
        SQL of the columns that say when rows happened; None if anything but a plain column says so.
    """

    relation: str
    columns: str
    names: tuple[str, ...]
    used: tuple[str, ...]
    rules: tuple[Rule, ...]
    group_rules: tuple[GroupRule, ...]
    emissions: tuple[Emission, ...]
    links: tuple[LinkPlan, ...]
    key: tuple[str, ...]
    personal: frozenset[str]
    times: tuple[str, ...] | None

    @property
    def scan(self) -> str:
        """The file's rows, typed."""
        return self.typed(self.relation)

    def typed(self, relation: str, beside: str = "") -> str:
        """Return any relation with the file's columns, typed, and with the columns ``beside`` them."""
        return f"(SELECT {beside}{self.columns} FROM {relation})"


def raw(name: str) -> str:
    """Return the SQL name of a column as it stands in the file."""
    return identifier(_RAW + name)


def make_plan(
    mapping: Mapping,
    name: str,
    source: Source,
    shop_zone: str,
    behaviours: Sequence[str],
    bounds: Bounds,
) -> Plan:
    """Compile a mapping for a file.

    Parameters
    ----------
    mapping : Mapping
    name : str
        What to call it in errors.
    source : Source
        The file.
    shop_zone : str
    behaviours : sequence of str
        Names that an event may have.
    bounds : Bounds
        Days that a row may speak of.

    Raises
    ------
    MappingError
        If it names columns, fields or functions that there aren't.
    """
    planner = _Planner(mapping, name, source.types, shop_zone, behaviours, bounds)
    return planner.plan(source.relation, source.numbered)


class _Planner:
    def __init__(
        self,
        mapping: Mapping,
        name: str,
        types: dict[str, str],
        shop_zone: str,
        behaviours: Sequence[str],
        bounds: Bounds,
    ) -> None:
        self.bounds = bounds
        self.mapping, self.name, self.types, self.behaviours = mapping, name, types, behaviours
        self.zone = mapping.zone or shop_zone
        self.scope = Scope(tuple(types), mapping.derive, name)
        self.specs = {self.scope.column(column, "columns"): spec for column, spec in mapping.columns.items()}
        self.bad = {
            column: f"({raw(column)} IS NOT NULL AND {identifier(column)} IS NULL)"
            for column, spec in self.specs.items()
            if spec.type != "text"
        }

    def plan(self, relation: str, numbered: bool) -> Plan:
        for rule in self.mapping.derive:
            self.scope.compile(self.mapping.derive[rule], f"derive.{rule}", aggregates=True)
        emissions = tuple(self._emission(number, emit) for number, emit in enumerate(self.mapping.emit))
        key = tuple(identifier(self.scope.column(column, "key")) for column in self.mapping.key)
        rules = (*self._filters(), *self._types(), *self._checks(), *self._nobody(emissions))
        rules += tuple(rule for emission in emissions for rule in self._requirements(emission))
        rules += tuple(
            Rule(QUARANTINED, because("empty", column=name), f"{identifier(self.scope.column(name, 'key'))} IS NULL")
            for name in self.mapping.key
        )
        rules += tuple(
            Rule(QUARANTINED, one.reason, one.condition, one.field) for one in row_objections(emissions, self.bounds)
        )
        emissions += tuple(filter(None, (refusal(emission, self.behaviours) for emission in emissions)))
        links, personal = self._links(), self._personal(emissions)
        used = tuple(name for name in self.types if name in self.scope.used)
        return Plan(
            relation=relation,
            columns=self._typed(numbered),
            names=tuple(self.types),
            used=used,
            rules=tuple({rule.condition: rule for rule in reversed(rules)}.values())[::-1],  # the first of equals
            group_rules=group_rules(emissions, self.bounds),
            emissions=emissions,
            links=links,
            key=key,
            personal=personal,
            times=self._times(emissions),
        )

    def _typed(self, numbered: bool) -> str:
        """Return every column as it stands and in its type."""
        columns = [ROW] if numbered else []
        for name, stored in self.types.items():
            value = identifier(name) if self.mapping.format.kind == "csv" else self._value_of(name)
            spec = self.specs.get(name, ColumnSpecification())
            columns.append(f"{typed_sql(value, stored, spec, self.zone)} AS {identifier(name)}")
            columns.append(f"{value} AS {raw(name)}")
        return ", ".join(columns)

    def _value_of(self, name: str) -> str:
        return value_sql(name, self.types[name], self.mapping.format.null)

    def _personal(self, emissions: tuple[Emission, ...]) -> frozenset[str]:
        """Return the columns that name a person, as far as the mapping tells."""
        names = {
            column
            for emission in emissions
            if emission.table == "profiles"
            for field in emission.fields.values()
            for column in field.columns
        }
        spec = self.mapping.identity
        keys = [(spec.namespace, spec.key), *((link.namespace, link.key) for link in spec.links)] if spec else []
        for namespace, key in keys:
            if namespace in PERSONAL_NAMESPACES:
                names |= self.scope.compile(key, "identity").columns
        return frozenset(map(identifier, names))

    def _times(self, emissions: tuple[Emission, ...]) -> tuple[str, ...] | None:
        moments = [
            emission.fields[name]
            for emission in emissions
            for name in ("occurred", "recorded")
            if name in emission.fields
        ]
        if not all(self._is_time(moment) for moment in moments):
            return None
        return tuple(sorted({moment.sql for moment in moments}))

    def _filters(self) -> list[Rule]:
        rules = []
        if self.mapping.format.kind == "csv" and self.mapping.format.encoding.lower() not in ("utf-8", "utf8"):
            broken = " OR ".join(f"contains({raw(name)}, {literal(UNDECODABLE)})" for name in self.types)
            reason = because("row_undecodable", encoding=self.mapping.format.encoding)
            rules += [Rule(QUARANTINED, reason, broken)] if broken else []
        for number, rule in enumerate(self.mapping.filters):
            expression = self.scope.compile(rule.when, f"filters.{number}")
            # a filter can't decide by a value that can't be read
            readable = [f"NOT {self.bad[column]}" for column in sorted(expression.columns) if column in self.bad]
            rules.append(Rule(FILTERED, rule.reason, " AND ".join([f"({expression.sql})", *readable])))
        return rules

    def _types(self) -> list[Rule]:
        rules = []
        for name, spec in self.specs.items():
            if name in self.bad:
                rules.append(Rule(QUARANTINED, mismatch(name, spec), self.bad[name], name))
            if spec.required:
                rules.append(Rule(QUARANTINED, because("empty", column=name), f"{identifier(name)} IS NULL", name))
        return rules

    def _checks(self) -> list[Rule]:
        rules = []
        for number, rule in enumerate(self.mapping.checks):
            expression = self.scope.compile(rule.unless, f"checks.{number}")
            at_fault = next(iter(expression.columns)) if len(expression.columns) == 1 else None
            rules.append(Rule(QUARANTINED, rule.reason, f"NOT ({expression.sql})", at_fault))
        return rules

    def _nobody(self, emissions: tuple[Emission, ...]) -> list[Rule]:
        if any(emission.when == "true" for emission in emissions):
            return []
        return [Rule(FILTERED, NOBODY, " AND ".join(f"NOT {emission.when}" for emission in emissions))]

    def _emission(self, number: int, emit: Emit) -> Emission:
        place = f"emit.{number}"
        target = TARGETS[emit.table]
        self._known_fields(emit, target, place)
        grouped = bool(emit.group_by)
        fields = {
            name: self._value(value, f"{place}.fields.{name}", grouped)
            for name, value in emit.fields.items()
            if name != "occurred"
        }
        if target.personal:
            fields["identity"] = self._identity(place)
        occurred = emit.fields.get("occurred", self.mapping.occurred)
        if occurred is None and emit.table == "customers":
            occurred = emit.fields.get("registered")
        if occurred is not None:
            fields["occurred"] = self._value(occurred, f"{place}.occurred", grouped)
        elif target.timed:
            raise MappingError(f"{self.name}, {place}: {emit.table} needs `occurred`", "name the column with the time")
        if self.mapping.recorded.at:
            fields["recorded"] = self._value(self.mapping.recorded.at, "recorded.at", grouped)
        when = self.scope.compile(emit.when, f"{place}.when") if emit.when else None
        doubts = [self.bad[column] for column in sorted(when.columns) if column in self.bad] if when else []
        groups = tuple(self.scope.compile(text, f"{place}.group_by").sql for text in emit.group_by)
        taken = f"coalesce({when.sql}, false)" if when else "true"
        return Emission(emit.table, taken, groups, fields, f"({' OR '.join(doubts)})" if doubts else "false")

    def _known_fields(self, emit: Emit, target: Target, place: str) -> None:
        known = {*target.fields, *(("occurred",) if target.timed or emit.table in ("customers", "profiles") else ())}
        for name in emit.fields:
            if name not in known:
                near = get_close_matches(name, sorted(known), n=1)
                hint = f"did you mean `{near[0]}`?" if near else f"it has: {', '.join(sorted(known))}"
                raise MappingError(f"{self.name}, {place}: {emit.table} has no field `{name}`", hint)
            if name.endswith("_minor") and name.removesuffix("_minor") in emit.fields:
                raise MappingError(
                    f"{self.name}, {place}: `{name}` and `{name.removesuffix('_minor')}` exclude each other"
                )
        missing = [name for name, field in target.fields.items() if field.required and name not in emit.fields]
        if missing:
            raise MappingError(f"{self.name}, {place}: {emit.table} needs the field `{missing[0]}`")

    def _value(self, value: Scalar | Constant, place: str, grouped: bool) -> Expression:
        if isinstance(value, Constant):
            value = literal(value.const) if isinstance(value.const, str) else value.const
        if isinstance(value, str):
            return self.scope.compile(value, place, aggregates=grouped)
        return Expression(str(value).lower(), frozenset())

    def _identity(self, place: str) -> Expression:
        spec = self.mapping.identity
        if spec is None:
            raise MappingError(f"{self.name}, {place}: this table needs to know who the row is about", "add `identity`")
        key = self.scope.compile(spec.key, "identity.key")
        return Expression(normal_sql(spec.namespace, f"CAST({key.sql} AS VARCHAR)"), key.columns)

    def _links(self) -> tuple[LinkPlan, ...]:
        spec = self.mapping.identity
        if spec is None:
            return ()
        identity = self._identity("identity.key").sql
        moment = self.scope.compile(self.mapping.occurred, "occurred").sql if self.mapping.occurred else None
        keys = [(link.namespace, self.scope.compile(link.key, "identity.links").sql) for link in spec.links]
        return tuple(
            LinkPlan(namespace, identity, normal_sql(namespace, f"CAST({key} AS VARCHAR)"), moment)
            for namespace, key in keys
        )

    def _requirements(self, emission: Emission) -> list[Rule]:
        """Return the rules by which the table refuses a row that would take part."""
        target = TARGETS[emission.table]
        rules = []
        for name, expression in emission.fields.items():
            if expression.aggregates:
                continue
            at_fault = next(iter(expression.columns)) if len(expression.columns) == 1 else None
            label = at_fault or f"{emission.table}.{name}"
            field = target.fields.get(name)
            if name == "identity":
                rules.append(self._nobody_meant(emission, label, at_fault))
            if name == "identity" or (name == "occurred" and target.timed) or (field and field.required):
                empty = f"{emission.when} AND {expression.sql} IS NULL"
                rules.append(Rule(QUARANTINED, because("empty", column=label), empty, at_fault))
            if field and not self._certain(field, expression):
                wrong = _lost(emission, expression, field.convert(f"({expression.sql})"))
                reason = because(f"not_{field.kind}", column=label, **field.facts)
                rules.append(Rule(QUARANTINED, reason, wrong, at_fault))
            if name == "occurred" and not self._is_time(expression):
                wrong = _lost(emission, expression, f"TRY_CAST({expression.sql} AS TIMESTAMP)")
                rules.append(Rule(QUARANTINED, because("not_timestamp", column=label), wrong, at_fault))
            if emission.table == "events" and name == "event":
                names = ", ".join(literal(behaviour) for behaviour in self.behaviours)
                unknown = f"{emission.when} AND {expression.sql} NOT IN ({names})"
                rules.append(Rule(QUARANTINED, because("unknown_behaviour", column=label), unknown, at_fault))
            if emission.table == STATEMENTS and name in STRICT:
                key, meaning = STRICT[name]
                granted = target.fields["granted"].convert(f"({emission.fields['granted'].sql})")
                unclear = f"{emission.when} AND {granted} AND {meaning(f'CAST({expression.sql} AS VARCHAR)')} IS NULL"
                rules.append(Rule(QUARANTINED, because(key, column=label), unclear, at_fault))
        return rules

    def _nobody_meant(self, emission: Emission, label: str, at_fault: str | None) -> Rule:
        """Return the rule that refuses rows whose key is there and names nobody."""
        spec = self.mapping.identity
        assert spec is not None
        written = f"trim(CAST({self.scope.compile(spec.key, 'identity.key').sql} AS VARCHAR)) <> ''"
        nobody = f"{emission.when} AND {written} AND {emission.fields['identity'].sql} IS NULL"
        return Rule(QUARANTINED, because("no_key", column=label), nobody, at_fault)

    def _certain(self, field: Field, expression: Expression) -> bool:
        """Tell whether the columns' declared types guarantee what the field must be."""
        types = {self.specs[column].type if column in self.specs else "text" for column in expression.columns}
        if field.kind == TEXT or (not types and field.kind != ONE_OF):
            return True
        if field.kind in (NUMBER, AMOUNT):
            return types <= {"integer", "number", "decimal"} and not expression.sql.startswith("CASE")
        return field.kind == DATE and self._is_time(expression)

    def _is_time(self, expression: Expression) -> bool:
        """Tell whether it is nothing but a column that was read as a time."""
        plain = {identifier(name) for name, spec in self.specs.items() if spec.type in ("date", "timestamp", "instant")}
        return expression.sql in plain


def _lost(emission: Emission, expression: Expression, converted: str) -> str:
    """Return the condition that a value is there and its conversion isn't."""
    return f"{emission.when} AND ({expression.sql}) IS NOT NULL AND {converted} IS NULL"
