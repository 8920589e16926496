"""The values that cross the door of the strategies room."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray


class Arm(StrEnum):
    """What chance decided for a customer: nobody may touch, this strategy may not touch, or contacted.

    ``elsewhere``: not in this strategy's trial (another trial's stretch or region, or the trial rests); such a customer
    does not enter and is asked about again another day.
    """

    GLOBAL_CONTROL = "global_control"
    CONTROL = "control"
    TREATED = "treated"
    ELSEWHERE = "elsewhere"


@dataclass(frozen=True, slots=True)
class Allocation:
    """Arms of customers, in the order in which they were asked for.

    Parameters
    ----------
    arms : array of str, shape (n_customers,)
        Values of ``Arm``.
    probabilities : array of float, shape (n_customers,)
        With which chance the arm was drawn: for ``global_control`` its share of all customers, for the other two their
        share of the customers left after that first draw; 1 for ``elsewhere``, which is no draw.
    """

    arms: NDArray[np.str_]
    probabilities: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Message:
    """What a strategy wants to say to the customers it treats: one node of its graph.

    Parameters
    ----------
    node
        Stable over versions, so that a newer version cannot repeat a step.
    channel
        The medium, such as ``email``.
    template
        Name in the template library of ``outreach``.
    purpose
        ``marketing``, ``transactional`` or ``safety``.
    """

    node: str
    channel: str
    template: str
    purpose: str = "marketing"


@dataclass(frozen=True, slots=True)
class MessageBatch:
    """One message to plan for many entries.

    Parameters
    ----------
    strategy, version
        Whose message it is.
    message
    customer_ids : array of int, shape (n,)
    entries : array of str, shape (n,)
        Which entry of the customer, such as ``2026-10-05`` or an order id.
    planned_on
        Shop-local day.
    """

    strategy: str
    version: str
    message: Message
    customer_ids: NDArray[np.int64]
    entries: NDArray[np.str_]
    planned_on: date


@dataclass(frozen=True, slots=True)
class EntryReport:
    """What one strategy did on one day.

    Parameters
    ----------
    audience
        Customers that the rule selects.
    entered
        Those that were new, by arm.
    planned
        Messages planned now; those planned by an earlier run of the same day are not counted again.
    rehearsed
        True when nothing was written: the counts say what would have happened.
    elsewhere
        New customers who did not enter because the strategy's trial is not about them, or rests.
    """

    strategy: str
    version: str
    as_of: date
    audience: int
    entered: dict[str, int]
    planned: int
    rehearsed: bool = False
    elsewhere: int = 0
