"""Why customers leave, and the drift that comes first.

Every departure has a cause that struck on a day. From that day the attachment halves every few weeks: visits become
rarer and shorter, baskets smaller; when little is left, purchases stop for good (`left_day`). Some come round by
themselves. A family whose children have outgrown the shop has *graduated*: that is no departure and has no cause.

Hazards are per week; they follow the reasons that retailers report, and what a customer lived through raises them:
a late parcel, a complaint, a return, the switch to the next formula stage.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from liuke_sim.assortment import FIRST_LINE
from liuke_sim.columns import Columns, Floats, Ints
from liuke_sim.config import LeavingConfig
from liuke_sim.customers import DOUYIN, NEVER, Customers, State
from liuke_sim.needs import Needs
from liuke_sim.streams import Chance

CAUSES = (
    "price",
    "delivery",
    "service",
    "mismatch",
    "need_changed",
    "authenticity",
    "guidance",
    "other_channel",
)
PRICE, DELIVERY, SERVICE, MISMATCH, NEED_CHANGED, AUTHENTICITY, GUIDANCE, OTHER_CHANNEL = range(len(CAUSES))

OUTCOMES = ("recovered", "left", "helped", "won_back")
"""How a drift ends: by itself, with the departure, by a contact in time, by a contact after the departure."""
RECOVERED, LEFT, HELPED, WON_BACK = range(len(OUTCOMES))

_FIRST_EXPERIENCE = np.array([0.27, 0.10, 0.06, 0.20, 0.05, 0.12, 0.07, 0.13])
"""What disappoints in a first order, relative."""
FIRST_HALF_LIFE_WEEKS = 0.6
"""Nobody drifts for months after a single order."""


@dataclass
class DriftLog:
    """The dated truth: one row per drift, written when it ends."""

    parts: list[Columns]

    def close(self, customers: Customers, state: State, rows: Ints, day: int, outcome: int) -> None:
        """Write down how the drift of `rows` ended: a position in `OUTCOMES`."""
        if len(rows):
            self.parts.append(
                {
                    "number": customers.number[rows],
                    "cause": state.cause[rows],
                    "drift_day": state.drift_day[rows],
                    "end_day": np.full(len(rows), day, dtype=np.int64),
                    "outcome": np.full(len(rows), outcome, dtype=np.int64),
                }
            )


def hazards(
    customers: Customers, state: State, rows: Ints, needs: Needs, after_promotion: bool, config: LeavingConfig
) -> Floats:
    """Return the chance that each cause strikes this week, shape ``(m, 8)``; the sum stays far below 1."""
    sensitivity = customers.price_sensitivity[rows]
    on_formula = needs.line[:, 1] >= FIRST_LINE["formula"]
    on_douyin = customers.channel[rows] == DOUYIN
    young = needs.youngest < 8
    switched = on_formula & (state.formula_line[rows] >= 0) & (state.formula_line[rows] != needs.line[:, 1])
    rates = np.empty((len(rows), len(CAUSES)))
    rates[:, PRICE] = 0.0030 * (0.3 + 1.6 * sensitivity) * (1.8 if after_promotion else 1.0)
    rates[:, DELIVERY] = 0.0002 + 0.075 * state.met_late_parcel[rows]
    rates[:, SERVICE] = 0.0002 + 0.13 * state.met_complaint[rows]
    rates[:, MISMATCH] = 0.0003 + 0.13 * state.met_return[rows]
    rates[:, NEED_CHANGED] = 0.0002 + 0.035 * switched
    rates[:, AUTHENTICITY] = 0.0004 + 0.0012 * on_formula + 0.0010 * on_douyin
    rates[:, GUIDANCE] = 0.0002 + 0.0025 * young
    rates[:, OTHER_CHANNEL] = 0.0010 + 0.0030 * on_douyin
    return rates * config.scale


def strike(
    chance: Chance,
    customers: Customers,
    state: State,
    rows: Ints,
    needs: Needs,
    after_promotion: bool,
    config: LeavingConfig,
    day: int,
) -> None:
    """Let causes strike among the attached customers `rows` in the week that begins on `day`.

    What they lived through last week (`State.met_…`, a change of `State.formula_line`) raises the hazards.
    """
    number = customers.number[rows]
    free = (state.cause[rows] < 0) & (state.orders[rows] > 0)
    rates = hazards(customers, state, rows, needs, after_promotion, config) * config.trend ** (day / 364)
    cause = (np.cumsum(rates, axis=1) <= chance.uniform("strike", number)[:, None]).sum(axis=1)
    struck = free & (cause < len(CAUSES))
    share = config.first_purchase_share * min(config.scale, 1)
    disappointed = free & state.met_first_order[rows] & (chance.uniform("first order", number) < share)
    cause = np.where(disappointed, chance.choose("first experience", number, _FIRST_EXPERIENCE), cause)
    half_life = np.exp(np.log(config.half_life_weeks) + 0.35 * chance.normal("half life", number))
    half_life = np.where(disappointed, np.minimum(FIRST_HALF_LIFE_WEEKS, config.half_life_weeks), half_life)
    begun = struck | disappointed
    begin_drift(state, rows[begun], cause[begun], half_life[begun], day + chance.between("drift", number, 1, 8)[begun])


def begin_drift(state: State, rows: Ints, cause: Ints, half_life_weeks: Floats, day: Ints) -> None:
    """Let `rows` drift from `day` on, for `cause`."""
    state.cause[rows] = cause
    state.drift_day[rows] = day
    state.half_life_weeks[rows] = half_life_weeks


def drift(chance: Chance, customers: Customers, state: State, config: LeavingConfig, day: int, log: DriftLog) -> None:
    """Move every attachment by the week that begins on `day`: down for those who drift, back up for the others."""
    drifting = (state.cause >= 0) & (state.left_day == NEVER) & (state.drift_day <= day)
    recovered = drifting & (chance.uniform("recovery", customers.number) < config.recovery)
    end_drift(customers, state, np.flatnonzero(recovered), day, RECOVERED, log)
    drifting &= ~recovered
    state.attachment = np.where(
        drifting,
        state.attachment * 0.5 ** (1 / state.half_life_weeks),
        np.where(state.cause < 0, state.attachment + 0.4 * (1 - state.attachment), state.attachment),
    )
    gone = np.flatnonzero(drifting & (state.attachment < config.left_below))
    state.left_day[gone] = day
    log.close(customers, state, gone, day, LEFT)


def end_drift(customers: Customers, state: State, rows: Ints, day: int, outcome: int, log: DriftLog) -> None:
    """Let `rows` be attached again: nothing drives them away any more."""
    log.close(customers, state, rows, day, outcome)
    state.cause[rows] = -1
    state.drift_day[rows] = NEVER
    state.left_day[rows] = NEVER


def graduate(customers: Customers, state: State, rows: Ints, needs: Needs, day: int) -> None:
    """Note which families have no child in the shop's range any more, and which have one again."""
    family = (customers.families.birth_day[rows] < NEVER).any(axis=1)
    done = family & ~np.isfinite(needs.youngest) & ~needs.has_future
    known = state.graduated_day[rows]
    state.graduated_day[rows] = np.where(done, np.minimum(known, day), NEVER)
