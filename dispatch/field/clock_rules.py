"""How much a phone's clock is off, measured by the server, and which measure corrects the time of a fact.

What is measured is the phone's time as it sends less the server's as it receives: the clock's offset less the time on the way.
So of several measures the greatest is the best, and one that differs by more than a journey can last says that the clock was
set.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

MOST_MEASURES = 5
SET_MS = 90_000
"""No request takes longer than this: a greater step is the clock's own."""
SLACK = timedelta(milliseconds=SET_MS)


def measured(sent_at: datetime, received_at: datetime) -> int:
    """One measure, in milliseconds: plus for a clock that is ahead."""
    return round((sent_at - received_at) / timedelta(milliseconds=1))


def with_measure(measures: Sequence[int], new: int) -> list[int]:
    """The measures that count after a new one: the last few, none from before the clock was set."""
    before = list(measures)
    if before and abs(new - offset_of(before)) > SET_MS:
        return [new]
    return [*before, new][-MOST_MEASURES:]


def offset_of(measures: Sequence[int]) -> int:
    """How much the clock is off by these measures, in milliseconds."""
    return max(measures, default=0)


def offset_for(device_at: datetime, offsets: Sequence[int], *, since: datetime | None, until: datetime) -> int:
    """Of the offsets that were measured, the newest first, the one by which a fact fits between what came before it and now.

    The clock may have been set between the fact and its sending: then the offset from before is the right one.
    """
    for offset in offsets:
        moment = device_at - timedelta(milliseconds=offset)
        if moment <= until + SLACK and (since is None or moment >= since - SLACK):
            return offset
    return offsets[0] if offsets else 0
