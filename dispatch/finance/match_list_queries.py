"""What the pages of matching show: proposals, the work list of lines and of our money, what was explained, one line, one item."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.errors import NotFound
from dispatch.fees.models import Voucher
from dispatch.finance.match_models import LineMatch, MatchItem, MatchPart, MatchRun, MatchUndo
from dispatch.finance.match_rules import FITTING, TO_MATCH
from dispatch.finance.models import Statement, StatementLine
from dispatch.lists import FIRST, Cut, Part
from dispatch.staff.rules import Actor

PROPOSAL_SORTS = {
    "confidence": (LineMatch.confidence, LineMatch.id),
    "amount": (LineMatch.amount, LineMatch.id),
    "time": (LineMatch.at, LineMatch.id),
}
LINE_SORTS = {"time": (StatementLine.at, StatementLine.id), "amount": (StatementLine.amount, StatementLine.id)}
ITEM_SORTS = {"time": (MatchItem.at, MatchItem.id), "amount": (MatchItem.amount, MatchItem.id)}
MOST_CANDIDATES = 8
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


def proposals(session: Session, branch_id: int | None, *, way: str | None = None, cut: Cut = FIRST) -> Part[Shown]:
    """A page of what is proposed, with its lines and items."""
    where = [LineMatch.state == "proposed", *_of(LineMatch.branch_id, branch_id), *([LineMatch.way == way] if way else [])]
    return _page_of_matches(session, where, cut)


def explained(session: Session, branch_id: int | None, *, why: str | None = None, cut: Cut = FIRST) -> Part[Shown]:
    """A page of what somebody explained and that counts."""
    where = [LineMatch.why.is_not(None), LineMatch.state == "live", *_of(LineMatch.branch_id, branch_id)]
    return _page_of_matches(session, [*where, *([LineMatch.why == why] if why else [])], cut)


def _of(column: Any, branch_id: int | None) -> list[Where]:
    return [] if branch_id is None else [column == branch_id]


def _page_of_matches(session: Session, where: Sequence[Where], cut: Cut) -> Part[Shown]:
    total = session.scalar(sa.select(sa.func.count()).select_from(LineMatch).where(*where)) or 0
    rows = session.scalars(cut.of(sa.select(LineMatch).where(*where), PROPOSAL_SORTS)).all()
    return Part(_with_parts(session, rows), cut.number, total)


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


def unknown_lines(session: Session, branch_id: int | None, *, finding: str | None = None, cut: Cut = FIRST) -> Part[Any]:
    """A page of the lines that nothing fits, each with who sent its statement."""
    line = StatementLine
    where = [line.state == "open", line.finding.is_not(None), *_of(line.branch_id, branch_id)]
    where += [line.finding == finding] if finding else []
    total = session.scalar(sa.select(sa.func.count()).select_from(line).where(*where)) or 0
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
    total = session.scalar(sa.select(sa.func.count()).select_from(item).where(*where)) or 0
    return Part(session.scalars(cut.of(sa.select(item).where(*where), ITEM_SORTS)).all(), cut.number, total)


def item_finding(told: dict[str, datetime], late: datetime) -> dict[str, Where]:
    """SQL: which items are missing there, and which are late."""
    ends = [(MatchItem.channel.in_(FITTING[channel]), sa.literal(end)) for channel, end in told.items()]
    end = sa.case(*ends, else_=None) if ends else sa.null()
    return {
        "missing": sa.func.coalesce(MatchItem.at < end, False),
        "late": sa.and_(sa.func.coalesce(MatchItem.at >= end, True), MatchItem.at < late),
    }


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
    rows = session.scalars(sa.select(LineMatch).where(LineMatch.id.in_(mine)).order_by(LineMatch.id.desc()).limit(50)).all()
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


def candidates(
    session: Session, of: StatementLine | MatchItem, proposed: Collection[int] = ()
) -> tuple[list[StatementLine], list[MatchItem]]:
    """Open lines and items that might belong to one: of its amount or number, of a month; and what may cancel it out."""
    is_line = isinstance(of, StatementLine)
    ways = FITTING[of.channel] if is_line else (of.channel,)
    channels = [of.channel] if is_line else [channel for channel, fit in FITTING.items() if of.channel in fit]
    number = of.receipt if isinstance(of, StatementLine) else of.number
    line, item = StatementLine, MatchItem
    same_line = [line.amount == (-of.amount if is_line else of.amount), *([line.receipt == number] if number else [])]
    same_item = [item.amount == (of.amount if is_line else -of.amount), item.id.in_(proposed)]
    same_item += [item.number == number, item.other == number] if number else []
    lines = _near(
        line, of, [line.state == "open", line.channel.in_(channels), line.branch_id == of.branch_id, sa.or_(*same_line)]
    )
    items = _near(item, of, [item.state.in_(TO_MATCH), item.channel.in_(ways), sa.or_(*same_item)])
    return list(session.scalars(lines)), list(session.scalars(items))


def _near(table: Any, of: StatementLine | MatchItem, where: list[Where]) -> sa.Select[Any]:
    other = [table.id != of.id] if isinstance(of, table) else []
    apart = sa.func.abs(sa.extract("epoch", table.at - of.at))
    within = table.at.between(of.at - MONTH, of.at + MONTH)
    return sa.select(table).where(within, *where, *other).order_by(apart, table.id).limit(MOST_CANDIDATES)
