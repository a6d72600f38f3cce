"""Differences that nobody has explained: of hand-ins and of the matching, and cash that waits to be counted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.clock import day_bounds
from dispatch.fees.models import DifferenceSettlement, HandIn, Voucher
from dispatch.fees.settling_queries import open_part
from dispatch.finance.day_models import DayClose
from dispatch.finance.match_models import MatchItem
from dispatch.finance.match_rules import FINDINGS
from dispatch.finance.models import Statement, StatementLine
from dispatch.staff.models import Branch
from dispatch.words import Text, say

SHORT = say("The count differs")
WAITS = say("Handed in, not counted")
OURS = say("No statement shows it")
THEIRS = say("Nothing of ours fits it")


@dataclass(frozen=True)
class Difference:
    """What it is, who answers for it, how much, since when, and by which number it is known.

    `hand_in_id` or `statement_id` is where it is put right; without either it is money of ours that no statement shows.
    """

    what: Text
    owner: str
    amount: Decimal
    since: datetime
    paper: str
    branch_id: int
    hand_in_id: int | None = None
    statement_id: int | None = None


@dataclass
class Found:
    """Differences, and how many there are and what they come to together."""

    rows: list[Difference] = field(default_factory=list)
    count: int = 0
    sum: Decimal = Decimal("0.00")


def differences(
    session: Session, branch_id: int | None, day: date, *, begins: date | None = None, limit: int | None = None
) -> Found:
    """What is open until the end of a day, of a branch or all, the oldest day first and on it the largest.

    What was to be matched before a branch's books begin is left alone; `begins` says when they do where no day is closed yet.
    """
    spans = _spans(session, branch_id, day, begins)
    found = Found()
    for rows in (
        _short(session, branch_id, day),
        _uncounted(session, spans),
        _ours(session, spans, limit),
        _theirs(session, spans, limit),
    ):
        for one, count, total in rows:
            found.rows.append(one)
            found.count, found.sum = found.count + count, found.sum + total
    found.rows.sort(key=lambda each: (each.since.date(), -abs(each.amount)))
    found.rows = found.rows[:limit]
    return found


Spans = Mapping[int, tuple[datetime | None, datetime]]
Counted = Iterator[tuple[Difference, int, Decimal]]


def _spans(session: Session, branch_id: int | None, day: date, begins: date | None) -> Spans:
    """From when to when each branch's differences count."""
    first = sa.select(sa.func.min(DayClose.day)).where(DayClose.branch_id == Branch.id, DayClose.reopened_at.is_(None))
    rows = sa.select(Branch.id, Branch.zone, first.scalar_subquery())
    rows = rows if branch_id is None else rows.where(Branch.id == branch_id)
    spans = {}
    for id_, zone, closed in session.execute(rows):
        begin = closed or begins
        spans[id_] = (day_bounds(begin, zone)[0] if begin else None, day_bounds(day, zone)[1])
    return spans


def _within(spans: Spans, branch: Any, at: Any) -> sa.ColumnElement[bool]:
    each = (sa.and_(branch == id_, at < end, *([at >= begin] if begin else [])) for id_, (begin, end) in spans.items())
    return sa.or_(sa.false(), *each)


def _short(session: Session, branch_id: int | None, day: date) -> Counted:
    settled = sa.func.coalesce(sa.func.sum(DifferenceSettlement.amount), 0)
    rows = (
        sa.select(HandIn, settled)
        .join(Voucher, Voucher.hand_in_id == HandIn.id)
        .outerjoin(DifferenceSettlement, DifferenceSettlement.hand_in_id == HandIn.id)
        .where(HandIn.difference != 0, ~HandIn.back.has(), Voucher.booked_on <= day)
        .group_by(HandIn.id)
        .having(sa.func.abs(HandIn.difference) > settled)
    )
    rows = rows if branch_id is None else rows.where(HandIn.branch_id == branch_id)
    for made, paid in session.execute(rows):
        left, since = open_part(made, paid), made.confirmed_at or made.handed_at
        one = Difference(SHORT, made.difference_owner_name or "", left, since, made.number, made.branch_id, made.id)
        yield one, 1, abs(left)


def _uncounted(session: Session, spans: Spans) -> Counted:
    rows = sa.select(HandIn).where(HandIn.status == "handed", _within(spans, HandIn.branch_id, HandIn.handed_at))
    for made in session.scalars(rows):
        one = Difference(WAITS, made.person_name, made.declared, made.handed_at, made.number, made.branch_id, made.id)
        yield one, 1, made.declared


def _ours(session: Session, spans: Spans, limit: int | None) -> Counted:
    item = MatchItem
    open_ = (item.state == "open", _within(spans, item.branch_id, item.at))
    for row, count, total in _counted(
        session, sa.select(item, *_all(item.amount)).where(*open_).order_by(item.at, item.id), limit
    ):
        yield Difference(OURS, row.by_name, row.amount, row.at, row.number, row.branch_id), count, total


def _theirs(session: Session, spans: Spans, limit: int | None) -> Counted:
    line = StatementLine
    rows = sa.select(line, *_all(line.amount), Statement.by_name).join(Statement, Statement.id == line.statement_id)
    rows = rows.where(line.state == "open", _within(spans, line.branch_id, line.at)).order_by(line.at, line.id)
    for row, count, total, by_name in _counted(session, rows, limit):
        what, number = FINDINGS[row.finding] if row.finding else THEIRS, row.receipt or row.reference or row.note or ""
        yield Difference(what, by_name, row.amount, row.at, number, row.branch_id, statement_id=row.statement_id), count, total


def _all(amount: Any) -> tuple[Any, Any]:
    """How many rows there are in all and what they come to, beside each row."""
    return sa.func.count().over(), sa.func.sum(sa.func.abs(amount)).over()


def _counted(session: Session, rows: Any, limit: int | None) -> Iterator[Any]:
    """The rows; only the first one says how many there are."""
    for nth, (row, count, total, *more) in enumerate(session.execute(rows.limit(limit))):
        yield (row, 0 if nth else count, Decimal(0) if nth else total, *more)
