"""Find customers, and see one of them whole."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query

from liuke.app import access, publish
from liuke.app.http import personal
from liuke.app.http.dependencies import Build, Context, SignedInUser
from liuke.app.http.models import Contactable, CustomerDetail, CustomerPage, Profile, Timeline
from liuke.app.http.presentation import ORDER_WORDS, risk, strategy_words, tag_families
from liuke.app.http.problems import HttpError

router = APIRouter(prefix="/api/customers", tags=["customers"])

MAX_PAGE = 5_000  # with 100 a page: half a million rows deep; a deeper look is an export


@router.get("", operation_id="findCustomers")
def find_customers(
    user: SignedInUser,
    build: Build,
    context: Context,
    q: Annotated[str, Query(max_length=120, description="Id, name, phone, e-mail or member number, whole.")] = "",
    level: Annotated[list[Literal["red", "orange", "yellow", "blue", "none"]] | None, Query()] = None,
    tag: Annotated[
        list[str] | None, Query(max_length=20, description="`key:value`, `key:a|b` or `key:low..high`; all must hold.")
    ] = None,
    sort: publish.Sort = "value_at_risk",
    order: Literal["desc", "asc"] = "desc",
    page: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 1,
    page_size: Annotated[int, Query(ge=1, le=100)] = 20,
) -> CustomerPage:
    """Return one page of the customers that fit all conditions."""
    query = publish.CustomerQuery(
        ids=personal.customers_named(context, build, user, q.strip()) if q.strip() else None,
        levels=tuple(level or ()),
        tags=tuple(publish.parse_tag_filter(build, text) for text in tag or ()),
        sort=sort,
        descending=order == "desc",
        page=page,
        page_size=page_size,
    )
    found = publish.find_customers(build, query)
    names = personal.names_of(context, build, user, [row["customer_id"] for row in found.rows])
    rows = [row | names.get(row["customer_id"], {"name": None, "phone": None}) for row in found.rows]
    return CustomerPage.model_validate(
        {"as_of": build.status["as_of"], "total": found.total, "page": page, "page_size": page_size, "rows": rows}
    )


@router.get("/{customer_id}", operation_id="getCustomer")
def get_customer(customer_id: str, user: SignedInUser, build: Build, context: Context) -> CustomerDetail:
    """Return one customer; reading personal values in clear is written to the audit chain."""
    row = _row(build, customer_id)
    contactable = personal.contactable(context, build, user, row["customer_id"])
    if contactable.visible == "clear":
        with context.operations.begin() as connection:
            detail = {"customer": str(row["customer_id"])}
            access.record(connection, user.name, "customer.read_personal", context.wall_clock(), detail)
    return CustomerDetail.model_validate(
        {
            "as_of": build.status["as_of"],
            "customer_id": row["customer_id"],
            "profile": _profile(row, contactable),
            "families": tag_families(build.tags, row["tags"]),
            "risk": risk(row),
            "note": None if row["probability"] is not None else build.status["notes"].get("churn"),
            "value": row if row["value_minor"] is not None else None,
            "value_note": None if row["value_minor"] is not None else build.status["notes"].get("value"),
            "arms": row["arms"],
            "strategy_words": strategy_words(build.overview["strategies"]),
            "contacts": publish.contacts_of(build, row["customer_id"]),
        }
    )


@router.get("/{customer_id}/timeline", operation_id="getTimeline")
def get_timeline(
    customer_id: str,
    user: SignedInUser,
    build: Build,
    kind: Annotated[list[Literal["order", "event", "contact", "touch"]] | None, Query()] = None,
    page: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 1,
    page_size: Annotated[int, Query(ge=1, le=100)] = 30,
) -> Timeline:
    """Return what happened to one customer, newest first."""
    found, counts = publish.timeline(build, _number(customer_id), kind or (), page, page_size)
    words = build.status["events"] | strategy_words(build.overview["strategies"]) | ORDER_WORDS
    for row in found.rows:
        row["name"] = row["name"] or ""
        row["words"] = words.get(row["name"], {"zh": row["name"], "en": row["name"]})
    frame = {"as_of": build.status["as_of"], "total": found.total, "counts": counts}
    return Timeline.model_validate(frame | {"page": page, "page_size": page_size, "rows": found.rows})


def _row(build: Build, customer_id: str) -> dict[str, Any]:
    row = publish.one_customer(build, _number(customer_id))
    if row is None:
        raise HttpError(404, "no_such_customer", f"There is no customer {customer_id}.", "Search for another one.")
    return row


def _number(customer_id: str) -> int:
    if not (customer_id.isascii() and customer_id.isdigit() and int(customer_id) < 2**63):
        raise HttpError(404, "no_such_customer", "A customer id is a whole number.", "Search for the customer.")
    return int(customer_id)


def _profile(row: dict[str, Any], contactable: Contactable) -> Profile:
    return Profile.model_validate(row | {"contactable": contactable})
