"""Differences that nobody has explained or settled: of hand-ins and of the matching, and cash that waits to be counted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.clock import day_bounds
from dispatch.fees.models import HandIn, Voucher
from dispatch.finance.day_queries import Books
from dispatch.finance.match_models import LineMatch, MatchItem
from dispatch.finance.match_rules import FINDINGS
from dispatch.finance.models import Statement, StatementLine
from dispatch.finance.owed_queries import OWED, left_of, paper_of, settled_of_hand_in, settled_part
from dispatch.words import Text, say

SHORT = say("The count differs")
WAITS = say("Handed in, not counted")
LEFT = say("Left over by matching")
OURS = say("No statement shows it")
THEIRS = say("Nothing of ours fits it")


@dataclass(frozen=True)
class Difference:
    """What it is, who answers for it, how much (of `whole`), since when, by which number it is known, and what was said of it.

    One of `hand_in_id`, `match_id`, `line_id` and `item_id` is where it is put right.
    """

    what: Text
    owner: str
    amount: Decimal
    since: datetime
    paper: str
    branch_id: int
    hand_in_id: int | None = None
    match_id: int | None = None
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

    Of hand-ins and what matching left to somebody until the end of `day` (None: all), of the matching until that of `matching`;
    what was to be matched before a branch's books begin is left alone. `begins` says when they do where no day is closed yet.
    """
    spans = _spans(books, matching, begins)
    found = Found()
    for rows in (_owed(session, books, day), _ours(session, spans, limit), _theirs(session, spans, limit)):
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


def _owed(session: Session, books: Mapping[int, Books], day: date | None) -> Counted:
    """Hand-ins whose difference is not settled, those that nobody has counted, and what matching left to somebody; at once."""
    parts = (_short(books, day), _uncounted(books, day), _left_over(books, day))
    for what, owner, amount, since, *more in session.execute(sa.union_all(*parts)):
        paper, branch_id, hand_in_id, match_id, note, whole = more
        place = {"hand_in_id": hand_in_id, "match_id": match_id, "note": note, "whole": whole}
        yield Difference(_WORDS[what], owner, amount, since, paper, branch_id, **place), 1, abs(amount)


Rows = sa.Select[*tuple[Any, ...]]
_WORDS = {"short": SHORT, "waits": WAITS, "left": LEFT}
_NONE = sa.cast(sa.null(), sa.BigInteger)


def _short(books: Mapping[int, Books], day: date | None) -> Rows:
    made, settled = HandIn, settled_of_hand_in(HandIn.id)
    left, since = left_of(made.difference, settled), sa.func.coalesce(made.confirmed_at, made.handed_at)
    owner, why = sa.func.coalesce(made.difference_owner_name, ""), sa.func.coalesce(made.difference_reason, "")
    place = (made.number, made.branch_id, made.id, _NONE, why, made.difference)
    rows = sa.select(sa.literal("short"), owner, left, since, *place).where(made.branch_id.in_(books), made.difference != 0)
    rows = rows.where(~made.back.has(), sa.func.abs(made.difference) > settled)
    return rows if day is None else rows.where(sa.exists().where(Voucher.hand_in_id == made.id, Voucher.booked_on <= day))


def _uncounted(books: Mapping[int, Books], day: date | None) -> Rows:
    made = HandIn
    place = (made.number, made.branch_id, made.id, _NONE, sa.literal(""), sa.cast(sa.null(), made.declared.type))
    rows = sa.select(sa.literal("waits"), made.person_name, made.declared, made.handed_at, *place)
    rows = rows.where(made.branch_id.in_(books), made.status == "handed")
    return rows.where(_handed_until(books, day)) if day is not None else rows


def _left_over(books: Mapping[int, Books], day: date | None) -> Rows:
    row, settled = LineMatch, settled_part(LineMatch.id)
    left, paper = left_of(row.difference, settled), sa.func.coalesce(paper_of(row.id), "")
    place = (paper, row.branch_id, _NONE, row.id, sa.func.coalesce(row.words, ""), row.difference)
    rows = sa.select(sa.literal("left"), sa.func.coalesce(row.owner_name, ""), left, row.decided_at, *place)
    rows = rows.where(row.branch_id.in_(books), *OWED, sa.func.abs(row.difference) > settled)
    return rows if day is None else rows.where(sa.exists().where(Voucher.match_run_id == row.run_id, Voucher.booked_on <= day))


def _handed_until(books: Mapping[int, Books], day: date) -> sa.ColumnElement[bool]:
    return _within(
        {each.id: (None, day_bounds(day, each.zone)[1]) for each in books.values()}, HandIn.branch_id, HandIn.handed_at
    )


def _ours(session: Session, spans: Spans, limit: int | None) -> Counted:
    item = MatchItem
    open_ = (item.state == "open", _within(spans, item.branch_id, item.at))
    for row, count, total in _counted(session, _first(item, open_, limit)):
        yield (
            Difference(OURS, row.owner_name or row.by_name, row.amount, row.at, row.number, row.branch_id, item_id=row.id),
            count,
            total,
        )


def _theirs(session: Session, spans: Spans, limit: int | None) -> Counted:
    line = StatementLine
    rows = _first(line, (line.state == "open", _within(spans, line.branch_id, line.at)), limit)
    rows = rows.add_columns(Statement.by_name).join(Statement, Statement.id == line.statement_id)
    for row, count, total, by_name in _counted(session, rows):
        what, number = FINDINGS[row.finding] if row.finding else THEIRS, row.receipt or row.reference or row.note or ""
        yield (
            Difference(
                what, row.owner_name or by_name, row.amount, row.at, number, row.branch_id, line_id=row.id, note=row.note or ""
            ),
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
