"""What every search does with its rows of stops, its paper and its sums, whatever it searches for."""

from __future__ import annotations

from dispatch.routing.search.compiled import compiled
from dispatch.routing.search.tables import Flags, Ints

TOUCHED = 0
"""Place in a desk's `counts`: how many people's rows have changed."""


@compiled
def touch(counts: Ints, touched: Ints, is_touched: Flags, who: int) -> None:
    """Remembers that somebody's row changes."""
    if not is_touched[who]:
        is_touched[who] = 1
        touched[counts[TOUCHED]] = who
        counts[TOUCHED] += 1


@compiled
def close_gap(stops: Ints, many: Ints, who: int, k: int) -> None:
    """Takes stop k out of a row."""
    for i in range(k, many[who] - 1):
        stops[who, i] = stops[who, i + 1]
    many[who] -= 1


@compiled
def make_room(stops: Ints, many: Ints, who: int, k: int, stop: int) -> None:
    """Puts a stop before stop k of a row."""
    for i in range(many[who], k, -1):
        stops[who, i] = stops[who, i - 1]
    stops[who, k] = stop
    many[who] += 1


@compiled
def is_less(these: Ints, those: Ints) -> bool:
    """Whether the first sums are better: by the first of them, of equals by the second."""
    if these[0] != those[0]:
        return these[0] < those[0]
    return these[1] < those[1]
