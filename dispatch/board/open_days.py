"""Days on which somebody could come to a caller, with everybody's routes, and with room taken for whom something was promised.

On each day the visits stand as they may still be changed. What was promised for the day without a visit yet, and what is held for
another caller, is given its cheapest place first; then what waits without a day, on the first day that has room for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from dispatch.board.outcome import UNPLACED
from dispatch.board.problem import DayProblem, DayRead, bags_after, problem_of
from dispatch.board.promise_queries import Waits, lines_wanting_room, visits_within
from dispatch.board.promise_rules import Manners, Span, first_lines, left_of
from dispatch.board.queries import team_and_cash
from dispatch.board.travel_queries import hours_of
from dispatch.board.travelling import roads_for, ways_of_branch
from dispatch.board.urgent import movable_day
from dispatch.board.wanting import joint_as_wanted, lines_as_wanted
from dispatch.board.work import (
    DayOfBranch,
    Ways,
    place_of,
    place_of_visit,
    site_of_line,
    site_of_visit,
    visit_job_of,
)
from dispatch.clock import seconds_of
from dispatch.customers.wishes import Wishes, wishes_about
from dispatch.devices.usable import Parts, parts_in_bags
from dispatch.errors import NotFound, RuleBroken
from dispatch.fees.cash_queries import Held
from dispatch.fees.collecting import paid_jobs
from dispatch.orders.lifecycle import VISIT_LIVE
from dispatch.orders.models import OrderLine, Visit
from dispatch.routing import Job, Problem
from dispatch.routing.model import Id
from dispatch.routing.roads import Roads, great_circle, places_of
from dispatch.staff.models import Person
from dispatch.staff.roster_queries import presences, roster_of
from dispatch.staff.roster_rules import Roster
from dispatch.words import say

if TYPE_CHECKING:
    from dispatch.routing.promise import OpenDay

ASKED = "asked"
NOTHING_WAITS = say("Nothing of this order waits for a visit any more.")
MOST_UNDATED = 100
"""Of what waits without a day so much is given a place, the most urgent first: the rest is told of on the board."""


@dataclass(frozen=True)
class Range:
    """The days that are asked about: their first (as seen now) and their last."""

    first: DayOfBranch
    last: date

    @property
    def days(self) -> Iterator[DayOfBranch]:
        """Each of them."""
        for number in range((self.last - self.first.day).days + 1):
            yield replace(self.first, day=self.first.day + timedelta(days=number))


@dataclass(frozen=True)
class RangeRead:
    """What was read for all of the days at once."""

    people: Sequence[Person]
    held: Mapping[int, Held]
    bags: Mapping[int, Parts]
    visits: Sequence[Visit]
    roster: Roster
    waits: Sequence[Waits]
    paid: frozenset[int]
    ways: Ways
    wishes: Wishes


@dataclass(frozen=True)
class OpenDays:
    """An order's first visit as a job, the days on which it could be made, and what is needed to tell of it."""

    job: Job
    lines: tuple[OrderLine, ...]
    days: tuple[OpenDay, ...]
    names: Mapping[int, str]
    stops: Mapping[Id, tuple[str, str]]
    """Job -> number and address of its order."""


def open_days(session: Session, asked: Range, ways: Ways, manners: Manners, *, order_id: int) -> OpenDays:
    """Everything, in so many statements however many days.

    Raises NotFound when nothing of the order waits, RuleBroken while no map knows its place.
    """
    read = _read(session, asked, ways, order_id)
    lines = _first_visit([one.line for one in read.waits if one.line.order_id == order_id], read.ways)
    job = joint_as_wanted(ASKED, lines, asked.first, read.ways, read.wishes)
    job = replace(job, windows=(), collects=order_id in read.paid)
    others = _Others([one for one in read.waits if one.line.order_id != order_id and place_of(one.line)], read, asked.first)
    hours = hours_of(read.people)
    days = tuple(_opened(_made(read, of), of, read, job, others, hours, manners) for of in asked.days)
    return OpenDays(job, tuple(lines), days, {one.id: one.name for one in read.people}, _stops(read))


def _read(session: Session, asked: Range, ways: Ways, order_id: int) -> RangeRead:
    first, end = asked.first, replace(asked.first, day=asked.last).bounds[1]
    waits = lines_wanting_room(session, first.branch_id, order_id, first.today, asked.last, first.at)
    people, held = team_and_cash(session, first.branch_id, first.at, skilled=True)
    ids = [person.id for person in people]
    barred = any(one.barred for one in held.values())
    return RangeRead(
        people,
        held,
        parts_in_bags(session, ids),
        visits_within(session, first.branch_id, first.midnight, end),
        roster_of(session, first.branch_id, ids, first.day, asked.last, first.zone),
        waits,
        paid_jobs(session, {one.line.order_id for one in waits}, at=first.at) if barred else frozenset(),
        ways_of_branch(ways, people),
        wishes_about(session, ids),
    )


def _first_visit(lines: Sequence[OrderLine], ways: Ways) -> list[OrderLine]:
    """The vehicles that whoever comes first does: at the order's own place, where some are there."""
    if not lines:
        raise NotFound(NOTHING_WAITS)
    home = [line for line in lines if site_of_line(line).id == line.order.site_id]
    here = home or [line for line in lines if site_of_line(line) is site_of_line(lines[0])]
    if place_of(here[0]) is None:
        raise RuleBroken(UNPLACED)
    return here[: first_lines(len(here), ways.needs(here[0]).minutes, ways.setup_minutes)]


def _made(read: RangeRead, of: DayOfBranch) -> DayProblem:
    """One of the days as the planner has it."""
    start, end = of.bounds
    stays = [v for v in read.visits if start <= v.starts_at < end and place_of_visit(v)]
    ours = {person.id for person in read.people}
    late = [v for v in read.visits if v.starts_at < start < v.ends_at and v.status in VISIT_LIVE and v.technician_id in ours]
    nights = {v.technician_id: seconds_of(v.ends_at, of.day, of.zone) for v in late}
    before = [v for v in read.visits if of.midnight <= v.starts_at < start and v.status in VISIT_LIVE]
    bags = bags_after(read.bags, (v for v in before if v.branch_id == of.branch_id), read.ways)
    there = presences(read.people, of.day, of.zone, read.roster)
    return problem_of(DayRead(stays, nights, (), read.people, read.held, bags, there, read.wishes), of, read.ways, ())


class _Others:
    """What wants room beside the order that is asked about; what has found it is not asked again on a later day."""

    def __init__(self, waits: Sequence[Waits], read: RangeRead, first: DayOfBranch) -> None:
        self.read = read
        self.held = [one for one in waits if one.hold is not None]
        self.lines = [one.line for one in waits if one.hold is None]
        undated = [line for line in self.lines if _is_undated(line, first.day)]
        self.left = undated[:MOST_UNDATED] if first.day == first.today else []  # later nobody can say what of it is left

    def of_day(self, of: DayOfBranch) -> list[Job]:
        """What is promised or held for a day."""
        dated = [line for line in self.lines if line.order.wanted_on == of.day]
        return [*self._held(of), *self._jobs(dated, of)]

    def undated(self, of: DayOfBranch) -> list[Job]:
        """What may be on any day, and has found none yet."""
        return self._jobs(self.left, of)

    def _jobs(self, lines: Sequence[OrderLine], of: DayOfBranch) -> list[Job]:
        return lines_as_wanted(lines, of, self.read.ways, self.read.paid, self.read.wishes)

    def goes_on(self, unplaced: Iterable[Job]) -> None:
        """Only what has no place goes on to the next day."""
        still = {job.id for job in unplaced}
        self.left = [line for line in self.left if line.id in still]

    def _held(self, of: DayOfBranch) -> Iterator[Job]:
        """What is held for other callers, as if it were promised."""
        orders: dict[int, list[OrderLine]] = {}
        holds = {one.hold.order_id: one.hold for one in self.held if one.hold is not None and one.hold.day == of.day}
        for one in self.held:
            orders.setdefault(one.line.order_id, []).append(one.line)
        for order_id, hold in holds.items():
            window = (seconds_of(hold.starts_at, of.day, of.zone), seconds_of(hold.ends_at, of.day, of.zone))
            lines = _first_visit(orders[order_id], self.read.ways)
            job = joint_as_wanted(_held_job(order_id), lines, of, self.read.ways, self.read.wishes)
            yield replace(job, windows=(window,), collects=order_id in self.read.paid)


def _is_undated(line: OrderLine, first: date) -> bool:
    """It may be on any day, or its day has passed."""
    wanted = line.order.wanted_on
    return line.order.approved and (wanted is None or wanted < first)


def _opened(
    made: DayProblem, of: DayOfBranch, read: RangeRead, job: Job, others: _Others, hours: Span, manners: Manners
) -> OpenDay:
    """One day with its routes, and with room taken for the others."""
    from dispatch.routing.in_memory import CALM, RoutesInMemory  # loads the compiled search: nothing for whoever never asks
    from dispatch.routing.promise import OpenDay, windows_between
    from dispatch.routing.urgent import fill

    problem, plan = movable_day(made, read.ways)
    dated, undated = others.of_day(of), others.undated(of)
    whole = replace(problem, jobs=(*problem.jobs, *dated, *undated, job))  # what the roads and the bags have to know
    standing = RoutesInMemory(whole, plan, _roads(whole), CALM)
    fill(standing, dated)
    others.goes_on(fill(standing, undated))
    windows = left_of(windows_between(*hours, manners.window_s), of.not_before) if problem.technicians else ()
    return OpenDay(of.day, standing, windows)


def _roads(problem: Problem) -> Roads:
    return roads_for(problem) or great_circle(places_of(problem), problem.travel)


def _stops(read: RangeRead) -> dict[Id, tuple[str, str]]:
    """Every job that may stand beside the new one: number and address of its order."""
    told: dict[Id, tuple[str, str]] = {visit_job_of(v.id): (v.order.number, site_of_visit(v).address) for v in read.visits}
    for one in read.waits:
        told[one.line.id] = told[_held_job(one.line.order_id)] = (one.line.order.number, site_of_line(one.line).address)
    return told


def _held_job(order_id: int) -> str:
    return f"held-{order_id}"
