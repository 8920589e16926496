"""Files about persons: CRM profiles, their children, attributes bought from a third party."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute

from liuke_sim import dirt, people
from liuke_sim.columns import SECONDS_A_DAY, Bools, Ints, length
from liuke_sim.customers import CHANNELS, DOUYIN, GOOD_PHONE, MINI_PROGRAM, TIERS
from liuke_sim.files.batch import Batch, SeriesTables, texts
from liuke_sim.streams import chance_of

SECOND_PROFILE_AFTER_DAYS = 45
_BROKEN_EMAILS = 0.04
"""Share of e-mail addresses typed wrongly."""
_TOLD_BEFORE_BIRTH_DAYS = 200
_TOLD_AFTER_BIRTH_DAYS = 12


def profile_tables(batch: Batch) -> SeriesTables:
    """Return a profile as it was at registration, one more for every change, and second profiles of the same people.

    Every row says what was known at its `updated_at`: a profile that held later tiers would tell the past its future.
    """
    customers = batch.chunk.customers
    registered_at = customers.registered_at
    new = _inside(batch, registered_at)
    again_at = registered_at + SECOND_PROFILE_AFTER_DAYS * SECONDS_A_DAY
    again = np.flatnonzero(customers.has_second_profile)
    again = again[np.isin(again, _inside(batch, again_at))]
    tables = [
        _profiles(batch, new, people.member_numbers(customers.number[new]), registered_at[new], np.zeros_like(new)),
        _profiles(
            batch, again, people.second_member_numbers(customers.number[again]), again_at[again], np.zeros_like(again)
        ),
    ]
    if length(batch.changes):
        rows, at = batch.changes["row"], np.minimum(batch.changes["at"], batch.ends_at - 1)
        members = people.member_numbers(customers.number[rows])
        tables.append(_profiles(batch, rows, members, at, batch.changes["tier"]))
    return {"profiles": pa.concat_tables(tables)}


def _inside(batch: Batch, at: Ints) -> Ints:
    """Return the positions of moments in the period."""
    return np.flatnonzero((at >= batch.begins_at) & (at < batch.ends_at))


def _profiles(batch: Batch, rows: Ints, member_no: Ints, updated_at: Ints, tier: Ints) -> pa.Table:
    customers, state = batch.chunk.customers, batch.chunk.state
    joined = tier > 0
    unsubscribed = state.unsubscribed_day[rows]
    gone = unsubscribed <= updated_at // SECONDS_A_DAY
    consent_day = np.where(gone, unsubscribed, customers.registered_day[rows])
    registered = batch.moment_texts(customers.registered_at[rows])
    tells_birth = chance_of(customers.number[rows], batch.seed, "birth month") < 0.55
    return pa.table(
        {
            "member_no": member_no,
            **_contact(batch, rows),
            "gender": np.where(customers.is_woman[rows], "F", "M"),
            "birth_month": _where(tells_birth, batch.months(customers.birth_day[rows])),
            **_address(batch, rows),
            "channel": np.array(CHANNELS)[customers.channel[rows]],
            "member_tier": np.array(TIERS)[tier],
            "member_since": _masked(batch.days(np.where(joined, state.member_day[rows], 0)), joined),
            "registered_at": texts(
                dirt.break_dates(batch.chance("profile dates"), registered, batch.config.dirt.bad_dates)
            ),
            "email_consent": _yes_no(customers.email_consent[rows] & ~gone),
            "email_consent_on": batch.days(consent_day),
            "sms_consent": _yes_no(customers.sms_consent[rows] & ~gone),
            "sms_consent_on": batch.days(consent_day),
            "updated_at": batch.moments(updated_at),
        }
    )


def _contact(batch: Batch, rows: Ints) -> dict[str, pa.Array]:
    """Return name and ways to reach a person, as they typed them."""
    customers, seed = batch.chunk.customers, batch.seed
    number = customers.number[rows]
    phones = dirt.phone_texts(
        people.phone_digits(customers, seed)[rows],
        customers.phone_kind[rows],
        chance_of(number, seed, "phone"),
        batch.config.dirt.untidy_phones,
    )
    broken = (chance_of(number, seed, "email") < _BROKEN_EMAILS).tolist()
    emails = [text.replace("@", "#") if bad else text for text, bad in zip(people.emails(number), broken, strict=True)]
    return {
        "name": texts(people.names(number)),
        "phone": texts(phones),
        "email": _where(customers.has_email[rows], emails),
        "wechat_openid": _where(customers.channel[rows] == MINI_PROGRAM, people.wechat_ids(number)),
        "douyin_id": _where(customers.channel[rows] == DOUYIN, people.douyin_ids(number)),
    }


def _address(batch: Batch, rows: Ints) -> dict[str, pa.Array]:
    number = batch.chunk.customers.number[rows]
    province, city, street = dirt.address_parts(
        batch.chunk.customers.region[rows],
        people.streets(number),
        chance_of(number, batch.seed, "address"),
        batch.config.dirt.address_errors,
    )
    return {"province": texts(province), "city": texts(city), "address": texts(street)}


def child_tables(batch: Batch) -> SeriesTables:
    """Return what families told about their children: a due month first, the birth month once the child is there."""
    customers, families = batch.chunk.customers, batch.chunk.customers.families
    registered = customers.registered_day[:, None]
    due_on = np.maximum(registered, families.birth_day - _TOLD_BEFORE_BIRTH_DAYS)
    born_on = np.maximum(registered, families.birth_day + _TOLD_AFTER_BIRTH_DAYS)
    first_day = batch.first_day if batch.first_day else -(10**9)
    left_on = batch.chunk.state.left_day[:, None]

    def inside(day: Ints) -> Bools:
        return np.asarray(families.is_known & (left_on > day) & (day >= first_day) & (day < batch.end_day))

    parts = []
    for told_on, is_due in ((due_on, True), (born_on, False)):
        mask = inside(told_on) & ((registered < families.birth_day) if is_due else True)
        row, child = np.nonzero(mask)
        parts.append(_children(batch, row, child, told_on, is_due))
    return {"children": pa.concat_tables(parts)}


def _children(batch: Batch, row: Ints, child: Ints, told_on: Ints, is_due: bool) -> pa.Table:
    customers = batch.chunk.customers
    families = customers.families
    months = batch.months((families.due_day if is_due else families.birth_day)[row, child])
    number = customers.number[row]
    consent = chance_of(number, batch.seed, "guardian consent") < 0.85
    gender = np.where(customers.families.is_girl[row, child], "F", "M").tolist()
    nothing = [None] * len(row)
    at = np.maximum(told_on[row, child] * SECONDS_A_DAY + 9 * 3600, customers.registered_at[row])
    return pa.table(
        {
            "member_no": people.member_numbers(number),
            "child_no": child + 1,
            "birth_month": texts(nothing if is_due else months),
            "due_month": texts(months if is_due else nothing),
            "gender": texts(nothing if is_due else gender),
            "guardian_consent": _yes_no(consent),
            "updated_at": batch.moments(at),
        }
    )


def third_party_tables(batch: Batch) -> SeriesTables:
    """Return attributes that a data provider sold, keyed by phone, for some of the newly registered."""
    customers = batch.chunk.customers
    at = customers.registered_at
    covered = (chance_of(customers.number, batch.seed, "third party") < 0.55) & (customers.phone_kind == GOOD_PHONE)
    rows = _inside(batch, at)
    rows = rows[covered[rows]]
    number = customers.number[rows]
    province, city, _ = dirt.address_parts(
        customers.region[rows], [""] * len(rows), chance_of(number, batch.seed, "third party address"), 0.05
    )
    income = np.minimum(np.floor(chance_of(number, batch.seed, "income") * 4), 3).astype(np.int64)
    return {
        "attributes": pa.table(
            {
                "phone": people.phone_digits(customers, batch.seed)[rows],
                "province": texts(province),
                "city": texts(city),
                "income_band": np.array(["<8k", "8-15k", "15-30k", ">30k"])[income],
                "device": np.array(["android_low", "android_high", "ios"])[number % 3],
                "delivered_at": batch.moments(np.maximum(at[rows], 0) // SECONDS_A_DAY * SECONDS_A_DAY + 30_000),
            }
        )
    }


def _yes_no(mask: Bools) -> pa.Array:
    return pa.array(np.where(mask, "Y", "N"))


def _where(mask: Bools, values: list[str]) -> pa.Array:
    return texts([text if here else None for text, here in zip(values, mask.tolist(), strict=True)])


def _masked(values: pa.Array, valid: Bools) -> pa.Array:
    return pyarrow.compute.if_else(pa.array(valid), values, pa.scalar(None, values.type))
