"""An urgent job: who can take it now, when he is there, who comes late through it, and who less urgent could make room.

Every place in everybody's route is weighed exactly (`search.joining`). What a place costs is in `standing.Terms`: the detour, the
time until the job is done, promises that are broken, and that it is he who goes (`prices.dear_for`). Everybody takes as long as
he needs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dispatch.routing.alike import Alike
from dispatch.routing.in_memory import OUT_OF_QUESTION, RoutesInMemory, Terms
from dispatch.routing.model import Id, Job
from dispatch.routing.prices import dear_for
from dispatch.routing.search.joining import (
    AT,
    OUT,
    PRICE,
    WHO,
    Extra,
    bounds,
    bounds_of_room,
    laid_out_with,
    laid_with_both,
    room_makers,
    stays_with,
)
from dispatch.routing.search.joining import takers as best_places
from dispatch.routing.search.lanes import written
from dispatch.routing.search.tables import Ints
from dispatch.routing.search.timing import NEVER
from dispatch.routing.suits import parts_missing, sort_key

_Bound = Callable[..., Any]
_Search = Callable[..., int]
MOST_TAKERS = 10
ROOMS_WEIGHED = 5
"""Of so many ways to make room it is looked where the bumped job could go."""


@dataclass(frozen=True)
class Late:
    """Somebody to whom he comes too late: by how much after the promised time, and by how much he would have anyway."""

    job: Id
    by_s: int
    before_s: int


@dataclass(frozen=True)
class Taker:
    """A technician for the job as stop number `position`: when he is there, what it costs, what his bag lacks.

    `starts`: when each stop of his route would begin, the job among them; `over_s`: how long after his shift he is home.
    """

    technician: Id
    position: int
    arrive: int
    start: int
    extra_travel_s: int
    price: int
    late: tuple[Late, ...] = ()
    lacking: Mapping[str, int] = field(default_factory=dict)
    starts: Mapping[Id, int] = field(default_factory=dict)
    over_s: int = 0


@dataclass(frozen=True)
class Swap:
    """The same where the job `bumped` makes room. It then goes to `to`, to be begun at `to_starts[bumped]`, one of all his
    starts; to nobody where that is None. `price` counts all of it.
    """

    taker: Taker
    bumped: Id
    to: Id | None
    to_starts: Mapping[Id, int]
    to_extra_travel_s: int
    price: int


@dataclass(frozen=True)
class Takers:
    """The cheapest first; the swap is the cheapest of those that were weighed to their end."""

    best: tuple[Taker, ...]
    swap: Swap | None = None


def who_now(
    standing: RoutesInMemory, job: Job, *, most: int = MOST_TAKERS, terms: Terms | None = None, swaps: bool = True
) -> Takers:
    """Who can take one more job, over all routes. Raises ValueError where the roads do not know its place."""
    with standing.lock:
        return _Question(standing, job, terms or standing.terms).answer(most, swaps=swaps)


def fill(standing: RoutesInMemory, jobs: Iterable[Job]) -> list[Job]:
    """Gives each job its cheapest place, the most urgent first, so that nobody comes late: a rough plan, but a possible one.

    Returns the jobs that fit nowhere.
    """
    left = []
    with standing.lock:
        for job in sorted(jobs, key=sort_key):
            found = who_now(standing, job, most=1, terms=standing.terms.calm, swaps=False).best
            if found:
                standing.put(found[0].technician, found[0].position, job)
            else:
                left.append(job)
    return left


class _Question:
    """One job that is asked about."""

    def __init__(self, standing: RoutesInMemory, job: Job, terms: Terms) -> None:
        self.standing, self.job, self.terms = standing, job, terms
        self.extra = standing.ask(job, terms)
        self.lanes, self.desk = standing.lanes, standing.desk

    def answer(self, most: int, *, swaps: bool) -> Takers:
        """Everything."""
        rows = self._rows(self.job, self.extra, most)
        return Takers(tuple(self._taker(row) for row in rows), self._swap() if swaps else None)

    def _rows(self, job: Job, extra: Extra, most: int) -> Ints:
        """The best places, whoever needs how long."""
        rows = self._of_each(job, extra, most, bounds, best_places)
        return rows[rows[:, PRICE] < OUT_OF_QUESTION // 2]

    def _of_each(self, job: Job, extra: Extra, most: int, bound: _Bound, search: _Search) -> Ints:
        """The best of what is found among those who take the same time at the same price, the cheapest first."""
        found = [self._of_these(job, extra, alike, most, bound, search) for alike in self.standing.alike(job)]
        rows = np.concatenate([_paper(0), *found])
        return rows[np.lexsort((rows[:, WHO], rows[:, PRICE]))][:most]

    def _of_these(self, job: Job, extra: Extra, alike: Alike, most: int, bound: _Bound, search: _Search) -> Ints:
        found, at_least = _paper(most), np.empty(len(self.standing.days), dtype=np.int64)
        extra = extra._replace(able=extra.able * alike.who)
        if not extra.able.any():
            return found[:0]
        self.standing.take_time(extra.slot, job, alike.pace)
        bound(self.lanes, extra, at_least)
        rows = found[: search(self.lanes, extra, np.argsort(at_least), at_least, self.desk, found)]
        rows[:, PRICE] += alike.dear
        return rows

    def _given(self, slot: int, job: Job, who: int) -> None:
        """From here on a job takes as long as this technician needs."""
        self.standing.take_time(slot, job, self.standing.days[who].technician.pace_of(job))

    def _dear(self, job: Job, who: int) -> int:
        return dear_for(self.standing.days[who].technician, job, self.standing.problem.prices)

    def _taker(self, row: Ints) -> Taker:
        who, at, out = int(row[WHO]), int(row[AT]), int(row[OUT])
        bag = self.standing.days[who].bag
        self._given(self.extra.slot, self.job, who)
        joined = self._joined(who, at, out)
        count = laid_out_with(self.lanes, self.extra, who, at, out, self.desk)
        extra = int(self.desk.legs[: count + 1].sum() - self.lanes.leg[who, : len(self.standing.orders[who]) + 1].sum())
        home = int(written(self.lanes, who, self.desk, count, self.extra.slot, self.extra.wait))
        arrive, start = int(self.desk.arrive[at]), int(self.desk.start[at])
        starts = self._starts(joined)
        return Taker(
            technician=self.standing.days[who].technician.id,
            position=at,
            arrive=arrive,
            start=start,
            extra_travel_s=extra,
            price=int(row[PRICE]),
            late=tuple(self._late(who, starts)),
            lacking=parts_missing(bag, [job for job in joined if job is not self.job], self.job),
            starts=starts,
            over_s=max(0, home - self.standing.days[who].technician.shift[1]),
        )

    def _late(self, who: int, starts: Mapping[Id, int]) -> Iterator[Late]:
        """Who comes late that would not, or not as much, without the job."""
        late = {job.id: by for job in self.standing.orders[who] if (by := _after(job, starts.get(job.id, 0)))}
        before = self.standing.starts_of(who) if late else {}
        for job in self.standing.orders[who]:
            anyway = _after(job, before.get(job.id, 0))
            if late.get(job.id, 0) > anyway:
                yield Late(job.id, late[job.id], anyway)

    def _swap(self) -> Swap | None:
        """Of the cheapest ways to make room, the one that is cheapest when the bumped job has its new place."""
        room = self.extra._replace(able=self.standing.able(self.job) * self.standing.has_room(leaving=1))
        found = self._of_each(self.job, room, ROOMS_WEIGHED, bounds_of_room, room_makers)
        ways = [(self._moved(row), row) for row in found]
        if not ways:
            return None
        (price, to, extra, starts, bumped), row = min(ways, key=lambda way: way[0][0])
        return Swap(self._taker(row), bumped, to, starts, extra, price)

    def _moved(self, row: Ints) -> tuple[int, Id | None, int, Mapping[Id, int], Id]:
        """(price of all, to whom, seconds on the road more, all his starts, job) for the bumped job at its cheapest new place."""
        who, out = int(row[WHO]), int(row[OUT])
        bumped, slot = self.standing.orders[who][out], self.standing.slot(who, out)
        saved = int(self.lanes.leg[who, out] + self.lanes.leg[who, out + 1] - self.lanes.skip[who, out])
        so_far = int(row[PRICE]) - saved
        other = self.standing.joining(bumped, slot, self.terms.calm, but=who)
        places = self._rows(bumped, other, 1)
        places[:, PRICE] -= self._dear(bumped, who)
        self._given(self.extra.slot, self.job, who)
        self._given(slot, bumped, who)
        price, at = stays_with(self.lanes, self.extra, who, int(row[AT]), out, other, self.desk)
        if not self._bag_holds_both(who, slot) or not self.standing.has_room()[who]:
            price = NEVER
        if len(places) and places[0, PRICE] < price:
            return so_far + int(places[0, PRICE]), *self._told(other, bumped, int(places[0, WHO]), int(places[0, AT])), bumped.id
        if price < NEVER:
            return so_far + price, *self._stayed(row, other, at), bumped.id
        return so_far + self.terms.lost * bumped.priority, None, 0, {}, bumped.id

    def _bag_holds_both(self, who: int, slot: int) -> bool:
        """Whether the bag still has what the bumped job takes, after the urgent one."""
        lanes = self.lanes
        left = lanes.left[who] - lanes.parts[self.extra.slot]
        return not bool(((left < 0) & (lanes.parts[slot] > 0)).any())

    def _told(self, other: Extra, bumped: Job, to: int, at: int) -> tuple[Id, int, Mapping[Id, int]]:
        """(to whom, seconds on the road more, all his starts) with somebody else."""
        self._given(other.slot, bumped, to)
        count = laid_out_with(self.lanes, other, to, at, -1, self.desk)
        written(self.lanes, to, self.desk, count, other.slot, 0)
        extra = int(self.desk.legs[: count + 1].sum() - self.lanes.leg[to, :count].sum())
        jobs = self.standing.orders[to]
        self._given(other.slot, bumped, other.slot // self.lanes.skip.shape[1])
        return self.standing.days[to].technician.id, extra, self._starts([*jobs[:at], bumped, *jobs[at:]])

    def _starts(self, jobs: Sequence[Job]) -> dict[Id, int]:
        """What stands on the desk."""
        return dict(zip((job.id for job in jobs), self.desk.start.tolist(), strict=False))

    def _stayed(self, row: Ints, other: Extra, at: int) -> tuple[Id, int, Mapping[Id, int]]:
        """The same with the one who had it, at another time of his day."""
        who, out = int(row[WHO]), int(row[OUT])
        count = laid_out_with(self.lanes, self.extra, who, int(row[AT]), out, self.desk)
        shorter = int(self.desk.legs[: count + 1].sum())
        count = laid_with_both(self.lanes, self.extra, who, int(row[AT]), out, other, at, self.desk)
        written(self.lanes, who, self.desk, count, other.slot, 0)
        extra = int(self.desk.legs[: count + 1].sum()) - shorter
        jobs = self._joined(who, int(row[AT]), out)
        return (
            self.standing.days[who].technician.id,
            extra,
            self._starts([*jobs[:at], self.standing.orders[who][out], *jobs[at:]]),
        )

    def _joined(self, who: int, at: int, out: int) -> list[Job]:
        """A route with the job in it, and without who makes room."""
        others = [job for k, job in enumerate(self.standing.orders[who]) if k != out]
        return [*others[:at], self.job, *others[at:]]


def _paper(rows: int) -> Ints:
    return np.zeros((rows, 4), dtype=np.int64)


def _after(job: Job, start: int) -> int:
    """By how much a start is later than what was promised."""
    if job.pinned_start is not None or not job.windows:
        return 0
    return min(max(0, start - closes) for _opens, closes in job.windows)
