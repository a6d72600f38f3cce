"""Mending a plan near one place: a few stops are taken out and given again, each where all that people notice costs least.

Exact and by the timetable itself, so that whatever is settled, late or long is weighed as it is. A neighbourhood is small enough.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from random import Random
from time import monotonic

from dispatch.routing.insertion import detours
from dispatch.routing.model import Id, Job, Plan, Problem, Route, Unserved
from dispatch.routing.notice import Scales
from dispatch.routing.search.run import Effort
from dispatch.routing.standing import AT_LAST, Situation
from dispatch.routing.suits import sort_key, suits
from dispatch.routing.timetable import Day, days_of, timetable

MOST_PEOPLE = 14
MOST_REMOVED = 4
POSITIONS = 3
"""How many places of a route are weighed for a job, the shortest detours first."""
WAITING = 3
"""How many of the jobs that nobody has are tried again in a round."""
HOT = 900.0
"""Seconds on the road: how much worse a plan may become at first."""

Jobs = tuple[Job, ...]
Weighed = tuple[int, Route | None]


class Repair:
    """The neighbourhood of some jobs, and the best found so far."""

    def __init__(self, of: Situation, problem: Problem, alone: Plan, scales: Scales, focus: Iterable[Id], seed: int) -> None:
        self.problem = problem
        self.of, self.scales, self.chance = of, scales, Random(seed)  # noqa: S311
        self.jobs = {job.id: job for job in problem.jobs}
        self.days = days_of(problem, of.roads)
        self.calm = {job.id: list(_calm(of, job, scales.prices.tolerance_s)) for job in problem.jobs}
        self.memo: dict[tuple[Id, tuple[Id, ...]], Weighed | None] = {}
        self.now: dict[Id, Jobs] = dict.fromkeys(self.days, ())
        for route in alone.routes:
            self.now[route.technician] = tuple(self.jobs[stop.job] for stop in route.stops)
        given = {job.id for jobs in self.now.values() for job in jobs}
        self.left = [job for job in sorted(problem.jobs, key=sort_key) if job.id not in given]
        self.about = frozenset(focus)
        self.focus = [self.jobs[id_] for id_ in sorted(self.about, key=str)]
        self.people = self._near()
        self.price = self._sum({who: self.now[who] for who in self.people}, self.left)
        self.best = (self.price, dict(self.now), list(self.left))

    def plan(self) -> Plan:
        """The best plan."""
        _, orders, left = self.best
        routes = (self._weigh(who, jobs) for who, jobs in orders.items() if jobs)
        return Plan(tuple(found[1] for found in routes if found and found[1]), tuple(Unserved(job.id) for job in left))

    def work(self, effort: Effort, began: float) -> int:
        """Rounds until time or rounds are over. Returns how many."""
        done = 0
        if not self.people or not self.focus:
            return done
        self._try([], sorted(self._waiting(self.focus[0], 0), key=sort_key), 0)
        while (past := _past(effort, done, began)) < 1:
            seed = self._seed()
            gone = self._some_near(seed)
            self._try(gone, self._mixed([*gone, *self._waiting(seed, WAITING)]), HOT * (1 - past) ** 2)
            done += 1
        return done

    def take(self, orders: Mapping[Id, Jobs]) -> None:
        """Takes other routes over for some people, if it is worth it; a job that somebody else has by now stays where it is."""
        _, now, left = self.best
        given = {job.id for who, jobs in now.items() if who not in orders for job in jobs}
        new = {who: tuple(job for job in jobs if job.id not in given) for who, jobs in orders.items()}
        if any(self._weigh(who, jobs) is None for who, jobs in new.items()):
            return
        had = {job.id: job for job in [*left, *(job for who in orders for job in now[who])]}
        has = {job.id for jobs in new.values() for job in jobs}
        rest = [job for job in had.values() if job.id not in has]
        saved = self._sum(new, rest) - self._sum({who: now[who] for who in new}, left)
        if saved < 0:
            self.best = (self.best[0] + saved, {**now, **new}, rest)

    def _near(self) -> list[Id]:
        """Who is looked at: whose the jobs are, then, in turn for each of the jobs, the nearest who may do it."""
        owner = {job.id: who for who, jobs in self.now.items() for job in jobs}
        found = dict.fromkeys(owner[job.id] for job in self.focus if job.id in owner)
        ranks = [self._by_distance(job) for job in self.focus]
        for rank in range(max(map(len, ranks), default=0)):
            for row in ranks:
                if rank < len(row) and len(found) < MOST_PEOPLE:
                    found.setdefault(row[rank])
        return [who for who in found if who not in self.of.absent]

    def _by_distance(self, job: Job) -> list[Id]:
        able = [(who, day) for who, day in self.days.items() if who not in self.of.absent and suits(day, (), job)]
        near = [(detours(day, self.now[who], job)[0][0], k, who) for k, (who, day) in enumerate(able)]
        return [who for _, _, who in sorted(near)[:MOST_PEOPLE]]

    def _seed(self) -> Job:
        """What it is about, most often; else any stop of these people."""
        if self.chance.random() < 0.5:
            return self.chance.choice(self.focus)
        stops = [job for who in self.people for job in self.now[who]]
        return self.chance.choice(stops or self.focus)

    def _some_near(self, seed: Job) -> list[Job]:
        """A few stops near the seed that may go."""
        loose = [job for who in self.people for job in self.now[who] if not self.of.is_fixed(job)]
        many = self.chance.randint(1, MOST_REMOVED)
        near = sorted(loose, key=lambda job: self._apart(seed, job))[: 3 * many]
        return self.chance.sample(near, min(many, len(near)))

    def _apart(self, a: Job, b: Job) -> int:
        seconds, index = self.of.roads.seconds, self.of.roads.index
        return seconds[index[a.at]][index[b.at]] + seconds[index[b.at]][index[a.at]]

    def _waiting(self, seed: Job, many: int) -> list[Job]:
        """Of the jobs that nobody has those it is about, and some of the nearest."""
        about = [job for job in self.left if job.id in self.about]
        others = [job for job in self.left if job.id not in self.about]
        return [*about, *sorted(others, key=partial(self._apart, seed))[:many]]

    def _mixed(self, jobs: Sequence[Job]) -> list[Job]:
        """The urgent first, most often; equal ones by chance."""
        weight = self.chance.choice((0.0, 1.0, 1.0))
        return sorted(jobs, key=lambda job: self.chance.random() - weight * job.priority)

    def _try(self, gone: Sequence[Job], todo: Sequence[Job], heat: float) -> None:
        """Takes stops out, gives them again, and keeps what is better, or hardly worse."""
        out = {job.id for job in gone}
        orders = {who: tuple(job for job in self.now[who] if job.id not in out) for who in self.people}
        if any(self._weigh(who, jobs) is None for who, jobs in orders.items()):
            return
        left = []
        for job in todo:
            if not self._give(orders, job):
                left.append(job)
        tried = {job.id for job in todo}
        rest = [job for job in self.left if job.id not in tried]
        price = self._sum(orders, [*rest, *left])
        if price > self.price + heat * self.chance.expovariate(1):
            return
        self.now, self.left, self.price = {**self.now, **orders}, [*rest, *left], price
        if price < self.best[0]:
            self.best = (price, dict(self.now), list(self.left))

    def _give(self, orders: dict[Id, Jobs], job: Job) -> bool:
        """Puts a job where it costs least, unless leaving it to nobody costs less."""
        best, chosen = self.scales.unserved(job), None
        for who, longer, extra in self._ways(orders, job):
            if extra >= best:
                continue
            weighed, before = self._weigh(who, longer), self._weigh(who, orders[who])
            if weighed and before and weighed[0] - before[0] < best:
                best, chosen = weighed[0] - before[0], (who, longer)
        if chosen:
            orders[chosen[0]] = chosen[1]
        return chosen is not None

    def _ways(self, orders: dict[Id, Jobs], job: Job) -> Iterator[tuple[Id, Jobs, int]]:
        """(who, his jobs then, the least that it costs)."""
        for who in self.people:
            day, jobs = self.days[who], orders[who]
            if suits(day, jobs, job):
                noticed = self.scales.person(job.id, who)
                for extra, at in detours(day, jobs, job)[:POSITIONS]:
                    yield who, (*jobs[:at], job, *jobs[at:]), extra + noticed

    def _weigh(self, who: Id, jobs: Jobs) -> Weighed | None:
        """(price, route) of a day; None where it cannot be."""
        key = (who, tuple(job.id for job in jobs))
        if key not in self.memo:
            self.memo[key] = self._weighed(self.days[who], jobs)
        return self.memo[key]

    def _weighed(self, day: Day, jobs: Jobs) -> Weighed | None:
        """As calm as can be: nothing starts earlier than planned; by no more than is tolerated; as early as can be."""
        if not jobs:
            return 0, None
        for calm in range(3):
            route = timetable(day, [self.calm[job.id][calm] for job in jobs])
            if route is not None:
                return self.scales.route(route), route
        return None

    def _sum(self, orders: Mapping[Id, Jobs], left: Iterable[Job]) -> int:
        """What counts, of these people alone: nobody else's day changes."""
        weighed = (self._weigh(who, jobs) for who, jobs in orders.items())
        return sum(found[0] for found in weighed if found) + sum(map(self.scales.unserved, left))


def _calm(of: Situation, job: Job, tolerance: int) -> Iterator[Job]:
    """The job not before its planned start, not before what is tolerated, and whenever it may."""
    if job.settled or job.id not in of.standing.places:
        yield from (job, job, job)
        return
    _, start = of.standing.places[job.id]
    yield _not_before(job, start)
    yield _not_before(job, start - tolerance)
    yield job


def _not_before(job: Job, start: int) -> Job:
    if not job.windows:
        return replace(job, windows=((max(0, start), AT_LAST),))
    kept = tuple((max(opens, start), closes) for opens, closes in job.windows if closes >= start)
    return replace(job, windows=kept) if kept else job


def _past(effort: Effort, done: int, began: float) -> float:
    clock = (monotonic() - began) / effort.seconds if effort.seconds > 0 else 1.0
    return max(clock, done / effort.rounds if effort.rounds else 0.0) if effort.rounds != 0 else 1.0
