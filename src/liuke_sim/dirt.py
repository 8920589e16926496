"""How files get broken: the same few mistakes that real exports hold, at the rates of `config.DirtConfig`.

Dirt is laid over finished rows by streams of its own, so that a shop with other rates sells the same things.
"""

from __future__ import annotations

import numpy as np

from liuke_sim.columns import SECONDS_A_DAY, Bools, Columns, Floats, Ints, length, take
from liuke_sim.customers import MALFORMED_PHONE, MISSING_PHONE
from liuke_sim.regions import REGIONS

BAD_DATES = ("0000-00-00 00:00:00", "2025-02-30 12:00:00", "2052-13-01 08:00:00", "昨天")
_FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")


def arrivals(rng: np.random.Generator, at: Ints, late_share: float) -> Ints:
    """Return when rows reach the shop: within minutes, a few up to nine days late."""
    late = rng.random(len(at)) < late_share
    return np.asarray(
        at + rng.integers(1, 300, len(at)) + late * rng.integers(SECONDS_A_DAY, 9 * SECONDS_A_DAY, len(at))
    )


def phone_texts(digits: Ints, kind: Ints, chance: Floats, untidy_share: float) -> list[str | None]:
    """Write phones as people typed them: missing, malformed, untidy or plain.

    `chance` is fixed per customer, so that a profile sent again has its phone written in the same way.
    """
    style = np.where(chance < untidy_share, 1 + np.floor(chance / max(untidy_share, 1e-9) * 5), 0).astype(np.int64)
    return [_phone(str(d), k, s) for d, k, s in zip(digits.tolist(), kind.tolist(), style.tolist(), strict=True)]


def address_parts(
    region: Ints, streets: list[str], chance: Floats, error_share: float
) -> tuple[list[str | None], list[str | None], list[str]]:
    """Return province, city and street columns, of which `error_share` are wrong in one of five ways."""
    mistakes = np.where(chance < error_share, 1 + np.floor(chance / max(error_share, 1e-9) * 5), 0).astype(np.int64)
    provinces: list[str | None] = []
    cities: list[str | None] = []
    doors: list[str] = []
    for place, street, mistake in zip(region.tolist(), streets, mistakes.tolist(), strict=True):
        here = REGIONS[place]
        elsewhere = REGIONS[(place + 5) % len(REGIONS)].city
        provinces.append({1: None, 3: here.city}.get(mistake, here.province))
        cities.append({2: None, 3: here.province, 5: elsewhere}.get(mistake, here.city))
        doors.append("不详" if mistake == 4 else street)
    return provinces, cities, doors


def break_dates(rng: np.random.Generator, texts: list[str], share: float) -> list[str]:
    """Replace a share of date texts by dates that do not exist."""
    broken = np.flatnonzero(rng.random(len(texts)) < share)
    which = rng.integers(0, len(BAD_DATES), len(broken))
    result = list(texts)
    for i, kind in zip(broken.tolist(), which.tolist(), strict=True):
        result[i] = BAD_DATES[kind]
    return result


def break_quantities(rng: np.random.Generator, quantity: Ints, share: float) -> Ints:
    """Turn a share of quantities negative or to nothing: typing mistakes, not returns."""
    broken = rng.random(len(quantity)) < share
    return np.where(broken, np.where(rng.random(len(quantity)) < 0.7, -quantity, 0), quantity)


def swap_products(rng: np.random.Generator, product: Ints, unknown: int, share: float) -> Ints:
    """Let a share of the lines name a product that the master does not know."""
    return np.where(rng.random(len(product)) < share, unknown, product)


def repeat_rows(rng: np.random.Generator, rows: Columns, share: float) -> Columns:
    """Write a share of the rows twice, one below the other."""
    if not length(rows):
        return rows
    twice: Bools = rng.random(length(rows)) < share
    return take(rows, np.repeat(np.arange(length(rows)), 1 + twice))


def _phone(digits: str, kind: int, style: int) -> str | None:
    if kind == MISSING_PHONE:
        return None
    if kind == MALFORMED_PHONE:
        broken = (digits[:-1], digits + "0", "0" * 11, digits[:7] + "****", "无", "12" + digits[2:])
        return broken[int(digits[-3:]) % len(broken)]
    untidy = (
        digits,
        f"+86 {digits}",
        f"{digits[:3]}-{digits[3:7]}-{digits[7:]}",
        f"{digits[:3]} {digits[3:7]} {digits[7:]}",
        f"0086{digits}",
        digits.translate(_FULL_WIDTH),
    )
    return untidy[style]
