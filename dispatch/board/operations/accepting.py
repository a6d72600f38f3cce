"""Writing a whole plan, and deciding on a proposed one: what changed meanwhile is left as it is and told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.board.models import PlanRun, ProposedPlan
from dispatch.board.operations.keeping import change_of
from dispatch.board.operations.locking import lock_day, lock_orders, may_go, replaceable_visits
from dispatch.board.operations.undoing import remember
from dispatch.board.operations.writing import Written, replace_visits
from dispatch.board.outcome import Json, Trip, outcome
from dispatch.board.problem import DayProblem, day_problem
from dispatch.board.proposed import figures, plan_in, routes_json, trips_in
from dispatch.board.queries import UNDER_WAY, versions_on
from dispatch.board.work import DayOfBranch, Ways
from dispatch.errors import NotFound, RuleBroken
from dispatch.routing import Plan
from dispatch.staff.rules import Actor
from dispatch.words import say, text_to_json

DECIDED = say("This proposed plan was accepted or declined already.")
TOO_LATE = say("Its time has passed since the plan was made.")
DAY_OVER = say("This day is over. Choose today or a later day.")


@dataclass(frozen=True)
class Wrote:
    """What accepting a plan came to: its written trips, how many visits stay though nobody was found anew, trips too late."""

    written: Written
    trips: int
    stays: int
    late: tuple[Trip, ...] = ()

    @property
    def told(self) -> Json:
        """As it is kept with the run."""
        late = [{"order_id": one.order_id, "technician": one.technician_id, "text": text_to_json(TOO_LATE)} for one in self.late]
        return {"served": len(self.written.lines), "skipped": [*self.written.skipped, *late], "left": self.stays}


def write_plan(
    session: Session, made: DayProblem, plan: Plan, wanted: Sequence[Trip], *, by: Actor, at: datetime, **facts: Any
) -> Wrote:
    """Replaced visits go, new ones come. The day must be locked. `facts` are told in the trail."""
    standing = replaceable_visits(session, made.of)
    late = tuple(trip for trip in wanted if trip.start < (made.of.not_before or 0))
    wanted = [trip for trip in wanted if trip not in late]
    lock_orders(session, {trip.order_id for trip in wanted} | {visit.order_id for visit in standing})
    change = change_of(made, plan, [visit for visit in standing if may_go(visit)], wanted)
    written = replace_visits(session, change.goes, change.trips, made.of, by=by, at=at)
    count = len(change.trips) - len(written.refused)
    remember(session, made.of, "plan", went=written.went, came=written.came, by=by, at=at)
    told = facts | {"day": made.of.day.isoformat(), "visits": count}
    record(session, ("branch", made.of.branch_id), "board.plan", by=by, at=at, detail=told)
    return Wrote(written, count, len(change.stays), late)


def propose(
    session: Session,
    made: DayProblem,
    plan: Plan,
    *,
    standing: Mapping[str, int],
    at: datetime,
    run: PlanRun,
    seconds: float = 0,
) -> ProposedPlan:
    """Keep a run's plan as a proposal, in place of what the run had proposed before.

    `standing` is `standing_visits` as it was when the problem was gathered. The plan must have passed the checker.
    """
    found = _of_run(session, run)
    proposal = found or ProposedPlan(branch_id=made.of.branch_id, day=made.of.day, run_id=run.id, rounds=0)
    proposal.routes, proposal.figures = routes_json(made, plan), figures(made, plan)
    proposal.outcome = outcome(made, plan, written=(), skipped=(), kept=0, seconds=seconds)
    proposal.rounds, proposal.made_at, proposal.standing = proposal.rounds + 1, at, dict(standing)
    session.add(proposal)
    session.flush()
    return proposal


def _of_run(session: Session, run: PlanRun) -> ProposedPlan | None:
    return session.scalars(sa.select(ProposedPlan).where(ProposedPlan.run_id == run.id).with_for_update()).one_or_none()


def standing_visits(session: Session, of: DayOfBranch) -> dict[str, int]:
    """The day's visits with their versions: by these is told what changed after a plan was made."""
    return {str(visit_id): version for visit_id, version in versions_on(session, of.branch_id, *of.bounds)}


def accept_plan(session: Session, of: DayOfBranch, ways: Ways, proposal_id: int, *, by: Actor) -> Wrote | None:
    """Write a proposed plan; None while its run is still at work: then the worker stops and writes the best so far.

    Raises NotFound for another branch's, RuleBroken for one that was decided already or for a day that is over.
    """
    by.must("order.plan")
    lock_day(session, of)
    proposal = _open_proposal(session, proposal_id, of, by)
    if of.day < of.today:
        raise RuleBroken(DAY_OVER)
    run = _run_of(session, proposal)
    if run.state in UNDER_WAY:
        run.hurried = True
        return None
    made = day_problem(session, of, ways)
    given = trips_in(proposal.routes)
    wrote = write_plan(session, made, plan_in(proposal.routes), given, by=by, at=of.at, proposal=proposal.id)
    accepted(session, proposal, by=by, at=of.at)
    run.state, run.ended_at, run.outcome = "done", of.at, proposal.outcome | wrote.told
    return wrote


def accepted(session: Session, proposal: ProposedPlan, *, by: Actor, at: datetime) -> None:
    """Mark a proposal as accepted; what other runs proposed for the day was meant for a day that is no more."""
    _decide(proposal, "accepted", by, at)
    same_day = (ProposedPlan.branch_id == proposal.branch_id, ProposedPlan.day == proposal.day)
    others = sa.select(ProposedPlan).where(*same_day, ProposedPlan.state == "open")
    for other in session.scalars(others.where(ProposedPlan.id != proposal.id).order_by(ProposedPlan.id).with_for_update()):
        _drop(session, other, by, at)


def decline_plan(session: Session, of: DayOfBranch, proposal_id: int, *, by: Actor) -> None:
    """Put a proposed plan aside; nothing is changed. A search that is still at work for it ends. Raises like `accept_plan`."""
    by.must("order.plan")
    lock_day(session, of)
    _drop(session, _open_proposal(session, proposal_id, of, by), by, of.at)


def drop_proposal_of(session: Session, run: PlanRun, *, by: Actor, at: datetime) -> None:
    """What a cancelled run had found is put aside."""
    proposal = _of_run(session, run)
    if proposal is not None and proposal.state == "open":
        _decide(proposal, "declined", by, at)


def _drop(session: Session, proposal: ProposedPlan, by: Actor, at: datetime) -> None:
    _decide(proposal, "declined", by, at)
    run = _run_of(session, proposal)
    if run.state in (*UNDER_WAY, "proposed"):
        run.state, run.ended_at = "dropped", at


def _decide(proposal: ProposedPlan, state: str, by: Actor, at: datetime) -> None:
    proposal.state, proposal.decided_at, proposal.decided_by_id = state, at, by.id


def _open_proposal(session: Session, proposal_id: int, of: DayOfBranch, by: Actor) -> ProposedPlan:
    found = session.get(ProposedPlan, proposal_id, with_for_update=True, populate_existing=True)
    if found is None or not by.sees_branch(found.branch_id) or (found.branch_id, found.day) != (of.branch_id, of.day):
        raise NotFound
    if found.state != "open":
        raise RuleBroken(DECIDED)
    return found


def _run_of(session: Session, proposal: ProposedPlan) -> PlanRun:
    return session.get_one(PlanRun, proposal.run_id, with_for_update=True, populate_existing=True)
