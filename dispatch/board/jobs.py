"""What the worker does for the board: it carries planning runs out."""

from __future__ import annotations

import time

import structlog
from sqlalchemy.exc import OperationalError

from dispatch.board.operations.runs import begin_run, fail_run, finish_run
from dispatch.board.travelling import guessed_drives, roads_for
from dispatch.board.work import Ways
from dispatch.clock import now
from dispatch.config import Settings, from_environment
from dispatch.db import transaction
from dispatch.jobs import task
from dispatch.routing import plan
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
        roads = roads_for(begun.made.problem)
        found = plan(begun.made.problem, settings.plan_seconds, roads=roads)
        seconds = time.monotonic() - started
        with transaction() as db:
            finish_run(
                db, run_id, begun, found, at=now(), seconds=seconds, drives=guessed_drives(begun.made.problem, found, roads)
            )
    except OperationalError:
        raise
    except Exception:
        log.exception("planning_failed", run=run_id)
        with transaction() as db:
            fail_run(db, run_id, BROKEN, at=now())
