"""The next workday, planned and not decided yet: a plan to be compared with the day as it stands."""

from __future__ import annotations

from datetime import datetime, timedelta

from dispatch.board.operations.runs import ask_plan, begin_run, finish_run
from dispatch.board.work import Ways
from dispatch.clock import local_day
from dispatch.demo.company import Company
from dispatch.errors import RuleBroken
from dispatch.routing import Travel, plan
from dispatch.routing.gateway import Puzzle
from dispatch.staff.calendar_rules import next_workday
from dispatch.staff.roster_queries import AHEAD, calendar_of

CODE = "SZ"
TOOK = timedelta(seconds=10)


def build(company: Company, moment: datetime) -> None:
    """The dispatcher has the next workday planned, to look at it before anything is changed."""
    branch, today = company.branches[CODE], local_day(moment, company.zone)
    day = next_workday(calendar_of(company.session, branch.id, today, today + AHEAD), today)
    asked = moment - timedelta(minutes=12)
    try:
        run = ask_plan(company.session, branch_id=branch.id, day=day, by=company.desk(CODE), at=asked, writes=False)
    except RuleBroken:
        return  # on this day nobody is on duty: there is nothing to show
    begun = begin_run(company.session, run.id, Ways(Travel(), 30, 45, 10), at=asked)
    if begun is not None:
        found = plan(begun.made.problem, 1, engine=_by_insertion)
        finish_run(company.session, run.id, begun, found, at=asked + TOOK, seconds=TOOK.total_seconds())


def _by_insertion(puzzle: Puzzle, _seconds: float) -> list[list[int]]:
    """No engine: loading one takes longer than the demonstration may."""
    return [list(van.first) for van in puzzle.vans]
