"""When a technician is where, slow and plain: every lunch that can be is tried, before and after every drive. For tests only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

Way = tuple[int, int]
"""(moment, price)"""


def cheapest_day(a: Any, who: int, stops: Sequence[int], waits: tuple[int, int] | None = None) -> Way | None:
    """(home, price) of the cheapest way through the stops, the earliest of equals; None if there is none.

    `waits`: a stop that somebody waits for, and the price of each second until it is done.
    """
    lunches = (
        [None] if a.lunch[who, 1] < 0 else [None, *((gap, first) for gap in range(len(stops) + 1) for first in (True, False))]
    )
    ways = [way for lunch in lunches if (way := _day(a, who, stops, lunch, waits)) is not None]
    return min(ways, key=lambda way: (way[1], way[0]), default=None)


def _day(a: Any, who: int, stops: Sequence[int], lunch: tuple[int, bool] | None, waits: tuple[int, int] | None) -> Way | None:
    """The day with lunch on that leg, eaten first or after the drive."""
    jobs = len(a.priority)
    legs = list(zip([jobs + who, *stops], [*stops, jobs + who], strict=True))
    now, price = int(a.shift[who, 0]), 0
    for gap, (before, after) in enumerate(legs):
        eats = lunch[1] if lunch and lunch[0] == gap else None
        there = _there(a, who, now, before, after, eats)
        step = (
            None
            if there is None
            else _stop(a, who, before, after, there, forgiven=_forgiven(a, before, after), ate=eats is not None)
        )
        if step is None:
            return None
        now, price = step[0], price + step[1]
        if waits and after == waits[0]:
            price += waits[1] * (now - int(a.not_before))
    due = a.lunch[who, 1] >= 0 and lunch is None and now > a.lunch[who, 1]
    return None if due else (now, price)


def _there(a: Any, who: int, now: int, before: int, after: int, eats_first: bool | None) -> int | None:
    settled = after >= len(a.priority) or a.pinned[after] >= 0
    not_before, drive = 0 if settled else int(a.not_before), int(a.drive[before, after])
    earliest, latest, pause = (int(number) for number in a.lunch[who])
    if eats_first is None:
        return max(now, not_before) + drive
    if eats_first:
        at = max(now, earliest)
        return max(at + pause, not_before) + drive if at <= latest else None
    at = max(max(now, not_before) + drive, earliest)
    return at + pause if at <= latest else None


def _forgiven(a: Any, before: int, after: int) -> bool:
    jobs = len(a.priority)
    known = [stop for stop in (before, after) if stop < jobs]
    return bool(known) and all(a.pinned[stop] >= 0 for stop in known)


def _stop(a: Any, who: int, before: int, after: int, there: int, *, forgiven: bool, ate: bool) -> Way | None:
    if after >= len(a.priority):
        over = max(0, there - int(a.shift[who, 1]))
        if forgiven:
            return there, 0
        return (there, over * int(a.over_price[who])) if over <= a.over[who] else None
    here = before < len(a.priority) and a.place[before] == a.place[after]
    work = int(a.work[a.pace[who], after]) + (0 if here else int(a.setup[after]))
    if forgiven and not ate:
        return max(int(a.pinned[after]) + work, there - int(a.drive[before, after])), 0
    begun = min(_starts(a, after, there), default=None)
    return None if begun is None else (begun[0] + work, begun[1])


def _starts(a: Any, job: int, there: int) -> Iterator[Way]:
    """Every window that can be kept, else as late as the promise may be broken."""
    spans = [(int(a.opens[k]), int(a.closes[k])) for k in range(a.first[job], a.first[job + 1])]
    kept = [max(there, opens) for opens, closes in spans if max(there, opens) <= closes]
    yield from ((start, 0) for start in kept)
    if not spans:
        yield there, 0
    elif not kept and there <= (last := max(closes for _, closes in spans)) + a.late[job]:
        yield there, max(0, there - last) * int(a.late_price[job])
