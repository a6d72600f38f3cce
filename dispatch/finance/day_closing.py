"""Closing a branch's day (日结), and reopening the last one that was closed.

Locks: the branch's books first and alone, then the trail of the books. Whoever posts holds the books shared to the end of what he
does: so what is closed holds all that was booked on the day, and nothing is booked on it afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.audit.rules import GENESIS
from dispatch.clock import local_day
from dispatch.errors import Conflict, Invalid, NotFound, RuleBroken
from dispatch.fees.models import LedgerBooks
from dispatch.fees.operations.posting import closed_until
from dispatch.fees.rules import yuan
from dispatch.finance.day_models import DayClose
from dispatch.finance.day_queries import (
    balances_before,
    books_of,
    figures_beside,
    first_booked,
    movements,
    standing_close,
)
from dispatch.finance.day_rules import day_hash, ledger_of
from dispatch.finance.differences import Difference, differences
from dispatch.finance.queries import day_rows
from dispatch.staff.models import Branch
from dispatch.staff.rules import Actor
from dispatch.words import Text, listed, say

MOST_NAMED = 5


def close_day(session: Session, branch_id: int, day: date, *, by: Actor, at: datetime) -> list[DayClose]:
    """Close a day, and with it the days before on which nothing was booked; each keeps its figures.

    With the first day that is closed the books begin: what was booked before it is what it opens with.

    Raises Conflict when it is closed already, RuleBroken for a day to come, one that is not next, or while a difference is
    unexplained.
    """
    by.must("day.close")
    branch = _branch(session, branch_id, by)
    closed = closed_until(session, branch_id, alone=True)
    _check_open(session, branch, day, closed)
    if day > local_day(at, branch.zone):
        raise RuleBroken(say("%(day)s has not come yet.", day=day))
    first = _first_open(session, branch, day, closed)
    found = differences(session, books_of(session, branch_id), day=day, matching=day, begins=day).rows
    if found:
        raise RuleBroken(_named(day, found))
    made = _written(session, branch, first, day, by, at)
    _move(session, branch_id, day)
    return made


def reopen_day(session: Session, branch_id: int, day: date, *, reason: str, by: Actor, at: datetime) -> DayClose:
    """Open the last closed day of a branch again; how it was closed stays on record.

    Raises Invalid without a reason, RuleBroken when a later day is closed, Conflict when it is open.
    """
    by.must("day.reopen")
    branch = _branch(session, branch_id, by)
    if not reason.strip():
        raise Invalid({"reason": say("Please give a reason.")})
    last = closed_until(session, branch_id, alone=True)
    row = standing_close(session, branch_id, day=day)
    if row is None:
        raise Conflict(say("%(day)s of %(branch)s is open.", day=day, branch=branch.name))
    if last != day:
        raise RuleBroken(say("Later days first: %(last)s is closed, too.", last=last))
    row.reopened_by_id, row.reopened_by_name, row.reopened_at, row.reopened_reason = by.id, by.name, at, reason.strip()
    session.flush()
    detail = {"day": day.isoformat(), "reason": reason.strip(), "hash": row.hash.hex()}
    record(session, ("books", branch_id), "day.reopen", by=by, at=at, detail=detail)
    before = standing_close(session, branch_id)
    _move(session, branch_id, before.day if before else None)
    return row


def _branch(session: Session, branch_id: int, by: Actor) -> Branch:
    branch = session.get(Branch, branch_id)
    if branch is None or not by.sees_branch(branch_id):
        raise NotFound
    return branch


def _check_open(session: Session, branch: Branch, day: date, closed: date | None) -> None:
    if closed is None or day > closed:
        return
    row = standing_close(session, branch.id, day=day)
    if row is None:
        raise Conflict(say("The books of %(branch)s begin after %(day)s.", branch=branch.name, day=day))
    raise Conflict(say("%(name)s has closed %(day)s already. Nothing was closed twice.", name=row.by_name, day=day))


def _first_open(session: Session, branch: Branch, day: date, closed: date | None) -> date:
    """The first day to be closed together with `day`: the one after those closed, or `day`, with which the books begin.

    Raises RuleBroken when something is booked on one before it.
    """
    if closed is None:
        return day
    booked = first_booked(session, branch.id, closed)
    if booked is not None and booked < day:
        raise RuleBroken(say("Days are closed in order: %(day)s comes first.", day=booked))
    return closed + timedelta(days=1)


def _named(day: date, found: Sequence[Difference]) -> Text:
    """Who answers for how much, the largest first."""
    largest = sorted(found, key=lambda each: -abs(each.amount))[:MOST_NAMED]
    rows = [f"{each.owner} {yuan(abs(each.amount))} ({each.paper})" for each in largest]
    told = {"day": day, "n": len(found), "rows": listed(rows)}
    if len(found) > MOST_NAMED:
        return say("%(day)s cannot be closed: %(n)s differences are not explained, among them %(rows)s.", **told)
    return say("%(day)s cannot be closed, these differences are not explained: %(rows)s.", **told)


def _written(session: Session, branch: Branch, first: date, last: date, by: Actor, at: datetime) -> list[DayClose]:
    """A row for each day, chained to the one before."""
    before = standing_close(session, branch.id)
    prev, balances = before.hash if before else GENESIS, balances_before(session, branch.id, first)
    moved, made = movements(session, branch.id, first, last), []
    for day in (first + timedelta(days=n) for n in range((last - first).days + 1)):
        ledger = ledger_of(moved.get(day, []), balances)
        figures: dict[str, Any] = {"ledger": ledger.as_json(), **figures_beside(session, branch.id, day)}
        figures["received"] = _matched(session, branch.id, day)
        told = day_hash(prev, branch=branch.code, day=day, figures=figures)
        row = DayClose(
            branch_id=branch.id, day=day, figures=figures, prev_hash=prev, hash=told, by_id=by.id, by_name=by.name, at=at
        )
        session.add(row)
        session.flush()
        detail = {"day": day.isoformat(), "hash": told.hex()}
        record(session, ("books", branch.id), "day.close", by=by, at=at, detail=detail)
        prev, balances = told, dict(ledger.balances)
        made.append(row)
    return made


def _matched(session: Session, branch_id: int, day: date) -> dict[str, str]:
    """What of the day's receipts finance has, by channel: counted or matched."""
    rows = day_rows(session, branch_id=branch_id, since=day, until=day)
    return {each.channel: f"{each.received:.2f}" for row in rows for each in row.channels if each.received}


def _move(session: Session, branch_id: int, day: date | None) -> None:
    session.execute(sa.update(LedgerBooks).where(LedgerBooks.branch_id == branch_id).values(closed_until=day))
