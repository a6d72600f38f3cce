"""Differences that nobody has explained: of hand-ins and of the matching, and cash that waits to be counted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from dispatch.clock import day_bounds
from dispatch.fees.models import DifferenceSettlement, HandIn, Voucher
from dispatch.fees.settling_queries import open_part
from dispatch.finance.day_queries import Books
from dispatch.finance.match_models import MatchItem
from dispatch.finance.match_rules import FINDINGS
from dispatch.finance.models import Statement, StatementLine
from dispatch.words import Text, say

SHORT = say("The count differs")
WAITS = say("Handed in, not counted")
OURS = say("No statement shows it")
THEIRS = say("Nothing of ours fits it")


@dataclass(frozen=True)
class Difference:
    """What it is, who answers for it, how much (of `whole`), since when, by which number it is known, and what was said of it.

    One of `hand_in_id`, `line_id` and `item_id` is where it is put right.
    """

    what: Text
    owner: str
    amount: Decimal
    since: datetime
    paper: str
    branch_id: int
    hand_in_id: int | None = None
    line_id: int | None = None
    item_id: int | None = None
    note: str = ""
    whole: Decimal | None = None


@dataclass
class Found:
    """Differences, and how many there are and what they come to together."""

    rows: list[Difference] = field(default_factory=list)
    count: int = 0
    sum: Decimal = Decimal("0.00")


def differences(
    session: Session,
    books: Mapping[int, Books],
    *,
    day: date | None,
    matching: date,
    begins: date | None = None,
    limit: int | None = None,
) -> Found:
    """What is open of these branches, the oldest day first and on it the largest.

    Of hand-ins until the end of `day` (None: all), of the matching until that of `matching`; what was to be matched before a
    branch's books begin is left alone. `begins` says when they do where no day is closed yet.
    """
    spans = _spans(books, matching, begins)
    found = Found()
    for rows in (_of_hand_ins(session, books, day), _ours(session, spans, limit), _theirs(session, spans, limit)):
        for one, count, total in rows:
            found.rows.append(one)
            found.count, found.sum = found.count + count, found.sum + total
    found.rows.sort(key=lambda each: (each.since.date(), -abs(each.amount)))
    found.rows = found.rows[:limit]
    return found


Spans = Mapping[int, tuple[datetime | None, datetime]]
Counted = Iterator[tuple[Difference, int, Decimal]]


def _spans(books: Mapping[int, Books], day: date, begins: date | None) -> Spans:
    """From when to when each branch's matching counts."""
    spans = {}
    for each in books.values():
        begin = each.begins or begins
        spans[each.id] = (day_bounds(begin, each.zone)[0] if begin else None, day_bounds(day, each.zone)[1])
    return spans


def _within(spans: Spans, branch: Any, at: Any) -> sa.ColumnElement[bool]:
    each = (sa.and_(branch == id_, at < end, *([at >= begin] if begin else [])) for id_, (begin, end) in spans.items())
    return sa.or_(sa.false(), *each)


def _of_hand_ins(session: Session, books: Mapping[int, Books], day: date | None) -> Counted:
    """Hand-ins whose difference is not settled, and those that nobody has counted."""
    settled = sa.select(sa.func.coalesce(sa.func.sum(DifferenceSettlement.amount), 0))
    settled = settled.where(DifferenceSettlement.hand_in_id == HandIn.id).correlate(HandIn)
    short = sa.and_(HandIn.difference != 0, ~HandIn.back.has(), sa.func.abs(HandIn.difference) > settled.scalar_subquery())
    waits = HandIn.status == "handed"
    if day is not None:
        booked = sa.exists().where(Voucher.hand_in_id == HandIn.id, Voucher.booked_on <= day)
        short, waits = sa.and_(short, booked), sa.and_(waits, _handed_until(books, day))
    rows = (
        sa.select(HandIn, settled.scalar_subquery())
        .options(joinedload(HandIn.back))
        .where(HandIn.branch_id.in_(books), sa.or_(short, waits))
    )
    for made, paid in session.execute(rows):
        yield _of_hand_in(made, paid)


def _of_hand_in(made: HandIn, paid: Decimal) -> tuple[Difference, int, Decimal]:
    place = (made.number, made.branch_id, made.id)
    if not made.difference:
        return Difference(WAITS, made.person_name, made.declared, made.handed_at, *place), 1, made.declared
    left, since = open_part(made, paid), made.confirmed_at or made.handed_at
    said = {"note": made.difference_reason or "", "whole": made.difference}
    return Difference(SHORT, made.difference_owner_name or "", left, since, *place, **said), 1, abs(left)  # type: ignore[arg-type]


def _handed_until(books: Mapping[int, Books], day: date) -> sa.ColumnElement[bool]:
    return _within(
        {each.id: (None, day_bounds(day, each.zone)[1]) for each in books.values()}, HandIn.branch_id, HandIn.handed_at
    )


def _ours(session: Session, spans: Spans, limit: int | None) -> Counted:
    item = MatchItem
    open_ = (item.state == "open", _within(spans, item.branch_id, item.at))
    for row, count, total in _counted(session, _first(item, open_, limit)):
        yield Difference(OURS, row.by_name, row.amount, row.at, row.number, row.branch_id, item_id=row.id), count, total


def _theirs(session: Session, spans: Spans, limit: int | None) -> Counted:
    line = StatementLine
    rows = _first(line, (line.state == "open", _within(spans, line.branch_id, line.at)), limit)
    rows = rows.add_columns(Statement.by_name).join(Statement, Statement.id == line.statement_id)
    for row, count, total, by_name in _counted(session, rows):
        what, number = FINDINGS[row.finding] if row.finding else THEIRS, row.receipt or row.reference or row.note or ""
        yield (
            Difference(what, by_name, row.amount, row.at, number, row.branch_id, line_id=row.id, note=row.note or ""),
            count,
            total,
        )


def _first(table: Any, where: Sequence[sa.ColumnElement[bool]], limit: int | None) -> Any:
    """The oldest rows; beside each how many there are in all and what they come to, added up without carrying whole rows."""
    sums = sa.select(sa.func.count().label("count"), sa.func.sum(sa.func.abs(table.amount)).label("sum")).where(*where).subquery()
    leaf = sa.select(table.id).where(*where).order_by(table.at, table.id).limit(limit).subquery()
    rows = sa.select(table, sums.c.count, sums.c.sum).join(leaf, leaf.c.id == table.id).join(sums, sa.true())
    return rows.order_by(table.at, table.id)


def _counted(session: Session, rows: Any) -> Iterator[Any]:
    """The rows; only the first one says how many there are."""
    for nth, (row, count, total, *more) in enumerate(session.execute(rows)):
        yield (row, 0 if nth else count, Decimal(0) if nth else total, *more)
