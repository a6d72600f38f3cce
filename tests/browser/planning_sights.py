"""Planning of days to come in its states: searching, waiting for a decision, put aside, written, failed."""

from __future__ import annotations

from datetime import date, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.board.calm_models import CalmProposal
from dispatch.board.jobs import BROKEN
from dispatch.board.models import PlanRun, ProposedPlan
from dispatch.board.operations.accepting import accepted, decline_plan
from dispatch.board.operations.runs import ask_plan, begin_run, fail_run, keep_better
from dispatch.board.work import DayOfBranch, Ways
from dispatch.clock import local_day, now
from dispatch.routing import Travel, plan
from dispatch.routing.gateway import Puzzle
from dispatch.staff.models import Person
from dispatch.staff.queries import actor_of
from dispatch.staff.rules import Actor
from tests.browser.sight import Sight

WAYS = Ways(Travel(), 30, 45, 10)
STATES = ("searching", "waiting", "put aside", "written", "failed")


def planning_pages(session: Session, zone: str) -> dict[str, Sight]:
    """Five days of the week after the next, each planned in another way, and two plans beside each other."""
    lin = actor_of(session.scalars(sa.select(Person).where(Person.username == "lin")).one())
    today = local_day(now(), zone)
    monday = today + timedelta(days=14 - today.weekday())
    days = {state: monday + timedelta(days=n) for n, state in enumerate(STATES)}
    found = {state: _planned(session, lin, day, state) for state, day in days.items()}
    shown = {f"a day whose plan is {state}": Sight("board.plan", f"/plan?day={day}", "lin") for state, day in days.items()}
    address = "/plan/proposals/{}"
    for state in ("searching", "waiting", "put aside", "written"):
        shown[f"a plan that is {state}"] = Sight("board.proposal", address.format(found[state]), "lin")
    first = session.scalars(sa.select(ProposedPlan.id).order_by(ProposedPlan.id).limit(1)).one()
    calm = session.scalars(sa.select(CalmProposal.id).order_by(CalmProposal.id.desc()).limit(1)).one()
    shown["what is proposed, compared"] = Sight("board.calm", f"/plan/happened/{calm}")
    return shown | {"a proposed plan": Sight("board.proposal", address.format(first))}


def _planned(session: Session, lin: Actor, day: date, state: str) -> int | None:
    at = now()
    of = DayOfBranch(lin.branch_id or 0, day, lin.zone, at)
    run = ask_plan(session, branch_id=of.branch_id, day=day, by=lin, at=at, writes=state != "waiting")
    if state == "failed":
        fail_run(session, run.id, BROKEN, at=at)
        return None
    begun = begin_run(session, run.id, WAYS, at=at)
    assert begun is not None
    keep_better(session, run.id, begun, plan(begun.made.problem, 1, engine=_by_insertion), at=at, seconds=2.5)
    proposal = session.scalars(sa.select(ProposedPlan).where(ProposedPlan.run_id == run.id)).one()
    return _decided(session, of, run, proposal, state, lin)


def _decided(session: Session, of: DayOfBranch, run: PlanRun, proposal: ProposedPlan, state: str, lin: Actor) -> int:
    if state != "searching":
        run.state, run.ended_at, run.outcome = "proposed", of.at, proposal.outcome
        session.flush()
    if state == "put aside":
        decline_plan(session, of, proposal.id, by=lin)
    if state == "written":  # nothing is written: the orders have to wait on the other pages
        accepted(session, proposal, by=lin, at=of.at)
        run.state, run.outcome = "done", proposal.outcome | {"served": 12, "left": 1}
    return proposal.id


def _by_insertion(puzzle: Puzzle, _seconds: float) -> list[list[int]]:
    return [list(van.first) for van in puzzle.vans]
