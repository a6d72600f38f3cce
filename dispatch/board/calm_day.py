"""A running day as calm planning sees it: who stands where, what was told to whom, and what has happened to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from dispatch.board.calm_models import CalmProposal, DayEvent
from dispatch.board.calm_rules import Happened
from dispatch.board.problem import DayProblem, day_problem
from dispatch.board.queries import open_lines
from dispatch.board.rules import district_of, seconds_of
from dispatch.board.travelling import roads_for
from dispatch.board.wanting import at_usual_pace, lines_as_wanted
from dispatch.board.work import DayOfBranch, Ways, joint_job, place_of, place_of_visit, site_of_visit
from dispatch.fees.collecting import paid_jobs
from dispatch.geo.rules import Coordinates, metres
from dispatch.orders.models import Order, OrderLine, Visit
from dispatch.routing import Job, Plan, Route, Stop
from dispatch.routing.events import Event, Ill, Late, Traffic, happened
from dispatch.routing.model import Id
from dispatch.routing.notice import Prices
from dispatch.routing.roads import roads_of
from dispatch.routing.standing import Situation, Standing, last_of, left_alone, wanted
from dispatch.staff.roster_rules import leaves_within

BEGUN = ("on_the_way", "on_site", "finished")
PRESSING = ("urgent", "emergency")
PRICES = Prices(unserved=600, dropped=20_000, broken_promise=15_000)
"""By the priorities of orders (normal 30, urgent 60, emergency 100): what is planned gives way to emergencies alone."""
LATE_FROM_S = 600
"""Being late by less is nothing to plan anew for."""
TOLD_S, THOUGHT_S = 900, 3600
"""How exactly a start holds that somebody was told, or that is only planned."""
AROUND_M = 3000
"""How far around a district's visits its traffic reaches."""


@dataclass(frozen=True)
class LiveDay:
    """A running day: what the search gets, what its ids mean (`visits`, `lines`), and what has happened."""

    made: DayProblem
    situation: Situation
    visits: Mapping[Id, Visit]
    lines: Mapping[Id, OrderLine]
    reasons: tuple[Happened, ...]

    def names(self) -> dict[Id, str]:
        """Technician -> name, visitors included."""
        return {**{v.technician_id: v.technician.name for v in self.visits.values()}, **{p.id: p.name for p in self.made.team}}


def events_of(session: Session, of: DayOfBranch) -> Sequence[DayEvent]:
    """What people entered for the day and holds still."""
    query = sa.select(DayEvent).where(DayEvent.branch_id == of.branch_id, DayEvent.day == of.day, DayEvent.over_at.is_(None))
    return session.scalars(query.order_by(DayEvent.id)).all()


def last_proposal(session: Session, of: DayOfBranch) -> CalmProposal | None:
    """The newest proposal of the day, whatever became of it."""
    query = sa.select(CalmProposal).where(CalmProposal.branch_id == of.branch_id, CalmProposal.day == of.day)
    return session.scalars(query.order_by(CalmProposal.id.desc()).limit(1)).first()


def cancelled_visits(session: Session, of: DayOfBranch) -> Sequence[Visit]:
    """Visits still to come today whose order was cancelled: their technicians have room."""
    query = sa.select(Visit).join(Visit.order).where(Visit.branch_id == of.branch_id, Visit.status == "abandoned")
    today = query.where(Visit.starts_at > of.at, Visit.starts_at < of.bounds[1], Order.status == "cancelled")
    return session.scalars(today.options(joinedload(Visit.order)).order_by(Visit.id)).all()


def live_day(session: Session, of: DayOfBranch, ways: Ways) -> LiveDay:
    """The day as it stands, with everything that has happened to it."""
    made = day_problem(session, of, ways, dissolve=False)
    gaps = cancelled_visits(session, of)
    waiting = [line for line in open_lines(session, of.branch_id, of.day) if place_of(line) is not None]
    pressing = [line for line in waiting if line.order.urgency in PRESSING]
    return _Live(session, made, ways, gaps, waiting if gaps else pressing).day(events_of(session, of))


class _Live:
    """Builds the day out of its parts."""

    def __init__(self, session: Session, made: DayProblem, ways: Ways, gaps: Sequence[Visit], lines: Sequence[OrderLine]) -> None:
        self.made, self.ways, self.gaps, self.of = made, ways, gaps, made.of
        self.team = {one.id for one in made.problem.technicians}
        self.now = made.of.not_before or 0
        self.visits: dict[Id, Visit] = {
            job: v for job, v in made.fixed.items() if v.technician_id in self.team or not self._is_begun(v)
        }
        self.lines: dict[Id, OrderLine] = {line.id: line for line in lines}
        orders = {*(v.order_id for v in self.visits.values()), *(line.order_id for line in lines)}
        self.paid = paid_jobs(session, orders, at=made.of.at) if made.barred else frozenset()

    def day(self, events: Sequence[DayEvent]) -> LiveDay:
        """The day after everything that happened."""
        away = {job for job, visit in self.visits.items() if not self._is_begun(visit) and self._is_away(visit)}
        situation = self._situation(frozenset(away))
        holding = [event for event in events if self._holds(event)]
        situation = happened(situation, *(found for event in holding if (found := self._event(event))))
        reasons = [*self._told(holding), *self._left(away), *self._pressing(), *self._gaps(), *self._late(situation)]
        return LiveDay(self.made, situation, self.visits, self.lines, tuple(dict.fromkeys(reasons)))

    def _situation(self, away: frozenset[Id]) -> Situation:
        jobs = (*(self._job(id_, visit) for id_, visit in self.visits.items()), *self._line_jobs())
        problem = replace(self.made.problem, jobs=jobs)
        known = {job: visit for job, visit in self.visits.items() if visit.dispatched_at is not None}
        promised = {job for job, v in self.visits.items() if job in known or v.order.window_from or v.order.window_to}
        started = frozenset(job for job, visit in self.visits.items() if self._is_begun(visit))
        standing = Standing(self._plan(), started, frozenset(known), frozenset(promised))
        pressing = {line.id for line in self.lines.values() if line.order.urgency in PRESSING}
        whose = {visit.technician_id for visit in self.gaps}
        beside = {job for job, visit in self.visits.items() if visit.technician_id in whose}
        roads = roads_for(problem) or roads_of(problem)
        return Situation(problem, roads, standing, unable=away, focus=frozenset({*away, *pressing, *beside}))

    def _is_begun(self, visit: Visit) -> bool:
        """What somebody has set out for, and what is another branch's affair."""
        return visit.status in BEGUN or visit.branch_id != self.of.branch_id

    def _is_away(self, visit: Visit) -> bool:
        there = self.made.there.get(visit.technician_id)
        if there is None:
            return False
        return not there.spans or bool(leaves_within(there, self.of.day, self.of.zone, self._times(visit)))

    def _times(self, visit: Visit) -> tuple[int, int]:
        return seconds_of(visit.starts_at, self.of.day, self.of.zone), seconds_of(visit.ends_at, self.of.day, self.of.zone)

    def _job(self, id_: Id, visit: Visit) -> Job:
        """What is begun as it shows by now, what was set by hand where it stands, and all else as its vehicles ask for it."""
        fixed = next(job for job in self.made.problem.jobs if job.id == id_)
        if self._is_begun(visit):
            return self._so_far(fixed, visit)
        if visit.by_hand and visit.technician_id in self.team and not self._is_away(visit):
            return fixed
        asked = joint_job(str(id_), [row.line for row in visit.visit_lines], self.of, self.ways)
        held = ((fixed.pinned_start or 0,) * 2,) if visit.by_hand else asked.windows
        minutes = at_usual_pace(fixed.minutes, self.made.pace_of(visit.technician_id))
        asked = self.made.wanted(asked, visit)
        return replace(asked, minutes=minutes, windows=held, collects=visit.order_id in self.paid)

    def _so_far(self, job: Job, visit: Visit) -> Job:
        """Who is not there yet does not come before now; who is at work is not done before now."""
        start = job.pinned_start or 0
        if visit.status == "on_the_way":
            return replace(job, pinned_start=max(start, self.now))
        if visit.status == "on_site":
            return replace(job, minutes=max(job.minutes, ceil((self.now - start) / 60)))
        return job

    def _line_jobs(self) -> list[Job]:
        return lines_as_wanted(list(self.lines.values()), self.of, self.ways, self.paid, self.made.wishes)

    def _plan(self) -> Plan:
        routes: dict[int, list[Stop]] = {}
        for job, visit in self.visits.items():
            start, end = self._times(visit)
            routes.setdefault(visit.technician_id, []).append(Stop(job, start, start, end, 0))
        mine = {who: sorted(stops, key=lambda stop: stop.start) for who, stops in routes.items()}
        return Plan(tuple(Route(who, s[0].start, s[-1].end, tuple(s), None, 0, 0) for who, s in mine.items()))

    # what happened

    def _holds(self, event: DayEvent) -> bool:
        """Who told that he is late and has moved since shows by himself how late he is."""
        if event.kind != "late":
            return True
        his = (v for v in self.made.fixed.values() if v.technician_id == event.technician_id)
        return not any(moment and moment > event.at for v in his for moment in (v.departed_at, v.arrived_at, v.finished_at))

    def _event(self, event: DayEvent) -> Event | None:
        if event.kind == "traffic":
            return self._traffic(event)
        if event.technician_id not in self.team:
            return None
        return Ill(event.technician_id) if event.kind == "ill" else Late(event.technician_id, event.minutes or 0)

    def _traffic(self, event: DayEvent) -> Traffic | None:
        factor = (event.percent or 100) / 100
        if not event.area:
            return Traffic(factor)
        inside = [place for v in self.visits.values() if _district(v) == event.area and (place := place_of_visit(v))]
        if not inside:
            return None
        centre = _middle(inside)
        return Traffic(factor, centre, max(metres(centre, place) for place in inside) + AROUND_M)

    def _told(self, events: Sequence[DayEvent]) -> Iterator[Happened]:
        """What people entered, as long as it concerns anybody."""
        names = {person.id: person.name for person in self.made.team}
        for event in events:
            if event.kind == "traffic":
                yield Happened("traffic", event.id, event.area or "", event.percent or 0)
            elif event.kind == "ill" and event.technician_id in {v.technician_id for v in self._open()}:
                yield Happened("ill", event.technician_id or 0, names.get(event.technician_id or 0, ""))

    def _open(self) -> list[Visit]:
        return [visit for visit in self.visits.values() if not self._is_begun(visit)]

    def _left(self, away: set[Id]) -> Iterator[Happened]:
        for job in away:
            yield Happened("leave", self.visits[job].technician_id, self.visits[job].technician.name)

    def _pressing(self) -> Iterator[Happened]:
        for line in self.lines.values():
            if line.order.urgency in PRESSING:
                yield Happened("urgent", line.order_id, line.order.number)

    def _gaps(self) -> Iterator[Happened]:
        for visit in self.gaps:
            yield Happened("cancelled", visit.id, visit.order.number)

    def _late(self, situation: Situation) -> Iterator[Happened]:
        """Who makes somebody wait if nothing is done."""
        alone = left_alone(situation)
        jobs = {job.id: job for job in situation.problem.jobs}
        for route in alone.plan.routes:
            late = max((_late_by(jobs[stop.job], situation, stop.start) for stop in route.stops), default=0)
            visit = self.visits[route.stops[0].job]
            if late > LATE_FROM_S:
                yield Happened("late", int(route.technician), visit.technician.name, late // 60)


def _late_by(job: Job, situation: Situation, start: int) -> int:
    """By how much it is later than promised: than its window, or than told."""
    if situation.is_fixed(job):
        return 0
    _, told = situation.standing.places[job.id]
    return max(0, start - max(last_of(job), told) if wanted(job) else start - told - _tolerance(situation, job))


def _tolerance(situation: Situation, job: Job) -> int:
    """A time that nobody was told may be kept loosely."""
    return TOLD_S if job.id in situation.standing.promised else THOUGHT_S


def _district(visit: Visit) -> str:
    return district_of(site_of_visit(visit).address)


def _middle(places: Sequence[Coordinates]) -> Coordinates:
    return sum(lat for lat, _ in places) / len(places), sum(lon for _, lon in places) / len(places)
