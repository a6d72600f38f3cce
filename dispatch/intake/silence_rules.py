"""When a silence is one vehicle's, and when it is an outage: many terminals of one carrier, near each other, at the same time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations
from typing import Generic, Protocol, TypeVar

from dispatch.geo.rules import metres
from dispatch.words import Text, say


class Quiet(Protocol):
    """A terminal that fell silent: when it was last heard, where, and over which carrier, as far as that is known."""

    @property
    def carrier(self) -> str | None: ...
    @property
    def last_heard_at(self) -> datetime: ...
    @property
    def lat(self) -> float | None: ...
    @property
    def lon(self) -> float | None: ...


One = TypeVar("One", bound=Quiet)


@dataclass(frozen=True)
class Together:
    """What makes several silences one incident: at least so many, within so many km and minutes of one of them."""

    least: int = 5
    within_km: int = 20
    minutes: int = 60


@dataclass(frozen=True)
class Incident(Generic[One]):
    """Several at once; `first` is the one around which they lie."""

    first: One
    members: Sequence[One]

    @property
    def begun(self) -> datetime:
        """When the first of them was last heard."""
        return min(one.last_heard_at for one in self.members)

    @property
    def last(self) -> datetime:
        """When the last of them was."""
        return max(one.last_heard_at for one in self.members)


def grouped(silent: Iterable[One], rule: Together) -> tuple[list[Incident[One]], list[One]]:
    """The incidents, the largest first, and those that are silent by themselves. Each is in one of them exactly once."""
    every = list(silent)
    near = _neighbours(every, rule)
    left = set(range(len(every)))
    incidents: list[Incident[One]] = []
    while left:
        middle = max(sorted(left), key=lambda one: len(near[one] & left))
        members = sorted(near[middle] & left)
        if len(members) + 1 < rule.least:
            break
        incidents.append(Incident(every[middle], [every[one] for one in (middle, *members)]))
        left -= {middle, *members}
    return incidents, [every[one] for one in sorted(left)]


def _neighbours(every: Sequence[Quiet], rule: Together) -> list[set[int]]:
    """By place in the list: which others belong to an incident around each."""
    near: list[set[int]] = [set() for _ in every]
    for one, other in combinations(range(len(every)), 2):
        if _alike(every[one], every[other], rule):
            near[one].add(other)
            near[other].add(one)
    return near


def _alike(a: Quiet, b: Quiet, rule: Together) -> bool:
    if a.carrier != b.carrier or a.lat is None or a.lon is None or b.lat is None or b.lon is None:
        return False
    if abs(a.last_heard_at - b.last_heard_at) > timedelta(minutes=rule.minutes):
        return False
    return metres((a.lat, a.lon), (b.lat, b.lon)) <= rule.within_km * 1_000


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
