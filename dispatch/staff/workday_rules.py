"""How somebody works a day, as the planner reckons with it: how fast, how long, how much, and where his day ends."""

from __future__ import annotations

from dataclasses import dataclass

from dispatch.words import Text, say

ENDS: dict[str, tuple[int, int]] = {
    "pace": (50, 200),
    "overtime_minutes": (0, 240),
    "max_vehicles": (1, 60),
    "max_travel_minutes": (10, 900),
}
"""Least and most of each number."""


@dataclass(frozen=True)
class Workday:
    """Work takes him `pace` per cent of its usual time. He may be home so many minutes after his shift; 0: he may not.

    `max_vehicles` and `max_travel_minutes` are for one day; None: as many and as long as fit. `open_end`: his day ends where
    his last visit does.
    """

    pace: int = 100
    overtime_minutes: int = 0
    max_vehicles: int | None = None
    max_travel_minutes: int | None = None
    open_end: bool = False


AS_USUAL = Workday()


def within(name: str, number: int) -> int | Text:
    """The number itself, or what is wrong with it."""
    least, most = ENDS[name]
    if least <= number <= most:
        return number
    return say("A whole number from %(least)s to %(most)s, or nothing.", least=least, most=most)
