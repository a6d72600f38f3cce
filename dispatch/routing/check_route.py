"""Whether one route of a plan keeps the rules, by the times written in it. Part of `check`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from dispatch.routing.day import Day, drive, length, parts_of, visits
from dispatch.routing.fetching import tools_of
from dispatch.routing.model import Errand, Job, Lunch, Route, Stop, StoreStop, Technician
from dispatch.routing.suits import may_come, skills_missing
from dispatch.words import Text


@dataclass(frozen=True)
class _Gap:
    """From one stop (None: home) to the next: the moments between them, and the seconds on the road."""

    before: Job | None
    after: Job | None
    free_at: int
    needed_at: int
    drive: int

    @property
    def settled(self) -> bool:
        """Both ends were decided by somebody: their distance is not the plan's fault."""
        return (self.before is None or self.before.settled) and (self.after is None or self.after.settled)


class RouteCheck:
    """One route against the rules; `jobs` and `stops` with the stop at a store among them."""

    def __init__(self, day: Day, route: Route, jobs: list[Job]) -> None:
        self.day, self.route, self.jobs, self.stops = day, route, list(jobs), list(route.stops)
        self.errand = _errand(day, route.store, len(jobs)) if route.store else None
        if self.errand and route.store:
            self.jobs.insert(route.store.before, self.errand)
            self.stops.insert(route.store.before, _as_stop(route.store))
        self.gaps = self._gaps()

    def broken(self) -> list[Text]:
        """All sentences about this route."""
        if not self.jobs:
            return []
        found = [*self._suits(), *self._parts(), *self._store(), *self._limits(), *self._stops(), *self._drives(), *self._shift()]
        return [*found, *self._lunch(), *self._sums()]

    @property
    def technician(self) -> Technician:
        """Whose route it is."""
        return self.day.technician

    def _say(self, msgid: str, **params: object) -> Text:
        return Text("technician %(who)s: " + msgid, {"who": self.technician.id, **params})

    def _gaps(self) -> list[_Gap]:
        """Free from the latest end so far: settled jobs may overlap."""
        stops, jobs = self.stops, self.jobs
        free = [self.technician.shift[0], *accumulate((stop.end for stop in stops), max)]
        needed = [*(stop.start for stop in stops), self.route.home_at]
        drives = [drive(self.day, a, b) for a, b in pairwise([None, *jobs, None])]
        return [_Gap(*item) for item in zip([None, *jobs], [*jobs, None], free, needed, drives, strict=True)]

    def _suits(self) -> Iterator[Text]:
        for job in visits(self.jobs):
            if job.pinned_to is None and not self.technician.product_trained:
                yield self._say("not trained for the product", job=job.id)
            if job.pinned_to is None and job.collects and not self.technician.takes_money:
                yield self._say("job %(job)s collects money", job=job.id)
            if job.pinned_to is None and skills_missing(self.technician, job):
                yield self._say("job %(job)s needs a higher skill", job=job.id)
            if job.pinned_to is None and not may_come(self.technician, job):
                yield self._say("may not come to job %(job)s", job=job.id)

    def _limits(self) -> Iterator[Text]:
        stops, road = self.day.most_stops, self.day.most_road_s
        if stops is not None and len(self.route.stops) > stops:
            yield self._say("has more than %(most)s stops", most=stops)
        if road is not None and self.route.travel_s > road:
            yield self._say("is longer than %(most)s s on the road", most=road)

    def _parts(self) -> Iterator[Text]:
        """Up to the stop at the store out of the bag, in the end out of the bag and what was fetched."""
        fetched = self.route.store if self.errand else None
        if fetched:
            yield from self._out_of(self.jobs[: fetched.before], {}, ())
        yield from self._out_of(self.jobs, fetched.parts if fetched else {}, fetched.tools if fetched else ())

    def _out_of(self, jobs: Sequence[Job], parts: Mapping[str, int], tools: Sequence[str]) -> Iterator[Text]:
        """Out of the bag and of so much more."""
        for part, count in parts_of(jobs).items():
            if count > self.day.bag.get(part, 0) + parts.get(part, 0):
                yield self._say("%(count)s of %(part)s are more than the bag holds", count=count, part=part)
        for tool in sorted({*tools_of(jobs)} - self.day.tools - {*tools}):
            yield self._say("has no %(tool)s with him", tool=tool)

    def _store(self) -> Iterator[Text]:
        if self.route.store and not self.errand:
            yield self._say("cannot stop at store %(store)s there", store=self.route.store.store)

    def _stops(self) -> Iterator[Text]:
        for before, job, stop in zip([None, *self.jobs], self.jobs, self.stops, strict=False):
            if stop.end != stop.start + length(job, before, self.technician):
                yield self._say("job %(job)s has a wrong length", job=job.id)
            if stop.arrive > stop.start:
                yield self._say("job %(job)s begins before the arrival", job=job.id)
            if not self._opens(job, stop):
                yield self._say("job %(job)s starts outside its windows", job=job.id)

    def _opens(self, job: Job, stop: Stop) -> bool:
        if job.pinned_start is not None:
            return stop.start == job.pinned_start
        late = job.late_minutes * 60
        last = max((closes for _, closes in job.windows), default=0)
        inside = not job.windows or any(opens <= stop.start <= closes for opens, closes in job.windows)
        return (inside or last < stop.start <= last + late) and stop.start >= self.day.not_before

    def _drives(self) -> Iterator[Text]:
        for gap in self.gaps:
            pause = self.lunch.seconds if self.lunch and self._eats_in(gap) else 0
            late = gap.needed_at - gap.free_at < gap.drive + pause
            if late and (pause or not gap.settled):
                yield self._say("the drive to %(job)s is too short", job=gap.after.id if gap.after else "home")
            if gap.after and not gap.after.settled and gap.needed_at - gap.drive < self.day.not_before:
                yield self._say("sets out to %(job)s before now", job=gap.after.id)

    @property
    def lunch(self) -> Lunch | None:
        """The lunch that is due on this day, if any."""
        return self.day.lunch

    def _eats_in(self, gap: _Gap) -> bool:
        """Whether lunch lies wholly in this gap, not while driving."""
        at = self.route.lunch_at
        if at is None or self.lunch is None or not gap.free_at <= at <= gap.needed_at - self.lunch.seconds:
            return False
        done = at + self.lunch.seconds
        return at - gap.free_at >= gap.drive or gap.needed_at - max(done, self._leaves(gap)) >= gap.drive

    def _leaves(self, gap: _Gap) -> int:
        return self.day.not_before if gap.after and not gap.after.settled else 0

    def _shift(self) -> Iterator[Text]:
        first, last = self.jobs[0], self.jobs[-1]
        if not first.settled and self.route.leave_at < self.technician.shift[0]:
            yield self._say("leaves before the shift")
        if not last.settled and self.route.home_at > self.technician.shift[1] + self.technician.overtime_minutes * 60:
            yield self._say("is home after the shift")

    def _lunch(self) -> Iterator[Text]:
        at, lunch = self.route.lunch_at, self.lunch
        if lunch is None or at is None:
            if lunch is not None and self.route.home_at > lunch.latest:
                yield self._say("has no lunch")
        elif not lunch.earliest <= at <= lunch.latest or not any(map(self._eats_in, self.gaps)):
            yield self._say("lunch does not fit")

    def _sums(self) -> Iterator[Text]:
        drives = [gap.drive for gap in self.gaps]
        if [stop.travel_s for stop in self.stops] != drives[:-1] or self.route.travel_s != sum(drives):
            yield self._say("the seconds on the road are wrong")


def _errand(day: Day, stop: StoreStop, many: int) -> Errand | None:
    """The stop at a store as a job; None where he may not go to this store, or nothing comes after it."""
    known = (errand for errand in day.stores if errand.id == stop.store and 0 <= stop.before < many)
    return next(known, None)


def _as_stop(stop: StoreStop) -> Stop:
    return Stop(stop.store, stop.arrive, stop.start, stop.end, stop.travel_s)
