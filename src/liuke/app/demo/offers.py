"""What each step of the demo's strategies brings to a simulated customer."""

from __future__ import annotations

from dataclasses import dataclass

from liuke_sim import OFFERS


@dataclass(frozen=True)
class Offer:
    """What a message brings.

    Parameters
    ----------
    kind : str
        One of ``liuke_sim.OFFERS``.
    value_minor : int
        Face value, minor units; 0 without.
    """

    kind: str
    value_minor: int = 0

    def __post_init__(self) -> None:
        if self.kind not in OFFERS:
            raise ValueError(f"{self.kind!r} is none of the offers that a simulated customer knows: {OFFERS}")


WORDS_ALONE = Offer("none")

STRATEGY_OFFERS = {
    ("second_purchase", "thanks"): Offer("advice"),
    ("sleeping_customer", "care"): Offer("apology"),
    ("price_sensitive", "question"): WORDS_ALONE,
    ("running_out", "reminder"): Offer("reminder"),
}
"""Strategy and node to what the message brings. It says what the template says: thanks and help with choosing; a
question what went wrong and an offer to put it right; a question about prices and nothing else, because nothing issues
coupons yet; a hint that supplies may run low."""
