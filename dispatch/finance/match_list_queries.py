"""What the pages of matching show: proposals, the work list of lines and of our money, what was explained, one line, one item."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.errors import NotFound
from dispatch.fees.models import AccountPayment, Receipt, Voucher
from dispatch.finance.match_models import LineMatch, MatchItem, MatchPart, MatchRun, MatchUndo
from dispatch.finance.match_rules import FITTING, TO_MATCH
from dispatch.finance.models import Statement, StatementLine
from dispatch.lists import FIRST, Cut, Part
from dispatch.orders.models import Order
from dispatch.staff.rules import Actor

PROPOSAL_SORTS = {
    "confidence": (LineMatch.confidence, LineMatch.id),
    "amount": (LineMatch.amount, LineMatch.id),
    "time": (LineMatch.at, LineMatch.id),
}
LINE_SORTS = {"time": (StatementLine.at, StatementLine.id), "amount": (StatementLine.amount, StatementLine.id)}
ITEM_SORTS = {"time": (MatchItem.at, MatchItem.id), "amount": (MatchItem.amount, MatchItem.id)}
MOST_CANDIDATES = 40
MOST_MATCHES = 50
PARTS, DAY = timedelta(days=5), timedelta(days=1)
"""How long before a sum is paid out its parts were taken."""
MOST_KEPT = Decimal("1.05")
"""A channel keeps a few parts in a hundred at most."""
MONTH = timedelta(days=31)
Where = sa.ColumnElement[bool]


@dataclass(frozen=True)
class Shown:
    """A match with its lines and items; `undo` and `voucher` once it counts."""

    row: LineMatch
    lines: list[StatementLine] = field(default_factory=list)
    items: list[MatchItem] = field(default_factory=list)
    undo: MatchUndo | None = None
    voucher: str = ""
    back: str = ""


def proposals(
    session: Session, branch_id: int | None, *, way: str | None = None, cut: Cut = FIRST, total: int | None = None
) -> Part[Shown]:
    """A page of what is proposed, with its lines and items. `total` is how many there are, where somebody knows that already."""
    where = [LineMatch.state == "proposed", *_of(LineMatch.branch_id, branch_id), *([LineMatch.way == way] if way else [])]
    return _page_of_matches(session, where, cut, total)


def explained(session: Session, branch_id: int | None, *, why: str | None = None, cut: Cut = FIRST) -> Part[Shown]:
    """A page of what somebody explained and that counts."""
    where = [LineMatch.why.is_not(None), LineMatch.state == "live", *_of(LineMatch.branch_id, branch_id)]
    return _page_of_matches(session, [*where, *([LineMatch.why == why] if why else [])], cut)


def _of(column: Any, branch_id: int | None) -> list[Where]:
    return [] if branch_id is None else [column == branch_id]


def _page_of_matches(session: Session, where: Sequence[Where], cut: Cut, total: int | None = None) -> Part[Shown]:
    total = _count(session, LineMatch, where) if total is None else total
    leaf = cut.of(sa.select(LineMatch.id).where(*where), PROPOSAL_SORTS).subquery()  # whole rows would be sorted on the disk
    query = sa.select(LineMatch).join(leaf, leaf.c.id == LineMatch.id).order_by(*cut.order(PROPOSAL_SORTS))
    return Part(_with_parts(session, session.scalars(query).all()), cut.number, total)


def _count(session: Session, table: Any, where: Sequence[Where]) -> int:
    return session.scalar(sa.select(sa.func.count()).select_from(table).where(*where)) or 0


def _with_parts(session: Session, rows: Sequence[LineMatch]) -> list[Shown]:
    shown = {row.id: Shown(row) for row in rows}
    parts = (
        sa.select(MatchPart.match_id, StatementLine, MatchItem)
        .outerjoin(StatementLine, StatementLine.id == MatchPart.line_id)
        .outerjoin(MatchItem, MatchItem.id == MatchPart.item_id)
        .where(MatchPart.match_id.in_(shown))
        .order_by(MatchPart.match_id, MatchPart.nth)
    )
    for match_id, line, item in session.execute(parts) if shown else ():
        shown[match_id].lines.extend([line] if line else [])
        shown[match_id].items.extend([item] if item else [])
    return list(shown.values())


def ways_proposed(session: Session, branch_id: int | None) -> dict[str, int]:
    """How many are proposed in each way."""
    where = [LineMatch.state == "proposed", *_of(LineMatch.branch_id, branch_id)]
    counted = sa.select(LineMatch.way, sa.func.count()).where(*where).group_by(LineMatch.way)
    return dict(session.execute(counted).all())


# --- the work list


def unknown_lines(
    session: Session, branch_id: int | None, *, finding: str | None = None, cut: Cut = FIRST, total: int | None = None
) -> Part[Any]:
    """A page of the lines that nothing fits, each with who sent its statement. `total`: how many, where that is known."""
    line = StatementLine
    where = [line.state == "open", line.finding.is_not(None), *_of(line.branch_id, branch_id)]
    where += [line.finding == finding] if finding else []
    total = _count(session, line, where) if total is None else total
    leaf = cut.of(sa.select(line.id).where(*where), LINE_SORTS).subquery()
    query = sa.select(line, Statement.by_name).join(leaf, leaf.c.id == line.id).join(Statement, Statement.id == line.statement_id)
    return Part(session.execute(query.order_by(*cut.order(LINE_SORTS))).all(), cut.number, total)


def findings_counted(session: Session, branch_id: int | None) -> dict[str, int]:
    """How many lines of each finding are in the work list."""
    line = StatementLine
    where = [line.state == "open", line.finding.is_not(None), *_of(line.branch_id, branch_id)]
    rows = session.execute(sa.select(line.finding, sa.func.count()).where(*where).group_by(line.finding))
    return {finding: count for finding, count in rows if finding}


def last_told(session: Session, branch_id: int | None) -> dict[str, datetime]:
    """Until when the statements of each channel tell."""
    query = sa.select(Statement.channel, sa.func.max(Statement.last_at)).where(Statement.state == "kept")
    rows = session.execute(query.where(*_of(Statement.branch_id, branch_id)).group_by(Statement.channel))
    return {channel: last_at for channel, last_at in rows if channel and last_at}


def unshown_items(
    session: Session,
    branch_id: int | None,
    told: dict[str, datetime],
    late: datetime,
    *,
    finding: str = "missing",
    cut: Cut = FIRST,
) -> Part[MatchItem]:
    """A page of our money that no line shows: `missing` where a statement tells of later, `late` where none does since long."""
    item = MatchItem
    where = [item.state == "open", *_of(item.branch_id, branch_id), item_finding(told, late)[finding]]
    leaf = cut.of(sa.select(item.id).where(*where), ITEM_SORTS).subquery()
    query = sa.select(item).join(leaf, leaf.c.id == item.id).order_by(*cut.order(ITEM_SORTS))
    return Part(session.scalars(query).all(), cut.number, _count(session, item, where))


def item_finding(told: dict[str, datetime], late: datetime) -> dict[str, Where]:
    """SQL: which items are missing there, and which are late."""
    shown = [sa.and_(MatchItem.channel.in_(FITTING[channel]), MatchItem.at < end) for channel, end in told.items()]
    missing = sa.or_(sa.false(), *shown)
    return {"missing": missing, "late": sa.and_(MatchItem.at < late, ~missing)}


def match_shown(session: Session, row: LineMatch) -> Shown:
    """One match with its lines and items."""
    return _with_parts(session, [row])[0]


# --- one line, one item


def line_seen(session: Session, line_id: int, by: Actor) -> StatementLine:
    """A line that somebody may see. Raises NotFound."""
    found = session.get(StatementLine, line_id)
    if found is None or not by.sees_branch(found.branch_id):
        raise NotFound
    return found


def item_seen(session: Session, item_id: int, by: Actor) -> MatchItem:
    """Money of ours that somebody may see. Raises NotFound."""
    found = session.get(MatchItem, item_id)
    if found is None or not by.sees_branch(found.branch_id):
        raise NotFound
    return found


def matches_of(session: Session, *, line_id: int | None = None, item_id: int | None = None) -> list[Shown]:
    """The matches that a line or an item is or was in, and that were proposed; the newest first."""
    mine = sa.select(MatchPart.match_id).where(MatchPart.line_id == line_id if line_id else MatchPart.item_id == item_id)
    newest = mine.order_by(MatchPart.match_id.desc()).limit(MOST_MATCHES)
    rows = session.scalars(sa.select(LineMatch).where(LineMatch.id.in_(newest)).order_by(LineMatch.id.desc())).all()
    shown = _with_parts(session, rows)
    back = sa.orm.aliased(Voucher)
    facts = (
        sa.select(LineMatch.id, MatchUndo, Voucher.number, back.number)
        .outerjoin(MatchUndo, MatchUndo.match_id == LineMatch.id)
        .outerjoin(MatchRun, MatchRun.id == LineMatch.run_id)
        .outerjoin(Voucher, Voucher.match_run_id == MatchRun.id)
        .outerjoin(back, back.match_undo_id == MatchUndo.id)
        .where(LineMatch.id.in_([row.id for row in rows]))
    )
    more = {row[0]: row[1:] for row in session.execute(facts)}
    return [Shown(each.row, each.lines, each.items, *_told(more[each.row.id])) for each in shown]


def _told(facts: Sequence[Any]) -> tuple[MatchUndo | None, str, str]:
    undo, voucher, back = facts
    return undo, voucher or "", back or ""


def order_behind(session: Session, item: MatchItem) -> str | None:
    """The number of the order that money of ours was taken for; none for a deposit."""
    paid = sa.select(AccountPayment.receipt_id).where(AccountPayment.id == item.account_payment_id).scalar_subquery()
    of = sa.select(Order.number).join(Receipt, Receipt.order_id == Order.id)
    return session.scalar(of.where(Receipt.id == sa.func.coalesce(item.receipt_id, paid)))


def candidates(
    session: Session, of: StatementLine | MatchItem, proposed: Collection[int] = ()
) -> tuple[list[StatementLine], list[MatchItem]]:
    """Open lines and items that might belong to one: of its amount or number, of a month; what may cancel it out; what may be
    part of it, as cards are of the sum that the bank pays out for a day."""
    is_line = isinstance(of, StatementLine)
    ways = FITTING[of.channel] if is_line else (of.channel,)
    channels = [of.channel] if is_line else [channel for channel, fit in FITTING.items() if of.channel in fit]
    number = of.receipt if isinstance(of, StatementLine) else of.number
    line, item = StatementLine, MatchItem
    same_line = [line.amount == (-of.amount if is_line else of.amount), *([line.receipt == number] if number else [])]
    same_item = [item.amount == (of.amount if is_line else -of.amount), item.id.in_(proposed)]
    same_item += [item.number == number, item.other == number] if number else []
    lines = _near(line, of, same_line, [line.state == "open", line.channel.in_(channels), line.branch_id == of.branch_id])
    items = _near(item, of, same_item, [item.state.in_(TO_MATCH), item.channel.in_(ways)])
    return list(session.scalars(lines)), list(session.scalars(items))


def _near(table: Any, of: StatementLine | MatchItem, same: list[Where], where: list[Where]) -> sa.Select[Any]:
    """The nearest in time: first what is the same, then, from the other side, what may be part of it."""
    month = table.at.between(of.at - MONTH, of.at + MONTH)
    mine = [*where, *([table.id != of.id] if isinstance(of, table) else [])]
    found = [each for is_it in same for each in _around(table, of.at, [is_it, month, *mine])]
    found += [] if isinstance(of, table) else _around(table, of.at, [_part_of(table, of), *mine])
    apart = sa.func.abs(sa.extract("epoch", table.at - of.at))
    first = sa.case((sa.and_(sa.or_(*same), month), 0), else_=1)
    few = table.id.in_(sa.select(sa.union_all(*found).subquery().c.id))
    return sa.select(table).where(few).order_by(first, apart, table.id).limit(MOST_CANDIDATES)


def _around(table: Any, at: datetime, where: list[Where]) -> list[sa.Select[int]]:
    """The nearest of these before a moment and after it, each side read along an index: a month has a hundred thousand."""
    sides = ((table.at <= at, table.at.desc()), (table.at > at, table.at))
    rows = (sa.select(table.id).where(side, *where).order_by(order, table.id).limit(MOST_CANDIDATES) for side, order in sides)
    return [sa.select(each.subquery().c.id) for each in rows]


def _part_of(table: Any, of: StatementLine | MatchItem) -> Where:
    """Could be part of it: of the same direction, not more than it and what a channel keeps, of the days before."""
    way = 1 if of.amount > 0 else -1
    size = table.amount * way
    return sa.and_(table.at.between(of.at - PARTS, of.at + DAY), size > 0, size <= of.amount * way * MOST_KEPT)
