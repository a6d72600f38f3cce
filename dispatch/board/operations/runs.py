"""A planning run from being asked for to its end. The planner itself works between two transactions, holding no lock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.board.models import PlanRun
from dispatch.board.operations.keeping import change_of
from dispatch.board.operations.writing import replace_visits
from dispatch.board.outcome import Json, outcome, trips
from dispatch.board.problem import DayProblem, day_problem, there_on
from dispatch.board.queries import UNDER_WAY, replaceable, team
from dispatch.board.rules import shifts_over
from dispatch.board.work import DayOfBranch, Ways
from dispatch.clock import local_day
from dispatch.errors import NotFound, RuleBroken
from dispatch.jobs import enqueue
from dispatch.orders.models import Order, Visit
from dispatch.routing import Plan
from dispatch.staff.calendar_rules import next_workday
from dispatch.staff.models import Branch
from dispatch.staff.queries import active_person, actor_of
from dispatch.staff.roster_queries import AHEAD, calendar_of
from dispatch.staff.rules import Actor
from dispatch.words import Text, say, text_to_json

LOST_AFTER = timedelta(minutes=15)
"""A run under way for longer has lost its worker for good, and makes room for a new one."""

NO_DRIVES: Mapping[str, int] = {}

DAY_OVER = say("This day is over. Choose today or a later day.")
LOST = say("The planning run was lost. Nothing was changed; please plan again.")
LEFT = say("%(name)s may not plan any more. Nothing was changed.")


def ask_plan(session: Session, *, branch_id: int, day: date, by: Actor, at: datetime) -> PlanRun:
    """Ask for a day to be planned in the background.

    Raises RuleBroken for a day that is over or on which nobody is on duty or has time left, Conflict (from the database) while
    the day is being planned already.
    """
    by.must("order.plan")
    branch = session.get(Branch, branch_id)
    if branch is None or not by.sees_branch(branch_id):
        raise NotFound
    if day < local_day(at, branch.zone):
        raise RuleBroken(DAY_OVER)
    _check_time_left(session, DayOfBranch(branch_id, day, branch.zone, at))
    _give_up_lost(session, branch_id, day, at)
    run = PlanRun(branch_id=branch_id, day=day, state="asked", asked_by_id=by.id, asked_at=at)
    session.add(run)
    session.flush()
    enqueue(session, "board.plan", run_id=run.id)
    return run


def _check_time_left(session: Session, of: DayOfBranch) -> None:
    people = team(session, of.branch_id)
    ends = [one.ends for one in there_on(session, people, of).values() if one.ends is not None]
    if people and not ends:
        raise RuleBroken(say("Nobody is on duty on %(day)s. Write the roster first.", day=f"{of.day:%m-%d}"))
    if shifts_over(ends, of.not_before):
        following = next_workday(calendar_of(session, of.branch_id, of.today, of.today + AHEAD), of.today)
        raise RuleBroken(say("Today's shifts are over. Plan %(day)s instead.", day=f"{following:%m-%d}"))


def _give_up_lost(session: Session, branch_id: int, day: date, at: datetime) -> None:
    lost = sa.select(PlanRun).where(PlanRun.branch_id == branch_id, PlanRun.day == day, PlanRun.state.in_(UNDER_WAY))
    for run in session.scalars(lost.where(PlanRun.asked_at < at - LOST_AFTER).with_for_update()):
        _end(run, "failed", {"failure": text_to_json(LOST)}, at)
    session.flush()


@dataclass(frozen=True)
class Begun:
    """A run that was begun: what to solve, and for whom the result will be written."""

    made: DayProblem
    by: Actor


def begin_run(session: Session, run_id: int, ways: Ways, *, at: datetime) -> Begun | None:
    """Mark a run as running and gather its problem; None when it has ended already or its asker may not plan any more.

    A run found running was left by a worker that died: it is simply begun again.
    """
    run = _locked_run(session, run_id)
    if run.state not in UNDER_WAY:
        return None
    person = active_person(session, run.asked_by_id)
    if person is None or not actor_of(person).may("order.plan"):
        _end(run, "failed", {"failure": text_to_json(Text(LEFT.msgid, {"name": person.name if person else "?"}))}, at)
        return None
    run.state = "running"
    branch = session.get_one(Branch, run.branch_id)
    return Begun(day_problem(session, DayOfBranch(branch.id, run.day, branch.zone, at), ways), actor_of(person))


def finish_run(
    session: Session,
    run_id: int,
    begun: Begun,
    plan: Plan,
    *,
    at: datetime,
    seconds: float,
    drives: Mapping[str, int] = NO_DRIVES,
) -> None:
    """Write the plan: replaced visits go, new ones come; whatever changed since the problem was gathered is left as it is.

    `drives` tells how many drives a road engine did not know (guessed), of how many (driven); nothing where none is asked.
    """
    made, by = begun.made, begun.by
    lock_day(session, made.of)
    run = _locked_run(session, run_id)
    if run.state != "running":
        return
    wanted = trips(made, plan)
    standing = _replaceable(session, made.of)
    lock_orders(session, {trip.order_id for trip in wanted} | {visit.order_id for visit in standing})
    change = change_of(made, plan, [v for v in standing if _may_go(v)], wanted)
    written = replace_visits(session, change.goes, change.trips, made.of, by=by, at=at)
    kept = len(change.stays)
    told = outcome(made, plan, written=written.lines, skipped=written.skipped, kept=kept, seconds=seconds)
    _end(run, "done", {**told, **drives}, at)
    figures = {"run": run.id, "day": run.day.isoformat(), "visits": len(change.trips) - len(written.refused)}
    record(session, ("branch", run.branch_id), "board.plan", by=by, at=at, detail=figures)


def fail_run(session: Session, run_id: int, text: Text, *, at: datetime) -> None:
    """Remember why a run came to nothing. One that has ended stays as it is."""
    run = _locked_run(session, run_id)
    if run.state in UNDER_WAY:
        _end(run, "failed", {"failure": text_to_json(text)}, at)


def lock_day(session: Session, of: DayOfBranch) -> None:
    """Writers of one branch's day go one after the other: what was checked stays true until it is written."""
    key = f"board:{of.branch_id}:{of.day.isoformat()}"
    session.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(key, 0))))


def _locked_run(session: Session, run_id: int) -> PlanRun:
    run = session.get(PlanRun, run_id, with_for_update=True, populate_existing=True)
    if run is None:
        raise NotFound
    return run


def _end(run: PlanRun, state: str, told: Json, at: datetime) -> None:
    run.state, run.outcome, run.ended_at = state, told, at


def _replaceable(session: Session, of: DayOfBranch) -> Sequence[Visit]:
    start, end = of.bounds
    query = sa.select(Visit).where(Visit.branch_id == of.branch_id, replaceable(start, end, of.midnight))
    return session.scalars(query.options(sa.orm.selectinload(Visit.visit_lines)).order_by(Visit.order_id, Visit.id)).all()


def _may_go(visit: Visit) -> bool:
    """Looked at once more, now that its order is locked."""
    return visit.status == "planned" and not visit.by_hand


def lock_orders(session: Session, order_ids: Iterable[int]) -> None:
    """Lock orders: all at once and in one order, so that two writers never wait for each other; their visits are read anew."""
    query = sa.select(Order).where(Order.id.in_(order_ids)).order_by(Order.id).with_for_update()
    session.execute(query.execution_options(populate_existing=True))
    visits = sa.select(Visit).where(Visit.order_id.in_(order_ids))
    session.execute(visits.execution_options(populate_existing=True))
