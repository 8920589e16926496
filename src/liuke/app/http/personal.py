"""Personal values at the edge of the system: who may find a customer by them, and how much of them is shown."""

from __future__ import annotations

from collections.abc import Sequence

from liuke.app.access import Permission, User
from liuke.app.http.models import Contactable
from liuke.app.http.ports import ConsoleContext
from liuke.app.publish import OpenBuild, customers_of, identities_of
from liuke.collect.identity import ProfileBook
from liuke.kernel.widths import narrowed

_LARGEST_ID = 2**63 - 1


def customers_named(context: ConsoleContext, build: OpenBuild, user: User, text: str) -> tuple[int, ...]:
    """Return the customers that a search text means: by id, or exactly by name, phone, e-mail or member number."""
    text, identities = narrowed(text).strip(), list[int]()
    if text.isascii() and text.isdigit() and int(text) <= _LARGEST_ID:
        identities.append(int(text))
    if user.may(Permission.SEARCH_PERSONAL):
        with context.operations.read() as connection:
            identities += ProfileBook(context.cipher).find(connection, text)
    return customers_of(build, identities)


def names_of(
    context: ConsoleContext, build: OpenBuild, user: User, customer_ids: Sequence[int]
) -> dict[int, dict[str, str | None]]:
    """Return masked name and phone for a list; lists are masked for every role, so that nobody collects by paging."""
    if not user.may(Permission.SEE_MASKED):
        return {}
    with context.operations.read() as connection:
        found = ProfileBook(context.cipher).look_up(connection, identities_of(build, customer_ids))
    return {customer: {"name": profile.name, "phone": profile.phone} for customer, profile in found.items()}


def contactable(context: ConsoleContext, build: OpenBuild, user: User, customer_id: int) -> Contactable:
    """Return one customer's personal values as the user's role may see them."""
    if not user.may(Permission.SEE_MASKED):
        return Contactable(visible="hidden", name=None, phone=None, email=None, member_no=None)
    clear = user.may(Permission.SEE_PERSONAL)
    with context.operations.read() as connection:
        identities = identities_of(build, [customer_id])
        profile = ProfileBook(context.cipher).look_up(connection, identities, unmasked=clear).get(customer_id)
    return Contactable(
        visible="clear" if clear else "masked",
        name=profile.name if profile else None,
        phone=profile.phone if profile else None,
        email=profile.email if profile else None,
        member_no=profile.member_no if profile else None,
    )
