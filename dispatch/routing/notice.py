"""What a change is worth that people notice, in seconds on the road."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from dispatch.routing.model import Id, Job, Route, Stop
from dispatch.routing.standing import Situation, last_of, wanted

AT_ANY_PRICE = 10_000_000
"""Whom somebody gave a job by hand keeps it."""


@dataclass(frozen=True)
class Prices:
    """Each in seconds on the road. Another technician than was told; another time for a promise, for each second beyond the
    tolerance; another order of stops on somebody's phone; each second late or overtime; each point of priority left to nobody,
    more where somebody had it (`dropped`), and more for a broken promise.
    """

    other_person: int = 1200
    untold_person: int = 300
    tolerance_s: int = 900
    other_time: int = 1
    other_order: int = 300
    late: int = 3
    overtime: int = 1
    unserved: int = 3600
    dropped: int = 3600
    broken_promise: int = 7200


class Scales:
    """Weighs routes against what people know."""

    def __init__(self, of: Situation, prices: Prices) -> None:
        self.of, self.prices = of, prices
        self.jobs = {job.id: job for job in of.problem.jobs}
        self.closes = {job.id: last_of(job) for job in of.problem.jobs if wanted(job) and not of.is_fixed(job)}
        self.ends = {one.id: one.shift[1] for one in of.problem.technicians}
        self.order = {job: start for job, (_, start) in of.standing.places.items()}

    def route(self, route: Route) -> int:
        """A route with everything that somebody notices about it."""
        stops = sum(self._stop(route.technician, stop) for stop in route.stops)
        return route.travel_s + self.overtime(route) * self.prices.overtime + stops + self._other_order(route)

    def overtime(self, route: Route) -> int:
        """Seconds beyond the shift."""
        return max(0, route.home_at - self.ends[route.technician])

    def unserved(self, job: Job) -> int:
        """A job that nobody gets; worse where somebody counted on it."""
        dropped = self.prices.dropped if job.id in self.of.standing.places else 0
        broken = self.prices.broken_promise if job.id in self.of.standing.promised else 0
        locked = AT_ANY_PRICE if job.pinned_to is not None else 0
        return job.priority * self.prices.unserved + dropped + broken + locked

    def is_shifted(self, stop: Stop) -> bool:
        """Whether it comes at another time than the customer was told."""
        return self._other_time(stop) > 0

    def person(self, job: Id, who: Id) -> int:
        """Giving a job to somebody."""
        before = self.of.standing.places.get(job)
        if before is None or before[0] == who:
            return 0
        return self.prices.other_person if job in self.of.standing.told else self.prices.untold_person

    def _stop(self, who: Id, stop: Stop) -> int:
        late = max(0, stop.start - self.closes.get(stop.job, stop.start)) * self.prices.late
        return late + self.person(stop.job, who) + self._other_time(stop)

    def _other_time(self, stop: Stop) -> int:
        if stop.job not in self.of.standing.promised:
            return 0
        _, before = self.of.standing.places.get(stop.job, (None, stop.start))
        return max(0, abs(stop.start - before) - self.prices.tolerance_s) * self.prices.other_time

    def _other_order(self, route: Route) -> int:
        """How often a stop that he knows now comes before one that he thought was earlier."""
        places, told = self.of.standing.places, self.of.standing.told
        known = [places[s.job][1] for s in route.stops if s.job in told and places.get(s.job, (None, 0))[0] == route.technician]
        return sum(b < a for a, b in pairwise(known)) * self.prices.other_order
