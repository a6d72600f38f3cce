"""A step of a stop as the phone shows it, and how far the test-run of a vehicle is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dispatch.field.models import TestResult
from dispatch.field.rules import points_asked
from dispatch.field.summary import vehicle_shown
from dispatch.orders.models import OrderLine
from dispatch.words import Text, say

MOST_NAMED = 6
"""So many plates are read at a glance."""
TEST_NOTES: dict[str, Text | None] = {
    "none": None,
    "partly": say("Not all points were tested"),
    "failed": say("A point failed"),
    "passed": None,
}


@dataclass(frozen=True)
class Step:
    """One step on site. `state` is "done", "open" or "odd" (done, but not as it should be); `lacks` is what closing will miss."""

    name: str
    label: Text
    state: str
    note: Text | str | None = None
    lacks: tuple[Text, ...] = ()


def run_state(results: Mapping[str, TestResult]) -> str:
    """ "none", "partly", "failed" or "passed": of the results that count for one vehicle."""
    if not results or not all(item in results for item in points_asked(row.of_points for row in results.values())):
        return "partly" if results else "none"
    return "failed" if any(result.result == "failed" for result in results.values()) else "passed"


def named(lines: Sequence[OrderLine]) -> str:
    """The plates of the first few."""
    shown = [vehicle_shown(line.vehicle) for line in lines[:MOST_NAMED]]
    return " · ".join([*shown, *(["…"] if len(lines) > MOST_NAMED else [])])
