"""What finance does with money later: hand-ins booked back or paid into the bank, differences settled, accounts paid, undone."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from dispatch.fees.deposit_models import BankDeposit
from dispatch.fees.deposit_queries import standing
from dispatch.fees.ledger_models import HandIn
from dispatch.fees.models import Receipt
from dispatch.fees.operations import (
    deposit,
    pay_on_account,
    settle_difference,
    take_back_account_payment,
    take_back_deposit,
    take_back_hand_in,
    take_back_settlement,
)
from dispatch.fees.settling_models import AccountPayment, DifferenceSettlement
from dispatch.fees.settling_queries import open_part, settled_of
from dispatch.finance.match_settling import take_back_match_settlement
from tests.fees.acts import SELDOM, Doing, Page


@dataclass(frozen=True)
class BookingBack:
    """A confirmed hand-in taken back."""

    pick: int
    who: str

    def on(self, page: Page) -> Doing:
        handed, by = page.row(HandIn, self.pick, HandIn.status != "confirmed", HandIn.back.has()), page.people[self.who]
        return lambda s: take_back_hand_in(s, handed.id, reason="x", by=by, at=page.at)


@dataclass(frozen=True)
class Evening:
    """A difference settled, all of what is open or too much of it."""

    pick: int
    way: tuple[str, str]
    share: int
    over: bool
    key: int

    def on(self, page: Page) -> Doing:
        differing = sa.and_(sa.func.coalesce(HandIn.difference, 0) != 0, ~HandIn.back.has())
        who, how = self.way
        handed, by = page.row(HandIn, self.pick, ~differing), page.people[who]
        left = abs(open_part(handed, settled_of(page.session, handed.id))) or Decimal(1)
        facts = {"amount": (left / self.share).quantize(Decimal("0.01")) + self.over, "request_key": key_of(self.key, handed.id)}
        return lambda s: settle_difference(s, handed.id, how=how, reason="x", by=by, at=page.at, **facts)


@dataclass(frozen=True)
class PayingOff:
    """A receipt on account paid at finance."""

    pick: int
    who: str
    channel: str
    share: int
    over: bool
    key: int

    def on(self, page: Page) -> Doing:
        receipt, by = page.row(Receipt, self.pick, Receipt.channel != "account", Receipt.amount < 0), page.people[self.who]
        amount = (receipt.amount / self.share).quantize(Decimal("0.01")) + self.over
        facts = {"amount": amount, "channel": self.channel, "request_key": key_of(self.key, receipt.id)}
        return lambda s: pay_on_account(s, receipt.id, payer=None, reference=None, by=by, at=page.at, **facts)


@dataclass(frozen=True)
class Depositing:
    """Hand-ins that wait for the bank paid in, or one that does not; all of their cash, too much of it, or with a key again."""

    every: int
    stray: int | None
    who: str
    over: int
    key: int

    def on(self, page: Page) -> Doing:
        by = page.people[self.who]
        mine = page.session.scalars(sa.select(HandIn).where(standing()).order_by(HandIn.id)).all()[:: self.every]
        chosen = [*mine, *([] if self.stray is None else [page.row(HandIn, self.stray)])]
        amount = sum((made.counted or Decimal(0) for made in chosen), Decimal(0)) + self.over
        slip = str(self.key or page.at)
        facts = {"amount": amount, "bank_account": "6021", "slip": slip, "paid_at": page.at, "reason": "x" if self.over else None}
        key, branch_id = key_of(self.key, 0), by.branch_id or 0
        ids = [made.id for made in chosen]
        return lambda s: deposit(s, ids, branch_id=branch_id, request_key=key, by=by, at=page.at, **facts)


def _take_back_settlement(session: Session, settlement_id: int, **facts: Any) -> DifferenceSettlement:
    """Of a hand-in's difference, or of a match's."""
    row = session.get(DifferenceSettlement, settlement_id)
    undo = take_back_match_settlement if row is not None and row.match_id else take_back_settlement
    return undo(session, settlement_id, **facts)


UNDO: dict[type, Any] = {
    DifferenceSettlement: _take_back_settlement,
    AccountPayment: take_back_account_payment,
    BankDeposit: take_back_deposit,
}


@dataclass(frozen=True)
class Correcting:
    """A settlement, a payment of what was on account or a deposit taken back; the newest that stands, or another."""

    table: type[DifferenceSettlement] | type[AccountPayment] | type[BankDeposit]
    pick: int
    who: str

    def on(self, page: Page) -> Doing:
        by = page.people[self.who]
        row = page.session.scalars(sa.select(self.table).order_by(self.table.id.desc()).limit(self.pick + 1)).all()
        row_id = row[self.pick % len(row)].id if row else 0
        return lambda s: UNDO[self.table](s, row_id, reason="x", by=by, at=page.at)


def key_of(number: int, row_id: int) -> uuid.UUID | None:
    """The key of a form for one hand-in or receipt, as it is pressed twice at times; 0: none."""
    return uuid.UUID(int=1000 * row_id + number) if number else None


BOOK_BACK = st.builds(BookingBack, st.sampled_from([0, 0, 0, 1, 2]), st.sampled_from(["qian", "qian", "qian", "zhou", "wang"]))
_KEY, _PART = st.one_of(st.just(0), st.integers(1, 5), st.integers(6, 200)), st.sampled_from([1, 1, 2, 3])
_WAYS = st.sampled_from([("qian", "paid"), ("zhou", "paid"), ("wang", "written_off"), ("wang", "paid"), ("qian", "written_off")])
EVEN = st.builds(Evening, st.sampled_from([0, 0, 1, 2]), _WAYS, _PART, SELDOM, _KEY)
PAY_OFF = st.builds(
    PayingOff,
    st.sampled_from([0, 0, 1, 2]),
    st.sampled_from(["qian", "qian", "zhou", "su"]),
    st.sampled_from(["cash", "cash", "transfer", "wechat"]),
    _PART,
    SELDOM,
    _KEY,
)
DEPOSIT = st.builds(
    Depositing,
    st.sampled_from([1, 1, 2]),
    st.sampled_from([None, None, None, 0, 2]),
    st.sampled_from(["qian", "qian", "zhou", "su"]),
    st.sampled_from([0, 0, 0, 50, -1]),
    _KEY,
)
CORRECT = st.builds(
    Correcting,
    st.sampled_from([DifferenceSettlement, AccountPayment, BankDeposit]),
    st.sampled_from([0, 0, 1, 2]),
    st.sampled_from(["qian", "qian", "zhou", "wang"]),
)
