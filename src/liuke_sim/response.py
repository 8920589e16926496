"""How customers answer to contacts: helped, unmoved or annoyed.

A contact first has to arrive (is there an address, is it right?) and to be noticed. Whom it then helps depends on

- what drives the customer away, and whether the offer fits that (`FIT`): an apology for a bad delivery, money off for
  price, advice for missing guidance, the next stage for changed needs, a sample with proof of origin for doubts;
  nothing sends anybody who is at ease away, and little makes them buy what they do not need;
- when it comes: early in a drift it helps most, after the departure hardly ever;
- how much the customer looks at prices, for coupons;
- fatigue: every message of the last 28 days, the shop's own blanket mailings included, makes the next one weaker and
  more annoying.

*Helped*: buying and visiting become likelier for two or three weeks (`State.push`), what drove the customer away may be
cleared. *Annoyed*: attachment falls, some unsubscribe, some begin to drift. *Unmoved*: nothing. A coupon is spent by
whoever holds it, also by those who would have bought anyway: it costs margin even where it helps nobody.

The chances are set by hand so that the averages of a trial lie where published ones do (the table with what this
simulator gives is in docs/explanation/simulated-shop.md): an e-mail to buyers of the last year raised the share of
visitors by 4.5 and 7.7 points and of buyers by 0.3 and 0.7 points in two weeks; a promotion raised purchases by 0.9
points; proactive campaigns to potential churners raised a grocer's weekly revenue by 3 % and cut churn by 6 %; the
redeemers of a coupon churned 12 points less; and well-meant advice about tariffs *raised* churn from 6 % to 10 %.

References
----------
Hillstrom (2008), "The MineThatData e-mail analytics and data mining challenge".
Udacity (2018), "Starbucks portfolio exercise": a promotion test of 126,000 customers.
"Proactive retention management in retail: field experiment evidence for lasting effects" (2019), SSRN 3378498.
Tsujikawa, Nakano, Hoshino (2025), "Coupon redemption, churn, and customer lifetime value ... field experiment in
supermarkets", Keio-IES DP2025-025.
Ascarza, Iyengar, Schleicher (2016), "The perils of proactive churn prevention using plan recommendations: evidence from
a field experiment", Journal of Marketing Research 53.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from liuke_sim.columns import SECONDS_A_DAY, Bools, Columns, Floats, Ints, take
from liuke_sim.config import ResponseConfig
from liuke_sim.contacts import ADVICE, APOLOGY, CALL, COUPON, EMAIL, PUSH, REMINDER, SMS, WECHAT
from liuke_sim.customers import GOOD_PHONE, MINI_PROGRAM, NEVER, Customers, State
from liuke_sim.events import ABOUT_CAUSE, ABOUT_ORDER, EventSink
from liuke_sim.leaving import CAUSES, HELPED, SERVICE, WON_BACK, DriftLog, begin_drift, end_drift
from liuke_sim.membership import MESSAGES
from liuke_sim.needs import NO_LINE, Needs
from liuke_sim.people import email_is_broken
from liuke_sim.purchases import Push
from liuke_sim.season import Week
from liuke_sim.streams import Chance

RESPONSES = ("helped", "unmoved", "annoyed")
HELPS, UNMOVED, ANNOYS = range(len(RESPONSES))

SITUATIONS = (*CAUSES, "at_ease", "due", "newcomer")
"""What a customer is in when a contact comes: drifting for a cause; attached with a full cupboard, or with something
due; without a purchase yet."""
AT_EASE, DUE, NEWCOMER = range(len(CAUSES), len(SITUATIONS))
FIT = np.array(
    [
        # none, coupon, apology, advice, reminder, next_stage, sample
        [0.08, 0.55, 0.05, 0.06, 0.10, 0.06, 0.18],  # price
        [0.05, 0.18, 0.60, 0.04, 0.06, 0.04, 0.06],  # delivery
        [0.04, 0.12, 0.62, 0.08, 0.02, 0.02, 0.08],  # service
        [0.06, 0.15, 0.26, 0.26, 0.04, 0.16, 0.28],  # mismatch
        [0.08, 0.12, 0.04, 0.26, 0.08, 0.60, 0.24],  # need_changed
        [0.04, 0.06, 0.20, 0.20, 0.04, 0.06, 0.60],  # authenticity
        [0.08, 0.10, 0.12, 0.64, 0.06, 0.22, 0.20],  # guidance
        [0.08, 0.26, 0.06, 0.08, 0.10, 0.08, 0.12],  # other_channel
        [0.10, 0.20, 0.00, 0.10, 0.06, 0.10, 0.10],  # at ease
        [0.22, 0.42, 0.00, 0.14, 0.45, 0.18, 0.16],  # due
        [0.15, 0.30, 0.00, 0.20, 0.08, 0.12, 0.25],  # newcomer
    ]
)
"""Chance that a contact that was noticed helps, by situation and offer."""
ANNOYANCE = np.array([0.05, 0.03, 0.02, 0.03, 0.03, 0.04, 0.02])
"""Chance that a contact that was noticed annoys, by offer."""
NOTICED = np.array([0.75, 0.45, 0.60, 0.40, 0.65])
"""Chance that an attached customer notices, by channel: sms, e-mail, WeChat, push, call (answered)."""
_CLICKED = 0.5
"""Share of those who noticed a message who follow its link."""
_DUE_DAYS = 14
_USUAL_VALUE_MINOR = 1_500


@dataclass(frozen=True)
class Answers:
    """How a week's contacts were answered."""

    rows: Columns
    """Per contact what was sent, `row` (position in the chunk), `number`, `is_delivered`, `is_seen`, `is_clicked`,
    `response`, `takes_coupon`, `unsubscribes`."""

    def clicks(self, rows: Ints) -> Columns:
        """Return the visits that clicks bring: `row` (position in `rows`, which increase), `at`."""
        clicked = take(self.rows, self.rows["is_clicked"])
        known = np.isin(clicked["row"], rows)
        return {"row": np.searchsorted(rows, clicked["row"][known]), "at": clicked["at"][known] + 75}

    def push(self, rows: Ints, config: ResponseConfig) -> Push:
        """Return what the first contact that helped adds to the chance of buying, for the customers `rows`."""
        helped = take(self.rows, (self.rows["response"] == HELPS) & np.isin(self.rows["row"], rows))
        place, first = np.unique(np.searchsorted(rows, helped["row"]), return_index=True)
        strength, at = np.zeros(len(rows)), np.zeros(len(rows), dtype=np.int64)
        strength[place], at[place] = config.push, helped["at"][first]
        return Push(strength, at)

    def profile_changes(self, state: State) -> Columns:
        """Return `row`, `at` and `tier` of those who unsubscribed."""
        gone = take(self.rows, self.rows["unsubscribes"])
        return {"row": gone["row"], "at": gone["at"] + 1800, "tier": state.tier[gone["row"]]}


def answer(
    chance: Chance,
    customers: Customers,
    state: State,
    needs: Needs,
    rows: Ints,
    contacts: Columns,
    week: Week,
    config: ResponseConfig,
    sink: EventSink,
    seed: int,
) -> Answers:
    """Let customers receive the week's contacts: draw their answers, hand out coupons, tell the events.

    Parameters
    ----------
    needs : Needs
        Of the customers `rows` (increasing); the others have none.
    contacts : Columns
        As `ContactBook.of_week` gives them: by customer and moment.
    """
    row = np.searchsorted(customers.number, contacts["customer"])
    number, channel, at = (contacts[name] for name in ("customer", "channel", "at"))
    ordinal = (at // SECONDS_A_DAY - week.first_day) * len(NOTICED) + channel

    def draw(purpose: str) -> Floats:
        return chance.uniform(purpose, number, ordinal)

    told = dict(contacts) | {"row": row, "number": number}
    told["is_delivered"] = _reachable(customers, state, row, channel, at, seed) & (draw("contact delivered") < 0.97)
    visitor = customers.is_visitor[row]
    interest = np.where(visitor, 0.3 + 0.7 * state.attachment[row], 0.1)
    told["is_seen"] = is_seen = told["is_delivered"] & (draw("contact seen") < NOTICED[channel] * interest)
    curious = draw("contact clicked") < _CLICKED * min(config.strength, 1)
    told["is_clicked"] = is_seen & visitor & (channel != CALL) & curious
    earlier = state.contacts[row].sum(axis=1) + _before(number, told["is_delivered"])
    helps, annoys = _chances(customers, state, needs, rows, row, contacts, earlier, config, week)
    luck = draw("response")
    annoyed = is_seen & (luck >= 1 - annoys)
    told["response"] = np.where(is_seen & (luck < helps), HELPS, np.where(annoyed, ANNOYS, UNMOVED))
    leaves = annoyed & (draw("contact unsubscribes") < config.annoyed_unsubscribe_share)
    told["unsubscribes"] = _first(number, leaves & (state.unsubscribed_day[row] == NEVER))
    wants = (0.45 + 0.4 * customers.price_sensitivity[row]) * min(config.strength, 1)
    holds = (state.coupon_minor[row] > 0) & (state.coupon_until[row] > at)
    takes = is_seen & (contacts["offer"] == COUPON) & (draw("contact coupon") < wants) & ~holds
    told["takes_coupon"] = _first(number, takes)
    _keep(state, told, config)
    _tell(customers, state, told, channel, sink)
    return Answers(told)


def _keep(state: State, told: Columns, config: ResponseConfig) -> None:
    """Write down what holds at once: messages received, consent withdrawn, coupons in hand."""
    np.add.at(state.contacts[:, 0], told["row"][told["is_delivered"]], 1)
    gone = take(told, told["unsubscribes"])
    state.unsubscribed_day[gone["row"]] = gone["at"] // SECONDS_A_DAY
    taken = take(told, told["takes_coupon"])
    state.coupon_minor[taken["row"]] = taken["value"]
    state.coupon_from[taken["row"]] = taken["at"]
    state.coupon_until[taken["row"]] = taken["at"] + config.coupon_days * SECONDS_A_DAY


def settle(
    chance: Chance,
    customers: Customers,
    state: State,
    answers: Answers,
    week: Week,
    config: ResponseConfig,
    log: DriftLog,
) -> None:
    """Let the week's answers change where customers stand, from next week on."""
    told, next_day = answers.rows, week.first_day + 7
    helped = np.unique(told["row"][told["response"] == HELPS])
    times = np.bincount(np.searchsorted(helped, told["row"][told["response"] == HELPS]), minlength=len(helped))
    state.push[helped] = np.minimum(state.push[helped] + config.push * times, config.most_push)
    left = state.left_day[helped] < NEVER
    drifts = (state.cause[helped] >= 0) & ~left
    clears = drifts & (chance.uniform("cause cleared", customers.number[helped]) < config.clear_share)
    back = helped[left]
    end_drift(customers, state, back, next_day, WON_BACK, log)
    state.attachment[back] = 0.6
    end_drift(customers, state, helped[clears], next_day, HELPED, log)
    softened = helped[drifts & ~clears]
    state.attachment[softened] = np.minimum(state.attachment[softened] + 0.3, 1)
    annoyed = np.unique(told["row"][told["response"] == ANNOYS])
    annoyed = annoyed[state.left_day[annoyed] == NEVER]
    state.attachment[annoyed] *= 0.8
    turns = (state.cause[annoyed] < 0) & (state.orders[annoyed] > 0)
    turns &= chance.uniform("annoyed drift", customers.number[annoyed]) < config.annoyed_drift_share
    away = annoyed[turns]
    begin_drift(state, away, np.full(len(away), SERVICE), np.full(len(away), 2.6), np.full(len(away), next_day))


def _reachable(customers: Customers, state: State, row: Ints, channel: Ints, at: Ints, seed: int) -> Bools:
    """Return whether there is an address that works, and somebody behind it yet."""
    phone = customers.phone_kind[row] == GOOD_PHONE
    email = customers.has_email[row] & ~email_is_broken(customers.number[row], seed)
    ways = {
        SMS: phone,
        EMAIL: email,
        WECHAT: customers.channel[row] == MINI_PROGRAM,
        PUSH: state.has_app[row],
        CALL: phone,
    }
    has_way = np.select([channel == code for code in ways], list(ways.values()), False)
    return np.asarray(has_way & (customers.registered_at[row] <= at), dtype=bool)


def _chances(
    customers: Customers,
    state: State,
    needs: Needs,
    rows: Ints,
    row: Ints,
    contacts: Columns,
    earlier: Ints,
    config: ResponseConfig,
    week: Week,
) -> tuple[Floats, Floats]:
    """Return the chances that a contact helps and annoys once it was noticed."""
    offer, value = contacts["offer"], contacts["value"]
    situation = _situations(state, needs, rows, row)
    drifting = situation < len(CAUSES)
    gone = state.left_day[row] < NEVER
    days = np.where(drifting, np.maximum(week.first_day - state.drift_day[row], 0), 0)
    timing = (0.25 + 0.75 * 0.5 ** (days / config.early_days)) * np.where(gone, config.after_leaving, 1.0)
    money = np.clip(np.sqrt(value / _USUAL_VALUE_MINOR), 0.2, 1.8) * (0.5 + 1.1 * customers.price_sensitivity[row])
    by_coupon = offer == COUPON
    called = np.where((contacts["channel"] == CALL) & np.isin(offer, (APOLOGY, ADVICE)), 1.3, 1.0)
    helps = FIT[situation, offer] * timing * called * np.where(by_coupon, money, 1.0) / (1 + config.fatigue * earlier)
    unasked = np.where((offer == APOLOGY) & ~drifting | (offer == REMINDER) & (situation != DUE), 2.0, 1.0)
    ill_timed = np.where(gone, 2.0, np.where(drifting, 1.5, 1.0)) * np.where(contacts["channel"] == CALL, 1.5, 1.0)
    unwanted = np.where(state.unsubscribed_day[row] < NEVER, 3.0, 1.0)
    annoys = ANNOYANCE[offer] * unasked * ill_timed * unwanted * (1 + config.irritation * earlier)
    if config.best_contacts is not None:
        helps = helps * np.where(earlier < config.best_contacts, 1.0 + 0.8 * earlier, 0.0)
        annoys = annoys * np.where(earlier < config.best_contacts, 0.5, 4.0)
    if config.best_value_minor is not None:
        excess = np.where(by_coupon, np.maximum(value / config.best_value_minor - 1, 0), 0)
        helps, annoys = helps * np.maximum(1 - 1.2 * excess, 0), annoys + 0.3 * np.minimum(excess, 1)
    helps = np.clip(config.strength * helps * customers.is_visitor[row], 0, 0.9)
    return helps, np.clip(config.strength * annoys, 0, 1 - helps)


def _situations(state: State, needs: Needs, rows: Ints, row: Ints) -> Ints:
    """Return each contacted customer's situation, a position in `SITUATIONS`."""
    place = np.minimum(np.searchsorted(rows, row), max(len(rows) - 1, 0))
    if len(rows):
        needed = (needs.line[place] != NO_LINE) & (rows[place] == row)[:, None]
        due = (needed & (state.supply[row] < _DUE_DAYS)).any(axis=1)
    else:
        due = np.zeros(len(row), dtype=bool)
    attached = np.where(state.orders[row] == 0, NEWCOMER, np.where(due, DUE, AT_EASE))
    return np.where(state.cause[row] >= 0, state.cause[row], attached)


def _tell(customers: Customers, state: State, told: Columns, channel: Ints, sink: EventSink) -> None:
    """Add the events of the contacts; of a call the shop keeps only that it took place."""
    row, at = told["row"], told["at"]
    written = channel != CALL
    base = {"customer": told["number"], "channel": MESSAGES + channel}
    sink.add("message_delivered", at, mask=told["is_delivered"] & written, **base)
    sink.add("message_opened", at + 60, mask=told["is_seen"] & written, **base)
    sink.add("message_clicked", at + 70, mask=told["is_clicked"], **base)
    sink.add("coupon_claimed", at + 80, mask=told["takes_coupon"], **base)
    sink.add("unsubscribed", at + 1800, mask=told["unsubscribes"], **base)
    about = np.where(state.cause[row] >= 0, ABOUT_CAUSE + state.cause[row], ABOUT_ORDER)
    own = {"customer": told["number"], "channel": customers.channel[row]}
    sink.add("service_chat", at, mask=told["is_seen"] & ~written, **own, detail=about)


def _before(number: Ints, mask: Bools) -> Ints:
    """Count, for each row, the rows above it that belong to the same customer and are in `mask`."""
    count: Ints = np.cumsum(mask) - mask
    return np.asarray(count - count[np.searchsorted(number, number)])


def _first(number: Ints, mask: Bools) -> Bools:
    """Return the first row of each customer in `mask`."""
    return np.asarray(mask & (_before(number, mask) == 0))
