"""A step of a stop as the phone shows it, and how far the test-run of a vehicle is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dispatch.field.point_rules import Points
from dispatch.field.rules import is_settled
from dispatch.field.summary import Run, vehicle_shown
from dispatch.orders.models import OrderLine
from dispatch.words import Text, say

MOST_NAMED = 6
"""So many plates are read at a glance."""
TEST_NOTES: dict[str, Text | None] = {
    "none": None,
    "partly": say("Not all points were tested"),
    "failed": say("A point failed"),
    "passed": None,
    "nothing": say("Nothing has to be tested"),
}


@dataclass(frozen=True)
class Step:
    """One step on site. `state` is "done", "open" or "odd" (done, but not as it should be); `lacks` is what closing will miss."""

    name: str
    label: Text
    state: str
    note: Text | str | None = None
    lacks: tuple[Text, ...] = ()


def run_state(results: Run, points: Points) -> str:
    """ "none", "partly", "failed" or "passed": of the points that one vehicle must pass; "nothing" where it must pass none."""
    if points.lacking(results):
        return "partly" if results else "none"
    if not points.must and not results:
        return "nothing"
    settled = all(is_settled(row.result, row.reason) for item, row in results.items() if item in points.must)
    return "passed" if settled else "failed"


def named(lines: Sequence[OrderLine]) -> str:
    """The plates of the first few."""
    shown = [vehicle_shown(line.vehicle) for line in lines[:MOST_NAMED]]
    return " · ".join([*shown, *(["…"] if len(lines) > MOST_NAMED else [])])
