"""When to come: of the windows that could be promised, those that keep the plan cheap, while the customer is on the phone.

Each open day stands with its routes, and with a rough place for what waits for it (`urgent.fill`) and for windows that are held
for somebody else. Nobody comes late for a new promise. A window whose people are nearly full keeps a reserve for urgent jobs: the
last of it has a price.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from dispatch.routing.in_memory import CALM, RoutesInMemory
from dispatch.routing.model import Id, Job, Span
from dispatch.routing.search.lanes import taken_between
from dispatch.routing.urgent import Taker, who_now

MOST_OFFERS = 3
RESERVE = 0.15
"""So much of the time of those who could come is kept free."""
RESERVE_S = 3600
"""What the last of it is worth, in seconds on the road."""
LATER_S = 900
"""What each day of waiting is worth."""


@dataclass(frozen=True)
class OpenDay:
    """A day on which somebody could come, and the windows that could be promised. The standing keeps to the terms CALM."""

    day: date
    standing: RoutesInMemory
    windows: tuple[Span, ...]


@dataclass(frozen=True)
class Offer:
    """A window that can be promised: who would come and begin when, as the plan stands; seconds on the road more, and what the
    window costs with waiting and reserve. `after` and `before`: the jobs it would stand between (None: his home)."""

    day: date
    window: Span
    technician: Id
    start: int
    extra_travel_s: int
    price: int
    reserve_s: int = 0
    after: Id | None = None
    before: Id | None = None


def offers(days: Sequence[OpenDay], job: Job, *, most: int = MOST_OFFERS) -> list[Offer]:
    """The cheapest windows, by time. `job` is not in any plan yet; windows of its own are not asked about."""
    found = sorted(_possible(days, job), key=lambda offer: (offer.price, offer.day, offer.window))
    return sorted(found[:most], key=lambda offer: (offer.day, offer.window))


def _possible(days: Sequence[OpenDay], job: Job) -> Iterator[Offer]:
    for number, one in enumerate(days):
        for window in one.windows:
            offer = offered(one, window, job)
            if offer is not None:
                yield replace(offer, price=offer.price + number * LATER_S)


def offered(one: OpenDay, window: Span, job: Job) -> Offer | None:
    """What a window would cost; None if nobody can keep it."""
    asked = replace(job, windows=(window,), pinned_start=None)
    with one.standing.lock:
        best = who_now(one.standing, asked, most=1, terms=CALM, swaps=False).best
        price = _reserve(one.standing, asked, window) if best else 0
    if not best:
        return None
    return _told(one, window, best[0], price)


def _told(one: OpenDay, window: Span, taker: Taker, reserve: int) -> Offer:
    his = one.standing.orders[one.standing.number[taker.technician]]
    after = his[taker.position - 1].id if taker.position else None
    before = his[taker.position].id if taker.position < len(his) else None
    price = taker.extra_travel_s + reserve
    return Offer(one.day, window, taker.technician, taker.start, taker.extra_travel_s, price, reserve, after, before)


def _reserve(standing: RoutesInMemory, job: Job, window: Span) -> int:
    """What is asked for the room that is kept for urgent jobs."""
    sums = np.zeros(2, dtype=np.int64)
    taken_between(standing.lanes, standing.able(job), *window, standing.desk, sums)
    there, taken = int(sums[0]), int(sums[1]) + job.minutes * 60
    free = max(0.0, 1 - taken / there) if there else 0.0
    return round(RESERVE_S * max(0.0, 1 - free / RESERVE))


def windows_between(opens: int, closes: int, length: int) -> tuple[Span, ...]:
    """The windows of that length that one after the other fill the hours; a rest of less than half of one joins the last."""
    starts = list(range(opens, max(opens + 1, closes - length // 2 + 1), length))
    return tuple(zip(starts, [*starts[1:], closes], strict=True))
