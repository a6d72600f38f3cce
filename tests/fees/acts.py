"""What people do with money, as hypothesis draws it: chosen by what a page shows, then done in a session."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

import sqlalchemy as sa
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from dispatch.fees.ledger_models import HandIn
from dispatch.fees.ledger_queries import receipts_in_hand
from dispatch.fees.ledger_rules import DENOMINATIONS
from dispatch.fees.models import Charge, Receipt
from dispatch.fees.operations import (
    confirm_hand_in,
    hand_in,
    pay_on_account,
    prepare_payment,
    refund,
    settle_difference,
    take_back_account_payment,
    take_back_charge,
    take_back_hand_in,
    take_back_settlement,
    withdraw_hand_in,
)
from dispatch.fees.rules import CHANNELS
from dispatch.fees.settling_models import AccountPayment, DifferenceSettlement
from dispatch.fees.settling_queries import open_part, settled_of
from dispatch.orders.models import Order
from dispatch.staff.rules import Actor
from tests.fees.building import added, paid

Doing = Callable[[Session], Any]
"""Does it; gives the row that was written or settled, or several."""


@dataclass(frozen=True)
class Page:
    """What people look at when they choose what to do, and when that is."""

    session: Session
    at: datetime
    people: Mapping[str, Actor]
    orders: Sequence[int]

    def row(self, table: Any, pick: int, *first: Any) -> Any:
        """One row of a table, counted from the newest on, or from those that come `first`."""
        rows = self.session.scalars(sa.select(table).order_by(*first, table.id.desc()).limit(pick + 1)).all()
        return rows[pick % len(rows)]

    def hand_in(self, pick: int) -> HandIn:
        """A hand-in; those that wait come before those that are settled."""
        found = self.row(HandIn, pick, HandIn.status != "handed")
        assert isinstance(found, HandIn)
        return found


class Act(Protocol):
    """Something to do; None when there is nothing to do it to."""

    def on(self, page: Page) -> Doing: ...


@dataclass(frozen=True)
class Charging:
    order: int
    who: str
    code: str
    quantity: int
    fact: int

    def on(self, page: Page) -> Doing:
        by, facts = page.people[self.who], {"quantity": self.quantity, "fact_id": _fact(self.fact, self.order), "at": page.at}
        return lambda s: added(s, s.get_one(Order, page.orders[self.order]), self.code, by, **facts)


@dataclass(frozen=True)
class TakingBack:
    pick: int
    who: str

    def on(self, page: Page) -> Doing:
        charge, by = page.row(Charge, self.pick), page.people[self.who]
        return lambda s: take_back_charge(s, charge.id, reason="x", by=by, at=page.at)


@dataclass(frozen=True)
class Taking:
    order: int
    who: str
    amount: Decimal
    channel: str
    fact: int

    def on(self, page: Page) -> Doing:
        by, facts = page.people[self.who], {"channel": self.channel, "fact_id": _fact(self.fact, self.order), "at": page.at}
        return lambda s: paid(s, s.get_one(Order, page.orders[self.order]), str(self.amount), by, **facts)


@dataclass(frozen=True)
class Settling:
    """A late charge and the money for it in one transaction, as the office does it."""

    order: int
    who: str
    code: str
    channel: str

    def on(self, page: Page) -> Doing:
        by, at = page.people[self.who], page.at

        def settle(s: Session) -> tuple[Charge, Receipt]:
            order = s.get_one(Order, page.orders[self.order])
            prepare_payment(s, order, channel=self.channel, device="phone", by=by, at=at)
            return added(s, order, self.code, by, at=at), paid(s, order, "45", by, channel=self.channel, at=at)

        return settle


@dataclass(frozen=True)
class GivingBack:
    pick: int
    who: str
    share: int
    over: bool

    def on(self, page: Page) -> Doing:
        receipt, by = page.row(Receipt, self.pick), page.people[self.who]
        amount = (receipt.amount / self.share).quantize(Decimal("0.01")) + self.over
        return lambda s: refund(s, receipt.id, amount=amount, reason="x", device="desk", by=by, at=page.at)


@dataclass(frozen=True)
class HandingIn:
    who: str
    every: int
    stray: int | None

    def on(self, page: Page) -> Doing:
        by = page.people[self.who]
        mine = receipts_in_hand(page.session, by.id or 0)[:: self.every]
        stray = [] if self.stray is None else [page.row(Receipt, self.stray)]
        ids = [receipt.id for receipt in (*mine, *stray)]
        return lambda s: hand_in(s, ids, by=by, at=page.at)


@dataclass(frozen=True)
class Withdrawing:
    pick: int
    stranger: str | None

    def on(self, page: Page) -> Doing:
        handed = page.hand_in(self.pick)
        owner = next(name for name, actor in page.people.items() if actor.id == handed.person_id)
        return lambda s: withdraw_hand_in(s, handed.id, by=page.people[self.stranger or owner], at=page.at)


@dataclass(frozen=True)
class Confirming:
    pick: int
    who: str
    off: int
    told: bool
    wrong: bool

    def on(self, page: Page) -> Doing:
        handed, by = page.hand_in(self.pick), page.people[self.who]
        why = {"reason": "x" if self.told else "", "owner_id": page.people["su"].id}
        count = {
            "counts": counted(max(handed.declared + self.off, Decimal(0))),
            "counted": Decimal("0.03") if self.wrong else None,
        }
        return lambda s: confirm_hand_in(s, handed.id, by=by, at=page.at, **count, **why)


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
        facts = {"amount": (left / self.share).quantize(Decimal("0.01")) + self.over, "request_key": _fact(self.key, 0)}
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
        facts = {"amount": amount, "channel": self.channel, "request_key": _fact(self.key, 1)}
        return lambda s: pay_on_account(s, receipt.id, payer=None, reference=None, by=by, at=page.at, **facts)


@dataclass(frozen=True)
class Correcting:
    """A settlement or a payment of what was on account taken back; the newest that stands, or another."""

    table: type[DifferenceSettlement] | type[AccountPayment]
    pick: int
    who: str

    def on(self, page: Page) -> Doing:
        by = page.people[self.who]
        row = page.session.scalars(sa.select(self.table).order_by(self.table.id.desc()).limit(self.pick + 1)).all()
        row_id = row[self.pick % len(row)].id if row else 0
        undo: Any = take_back_settlement if self.table is DifferenceSettlement else take_back_account_payment
        return lambda s: undo(s, row_id, reason="x", by=by, at=page.at)


def _fact(number: int, order: int) -> uuid.UUID | None:
    """What a phone has sent under one id, for one order; 0: the office has entered it."""
    return uuid.UUID(int=2 * number + order) if number else None


def counted(total: Decimal) -> dict[str, int]:
    """So many of each denomination; what is below the smallest stays out, as it would on a desk."""
    counts = {}
    for worth in DENOMINATIONS:
        counts[str(worth)], total = int(total // worth), total % worth
    return counts


_ORDER, _NEWEST = st.integers(0, 1), st.sampled_from([0, 0, 0, 1, 1, 2, 3, 5, 8, 20])
_TAKERS, _GIVERS = st.sampled_from(["su", "wei", "wang", "qian"]), st.sampled_from(["qian", "qian", "wang", "wang", "wang", "su"])
_CLERKS, _OFF = st.sampled_from(["qian", "zhou", "zhou", "zhou", "su"]), st.sampled_from([0, 0, 0, 0, 1, -1, 20])
_WAITING, _SELDOM = st.sampled_from([0, 0, 0, 0, 1, 2, 5]), st.sampled_from([False, False, False, False, True])
_FACT = st.one_of(st.just(0), st.integers(1, 200))
_TENTHS, _FEN = st.integers(1, 4_000).map(lambda n: Decimal(n) / 10), st.integers(1, 90_000).map(lambda n: Decimal(n) / 100)
_CODE, _CHANNEL = st.sampled_from(["S003", "P003", "P001", "S001"]), st.sampled_from(["cash", "cash", *CHANNELS])

CHARGE = st.builds(Charging, _ORDER, _TAKERS, _CODE, st.integers(1, 3), _FACT)
TAKE_BACK = st.builds(TakingBack, _NEWEST, _TAKERS)
TAKE = st.builds(Taking, _ORDER, _TAKERS, st.one_of(_TENTHS, _FEN), _CHANNEL, _FACT)
SETTLE = st.builds(Settling, _ORDER, _TAKERS, _CODE, _CHANNEL)
GIVE_BACK = st.builds(
    GivingBack, _NEWEST, st.sampled_from(["qian", "qian", "wang", "su"]), st.sampled_from([1, 2, 3]), st.booleans()
)
HAND_IN = st.builds(HandingIn, _TAKERS, st.sampled_from([1, 1, 2]), st.sampled_from([None, None, 0, 4]))
WITHDRAW = st.builds(Withdrawing, _NEWEST, st.sampled_from([None, None, None, "wei"]))
CONFIRM = st.builds(
    Confirming,
    _NEWEST,
    _CLERKS,
    st.sampled_from([0, 0, 0, 1, -1, 20]),
    st.booleans(),
    st.sampled_from([False, False, False, True]),
)
BOOK_BACK = st.builds(BookingBack, st.sampled_from([0, 0, 0, 1, 2]), st.sampled_from(["qian", "qian", "qian", "zhou", "wang"]))
_KEY, _PART = st.one_of(st.just(0), st.integers(1, 200)), st.sampled_from([1, 1, 2, 3])
_WAYS = st.sampled_from([("qian", "paid"), ("zhou", "paid"), ("wang", "written_off"), ("wang", "paid"), ("qian", "written_off")])
EVEN = st.builds(Evening, st.sampled_from([0, 0, 1, 2]), _WAYS, _PART, _SELDOM, _KEY)
PAY_OFF = st.builds(
    PayingOff,
    st.sampled_from([0, 0, 1, 2]),
    st.sampled_from(["qian", "qian", "zhou", "su"]),
    st.sampled_from(["cash", "cash", "transfer", "wechat"]),
    _PART,
    _SELDOM,
    _KEY,
)
CORRECT = st.builds(
    Correcting,
    st.sampled_from([DifferenceSettlement, AccountPayment]),
    st.sampled_from([0, 0, 1, 2]),
    st.sampled_from(["qian", "qian", "zhou", "wang"]),
)
