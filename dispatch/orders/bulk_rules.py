"""What is done to several orders of the list at once: which acts there are, who may, and what can be taken back of them.

Each order is an act of its own, by the same operation as by hand: what the rules refuse for one is done for the others.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dispatch.orders.lifecycle import transition
from dispatch.words import Text, say

MOST_AT_ONCE = 200


@dataclass(frozen=True)
class BulkKind:
    """One act: the word on its button, who may, from which statuses (none named: all), and what it asks before.

    `undone` says whether it can be taken back: an approval cannot, since whoever was approved may be on the way already.
    """

    label: Text
    permission: str
    sources: tuple[str, ...] = ()
    asks: bool = False
    undone: bool = True


PLANNED = ("planned", "dispatched", "working")

BULK: dict[str, BulkKind] = {
    "approve": BulkKind(say("Approve"), "order.decide", transition("order", "approve").sources, asks=True, undone=False),
    "wait": BulkKind(say("Let it wait"), "order.plan", transition("order", "hold").sources, asks=True),
    "resume": BulkKind(say("Resume"), "order.plan", transition("order", "resume").sources),
    "urgency": BulkKind(say("Change urgency"), "order.take"),
    "offer": BulkKind(say("Hand over"), "order.take", asks=True),
    "take_off": BulkKind(say("Take off the plan"), "order.plan", PLANNED, asks=True),
}

CHANGED_SINCE = say("Somebody has changed it since: it stays as it is now.")
TOO_LATE = say("It was done too long ago to be taken back at once.")
NOBODY_PLANNED = say("Nobody is planned for it who has not set out yet.")


def why_not_undo(kind: str, *, minutes_ago: float, lasts: int) -> Text | None:
    """Why what was done cannot be taken back as a whole; None when it can."""
    if not BULK[kind].undone:
        return say("An approval cannot be taken back. Cancel the order if it shall not be done.")
    return TOO_LATE if minutes_ago > lasts else None


def out_of_reach(kind: str, statuses: Iterable[str]) -> int:
    """Of how many orders the status alone says that it cannot be done."""
    sources = BULK[kind].sources
    return sum(status not in sources for status in statuses) if sources else 0
