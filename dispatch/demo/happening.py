"""Something happens in the running day of the demonstration: a technician's car breaks down, and a proposal waits."""

from __future__ import annotations

from datetime import datetime

from dispatch.board.calm_day import PRICES
from dispatch.board.calm_rules import NewEvent
from dispatch.board.operations.calm import enter_event, keep, to_weigh
from dispatch.board.work import DayOfBranch, Ways
from dispatch.clock import local_day
from dispatch.config import Settings
from dispatch.demo import words
from dispatch.demo.company import Company
from dispatch.routing.calm import replanned
from dispatch.routing.search.run import Effort

CODE = "SZ"
BROKEN_DOWN, BEHIND = 1, 2
"""Places among the technicians of the branch."""
ROUNDS = Effort(5, rounds=40)


def build(company: Company, moment: datetime) -> None:
    """One drops out, another is late; what the worker would propose within a minute is there at once."""
    desk = company.desk(CODE)
    assert desk.branch_id is not None
    of = DayOfBranch(desk.branch_id, local_day(moment, company.zone), company.zone, moment)
    people = [company.people[username].id for username, _, _ in words.TECHNICIANS[CODE]]
    enter_event(company.session, of, NewEvent("ill", people[BROKEN_DOWN]), by=desk)
    enter_event(company.session, of, NewEvent("late", people[BEHIND], minutes=40), by=desk)
    day = to_weigh(company.session, of, Ways.of(Settings()))
    if day is not None:
        keep(company.session, day, replanned(day.situation, ROUNDS, PRICES))
