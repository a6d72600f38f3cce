"""What is checked before leaving and after the work, which photos there are, and when a test-run counts as passed."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from itertools import pairwise
from typing import Any

from dispatch.words import Text, say

DEPARTURE: dict[str, Text] = {
    "facts": say("Order and address read, customer called"),
    "tools": say("Tools complete"),
    "parts": say("Terminals, SIMs and parts in the bag"),
    "papers": say("Receipts, invoices and sheets with me"),
}
"""What a technician checks before he leaves (P5)."""
DEPARTURE_ITEMS = tuple(DEPARTURE)

TESTS: dict[str, Text] = {
    "online": say("Terminal is online"),
    "identity": say("Terminal reports its own number"),
    "firmware": say("Firmware is new enough"),
    "iccid": say("Terminal reports the fitted SIM"),
    "fix": say("Position is right"),
    "satellites": say("Enough satellites are seen"),
    "signal": say("Signal is strong enough"),
    "acc": say("ACC off and on is reported"),
    "power": say("Power cut raises the alarm"),
}
"""The points of a test-run (P11)."""
TEST_ITEMS = tuple(TESTS)

RESULTS: dict[str, Text] = {
    "passed": say("Passed"),
    "failed": say("Failed"),
    "not_available": say("Not available"),
    "overruled": say("Overruled"),
}
TEST_RESULTS = tuple(RESULTS)
NEEDS_REASON: dict[str, Text] = {
    "overruled": say("Say why this counts as passed."),
    "not_available": say("Say why this cannot be tested."),
}
"""The results of a point that must pass which are nothing without a word, and how to ask for it."""


def without_reason(item: str, result: str, reason: str | None, must: Collection[str]) -> dict[str, Text]:
    """What to say beside a point whose result needs a reason and has none; `must`: the points that must pass."""
    if reason or result not in NEEDS_REASON or (result == "not_available" and item not in must):
        return {}
    return {f"reason-{item}": NEEDS_REASON[result]}


def is_settled(result: str, reason: str | None) -> bool:
    """Whether a point that must pass holds nothing back any more: what is not available says why."""
    return result == "passed" or (result in NEEDS_REASON and bool(reason))


PHOTOS: dict[str, Text] = {
    "condition": say("Vehicle before the work"),
    "work": say("The work done"),
    "unit": say("Terminal or SIM"),
    "plate": say("Plate"),
    "imei": say("IMEI label"),
    "iccid": say("ICCID on the SIM"),
    "wiring": say("Wiring"),
    "place": say("Where the terminal sits"),
    "refusal": say("Refused signature"),
    "paper": say("Paper"),
}
PHOTO_KINDS = tuple(PHOTOS)

PHOTOS_TO_ASK = ("plate", "imei", "iccid", "wiring", "place")
"""The kinds of photos that can be asked for after a kind of work."""
SHOWS_VEHICLE = {"repair": ("condition",), "installation": ("condition", "work", "unit", *PHOTOS_TO_ASK)}
"""Which photos closing accepts as one of the vehicle (P8), by the kind of order: what a repair found must be seen untouched."""
SHOWS_CHANGE = ("imei", "iccid", "wiring", "place")
"""What looks otherwise after a change at the vehicle: a photo from before it shows what is there no more."""
SHOWS_UNIT = {"imei": "terminal", "iccid": "sim"}
"""What shows a unit's number is asked for only where such a unit was fitted."""


def photos_asked(listed: Sequence[str], fitted: Collection[str]) -> list[str]:
    """Of the kinds of photos that are asked for those of one vehicle; `fitted` are the kinds of units that were put into it."""
    return [one for one in listed if one not in SHOWS_UNIT or SHOWS_UNIT[one] in fitted]


SHORTEST_SIGNATURE = 0.3
"""How much line a signature needs, as a share of the field's width: less is a dot or a slip of the finger."""
MOST_POINTS = 20_000
MOST_MEASURED = 6
"""How many numbers a point has at most."""

Point = Sequence[float]
"""x and y as shares of the field's width (0 to 1, y downwards), then whatever the device measured besides: time, pressure."""


def is_drawn(points: Any) -> bool:
    """Whether strokes, each a list of points, are a signature rather than a dot."""
    if not isinstance(points, list) or not all(_is_stroke(stroke) for stroke in points):
        return False
    if sum(len(stroke) for stroke in points) > MOST_POINTS:
        return False
    return sum(_length(stroke) for stroke in points) >= SHORTEST_SIGNATURE


def _is_stroke(stroke: Any) -> bool:
    return isinstance(stroke, list) and all(
        isinstance(point, list)
        and 2 <= len(point) <= MOST_MEASURED
        and all(_is_share(value) for value in point[:2])
        and all(_is_number(value) for value in point[2:])
        for point in stroke
    )


def _is_share(value: Any) -> bool:
    return _is_number(value) and -0.1 <= value <= 1.1


def _is_number(value: Any) -> bool:
    """A number that can be kept: not true or false, not infinite, not NaN."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and -1e15 < value < 1e15


def _length(stroke: Sequence[Point]) -> float:
    return sum(math.dist(a[:2], b[:2]) for a, b in pairwise(stroke))
