"""The SELECT that turns an emission into rows of its table."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from liuke.collect.identity import PERSONAL_FIELDS
from liuke.collect.sources.emission import Emission
from liuke.collect.sources.expressions import Expression
from liuke.collect.sources.mapping import Mapping
from liuke.collect.sources.plan import LIVE, PERSONAL_NAMESPACES, LinkPlan, Plan
from liuke.collect.sources.readers import ROW
from liuke.collect.sources.sql import identifier, literal
from liuke.collect.sources.targets import SPECS, TARGETS, cast_to
from liuke.collect.sources.verdicts import Verdicts
from liuke.collect.sources.zones import constant_offset, to_utc_sql
from liuke.kernel import minor_exponent, stable_id_sql

BEGINNING = "TIMESTAMP '1970-01-01'"  # rows without a moment of their own are known from the beginning
_CONSENT_COLUMNS = ("purpose", "channel", "granted", "policy_version", "evidence")
_ID_COLUMNS = {
    "identity": "identity_id",
    "order_key": "order_id",
    "product_key": "product_id",
    "session_key": "session_id",
}


@dataclass(frozen=True)
class Origin:
    """What all rows of a load have in common.

    Parameters
    ----------
    load_id : int
    mapping : Mapping
    shop_zone, currency : str
        The shop's.
    pepper : str
        Put before personal namespaces.
    offsets : mapping of str to int
        Zones whose offset is the same for all rows, in seconds.
    """

    load_id: int
    mapping: Mapping
    shop_zone: str
    currency: str
    pepper: str
    offsets: dict[str, int] = field(default_factory=dict)

    @property
    def zone(self) -> str:
        """Zone of the file's timestamps."""
        return self.mapping.zone or self.shop_zone

    def within(self, times: tuple[datetime, datetime] | None) -> Origin:
        """Return the same with the offsets that hold between two local times."""
        if times is None:
            return self
        found = {zone: constant_offset(zone, *times) for zone in (self.zone, self.shop_zone)}
        return replace(self, offsets={zone: offset for zone, offset in found.items() if offset is not None})

    def to_utc(self, local: str, zone: str) -> str:
        """Return the SQL of an instant in UTC, of a time local to a zone."""
        return to_utc_sql(local, zone, self.offsets.get(zone))

    def namespace(self, name: str) -> str:
        """Return the namespace under which ids of this kind are made."""
        return self.pepper + name if name in PERSONAL_NAMESPACES else name


def wanted_ids(plan: Plan, origin: Origin) -> list[tuple[str, str]]:
    """Return (namespace, SQL of the key) of every id that a row of the file needs."""
    return [
        (namespace, key)
        for emission in plan.emissions
        if not emission.groups
        for namespace, key in _keys(emission, origin).values()
    ]


def emission_sql(emission: Emission, verdicts: Verdicts, origin: Origin, relation: str = LIVE) -> str:
    """Return the SELECT that makes a table's rows of the loaded rows, or of another relation with their columns."""
    has = set(emission.fields)
    utc, day = _moment(origin, "f_occurred") if "occurred" in has else (None, None)
    recorded: str | None
    if "recorded" in has:
        recorded = _moment(origin, "f_recorded")[0]
    else:
        seconds = int(origin.mapping.recorded.delay.total_seconds())
        recorded = f"{utc} + INTERVAL {seconds} SECONDS" if utc else None
    known: dict[str, str] = {
        "row_number": verdicts.numbering.format("f_row"),
        "load_id": f"CAST({origin.load_id} AS BIGINT)",
        "source": literal(origin.mapping.source),
        "recorded_at": f"coalesce({recorded}, {BEGINNING})" if recorded else BEGINNING,
        "occurred_at": utc or "CAST(NULL AS TIMESTAMP)",
        "occurred_on": day or "CAST(NULL AS DATE)",
        "currency": literal(origin.mapping.currency or origin.currency),
        "time_precision": literal(origin.mapping.time_precision),
    }
    joins: dict[str, str] = {}
    for name, (namespace, key) in _keys(emission, origin).items():
        known[_ID_COLUMNS[name]] = verdicts.book.id_sql(namespace, key, f"f_{name}", joins)
    known |= _mapped(emission, origin)
    if emission.table == "consents":
        known["whole_day"] = "coalesce(CAST(TRY_CAST(f_occurred AS TIMESTAMP) AS TIME) = TIME '00:00', false)"
    if emission.table == "order_items":
        known.setdefault("line_no", known["row_number"])
    columns = [
        f"{known.get(name, f'CAST(NULL AS {kind})')} AS {identifier(name)}" for name, kind in _columns(emission.table)
    ]
    return f"SELECT {', '.join(columns)} FROM {_fields(emission, relation)} {' '.join(joins.values())}"


def link_sql(link: LinkPlan, verdicts: Verdicts, origin: Origin) -> str:
    """Return the SELECT of a file's distinct links of one kind; each is known since its first row."""
    spec = origin.mapping.identity
    assert spec is not None
    seconds = int(origin.mapping.recorded.delay.total_seconds())
    recorded = f"f_moment + INTERVAL {seconds} SECONDS"
    moment = f"min({_moment(origin, link.occurred)[0]})" if link.occurred else "CAST(NULL AS TIMESTAMP)"
    return (
        f"SELECT {stable_id_sql(literal(origin.namespace(spec.namespace)), 'f_identity')} AS identity_id, "
        f"{literal(link.namespace)} AS namespace, "
        f"{stable_id_sql(literal(origin.namespace(link.namespace)), 'f_key')} AS linked_identity_id, "
        f"{literal('same ' + link.namespace)} AS rule, CAST({origin.load_id} AS BIGINT) AS load_id, "
        f"{verdicts.numbering.format('f_row')} AS row_number, {literal(origin.mapping.source)} AS source, "
        f"coalesce({recorded}, {BEGINNING}) AS recorded_at "
        f"FROM (SELECT {link.identity} AS f_identity, {link.key} AS f_key, min({ROW}) AS f_row, {moment} AS f_moment "
        f"FROM {LIVE} WHERE {link.identity} IS NOT NULL AND {link.key} IS NOT NULL GROUP BY 1, 2)"
    )


def _keys(emission: Emission, origin: Origin) -> dict[str, tuple[str, str]]:
    """Return field → (namespace, SQL of the key) of the ids in a table's rows."""
    names = origin.mapping.namespaces
    namespaces = {"order_key": names.order, "product_key": names.product, "session_key": names.session}
    if origin.mapping.identity:
        namespaces["identity"] = origin.namespace(origin.mapping.identity.namespace)
    return {
        name: (namespaces[name], _key_text(name, emission.fields[name].sql))
        for name in namespaces
        if name in emission.fields
    }


def _key_text(name: str, value: str) -> str:
    """Return a key as text; identities are normalised already."""
    return value if name == "identity" else f"nullif(CAST({value} AS VARCHAR), '')"


def _fields(emission: Emission, relation: str) -> str:
    """Return the inner relation: each field as ``f_<name>``, per row or per group.

    A group takes the first value that isn't empty.
    """
    source = f"{relation} WHERE {emission.when}" if emission.when != "true" else relation
    if not emission.groups:
        fields = [f"{ROW} AS f_row", *(f"{_plain(name, value)} AS f_{name}" for name, value in emission.fields.items())]
        return f"(SELECT {', '.join(fields)} FROM {source})"
    fields = [f"min({ROW}) AS f_row"]
    for name, value in emission.fields.items():
        plain = _plain(name, value)
        if value.aggregates or value.sql in emission.groups:
            fields.append(f"{plain} AS f_{name}")
        elif value.columns:
            fields.append(f"arg_min({plain}, {ROW}) AS f_{name}")  # passes over empty values
        else:
            fields.append(f"any_value({plain}) AS f_{name}")
    return f"(SELECT {', '.join(fields)} FROM {source} GROUP BY {', '.join(emission.groups)})"


def _plain(name: str, field: Expression) -> str:
    return _key_text(name, field.sql) if name in _ID_COLUMNS else field.sql


def _moment(origin: Origin, value: str) -> tuple[str, str]:
    """Return (instant in UTC, shop-local day) of a timestamp local to the source."""
    local = f"TRY_CAST({value} AS TIMESTAMP)"
    if origin.mapping.time_precision == "day":
        day = f"CAST({local} AS DATE)"
        return origin.to_utc(f"CAST({day} AS TIMESTAMP)", origin.shop_zone), day
    utc = origin.to_utc(local, origin.zone)
    if origin.zone == origin.shop_zone:
        return utc, f"CAST({local} AS DATE)"
    shop_local = f"timezone({literal(origin.shop_zone)}, timezone('UTC', {utc}))"
    return utc, f"CAST({shop_local} AS DATE)"


def _mapped(emission: Emission, origin: Origin) -> dict[str, str]:
    """Return the columns that come straight from fields."""
    target = TARGETS[emission.table]
    scale = 10 ** minor_exponent(origin.mapping.currency or origin.currency)
    columns: dict[str, str] = {}
    for name in emission.fields:
        if name not in target.fields:
            continue
        value = target.fields[name].convert(f"f_{name}")
        if f"{name}_minor" in target.fields:
            # halves to even, as kernel.to_minor; a double holds the half exactly below 2**52
            columns[f"{name}_minor"] = f"CAST(round_even(CAST({value} * {scale} AS DOUBLE), 0) AS BIGINT)"
        elif name in ("registered", "member_since"):
            columns[f"{name}_on"] = value
        elif name in ("birth", "due"):
            columns[f"{name}_month"] = value
        else:
            columns[name] = value
    if emission.table == "children":
        columns.setdefault("child_no", cast_to("INT")("1"))
    return columns


def _columns(table: str) -> list[tuple[str, str]]:
    """Return the table's columns with their types."""
    if table in SPECS:
        return [(column.name, column.type) for column in SPECS[table].columns]
    if table == "profiles":
        return [(name, "VARCHAR") for name in ("row_number", "identity_id", "recorded_at", *PERSONAL_FIELDS)]
    moments = ("occurred_at", "recorded_at", "whole_day")
    return [(name, "VARCHAR") for name in ("row_number", "identity_id", *moments, *_CONSENT_COLUMNS)]
