"""Who is who: the product's customers, known by keys in files, and the simulated shop's own numbers."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from liuke.kernel import stable_id

Ints = NDArray[np.int64]

_PLATFORMS = {"wechat_openid": "wechat", "douyin_id": "douyin"}


class Translation:
    """Both directions between the simulated shop's numbers and the product's customers.

    Parameters
    ----------
    members : pyarrow.Table
        ``Shop.members()``.
    pepper : str
        Of the workspace: ids of phones are made with it.

    Notes
    -----
    A customer of the product bears the id of one of its records, so a number is found without knowing which records
    were joined, and stays the same whatever is joined later. Members of a household who share a phone are one customer;
    a message goes to the one whose record gave the id.
    """

    def __init__(self, members: pa.Table, pepper: str) -> None:
        self._number_of: dict[int, int] = {}
        self._identity_of: dict[int, int] = {}
        for member in members.sort_by("number").to_pylist():
            identities = _identities(member, pepper)
            self._identity_of[member["number"]] = identities[0]
            for identity in identities:
                self._number_of.setdefault(identity, member["number"])

    def number(self, customer: int) -> int | None:
        """Return the number of a customer; None for one who stands in no profile, such as a guest at a till."""
        return self._number_of.get(customer)

    def customers(self, numbers: Ints, joined: Mapping[int, int]) -> Ints:
        """Return the customers to whom the product ascribes what numbers do.

        Parameters
        ----------
        numbers : array of int, shape (n,)
        joined : mapping of int to int
            Identity to customer, of the identities that the product joined.
        """
        identities = (self._identity_of[number] for number in numbers.tolist())
        return np.array([joined.get(identity, identity) for identity in identities], dtype=np.int64)


def _identities(member: Mapping[str, object], pepper: str) -> list[int]:
    """Return the identities that the files give a member, that of the first profile first."""
    found = [stable_id("member", str(member[key])) for key in ("member_no", "second_member_no") if member[key]]
    found += [
        stable_id("platform", f"{platform}:{member[column]}")
        for column, platform in _PLATFORMS.items()
        if member[column]
    ]
    return [*found, stable_id(f"{pepper}phone", str(member["phone"]))] if member["phone"] else found
