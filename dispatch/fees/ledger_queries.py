"""Reading the ledger: what stands on an account, what is promised to finance, who holds how much and since when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from dispatch.fees.ledger_models import Account, HandIn, HandInBack, HandInReceipt, Posting, Voucher
from dispatch.fees.models import Receipt
from dispatch.fees.rules import FEN
from dispatch.lists import FIRST, Cut, Part, Sorts
from dispatch.staff.rules import Actor


def promised_cash(session: Session, person_id: int) -> Decimal:
    """The cash in a person's hand that waits in hand-ins to be counted."""
    waiting = sa.select(sa.func.sum(HandIn.declared)).where(HandIn.person_id == person_id, HandIn.status == "handed")
    return Decimal(session.scalar(waiting) or 0).quantize(FEN)


def _in_hands(seen: sa.ColumnElement[bool]) -> sa.CTE:
    """SQL: cash that went into a hand, and refunds that came out of one, of receipts that are not `seen` yet: receipt_id, at,
    taken, amount, account_id, person_id.

    They are few among all that were ever taken, so they are found first, and only they are looked up in the ledger.
    """
    few = sa.select(Receipt.id, Receipt.at, Receipt.amount).where(Receipt.channel == "cash", ~seen)
    loose = few.cte().prefix_with("MATERIALIZED")
    moved = sa.select(Posting.account_id, Posting.amount).join(Voucher, Voucher.id == Posting.voucher_id)
    each = moved.where(Voucher.receipt_id == loose.c.id).offset(0).lateral()  # one by one: the planner expects many
    columns = (loose.c.id.label("receipt_id"), loose.c.at, loose.c.amount.label("taken"), each.c.amount)
    rows = sa.select(*columns, Account.id.label("account_id"), Account.person_id).select_from(loose).join(each, sa.true())
    found = rows.join(Account, Account.id == each.c.account_id).where(Account.kind == "cash_in_hand")
    return found.cte().prefix_with("MATERIALIZED")


def unconfirmed_cash() -> sa.CTE:
    """SQL: what of the cash in hands finance has not confirmed, as of `_in_hands`."""
    return _in_hands(_confirmed())


def _handed() -> sa.ColumnElement[bool]:
    return sa.exists().where(HandInReceipt.receipt_id == Receipt.id, HandInReceipt.live)


def receipts_in_hand(session: Session, person_id: int) -> Sequence[Receipt]:
    """The receipts whose cash a person holds and has not handed in, refunds out of his hand among them; the oldest first."""
    held = _in_hands(_handed())
    mine = sa.func.array(sa.select(held.c.receipt_id).where(held.c.person_id == person_id).scalar_subquery())
    return session.scalars(sa.select(Receipt).where(Receipt.id == sa.any_(mine)).order_by(Receipt.at, Receipt.id)).all()


def oldest_in(account_id: Any) -> sa.ScalarSelect[datetime]:
    """SQL: since when the oldest cash on the account of a row is held that finance has not confirmed."""
    held = unconfirmed_cash()
    rows = sa.select(held.c.account_id, sa.func.min(held.c.at).label("at")).where(held.c.taken > 0)
    oldest = rows.group_by(held.c.account_id).cte().prefix_with("MATERIALIZED")
    return sa.select(oldest.c.at).where(oldest.c.account_id == account_id).scalar_subquery()


def _confirmed() -> sa.ColumnElement[bool]:
    return sa.exists().where(
        HandInReceipt.receipt_id == Receipt.id,
        HandInReceipt.live,
        HandIn.id == HandInReceipt.hand_in_id,
        HandIn.status == "confirmed",
    )


def waiting_sums() -> sa.Subquery:
    """SQL: what each person has handed in and nobody has counted yet: person_id, sum."""
    handed = sa.select(HandIn.person_id, sa.func.sum(HandIn.declared).label("sum")).where(HandIn.status == "handed")
    return handed.group_by(HandIn.person_id).subquery()


@dataclass(frozen=True)
class Movement:
    """One line of a person's statement: what moved, the balance after it, the paper (and hand-in) it came from, and why."""

    voucher: Voucher
    amount: Decimal
    balance: Decimal
    paper: str
    hand_in_id: int | None
    reason: str | None
    day: date
    seq: int


@dataclass(frozen=True)
class Span:
    """Accounting days, both ends in; None leaves an end open."""

    since: date | None = None
    until: date | None = None

    def holds(self, day: Any) -> list[sa.ColumnElement[bool]]:
        """SQL: whether a day is in it."""
        return [*([day >= self.since] if self.since else []), *([day <= self.until] if self.until else [])]


@dataclass(frozen=True)
class Turnover:
    """What an account began with, what came in and went out in a span, and what it ended with."""

    opening: Decimal
    came: Decimal
    went: Decimal
    count: int

    @property
    def closing(self) -> Decimal:
        """What it ended with."""
        return self.opening + self.came - self.went


STATEMENT_SORTS: Sorts = {"time": (sa.literal_column("moved.booked_on"), sa.literal_column("moved.seq"))}
NEWEST = Cut(1, "-time")
WHOLE = Span()


def turnover(session: Session, person_id: int, span: Span = WHOLE) -> Turnover:
    """A person's cash account in a span."""
    day = _day_of_posting()
    inside = sa.and_(sa.true(), *span.holds(day.c.booked_on))
    before = day.c.booked_on < span.since if span.since else sa.false()
    zero = sa.literal(Decimal("0.00"))

    def of(*when: sa.ColumnElement[bool]) -> sa.ColumnElement[Decimal]:
        return sa.func.coalesce(sa.func.sum(Posting.amount).filter(*when), zero)

    count = sa.func.count().filter(inside)
    rows = sa.select(of(before), of(inside, Posting.amount > 0), -of(inside, Posting.amount < 0), count)
    mine = rows.select_from(Posting) if span == WHOLE else rows.select_from(Posting).join(day, sa.true())
    return Turnover(*session.execute(_of_hand(mine, person_id)).one())


def statement(
    session: Session, person_id: int, *, cut: Cut = NEWEST, span: Span = WHOLE, total: int | None = None
) -> Part[Movement]:
    """A page of what went into a person's hand and out of it, by accounting days, with the balance after each.

    `total` is how many there are, where somebody knows that already.
    """
    total = turnover(session, person_id, span).count if total is None else total
    rows = _statement_rows(person_id, span, cut).order_by(*cut.order(STATEMENT_SORTS))
    found = session.execute(rows)
    return Part([Movement(*row) for row in found], cut.number, total)


def whole_statement(session: Session, person_id: int, span: Span) -> list[Movement]:
    """Everything of a span in its order."""
    rows = _statement_rows(person_id, span).order_by(*STATEMENT_SORTS["time"])
    return [Movement(*row) for row in session.execute(rows)]


def _day_of_posting() -> sa.FromClause:
    """SQL: the day of a posting's voucher, looked up one by one: one account's are few among all."""
    return sa.select(Voucher.booked_on).where(Voucher.id == Posting.voucher_id).offset(0).correlate(Posting).lateral()


def _of_hand(rows: Any, person_id: int) -> Any:
    rows = rows.join(Account, Account.id == Posting.account_id)
    return rows.where(Account.kind == "cash_in_hand", Account.person_id == person_id)


def _statement_rows(person_id: int, span: Span, cut: Cut | None = None) -> Any:
    day = _day_of_posting()
    balance = sa.func.sum(Posting.amount).over(order_by=(day.c.booked_on, Posting.seq)).label("balance")
    key = (Posting.voucher_id, day.c.booked_on, Posting.seq.label("seq"), Posting.amount.label("amount"))
    rows = sa.select(*key, balance).select_from(Posting).join(day, sa.true())
    every = _of_hand(rows, person_id).subquery("moved")
    mine = sa.select(every).where(*span.holds(every.c.booked_on))
    moved = (cut.of(mine, STATEMENT_SORTS) if cut else mine).subquery("moved")  # what a row shows is read of one page only
    paper = sa.func.coalesce(Receipt.number, HandIn.number)
    return (
        sa.select(Voucher, moved.c.amount, moved.c.balance, paper, HandIn.id, HandInBack.reason, moved.c.booked_on, moved.c.seq)
        .join(moved, moved.c.voucher_id == Voucher.id)
        .outerjoin(Receipt, Voucher.receipt_id == Receipt.id)
        .outerjoin(HandInBack, Voucher.hand_in_back_id == HandInBack.id)
        .outerjoin(HandIn, HandIn.id == sa.func.coalesce(Voucher.hand_in_id, HandInBack.hand_in_id))
    )


def hand_ins_of(session: Session, person_id: int, limit: int = 20) -> Sequence[HandIn]:
    """A person's hand-ins, the newest first."""
    mine = _with_back().where(HandIn.person_id == person_id)
    return session.scalars(mine.order_by(HandIn.id.desc()).limit(limit)).all()


HAND_IN_SORTS = {
    "state": (HandIn.status != "handed", -HandIn.id),
    "number": (HandIn.number, HandIn.id),
    "person": (HandIn.person_name, -HandIn.id),
    "handed": (HandIn.handed_at, HandIn.id),
    "declared": (HandIn.declared, HandIn.id),
}
"""By their state those that wait come first, then the newest."""


def hand_ins(
    session: Session, by: Actor, *, branch_id: int | None = None, state: str | None = None, cut: Cut = FIRST
) -> Part[HandIn]:
    """A page of the hand-ins that somebody may see, of one state if asked for."""
    where = [_seen(by), *([] if branch_id is None else [HandIn.branch_id == branch_id])]
    if state:
        where.append(HandIn.back.has() if state == "taken_back" else sa.and_(HandIn.status == state, ~HandIn.back.has()))
    total = session.scalar(sa.select(sa.func.count()).select_from(HandIn).where(*where)) or 0
    return Part(session.scalars(cut.of(_with_back().where(*where), HAND_IN_SORTS)).all(), cut.number, total)


def hand_in_seen(session: Session, hand_in_id: int, by: Actor) -> HandIn | None:
    """A hand-in that somebody may see: his own, or with the right to see money one of his branches."""
    return session.scalar(_with_back().where(HandIn.id == hand_in_id, _seen(by)))


def _with_back() -> sa.Select[HandIn]:
    return sa.select(HandIn).options(joinedload(HandIn.back))


def _seen(by: Actor) -> sa.ColumnElement[bool]:
    if not by.may("money.see"):
        return HandIn.person_id == by.id
    return sa.true() if by.may("branches.all") else sa.or_(HandIn.branch_id == by.branch_id, HandIn.person_id == by.id)


def receipts_handed(session: Session, hand_in_id: int) -> Sequence[Receipt]:
    """The receipts of a hand-in, also of one that was withdrawn or taken back."""
    mine = sa.select(Receipt).join(HandInReceipt, HandInReceipt.receipt_id == Receipt.id)
    return session.scalars(mine.where(HandInReceipt.hand_in_id == hand_in_id).order_by(Receipt.at, Receipt.id)).all()
