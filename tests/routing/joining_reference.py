"""One more job in everybody's routes, slow and plain: every place is driven with every lunch. For tests and measuring only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from random import Random
from typing import Any

import numpy as np

from dispatch.routing import Job, Lunch, Plan, Problem, Roads, Route, Stop, Technician
from dispatch.routing.in_memory import RoutesInMemory, Terms
from dispatch.routing.prices import dear_for
from dispatch.routing.roads import places_of
from dispatch.routing.search.tables import UNPINNED, tables_of
from dispatch.routing.suits import parts_missing
from dispatch.routing.timetable import Day, days_of, passable
from dispatch.routing.urgent import MOST_TAKERS, ROOMS_WEIGHED, who_now
from tests.routing.reference import cheapest_day
from tests.routing.town import HOUR, MINUTE, shop

ASKED = "urgent"
LINKS = (*[None] * 8, "fleet")
Found = tuple[int, int, int]
"""(price, technician's number, position)"""


class Weighed:
    """A problem with the job in it, and the routes as they stand."""

    def __init__(self, problem: Problem, orders: Sequence[Sequence[Job]], job: Job, roads: Roads, terms: Terms) -> None:
        self.whole = replace(problem, jobs=(*problem.jobs, job))
        self.days = list(days_of(problem, roads).values())
        self.orders, self.job, self.terms = orders, job, terms
        self.number = {one.id: k for k, one in enumerate(self.whole.jobs)}
        self.tables = self._tables(roads)

    def _tables(self, roads: Roads) -> Any:
        a, terms = tables_of(self.whole, roads), self.terms
        promises = [one.pinned_start is None and bool(one.windows) for one in self.whole.jobs]
        for who, day in enumerate(self.days):
            if day.lunch is None:
                a.lunch[who] = (1 << 40, -1, -1)
        return a._replace(
            late=np.array(promises, dtype=np.int64) * terms.late_most_s,
            late_price=np.full(len(promises), terms.late_price),
            over=np.maximum(a.over, terms.over_most_s),
            over_price=np.where(a.over > 0, a.over_price, terms.over_price),
        )

    def price(self, who: int, jobs: Sequence[Job], waited_for: Job | None = None) -> int | None:
        """Of a day with these jobs in their order, seconds on the road not counted."""
        waits = (self.number[waited_for.id], self.terms.wait) if waited_for else None
        way = cheapest_day(self.tables, who, [self.number[one.id] for one in jobs], waits)
        return None if way is None else way[1]

    def road(self, who: int, jobs: Sequence[Job]) -> int:
        """Seconds on the road."""
        rows = [len(self.whole.jobs) + who, *(self.number[one.id] for one in jobs)]
        return sum(int(self.tables.drive[a, b]) for a, b in zip(rows, [*rows[1:], rows[0]], strict=True))

    def places(self, who: int, jobs: Sequence[Job], job: Job) -> Iterator[tuple[int, int]]:
        """(price, position) of each place for a job in a route, part and those who make room not counted."""
        before, most = self.price(who, jobs), self.days[who].technician.max_stops
        if most is not None and len(jobs) >= most:
            return
        for at in range(len(jobs) + 1):
            longer = [*jobs[:at], job, *jobs[at:]]
            price = self.price(who, longer, job if job is self.job else None)
            if price is not None and before is not None:
                yield price - before + self.road(who, longer) - self.road(who, jobs) + self.dear(who, job), at

    def dear(self, who: int, job: Job) -> int:
        """What it costs that he does it."""
        return dear_for(self.days[who].technician, job, self.whole.prices)

    def lack(self, who: int, jobs: Sequence[Job], job: Job) -> int:
        """What a part that lacks costs."""
        return self.terms.lacking if parts_missing(self.days[who].bag, jobs, job) else 0

    def able(self, job: Job) -> list[int]:
        """Who may do it."""
        holders = {who for who, jobs in enumerate(self.orders) if any(one.linked == job.linked for one in jobs)}
        apart = holders if job.linked is not None else set()
        return [who for who in range(len(self.days)) if self.tables.able[who, self.number[job.id]] and apart <= {who}]

    def takers(self) -> list[Found]:
        """The cheapest place of everybody, the cheapest first."""
        found = []
        for who in self.able(self.job):
            jobs = self.orders[who]
            lack = self.lack(who, jobs, self.job)
            found += [min((price + lack, who, at) for price, at in [*self.places(who, jobs, self.job)] or [(1 << 41, 0)])]
        return sorted(one for one in found if one[0] < 1 << 40)

    def swap(self, weighed: int) -> int | None:
        """The price of the cheapest swap of so many that are weighed to their end."""
        rooms = sorted(filter(None, map(self._room, self.able(self.job))))[:weighed]
        return min((self._ended(*room) for room in rooms), default=None)

    def _room(self, who: int) -> tuple[int, int, int, int] | None:
        """(price, who, out, at) of somebody's cheapest way to let another make room."""
        jobs, owed, found = self.orders[who], self.price(who, self.orders[who]) or 0, []
        most = self.days[who].technician.max_stops
        if most is not None and len(jobs) - 1 >= most:
            return None
        for out, other in enumerate(jobs):
            if other.pinned_to is not None or other.linked is not None or other.priority >= self.job.priority:
                continue
            left = [*jobs[:out], *jobs[out + 1 :]]
            fixed = self.lack(who, left, self.job) + self.terms.bump * other.priority + self.dear(who, self.job)
            for at in range(len(left) + 1):
                longer = [*left[:at], self.job, *left[at:]]
                price = self.price(who, longer, self.job)
                if price is not None:
                    found.append((price - owed + self.road(who, longer) - self.road(who, left) + fixed, who, out, at))
        return min(found, default=None)

    def _ended(self, price: int, who: int, out: int, at: int) -> int:
        jobs, bumped = self.orders[who], self.orders[who][out]
        left = [*jobs[:out], *jobs[out + 1 :]]
        price -= self.road(who, jobs) - self.road(who, left)
        mine = [*left[:at], self.job, *left[at:]]
        ways = [
            cost - self.dear(who, bumped)
            for to in self.able(bumped)
            for cost, _at in self.places(to, mine if to == who else self.orders[to], bumped)
            if not self._lacks(to, who, mine, bumped)
        ]
        return price + min(ways, default=self.terms.lost * bumped.priority)

    def _lacks(self, to: int, who: int, mine: Sequence[Job], bumped: Job) -> bool:
        """Whether his bag lacks what the bumped job takes; the urgent one was served first, whatever it lacks itself."""
        return bool(parts_missing(self.days[to].bag, mine if to == who else self.orders[to], bumped))


def case_by_chance(chance: Random) -> tuple[Problem, list[list[Job]], Job, Roads]:
    """A few people with routes that can be driven, on roads that are no two ways alike, and an urgent job."""
    people = tuple(_technician(chance, number) for number in range(chance.randint(1, 12)))
    jobs = tuple(_job(chance, number, len(people)) for number in range(chance.randint(0, 4 * len(people))))
    asked = Job(
        ASKED,
        shop(chance.randint(0, 30)),
        chance.randint(5, 60),
        chance.choice([0, 10]),
        tuple(_spans(chance, chance.choice([0, 0, 1, 2]))),
        chance.randint(2, 9),
        {"repair": 1} if chance.random() < 0.5 else {},
        {"sim": 1} if chance.random() < 0.5 else {},
        preferred=tuple(chance.sample(range(len(people)), chance.choice([0, 0, 1]))),
        linked=chance.choice(LINKS),
    )
    problem = Problem(people, jobs, not_before=chance.choice([None, 9 * HOUR, 11 * HOUR, 13 * HOUR]))
    places = list(dict.fromkeys([*places_of(problem), asked.at]))
    seconds = np.array([[chance.randint(1, 30) * MINUTE if a != b else 0 for a in places] for b in places], dtype=np.int64)
    roads = Roads(places, seconds, seconds)
    return problem, _orders(chance, problem, roads), asked, roads


def _technician(chance: Random, number: int) -> Technician:
    opens, earliest = chance.randint(7, 10) * HOUR, chance.randint(11, 13) * HOUR
    lunch = Lunch(earliest, earliest + chance.randint(0, 2) * HOUR, chance.choice([30, 45, 60]))
    skills, bag = {"repair": chance.randint(0, 2)}, {"sim": chance.randint(0, 3)}
    home, shift = shop(100 + number), (opens, opens + chance.randint(6, 10) * HOUR)
    own = {
        "pace": chance.choice([100, 100, 85, 130]),
        "overtime_minutes": chance.choice([0, 0, 45]),
        "overtime_price": chance.choice([1, 5]),
        "max_stops": chance.choice([None, None, None, 3]),
        "open_end": chance.random() < 0.2,
    }
    return Technician(number, home, shift, chance.choice([None, lunch, lunch, lunch]), skills, bag, **own)


def _spans(chance: Random, many: int) -> Iterator[tuple[int, int]]:
    for _ in range(many):
        opens = chance.randint(14, 34) * HOUR // 2
        yield opens, opens + chance.randint(1, 6) * HOUR // 2


def _job(chance: Random, number: int, people: int) -> Job:
    pins = chance.choice([(None, None)] * 6 + [(0, None), (0, chance.randint(16, 32) * HOUR // 2), (None, 12 * HOUR)])
    who = chance.randrange(people) if pins[0] is not None else None
    windows = tuple(_spans(chance, chance.choice([0, 0, 1, 2])))
    parts = {"sim": 1} if chance.random() < 0.3 else {}
    at, minutes, setup = shop(chance.randint(0, 30)), chance.randint(10, 90), chance.choice([0, 10])
    wanted = {"preferred": (chance.randrange(people),) if chance.random() < 0.3 else (), "linked": chance.choice(LINKS)}
    return Job(number, at, minutes, setup, windows, chance.randint(1, 6), {}, parts, who, pins[1], **wanted)


def _orders(chance: Random, problem: Problem, roads: Roads) -> list[list[Job]]:
    """Every settled job stands with its technician; the others where they fit, each somewhere by chance."""
    days = list(days_of(problem, roads).values())
    orders = [list(day.settled) for day in days]
    for job in problem.jobs:
        if job.settled:
            continue
        who = chance.randrange(len(days)) if job.pinned_to is None else int(job.pinned_to)
        at = chance.randint(0, len(orders[who]))
        longer = [*orders[who][:at], job, *orders[who][at:]]
        if _stands(days[who], longer):
            orders[who] = longer
    return orders


def _stands(day: Day, jobs: Sequence[Job]) -> bool:
    return passable(day, jobs) is not None


def plan_of(problem: Problem, orders: Sequence[Sequence[Job]]) -> Plan:
    """The orders as a plan; what times stand in it plays no part."""
    return Plan(tuple(_route(one.id, jobs) for one, jobs in zip(problem.technicians, orders, strict=True) if jobs))


def _route(who: Any, jobs: Sequence[Job]) -> Route:
    return Route(who, 0, 0, tuple(Stop(job.id, 0, job.pinned_start or UNPINNED, 0, 0) for job in jobs), None, 0, 0)


TERMS = (Terms(), Terms(wait=0), Terms(late_most_s=0, lacking=600), Terms(over_most_s=3600, late_price=1, bump=0))


def agrees(seed: int) -> bool:
    """Whether everybody's best place and the swap of a case are those of brute force: the same prices, the same people."""
    problem, orders, job, roads = case_by_chance(Random(seed))
    terms = TERMS[seed % len(TERMS)]
    found = who_now(RoutesInMemory(problem, plan_of(problem, orders), roads, terms), job)
    slow = Weighed(problem, orders, job, roads, terms)
    best = [(one.price, one.technician, one.position) for one in found.best]
    return best == slow.takers()[:MOST_TAKERS] and (found.swap and found.swap.price) == slow.swap(ROOMS_WEIGHED)
