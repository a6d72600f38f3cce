"""A signature as it was drawn: strokes of points. No database here."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

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


def read_strokes(text: str) -> list[Any]:
    """What a page sends for a signature: its strokes, or nothing where none was drawn."""
    try:
        points = json.loads(text)
    except (ValueError, RecursionError):
        return []
    return points if is_drawn(points) else []
