"""What stands unexplained: lines that no money of ours fits, and money of ours that no line shows. Sums of a day by channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.finance.match_models import LineMatch, MatchItem
from dispatch.finance.match_rules import ZERO
from dispatch.finance.models import Statement, StatementLine
from dispatch.finance.owed_queries import OWED, left_of, settled_part
from dispatch.staff.models import Branch


@dataclass(frozen=True)
class OpenDifference:
    """A line of a statement, or money of ours, that nothing explains yet.

    `side` is "line" or "item", `channel` the statement's or ours, `number` what it is known by ("" for none); the owner is who
    took the money or sent the statement. `finding` says why a line is in the work list (None: nobody has looked).
    """

    side: str
    id: int
    channel: str
    number: str
    amount: Decimal
    at: datetime
    owner_id: int
    owner_name: str
    finding: str | None

    def age(self, now: datetime) -> timedelta:
        """How long it stands open."""
        return now - self.at


@dataclass(frozen=True)
class ChannelSums:
    """What a branch took by one channel on a day: matched with a statement, and still open. In yuan."""

    channel: str
    matched: Decimal
    open: Decimal


def open_differences(session: Session, branch_id: int, day: date) -> Sequence[OpenDifference]:
    """What of a day of a branch stands unexplained: open lines of its statements, its cashless money that no line shows."""
    start, end = _bounds(session, branch_id, day)
    line, item = StatementLine, MatchItem
    lines = (
        sa.select(
            sa.literal("line"),
            line.id,
            line.channel,
            sa.func.coalesce(line.receipt, line.reference, ""),
            line.amount,
            line.at.label("at"),
            Statement.by_id,
            Statement.by_name,
            line.finding,
        )
        .join(Statement, Statement.id == line.statement_id)
        .where(line.branch_id == branch_id, line.state == "open", line.at >= start, line.at < end)
    )
    items = sa.select(
        sa.literal("item"), item.id, item.channel, item.number, item.amount, item.at, item.by_id, item.by_name, sa.null()
    ).where(item.branch_id == branch_id, item.state == "open", item.at >= start, item.at < end)
    rows: sa.Result[*tuple[Any, ...]] = session.execute(sa.union_all(lines, items).order_by("at"))
    return [OpenDifference(*row) for row in rows]


def channel_sums(session: Session, branch_id: int, day: date) -> Sequence[ChannelSums]:
    """What a branch took on a day by each channel: matched with statements, and open. What was taken back does not count."""
    start, end = _bounds(session, branch_id, day)
    item = MatchItem

    def of(state: str) -> sa.ColumnElement[Decimal]:
        return sa.func.coalesce(sa.func.sum(item.amount).filter(item.state == state), ZERO)

    sums = sa.select(item.channel, of("matched"), of("open")).group_by(item.channel).order_by(item.channel)
    mine = sums.where(item.branch_id == branch_id, item.state != "void", item.at >= start, item.at < end)
    return [ChannelSums(*row) for row in session.execute(mine)]


def owed_sum(session: Session, branch_id: int, day: date) -> Decimal:
    """What of a day's matching somebody answers for: what is open of differences with an owner."""
    start, end = _bounds(session, branch_id, day)
    open_ = left_of(LineMatch.difference, settled_part(LineMatch.id))
    mine = sa.select(sa.func.coalesce(sa.func.sum(open_), ZERO)).where(LineMatch.branch_id == branch_id, *OWED)
    return session.scalar(mine.where(LineMatch.at >= start, LineMatch.at < end)) or ZERO


def _bounds(session: Session, branch_id: int, day: date) -> tuple[datetime, datetime]:
    zone = ZoneInfo(session.get_one(Branch, branch_id).zone)
    return datetime.combine(day, time(), zone), datetime.combine(day + timedelta(days=1), time(), zone)
