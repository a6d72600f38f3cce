"""A branch's days as its ledger has them and as they were closed; what stands in the way of closing one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.fees.models import Account, LedgerBooks, Posting, Receipt, Voucher
from dispatch.finance.day_models import DayClose
from dispatch.finance.day_rules import BALANCES, Movement
from dispatch.lists import FIRST, Cut, Part
from dispatch.staff.models import Branch

Days = dict[date, list[Movement]]


def movements(session: Session, branch_id: int, since: date | None, until: date) -> Days:
    """What moved on each accounting day of a branch, `since` (or from its beginning) to `until`; quiet days are left out."""
    who = sa.case((Voucher.kind.in_(("receipt", "refund")), Receipt.by_id))
    key = (Voucher.booked_on, Voucher.kind, Account.kind, Account.channel, who)
    rows = (
        sa.select(
            *key, sa.func.sum(Posting.amount), sa.func.coalesce(sa.func.max(Receipt.by_name), ""), sa.func.bool_or(Voucher.late)
        )
        .join(Posting, Posting.voucher_id == Voucher.id)
        .join(Account, Account.id == Posting.account_id)
        .outerjoin(Receipt, Receipt.id == Voucher.receipt_id)
        .where(Voucher.branch_id == branch_id, Voucher.booked_on <= until, *([Voucher.booked_on >= since] if since else []))
        .group_by(*key)
        .order_by(*key)
    )
    found: Days = {}
    for day, *moved in session.execute(rows):
        found.setdefault(day, []).append(Movement(*moved))
    return found


def balances_before(session: Session, branch_id: int, day: date, closed: DayClose | None = None) -> dict[str, Decimal]:
    """What a branch's vouchers had left on accounts when a day began: as a day before was closed, else summed up.

    `closed` is the last one, where somebody has read it already.
    """
    closed = closed or standing_close(session, branch_id, before=day)
    begin = {kind: Decimal(text) for kind, text in closed.figures["ledger"]["balances"].items()} if closed else {}
    since = [Voucher.booked_on > closed.day] if closed else []
    rows = (
        sa.select(Account.kind, sa.func.sum(Posting.amount))
        .join(Posting, Posting.account_id == Account.id)
        .join(Voucher, Voucher.id == Posting.voucher_id)
        .where(Voucher.branch_id == branch_id, Voucher.booked_on < day, Account.kind.in_(BALANCES), *since)
        .group_by(Account.kind)
    )
    moved = dict(session.execute(rows).all())
    return {kind: begin.get(kind, Decimal(0)) + moved.get(kind, Decimal(0)) for kind in BALANCES}


def standing_close(session: Session, branch_id: int, *, day: date | None = None, before: date | None = None) -> DayClose | None:
    """How a day was closed and stands, or the newest one closed (`before` a day); None when there is none."""
    rows = sa.select(DayClose).where(DayClose.branch_id == branch_id, DayClose.reopened_at.is_(None))
    rows = rows.where(DayClose.day == day) if day else rows
    rows = rows.where(DayClose.day < before) if before else rows
    return session.scalar(rows.order_by(DayClose.day.desc()).limit(1))


MOST_CLOSES = 50


def closes_until(session: Session, branch_id: int, day: date) -> Sequence[DayClose]:
    """How a day and the ones before it were closed, the newest day first; reopened ones, too; fifty at most."""
    rows = sa.select(DayClose).where(DayClose.branch_id == branch_id, DayClose.day <= day)
    return session.scalars(rows.order_by(DayClose.day.desc(), DayClose.id.desc()).limit(MOST_CLOSES)).all()


CLOSE_SORTS = {"day": (DayClose.day, DayClose.id)}


def closes(session: Session, branch_id: int, *, cut: Cut = FIRST) -> Part[DayClose]:
    """A page of the days that a branch has closed, reopened ones among them."""
    where = DayClose.branch_id == branch_id
    total = session.scalar(sa.select(sa.func.count()).select_from(DayClose).where(where)) or 0
    return Part(session.scalars(cut.of(sa.select(DayClose).where(where), CLOSE_SORTS)).all(), cut.number, total)


def closed_until(session: Session, branch_id: int) -> date | None:
    """Until when a branch's books are closed, just to look at it."""
    return session.scalar(sa.select(LedgerBooks.closed_until).where(LedgerBooks.branch_id == branch_id))


@dataclass(frozen=True)
class Books:
    """A branch and how far its books are: the day with which they begin, and until when they are closed."""

    id: int
    name: str
    zone: str
    closed_until: date | None
    begins: date | None

    def closed(self, day: date) -> bool:
        """Whether a day is closed."""
        return self.closed_until is not None and day <= self.closed_until


def books_of(session: Session, branch_id: int | None = None) -> dict[int, Books]:
    """The books of one branch or of all, by the branch's id, in the order of their codes."""
    first = sa.select(sa.func.min(DayClose.day)).where(DayClose.branch_id == Branch.id, DayClose.reopened_at.is_(None))
    rows = sa.select(Branch.id, Branch.name, Branch.zone, LedgerBooks.closed_until, first.scalar_subquery())
    rows = rows.outerjoin(LedgerBooks, LedgerBooks.branch_id == Branch.id).order_by(Branch.code)
    rows = rows if branch_id is None else rows.where(Branch.id == branch_id)
    return {row[0]: Books(*row) for row in session.execute(rows)}


def first_booked(session: Session, branch_id: int, after: date | None) -> date | None:
    """The first accounting day with a voucher, after a day or of all."""
    rows = sa.select(sa.func.min(Voucher.booked_on)).where(Voucher.branch_id == branch_id)
    return session.scalar(rows.where(Voucher.booked_on > after) if after else rows)


def open_days(session: Session, branch_id: int, after: date | None, until: date) -> Sequence[tuple[date, int]]:
    """The days with vouchers that are not closed yet, and how many vouchers each has."""
    rows = sa.select(Voucher.booked_on, sa.func.count()).where(Voucher.branch_id == branch_id, Voucher.booked_on <= until)
    rows = rows.where(Voucher.booked_on > after) if after else rows
    found = session.execute(rows.group_by(Voucher.booked_on).order_by(Voucher.booked_on))
    return [(day, count) for day, count in found]


def late_vouchers(session: Session, branch_id: int, day: date, limit: int = 50) -> Sequence[Voucher]:
    """What was booked on a day although it happened on an earlier one, which was closed by then."""
    rows = sa.select(Voucher).where(Voucher.branch_id == branch_id, Voucher.booked_on == day, Voucher.late)
    return session.scalars(rows.order_by(Voucher.at, Voucher.id).limit(limit)).all()


def figures_beside(session: Session, branch_id: int, day: date) -> dict[str, int | str]:
    """How many vouchers a day has, the first and the last one, and how many came late."""
    count, late, first, last = (
        sa.func.count(),
        sa.func.count().filter(Voucher.late),
        sa.func.min(Voucher.number),
        sa.func.max(Voucher.number),
    )
    rows = sa.select(count, late, first, last).where(Voucher.branch_id == branch_id, Voucher.booked_on == day)
    found = session.execute(rows).one()
    return {"vouchers": found[0], "late": found[1], "first": found[2] or "", "last": found[3] or ""}
