"""The SELECT that turns an emission into rows of its table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from liuke.collect.identity import PERSONAL_FIELDS
from liuke.collect.sources.mapping import Mapping
from liuke.collect.sources.plan import Emission, LinkPlan
from liuke.collect.sources.readers import ROW
from liuke.collect.sources.sql import identifier, literal
from liuke.collect.sources.targets import SPECS, TARGETS, cast_to
from liuke.kernel import minor_exponent, stable_id_sql

PERSONAL_NAMESPACES = frozenset({"phone", "email"})  # their ids are peppered: they could be enumerated
BEGINNING = "TIMESTAMP '1970-01-01'"  # rows without a moment of their own are known from the beginning
_CONSENT_COLUMNS = ("purpose", "channel", "granted", "policy_version", "evidence")
IdOf = Callable[[str, str], str]


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
    """

    load_id: int
    mapping: Mapping
    shop_zone: str
    currency: str
    pepper: str

    @property
    def zone(self) -> str:
        """Zone of the file's timestamps."""
        return self.mapping.zone or self.shop_zone

    def namespace(self, name: str) -> str:
        """Return the namespace under which ids of this kind are made."""
        return self.pepper + name if name in PERSONAL_NAMESPACES else name


def emission_sql(emission: Emission, relation: str, origin: Origin) -> str:
    """Return the SELECT that makes a table's rows.

    Parameters
    ----------
    emission : Emission
    relation : str
        The typed rows that are to be loaded.
    origin : Origin
    """
    has = set(emission.fields)
    utc, day = _moment(origin, "f_occurred") if "occurred" in has else (None, None)
    if "recorded" in has:
        recorded = _moment(origin, "f_recorded")[0]
    else:
        seconds = int(origin.mapping.recorded.delay.total_seconds())
        recorded = f"{utc} + INTERVAL {seconds} SECONDS" if utc else None
    known: dict[str, str] = {
        "row_number": "f_row",
        "load_id": f"CAST({origin.load_id} AS BIGINT)",
        "source": literal(origin.mapping.source),
        "recorded_at": f"coalesce({recorded}, {BEGINNING})" if recorded else BEGINNING,
        "occurred_at": utc or "CAST(NULL AS TIMESTAMP)",
        "occurred_on": day or "CAST(NULL AS DATE)",
        "currency": literal(origin.mapping.currency or origin.currency),
        "time_precision": literal(origin.mapping.time_precision),
    }
    if "identity" in has and origin.mapping.identity:
        known["identity_id"] = stable_id_sql(literal(origin.namespace(origin.mapping.identity.namespace)), "f_identity")
    known |= _mapped(emission, origin)
    columns = [
        f"{known.get(name, f'CAST(NULL AS {kind})')} AS {identifier(name)}" for name, kind in _columns(emission.table)
    ]
    return f"SELECT {', '.join(columns)} FROM {_fields(emission, relation)}"


def link_sql(link: LinkPlan, relation: str, origin: Origin) -> str:
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
        f"f_row AS row_number, {literal(origin.mapping.source)} AS source, "
        f"coalesce({recorded}, {BEGINNING}) AS recorded_at "
        f"FROM (SELECT {link.identity} AS f_identity, {link.key} AS f_key, min({ROW}) AS f_row, {moment} AS f_moment "
        f"FROM {relation} WHERE {link.identity} IS NOT NULL AND {link.key} IS NOT NULL GROUP BY 1, 2)"
    )


def _fields(emission: Emission, relation: str) -> str:
    """Return the inner relation: each field as ``f_<name>``, per row or per group (the group's first value)."""
    source = f"{relation} WHERE {emission.when}" if emission.when != "true" else relation
    if not emission.groups:
        fields = [f"{ROW} AS f_row", *(f"{field.sql} AS f_{name}" for name, field in emission.fields.items())]
        return f"(SELECT {', '.join(fields)} FROM {source})"
    fields = [f"min({ROW}) AS f_row"]
    for name, field in emission.fields.items():
        constant = not field.columns and not field.aggregates
        if field.aggregates or field.sql in emission.groups:
            fields.append(f"{field.sql} AS f_{name}")
        else:
            fields.append(
                f"{'any_value' if constant else 'arg_min'}({field.sql}{'' if constant else ', ' + ROW}) AS f_{name}"
            )
    return f"(SELECT {', '.join(fields)} FROM {source} GROUP BY {', '.join(emission.groups)})"


def _moment(origin: Origin, value: str) -> tuple[str, str]:
    """Return (instant in UTC, shop-local day) of a timestamp local to the source."""
    local = f"TRY_CAST({value} AS TIMESTAMP)"
    if origin.mapping.time_precision == "day":
        day = f"CAST({local} AS DATE)"
        return _to_utc(f"CAST({day} AS TIMESTAMP)", origin.shop_zone), day
    utc = _to_utc(local, origin.zone)
    if origin.zone == origin.shop_zone:
        return utc, f"CAST({local} AS DATE)"
    shop_local = f"timezone({literal(origin.shop_zone)}, timezone('UTC', {utc}))"
    return utc, f"CAST({shop_local} AS DATE)"


def _to_utc(local: str, zone: str) -> str:
    return local if zone == "UTC" else f"timezone('UTC', timezone({literal(zone)}, {local}))"


def _mapped(emission: Emission, origin: Origin) -> dict[str, str]:
    """Return the columns that come straight from fields."""
    target = TARGETS[emission.table]
    names = origin.mapping.namespaces
    namespaces = {"order": names.order, "product": names.product, "session": names.session}
    scale = 10 ** minor_exponent(origin.mapping.currency or origin.currency)
    columns: dict[str, str] = {}
    for name in emission.fields:
        if name not in target.fields:
            continue
        value = target.fields[name].convert(f"f_{name}")
        stem = name.removesuffix("_key")
        if stem in namespaces and name.endswith("_key"):
            columns[f"{stem}_id"] = stable_id_sql(literal(namespaces[stem]), value)
            columns[name] = value
        elif f"{name}_minor" in target.fields:
            # halves to even, as kernel.to_minor; a double holds the half exactly below 2**52
            columns[f"{name}_minor"] = f"CAST(round_even(CAST({value} * {scale} AS DOUBLE), 0) AS BIGINT)"
        elif name in ("registered", "member_since"):
            columns[f"{name}_on"] = value
        elif name in ("birth", "due"):
            columns[f"{name}_month"] = value
        else:
            columns[name] = value
    if emission.table == "order_items":
        columns.setdefault("line_no", "f_row")
    if emission.table == "children":
        columns.setdefault("child_no", cast_to("INT")("1"))
    return columns


def _columns(table: str) -> list[tuple[str, str]]:
    """Return the table's columns with their types."""
    if table in SPECS:
        return [(column.name, column.type) for column in SPECS[table].columns]
    if table == "profiles":
        return [(name, "VARCHAR") for name in ("row_number", "identity_id", "recorded_at", *PERSONAL_FIELDS)]
    return [
        (name, "VARCHAR") for name in ("row_number", "identity_id", "occurred_at", "recorded_at", *_CONSENT_COLUMNS)
    ]
