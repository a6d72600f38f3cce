"""A planning run from being asked for to its end. The planner itself works between short transactions, holding no lock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.board.models import PlanRun
from dispatch.board.operations.accepting import DAY_OVER as DAY_OVER
from dispatch.board.operations.accepting import accepted, drop_proposal_of, propose, standing_visits, write_plan
from dispatch.board.operations.locking import lock_day
from dispatch.board.outcome import Json, trips
from dispatch.board.problem import DayProblem, day_problem, there_on
from dispatch.board.queries import UNDER_WAY, team
from dispatch.board.rules import shifts_over
from dispatch.board.work import DayOfBranch, Ways
from dispatch.clock import local_day
from dispatch.errors import NotFound, RuleBroken
from dispatch.jobs import enqueue
from dispatch.routing import Plan
from dispatch.staff.calendar_rules import next_workday
from dispatch.staff.models import Branch
from dispatch.staff.queries import active_person, actor_of
from dispatch.staff.roster_queries import AHEAD, calendar_of
from dispatch.staff.rules import Actor
from dispatch.words import Text, say, text_to_json

LOST_AFTER = timedelta(minutes=15)
"""A run under way for longer has lost its worker for good, and makes room for a new one."""

LOST = say("The planning run was lost. Nothing was changed; please plan again.")
ENDED = say("This planning run has ended already.")
LEFT = say("%(name)s may not plan any more. Nothing was changed.")


def ask_plan(session: Session, *, branch_id: int, day: date, by: Actor, at: datetime, writes: bool = True) -> PlanRun:
    """Ask for a day to be planned in the background; the plan is written at the end, or waits to be accepted.

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
    run = PlanRun(branch_id=branch_id, day=day, state="asked", asked_by_id=by.id, asked_at=at, writes=writes)
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
    """A run that was begun: what to solve, for whom the result will be written, and the day's visits as they were."""

    made: DayProblem
    by: Actor
    standing: dict[str, int]


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
    run.state, run.begun_at = "running", at
    branch = session.get_one(Branch, run.branch_id)
    of = DayOfBranch(branch.id, run.day, branch.zone, at)
    return Begun(day_problem(session, of, ways), actor_of(person), standing_visits(session, of))


def keep_better(session: Session, run_id: int, begun: Begun, plan: Plan, *, at: datetime, seconds: float) -> None:
    """Show the best plan so far; a run that was ended meanwhile keeps what it had."""
    run = _locked_run(session, run_id)
    if run.state == "running":
        propose(session, begun.made, plan, standing=begun.standing, at=at, run=run, seconds=seconds)


def goes_on(session: Session, run_id: int) -> bool:
    """Whether the search is still wanted: nobody has cancelled the run or takes what there is."""
    run = session.get_one(PlanRun, run_id)
    return run.state == "running" and not run.hurried


def finish_run(session: Session, run_id: int, begun: Begun, plan: Plan, *, at: datetime, seconds: float) -> None:
    """Write the plan, or leave it as a proposal: replaced visits go, new ones come; whatever changed since the problem was
    gathered is left as it is.
    """
    made, by = begun.made, begun.by
    lock_day(session, made.of)
    run = _locked_run(session, run_id)
    if run.state != "running":
        return
    proposal = propose(session, made, plan, standing=begun.standing, at=at, run=run, seconds=seconds)
    if not (run.writes or run.hurried):
        _end(run, "proposed", proposal.outcome, at)
        return
    wrote = write_plan(session, made, plan, trips(made, plan), by=by, at=at, run=run.id)
    accepted(session, proposal, by=by, at=at)
    _end(run, "done", proposal.outcome | wrote.told, at)


def cancel_run(session: Session, of: DayOfBranch, run_id: int, *, by: Actor) -> None:
    """End a run that is under way; nothing is changed. Raises NotFound for another branch's, RuleBroken when it has ended."""
    by.must("order.plan")
    run = _locked_run(session, run_id)
    if not by.sees_branch(run.branch_id) or (run.branch_id, run.day) != (of.branch_id, of.day):
        raise NotFound
    if run.state not in UNDER_WAY:
        raise RuleBroken(ENDED)
    _end(run, "dropped", {}, of.at)
    drop_proposal_of(session, run, by=by, at=of.at)


def fail_run(session: Session, run_id: int, text: Text, *, at: datetime) -> None:
    """Remember why a run came to nothing. One that has ended stays as it is."""
    run = _locked_run(session, run_id)
    if run.state in UNDER_WAY:
        _end(run, "failed", {"failure": text_to_json(text)}, at)


def _locked_run(session: Session, run_id: int) -> PlanRun:
    run = session.get(PlanRun, run_id, with_for_update=True, populate_existing=True)
    if run is None:
        raise NotFound
    return run


def _end(run: PlanRun, state: str, told: Json, at: datetime) -> None:
    run.state, run.outcome, run.ended_at = state, told, at
