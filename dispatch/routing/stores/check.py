"""Whether tours keep the rules, and how long they take. Plain, and shares no mistake with who found them.

The sentences are for whoever mends the search: they are no `say()`, nobody translates them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import inf

from dispatch.routing.stores.model import STORE, Place, Problem, Request, Technician, Tours

A_HAIR = 1e-6


@dataclass(frozen=True)
class Verdict:
    """What is broken; the working time and the way of all tours."""

    broken: list[str]
    working_time: float
    distance: float


def verdict(problem: Problem, tours: Tours) -> Verdict:
    """Checks all tours and adds them up."""
    people = {one.number: one for one in problem.technicians}
    requests = {one.number: one for one in problem.requests}
    known = {STORE, *requests}
    odd = [
        f"technician {who} or one of the stops is unknown"
        for who in tours
        if who not in people or not known.issuperset(tours[who])
    ]
    if odd:
        return Verdict(odd, 0.0, 0.0)
    walks = [_walked(problem.store, people[who], [requests.get(stop) for stop in tour]) for who, tour in tours.items() if tour]
    broken = [sentence for walk in walks for sentence in walk.broken]
    return Verdict([*broken, *_accounts(requests, tours)], sum(walk.working for walk in walks), sum(walk.way for walk in walks))


def _accounts(requests: dict[int, Request], tours: Tours) -> Iterator[str]:
    times = Counter(stop for tour in tours.values() for stop in tour if stop != STORE)
    yield from (f"request {number} is served {times[number]} times" for number in requests if times[number] != 1)


@dataclass
class _Walk:
    """A tour as it is walked: as early as can be; `slack`: how much later one may leave home and be back at the same time."""

    who: Technician
    now: float
    last: Place
    way: float = 0.0
    waited: float = 0.0
    slack: float = inf
    broken: list[str] = field(default_factory=list)

    def go(self, to: Place, name: str) -> None:
        """On to the next place, and waits there until it opens."""
        leg = self.last.far(to)
        self.way += leg
        self.now += leg
        if self.now > to.closes + A_HAIR:
            self.broken.append(f"technician {self.who.number} comes too late: {name}")
        self.waited += max(0.0, to.opens - self.now)
        self.now = max(self.now, to.opens)
        self.slack = min(self.slack, self.waited + to.closes - self.now)
        self.now += to.service
        self.last = to

    @property
    def working(self) -> float:
        """From leaving home as late as costs nothing to being back."""
        return self.now - self.who.home.opens - min(self.waited, max(0.0, self.slack))


def _walked(store: Place, who: Technician, stops: list[Request | None]) -> _Walk:
    walk = _Walk(who, who.home.opens, who.home)
    for stop in stops:
        walk.go(stop.place if stop else store, f"request {stop.number}" if stop else "the store")
    walk.go(Place(who.home.at, who.home.opens, who.home.closes), "home")
    walk.broken += _lacking(who, stops)
    return walk


def _lacking(who: Technician, stops: list[Request | None]) -> Iterator[str]:
    """Skills all the way; tools and parts until the store is passed."""
    if stops.count(None) > 1:
        yield f"technician {who.number} passes the store more than once"
    yield from (
        f"technician {who.number} lacks a skill for {one.number}" for one in stops if one and not one.skills <= who.skills
    )
    alone = [one for one in stops[: stops.index(None) if None in stops else len(stops)] if one]
    yield from (f"technician {who.number} lacks a tool for {one.number}" for one in alone if not one.tools <= who.tools)
    for kind, has in enumerate(who.parts):
        if sum(one.parts[kind] for one in alone) > has:
            yield f"technician {who.number} lacks parts of kind {kind}"
