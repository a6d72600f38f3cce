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
from dispatch.fees.operations import confirm_hand_in, hand_in, prepare_payment, refund, take_back_charge, withdraw_hand_in
from dispatch.fees.rules import CHANNELS
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
_WAITING, SELDOM = st.sampled_from([0, 0, 0, 0, 1, 2, 5]), st.sampled_from([False, False, False, False, True])
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
