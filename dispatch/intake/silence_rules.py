"""When a silence is one vehicle's and when it belongs to an outage, and what is done about it first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from dispatch.words import Text, say


@dataclass(frozen=True)
class Together:
    """What makes several silences one incident: all within so many minutes of one of them, and either at least `least` within
    about so many km, over whatever carrier, or at least `least_of_carrier` of one carrier, wherever they are.
    """

    least: int = 5
    within_km: int = 20
    minutes: int = 60
    least_of_carrier: int = 20


@dataclass(frozen=True)
class Tried:
    """A restart from afar: when it was asked for, and how that ended (None: nobody knows yet)."""

    at: datetime
    outcome: str | None


NO_HELP = ("refused", "unreached")


def first_step(tried: Tried | None, *, reachable: bool, skipped: bool, wait: timedelta, at: datetime) -> str:
    """What is to be done about a silent terminal: "restart" it from afar, "wait" whether that helps, or make an "order".

    Nobody has to restart what cannot be reached, or where somebody has said why not.
    """
    if skipped:
        return "order"
    if tried is None:
        return "restart" if reachable else "order"
    return "order" if tried.outcome in NO_HELP or at >= tried.at + wait else "wait"


DISMISS_DAYS: Mapping[int, Text] = {1: say("1 day"), 3: say("3 days"), 7: say("1 week"), 30: say("1 month")}
"""For how long a silence can be dismissed, in days."""
DISMISS_REASONS: Mapping[str, Text] = {
    "garage": say("In the workshop"),
    "parked": say("Not in use"),
    "outage": say("Outage of the carrier"),
    "customer": say("The customer knows"),
}
"""Why nobody has to be sent, to be chosen with one tap; "other" is written."""
ENDED_BY: Mapping[str, Text] = {
    "reported": say("It reports again"),
    "removed": say("It is not in the vehicle any more"),
    "owes": say("The customer owes beyond his terms"),
    "not_watched": say("It is not watched any more"),
}
