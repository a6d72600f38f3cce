"""The rules of time on the road, in whole seconds: the one text of them.

The timetable that people see runs these functions as they stand, the search runs the same ones compiled: each is plain arithmetic
and calls none of the others, so that both can be made of one text. `NEVER` is later than any moment.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Moments = Sequence[int] | npt.NDArray[np.int64]

NEVER = 1 << 40
NO_WAY = -1
"""As an answer to "how late may he be": not even at midnight."""


def ate_and_there(ready: int, not_before: int, drive: int, earliest: int, latest: int, pause: int) -> int:
    """Earliest moment of being there and having eaten, before or after the drive; NEVER if lunch would be too late."""
    at = max(ready, earliest)
    if at > latest:
        return NEVER
    leave = max(ready, not_before)
    there = leave + drive
    ate_first = max(at + pause, leave) + drive
    return ate_first if there > latest else min(ate_first, max(there, earliest) + pause)


def hungry_until(by: int, drive: int, earliest: int, latest: int, pause: int) -> int:
    """The latest moment of setting out hungry from which somebody is there, fed, at `by`: `ate_and_there` the other way round."""
    eats_first = min(latest, by - pause - drive) if earliest + pause + drive <= by else NO_WAY
    eats_there = min(latest, by - pause) - drive if earliest + pause <= by else NO_WAY
    return max(eats_first, eats_there)


def start_from(at: int, opens: Moments, closes: Moments, first: int, end: int, late: int) -> int:
    """The first moment from `at` on when work may start: windows number `first` to `end` (none: any time).

    A promise may be broken by up to `late` seconds after the last window has closed; a wall (0) may not.
    """
    if first == end:
        return at
    start, last = NEVER, 0
    for k in range(first, end):
        if at <= closes[k] and max(at, opens[k]) <= closes[k]:
            start = min(start, max(at, opens[k]))
        last = max(last, closes[k])
    return at if start == NEVER and last < at <= last + late else start


def arrival_until(by: int, opens: Moments, closes: Moments, first: int, end: int, late: int) -> int:
    """The latest arrival after which work can start at `by` or before: `start_from` the other way round."""
    if first == end:
        return by
    until, last = NO_WAY, 0
    for k in range(first, end):
        if opens[k] <= min(by, closes[k]):
            until = max(until, min(by, closes[k]))
        last = max(last, closes[k])
    return max(until, min(by, last + late)) if late > 0 and by > last else until


def stood_until(pinned: int, work: int, arrival: int, drive: int) -> int:
    """The end of work that somebody settled: its start is a fact. Of two settled jobs that overlap, the later end counts."""
    return max(pinned + work, arrival - drive)
