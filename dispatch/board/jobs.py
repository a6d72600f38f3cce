"""What the worker does for the board: it carries planning runs out, and looks after running days."""

from __future__ import annotations

import time

import structlog
from sqlalchemy.exc import OperationalError

from dispatch.board.calm_day import PRICES
from dispatch.board.operations.calm import accept, by_rule, is_at_once, keep, to_weigh
from dispatch.board.operations.runs import begin_run, fail_run, finish_run
from dispatch.board.queries import running_branches
from dispatch.board.travelling import roads_for
from dispatch.board.work import DayOfBranch, Ways
from dispatch.clock import local_day, now
from dispatch.config import Settings, from_environment
from dispatch.db import transaction
from dispatch.errors import Refusal
from dispatch.jobs import enqueue, periodic, task
from dispatch.routing import plan
from dispatch.routing.calm import replanned
from dispatch.routing.search.run import Effort
from dispatch.staff.models import Branch
from dispatch.words import say

log = structlog.get_logger("board")

BROKEN = say("The planner broke down; it was written down and will be looked at. Nothing was changed.")


@task("board.plan")
def plan_day(run_id: int) -> None:
    """Carry out a planning run that was asked for."""
    carry_out(run_id, from_environment())


def carry_out(run_id: int, settings: Settings) -> None:
    """Gather, solve without a transaction, write. May be killed at any moment and run again: a run that has ended is left alone.

    A database that cannot be reached raises, so that the worker tries again; any other failure ends the run with a sentence.
    """
    try:
        with transaction() as db:
            begun = begin_run(db, run_id, Ways.of(settings), at=now())
        if begun is None:
            return
        started = time.monotonic()
        found = plan(begun.made.problem, settings.plan_seconds, roads=roads_for(begun.made.problem))
        seconds = time.monotonic() - started
        with transaction() as db:
            finish_run(db, run_id, begun, found, at=now(), seconds=seconds)
    except OperationalError:
        raise
    except Exception:
        log.exception("planning_failed", run=run_id)
        with transaction() as db:
            fail_run(db, run_id, BROKEN, at=now())


@periodic("board.watch", "* * * * *")
def watch(timestamp: int) -> None:
    """Each minute: have every branch looked at that has visits today."""
    with transaction() as db:
        for branch_id in running_branches(db, now()):
            enqueue(db, "board.calm", lock=f"board.calm:{branch_id}", branch_id=branch_id)


@task("board.calm", retries=1)
def look_after(branch_id: int) -> None:
    """Look whether something has happened to a branch's running day, and propose what to do about it."""
    propose(branch_id, from_environment())


def propose(branch_id: int, settings: Settings) -> int | None:
    """The proposal that was made, by id; None where nothing is new. Twice at once: the later finds nothing new, or replaces the
    other's. What is of kinds in CALM_AT_ONCE alone is written at once.
    """
    with transaction() as db:
        branch = db.get_one(Branch, branch_id)
        at = now()
        of = DayOfBranch(branch.id, local_day(at, branch.zone), branch.zone, at)
        day = to_weigh(db, of, Ways.of(settings))
    if day is None:
        return None
    found = replanned(day.situation, Effort(settings.calm_seconds), PRICES)
    with transaction() as db:
        kept = keep(db, day, found)
        made, is_open = kept.id, kept.state == "open"
    if is_open and is_at_once(day.reasons, settings.calm_at_once):
        _write_at_once(made, of)
    return made


def _write_at_once(proposal_id: int, of: DayOfBranch) -> None:
    """By rule. What cannot be written stays open, for people to decide."""
    try:
        with transaction() as db:
            accept(db, proposal_id, by=by_rule(of.branch_id, of.zone), at=of.at)
    except Refusal as refusal:
        log.info("calm_not_written", proposal=proposal_id, why=str(refusal.text))
