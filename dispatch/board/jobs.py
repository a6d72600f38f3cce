"""What the worker does for the board: it carries planning runs out, and looks after running days."""

from __future__ import annotations

import time
from collections.abc import Iterator

import structlog
from sqlalchemy.exc import OperationalError

from dispatch.board.calm_day import PRICES
from dispatch.board.operations.calm import accept, by_rule, is_at_once, keep, to_weigh
from dispatch.board.operations.runs import Begun, begin_run, fail_run, finish_run, goes_on, keep_better
from dispatch.board.proposed import figures, is_better
from dispatch.board.queries import running_branches
from dispatch.board.travelling import guessed_drives, roads_for
from dispatch.board.work import DayOfBranch, Ways
from dispatch.clock import local_day, now
from dispatch.config import Settings, from_environment
from dispatch.db import transaction
from dispatch.errors import Refusal, RuleBroken
from dispatch.jobs import enqueue, periodic, task
from dispatch.routing import Broke, Plan, Roads, bettered, explained, plan
from dispatch.routing.calm import replanned
from dispatch.routing.search.run import Effort
from dispatch.staff.models import Branch
from dispatch.words import say

log = structlog.get_logger("board")

BROKEN = say("The planner broke down; it was written down and will be looked at. Nothing was changed.")
FIRST_S = 1.0
"""Time for the first whole plan: somebody is looking."""
WORTH_JOBS, WORTH_S_PER_JOB = 10, 0.2
"""With fewer jobs the first plan is as good as any; beyond so many seconds for each job nothing better is to be expected."""


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
        if begun is not None:
            _Search(run_id, begun, settings.plan_seconds).carry_out()
    except OperationalError:
        raise
    except RuleBroken as refused:  # a record that cannot be planned: the sentence names it
        with transaction() as db:
            fail_run(db, run_id, refused.text, at=now())
    except Exception:
        log.exception("planning_failed", run=run_id)
        with transaction() as db:
            fail_run(db, run_id, BROKEN, at=now())


class _Search:
    """One run: the first plan at once, better ones while there is time and nobody ends it, and the best at the end."""

    def __init__(self, run_id: int, begun: Begun, seconds: float) -> None:
        self.run_id, self.begun, self.limit = run_id, begun, seconds
        self.problem = begun.made.problem
        self.started = time.monotonic()
        self.roads: Roads | None = None

    def carry_out(self) -> None:
        """From the first plan to the end of the run."""
        self.roads = roads_for(self.problem)
        best = self._first()
        for found in self._better():
            if found is not None and is_better(figures(self.begun.made, found), figures(self.begun.made, best)):
                best = found
                self._keep(best)
        best = explained(self.problem, best, self.roads)
        drives = guessed_drives(self.problem, best, self.roads)
        with transaction() as db:
            finish_run(db, self.run_id, self.begun, best, at=now(), seconds=self._past(), drives=drives)

    def _first(self) -> Plan:
        enough = min(FIRST_S, self.limit) if self._is_worth_it() else self.limit
        found = plan(self.problem, enough, roads=self.roads)
        if self._is_worth_it():
            self._keep(found)
        return found

    def _better(self) -> Iterator[Plan | None]:
        jobs = len(self.begun.made.lines)
        left = min(self.limit - self._past(), jobs * WORTH_S_PER_JOB)
        if not self._is_worth_it() or left <= 0:
            return
        search = bettered(self.problem, left, roads=self.roads)
        try:
            for found in search:
                if not self._goes_on():
                    break
                yield found
        except Broke as reason:
            log.warning("search_not_made", run=self.run_id, reason=str(reason))
            yield plan(self.problem, left, roads=self.roads)

    def _is_worth_it(self) -> bool:
        """Whether our own search may find better: on large days, and where customers want somebody, which engines ignore."""
        jobs = [job for job in self.problem.jobs if job.id in self.begun.made.lines]
        return len(jobs) >= WORTH_JOBS or any(job.preferred or job.linked for job in jobs)

    def _keep(self, found: Plan) -> None:
        with transaction() as db:
            keep_better(db, self.run_id, self.begun, found, at=now(), seconds=self._past())

    def _goes_on(self) -> bool:
        with transaction() as db:
            return goes_on(db, self.run_id)

    def _past(self) -> float:
        return time.monotonic() - self.started


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
