"""Files about persons: CRM profiles, their children, attributes bought from a third party."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute

from liuke_sim import dirt, people
from liuke_sim.columns import SECONDS_A_DAY, Bools, Ints
from liuke_sim.customers import CHANNELS, DOUYIN, GOOD_PHONE, MINI_PROGRAM, NEVER, TIERS
from liuke_sim.files.batch import Batch, SeriesTables, texts
from liuke_sim.streams import chance_of

SECOND_PROFILE_AFTER_DAYS = 45
_TOLD_BEFORE_BIRTH_DAYS = 200
_TOLD_AFTER_BIRTH_DAYS = 12


def profile_tables(batch: Batch) -> SeriesTables:
    """Return the profiles that were new or changed in the period, and second profiles of the same people."""
    customers = batch.chunk.customers
    changed_at = np.full(len(customers), -(10**10), dtype=np.int64)
    if batch.changes:
        np.maximum.at(changed_at, batch.changes["row"], np.minimum(batch.changes["at"], batch.ends_at - 1))
    updated_at = np.maximum(customers.registered_at, changed_at)
    rows = np.flatnonzero((updated_at >= batch.begins_at) & (updated_at < batch.ends_at))
    again_at = customers.registered_at + SECOND_PROFILE_AFTER_DAYS * SECONDS_A_DAY
    again = np.flatnonzero(customers.has_second_profile & (again_at >= batch.begins_at) & (again_at < batch.ends_at))
    first = _profiles(batch, rows, people.member_numbers(customers.number[rows]), updated_at[rows])
    second = _profiles(batch, again, people.second_member_numbers(customers.number[again]), again_at[again])
    return {"profiles": pa.concat_tables([first, second])}


def _profiles(batch: Batch, rows: Ints, member_no: Ints, updated_at: Ints) -> pa.Table:
    customers, state, config = batch.chunk.customers, batch.chunk.state, batch.config.dirt
    number, seed = customers.number[rows], batch.seed
    joined = state.member_day[rows] < NEVER
    unsubscribed = state.unsubscribed_day[rows]
    gone = unsubscribed < NEVER
    province, city, street = dirt.address_parts(
        customers.region[rows], people.streets(number), chance_of(number, seed, "address"), config.address_errors
    )
    phones = dirt.phone_texts(
        people.phone_digits(customers, seed)[rows],
        customers.phone_kind[rows],
        chance_of(number, seed, "phone"),
        config.untidy_phones,
    )
    broken_email = chance_of(number, seed, "email") < 0.04
    emails = [
        None if not has else address.replace("@", "#") if broken else address
        for address, has, broken in zip(
            people.emails(number), customers.has_email[rows].tolist(), broken_email.tolist(), strict=True
        )
    ]
    registered = dirt.break_dates(
        batch.chance("profile dates"), batch.moment_texts(customers.registered_at[rows]), config.bad_dates
    )
    consent_day = np.where(gone, unsubscribed, customers.registered_day[rows])
    tells_birth = chance_of(number, seed, "birth month") < 0.55
    return pa.table(
        {
            "member_no": member_no,
            "name": texts(people.names(number)),
            "phone": texts(phones),
            "email": texts(emails),
            "wechat_openid": _platform_ids(customers.channel[rows] == MINI_PROGRAM, people.wechat_ids(number)),
            "douyin_id": _platform_ids(customers.channel[rows] == DOUYIN, people.douyin_ids(number)),
            "gender": np.where(customers.is_woman[rows], "F", "M"),
            "birth_month": texts(
                [
                    m if told else None
                    for m, told in zip(batch.months(customers.birth_day[rows]), tells_birth, strict=True)
                ]
            ),
            "province": texts(province),
            "city": texts(city),
            "address": texts(street),
            "channel": np.array(CHANNELS)[customers.channel[rows]],
            "member_tier": np.array(TIERS)[state.tier[rows]],
            "member_since": _masked(batch.days(np.where(joined, state.member_day[rows], 0)), joined),
            "registered_at": texts(registered),
            "email_consent": _yes_no(customers.email_consent[rows] & ~gone),
            "email_consent_on": batch.days(consent_day),
            "sms_consent": _yes_no(customers.sms_consent[rows] & ~gone),
            "sms_consent_on": batch.days(consent_day),
            "updated_at": batch.moments(updated_at),
        }
    )


def child_tables(batch: Batch) -> SeriesTables:
    """Return what families told about their children: a due month first, the birth month once the child is there."""
    customers, families = batch.chunk.customers, batch.chunk.customers.families
    registered = customers.registered_day[:, None]
    due_on = np.maximum(registered, families.birth_day - _TOLD_BEFORE_BIRTH_DAYS)
    born_on = np.maximum(registered, families.birth_day + _TOLD_AFTER_BIRTH_DAYS)
    first_day = batch.first_day if batch.position else -(10**9)
    there = families.is_known & (batch.chunk.state.left_day[:, None] > born_on)

    def inside(day: Ints) -> Bools:
        return np.asarray(there & (day >= first_day) & (day < batch.end_day))

    parts = []
    for told_on, is_due in ((due_on, True), (born_on, False)):
        mask = inside(told_on) & ((registered < families.birth_day) if is_due else True)
        row, child = np.nonzero(mask)
        parts.append(_children(batch, row, child, told_on, is_due))
    return {"children": pa.concat_tables(parts)}


def _children(batch: Batch, row: Ints, child: Ints, told_on: Ints, is_due: bool) -> pa.Table:
    customers = batch.chunk.customers
    months = batch.months(customers.families.birth_day[row, child])
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
    rows = np.flatnonzero(covered & (at >= batch.begins_at) & (at < batch.ends_at))
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


def _platform_ids(mask: Bools, ids: list[str]) -> pa.Array:
    return texts([text if own else None for text, own in zip(ids, mask.tolist(), strict=True)])


def _masked(values: pa.Array, valid: Bools) -> pa.Array:
    return pyarrow.compute.if_else(pa.array(valid), values, pa.scalar(None, values.type))
