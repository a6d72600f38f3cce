"""Changes by hand: who goes where is the dispatcher's word, after he has seen what speaks against it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.board.operations.locking import lock_day
from dispatch.board.operations.runs import DAY_OVER
from dispatch.board.operations.undoing import remember
from dispatch.board.operations.writing import kept_visit
from dispatch.board.outcome import UNPLACED
from dispatch.board.problem import DayProblem, day_problem
from dispatch.board.queries import open_lines
from dispatch.board.rules import Choice, clock_of, moment_of, worded
from dispatch.board.travelling import roads_for
from dispatch.board.wanting import at_his_pace, at_usual_pace, joint_as_wanted
from dispatch.board.work import (
    DayOfBranch,
    Ways,
    fixed_job,
    joint_job,
    place_of,
    place_of_visit,
    site_of_line,
    visit_job_id,
    wanted_of,
)
from dispatch.clock import local_day
from dispatch.errors import Invalid, NotFound, RuleBroken
from dispatch.fees.collecting import paid_jobs
from dispatch.fees.operations.cash_limits import why_barred
from dispatch.orders.models import Order, OrderLine, Visit
from dispatch.orders.operations.moves import move_visit
from dispatch.orders.operations.visits import NewVisit, change_visit, locked_visit, plan_visit
from dispatch.routing import Candidate, Conflict, Job, conflicts, who_could
from dispatch.staff.roster_rules import KINDS, leaves_within
from dispatch.staff.rules import Actor
from dispatch.words import Text, say, text_to_json

NEW_JOB = "new"


@dataclass(frozen=True)
class Errand:
    """Something to be put on somebody's day: the job, its order, and the day as it stands beside it."""

    job: Job
    order: Order
    day: DayProblem

    def minutes_with(self, technician_id: int) -> int:
        """How long somebody takes."""
        return at_his_pace(self.job.minutes, self.day.pace_of(technician_id))

    def against(self, choice: Choice) -> list[Conflict]:
        """What speaks against a choice, hard ones first, in words. Raises NotFound for an unknown technician."""
        away = list(self._away(choice))
        if choice.technician_id not in [t.id for t in self.day.problem.technicians]:
            if away:
                return away
            raise NotFound(say("There is no such technician, or he has no place to start from."))
        roads = roads_for(self.day.problem, self.job)
        found = conflicts(self.day.problem, self.day.standing, self.job, choice.technician_id, choice.start, roads)
        worded_ones = [replace(conflict, text=self._worded(conflict, choice)) for conflict in found]
        return [*away, *worded_ones, *self._other_day(choice.start)]

    def _worded(self, conflict: Conflict, choice: Choice) -> Text:
        """What is said of a conflict; of too much cash in hand how much it is."""
        held = self.day.barred.get(choice.technician_id) if conflict.kind == "cash" else None
        return why_barred(held) if held else worded(conflict.text, self.day.names)

    def _away(self, choice: Choice) -> Iterator[Conflict]:
        """Leave at that time, or a day off: nobody is sent then, unless the roster is changed first."""
        there = self.day.there.get(choice.technician_id)
        if there is None:
            return
        end = choice.start + self.minutes_with(choice.technician_id) * 60
        taken = leaves_within(there, self.day.of.day, self.day.of.zone, (choice.start, end))
        for leave in taken:
            yield Conflict("leave", say("is away then: %(leave)s", leave=KINDS[leave.kind]), True)
        if not taken and not there.spans:
            yield Conflict("leave", say("is not on duty on this day"), True)

    def _other_day(self, start: int) -> list[Conflict]:
        """The planner looks at one day only; whether it is the customer's day is told here."""
        day = self.day.of.day
        if self.order.wanted_on in (None, day):
            return []
        text = say(
            "comes on %(day)s at %(start)s, but the customer wants %(wanted)s",
            day=day.isoformat(),
            start=clock_of(start),
            wanted=wanted_of(self.order),
        )
        return [Conflict("day", text, False)]

    def candidates(self) -> list[Candidate]:
        """Every technician, the able ones first; nobody else's visits move."""
        found = who_could(self.day.problem, self.day.standing, self.job, roads_for(self.day.problem, self.job))
        able = [replace(c, missing=tuple(worded(text, self.day.names) for text in c.missing)) for c in found]
        return [*able, *self._absent()]

    def _absent(self) -> Iterator[Candidate]:
        for who, there in self.day.there.items():
            if not there.spans:
                why = KINDS[there.away[0].kind] if there.away else say("is not on duty on this day")
                yield Candidate(who, None, None, False, (why,))


def lines_to_assign(
    session: Session, of: DayOfBranch, *, order: int | str, site_id: int | None, count: int | None = None
) -> list[OrderLine]:
    """The first `count` vehicles (None: all) of an order, by id or number, that wait at one place (None: its own).

    Raises NotFound when none does.
    """
    lines = open_lines(session, of.branch_id, of.day, order=order)
    here = [line for line in lines if site_of_line(line).id == (site_id or line.order.site_id)]
    if not here:
        raise NotFound(say("Nothing of this order waits for a visit any more."))
    return here[:count]


def errand_of_lines(session: Session, of: DayOfBranch, ways: Ways, lines: Sequence[OrderLine]) -> Errand:
    """Vehicles of one order at one place as an errand. Raises RuleBroken while no map knows the place."""
    if place_of(lines[0]) is None:
        raise RuleBroken(UNPLACED)
    day = day_problem(session, of, ways, dissolve=False)
    job = replace(joint_as_wanted(NEW_JOB, lines, of, ways, day.wishes), collects=_collects(session, lines[0].order, day))
    return Errand(job, lines[0].order, day)


def _collects(session: Session, order: Order, day: DayProblem) -> bool:
    """Whether something is to be collected; only asked where that keeps somebody away."""
    return bool(day.barred and paid_jobs(session, [order.id], at=day.of.at))


def part_of_errand(whole: Errand, ways: Ways, lines: Sequence[OrderLine]) -> Errand:
    """The same errand for some of its vehicles."""
    asked = joint_as_wanted(NEW_JOB, lines, whole.day.of, ways, whole.day.wishes)
    return replace(whole, job=replace(asked, collects=whole.job.collects))


def most_at_once(whole: Errand, ways: Ways, lines: Sequence[OrderLine]) -> int:
    """How many of the vehicles one technician can take, by his bag and his day; all of them where nobody can take even one."""

    def too_many(count: int) -> bool:
        return not any(one.ok for one in part_of_errand(whole, ways, lines[:count]).candidates())

    return bisect_left(range(1, len(lines) + 1), True, key=too_many) or len(lines)


def errand_of_visit(session: Session, of: DayOfBranch, ways: Ways, visit: Visit) -> Errand:
    """A visit that is to be moved as an errand: it keeps its length, and asks for skills and parts as its vehicles do."""
    if place_of_visit(visit) is None:
        raise RuleBroken(UNPLACED)
    lines = [row.line for row in visit.visit_lines]
    asked = joint_job(visit_job_id(visit), lines, of, ways)
    day = _his_own(day_problem(session, of, ways, dissolve=False), visit.technician_id)
    minutes = at_usual_pace(fixed_job(visit, of, ways).minutes, day.pace_of(visit.technician_id))
    job = replace(asked, minutes=minutes, collects=_collects(session, visit.order, day))
    return Errand(day.wanted(job, visit), visit.order, day)


def _his_own(day: DayProblem, technician_id: int) -> DayProblem:
    """The day for somebody who has a visit already: it stays his, however much cash he holds."""
    if technician_id not in day.barred:
        return day
    team = tuple(replace(one, takes_money=True) if one.id == technician_id else one for one in day.problem.technicians)
    return replace(day, problem=replace(day.problem, technicians=team))


def assign(
    session: Session, of: DayOfBranch, ways: Ways, choice: Choice, *, order_id: int, site_id: int, count: int | None, by: Actor
) -> Visit:
    """Plan a visit by hand for vehicles that wait.

    Raises RuleBroken for a hard conflict, Invalid (field "anyway") for soft ones that were not overruled, NotFound when nothing
    waits, Conflict (from the database) when the technician's time was taken in between.
    """
    by.must("order.plan")
    _check_not_over(of)
    lock_day(session, of)
    lines = lines_to_assign(session, of, order=order_id, site_id=site_id, count=count)
    errand = errand_of_lines(session, of, ways, lines)
    overruled = _weighed(errand, choice)
    start, end = _moments(errand, choice)
    new = NewVisit(order_id, choice.technician_id, start, end, tuple(line.id for line in lines), by_hand=True)
    visit = plan_visit(session, new, by=by, at=of.at)
    remember(session, of, "assign", came=[kept_visit(visit)], by=by, at=of.at)
    _remember(session, visit, overruled, by=by, at=of.at)
    return visit


def move_visit_to(
    session: Session, of: DayOfBranch, ways: Ways, choice: Choice, *, visit_id: int, version: int | None, by: Actor
) -> Visit:
    """Give a visit to another technician or time by hand. Raises like `assign`, and Conflict for a stale page."""
    by.must("order.plan")
    _check_not_over(of)
    lock_day(session, of)
    visit = _own_visit(session, visit_id, version, by)
    errand = errand_of_visit(session, of, ways, visit)
    overruled = _weighed(errand, choice)
    start, _ = _moments(errand, choice)
    before = kept_visit(visit)
    change_visit(session, visit, technician_id=choice.technician_id, starts_at=start, by=by, at=of.at)
    remember(session, of, "move", went=[before], came=[kept_visit(visit)], by=by, at=of.at)
    _remember(session, visit, overruled, by=by, at=of.at)
    return visit


def take_off(session: Session, *, visit_id: int, version: int | None, reason: str, by: Actor, at: datetime) -> Visit:
    """Take a visit off the plan with a reason; its vehicles wait again."""
    by.must("order.plan")
    visit = _own_visit(session, visit_id, version, by)
    if visit.status not in ("planned", "dispatched"):
        raise RuleBroken(say("The technician has already set out. Abandon the visit with a reason instead."))
    before = kept_visit(visit)
    done = abandon(session, visit_id=visit_id, version=version, reason=reason, by=by, at=at)
    day = DayOfBranch(visit.branch_id, local_day(visit.starts_at, by.zone), by.zone, at)
    remember(session, day, "take_off", went=[before], by=by, at=at)
    return done


def recall(session: Session, *, visit_id: int, version: int | None, reason: str, by: Actor, at: datetime) -> Visit:
    """Take a dispatched visit back from the technician's phone with a reason; it stays planned."""
    return _moved(session, "recall", visit_id, version, reason, by=by, at=at)


def abandon(session: Session, *, visit_id: int, version: int | None, reason: str, by: Actor, at: datetime) -> Visit:
    """End a live visit with a reason, even one whose technician is on the way or on site; its vehicles wait again."""
    return _moved(session, "abandon", visit_id, version, reason, by=by, at=at)


def _moved(session: Session, action: str, visit_id: int, version: int | None, reason: str, *, by: Actor, at: datetime) -> Visit:
    visit = _own_visit(session, visit_id, version, by)
    move_visit(session, visit, action, by=by, at=at, reason=reason.strip())
    return visit


def _check_not_over(of: DayOfBranch) -> None:
    if of.day < of.today:
        raise RuleBroken(DAY_OVER)


def _own_visit(session: Session, visit_id: int, version: int | None, by: Actor) -> Visit:
    visit = locked_visit(session, visit_id, version=version)
    if not by.sees_branch(visit.branch_id):
        raise NotFound
    return visit


def _weighed(errand: Errand, choice: Choice) -> list[Conflict]:
    """The soft conflicts that were overruled. Raises for hard ones, and for soft ones that were not."""
    found = errand.against(choice)
    hard = next((conflict for conflict in found if conflict.hard), None)
    if hard is not None:
        raise RuleBroken(say("That is not possible: %(why)s.", why=hard.text))
    if found and not choice.anyway:
        raise Invalid({"anyway": say("Something speaks against this. Tick the box if it shall be so anyway.")})
    return found


def _moments(errand: Errand, choice: Choice) -> tuple[datetime, datetime]:
    of = errand.day.of
    end = choice.start + errand.minutes_with(choice.technician_id) * 60
    return moment_of(choice.start, of.day, of.zone), moment_of(end, of.day, of.zone)


def _remember(session: Session, visit: Visit, overruled: Sequence[Conflict], *, by: Actor, at: datetime) -> None:
    if overruled:
        told: list[dict[str, Any]] = [{"kind": c.kind, **text_to_json(c.text)} for c in overruled]
        record(session, ("order", visit.order_id), "visit.overrule", by=by, at=at, detail={"visit": visit.id, "conflicts": told})
