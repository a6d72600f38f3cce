"""Money as a state machine on a real database: whatever is done in whatever order, every fen is in exactly one place."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy.orm import Session

from dispatch.audit.queries import broken_chains
from dispatch.errors import Refusal
from dispatch.fees.ledger_check import broken_ledgers
from dispatch.fees.ledger_models import Account, HandIn, Voucher
from dispatch.fees.ledger_queries import promised_cash, receipts_in_hand
from dispatch.fees.ledger_rules import DENOMINATIONS
from dispatch.fees.models import Charge, Receipt
from dispatch.fees.operations import confirm_hand_in, hand_in, refund, take_back_charge, withdraw_hand_in
from dispatch.fees.rules import CHANNELS
from dispatch.orders.models import Order
from dispatch.staff.rules import Actor
from tests.building import repair_order
from tests.conftest import AT, Cast
from tests.fees.building import added, paid
from tests.fees.money import owing, sums_agree
from tests.orders.building import dispatched

AMOUNTS = st.one_of(
    st.integers(1, 4_000).map(lambda tenths: Decimal(tenths) / 10), st.integers(1, 90_000).map(lambda fen: Decimal(fen) / 100)
)
TAKERS = st.sampled_from(["su", "wei", "wang", "qian"])
CLERKS = st.sampled_from(["qian", "qian", "wang", "su"])
CHANNEL = st.sampled_from(["cash", "cash", *CHANNELS])
PICK = st.integers(0, 50)


class Money(RuleBasedStateMachine):
    """Two orders, four people who take money, one who counts it; each act either works whole or leaves no trace."""

    session: Session
    cast: Cast
    done: list[str]

    @initialize()
    def begin(self) -> None:
        self.nested = self.session.begin_nested()
        self.at = AT
        second = repair_order(self.session, self.cast)
        dispatched(self.session, self.cast, second, self.cast.wei, hour=2)
        self.orders: list[Order] = [owing(self.session, self.cast, quantity=40), second]
        for who in ("su", "wei", "wang"):
            paid(self.session, self.orders[0], "300", self.actor(who))

    def teardown(self) -> None:
        if hasattr(self, "nested"):
            assert not list(broken_ledgers(self.session))
            assert not list(broken_chains(self.session))
            self.nested.rollback()
            self.session.expire_all()

    def actor(self, name: str) -> Actor:
        found = getattr(self.cast, name)
        assert isinstance(found, Actor)
        return found

    def attempt(self, name: str, act: Callable[[datetime], object]) -> None:
        self.at += timedelta(minutes=7)
        step = self.session.begin_nested()
        try:
            act(self.at)
            self.session.flush()
            step.commit()
            self.done.append(name)
        except Refusal:
            step.rollback()
            self.done.append(f"{name} refused")
        self.session.expire_all()

    def picked(self, table: type, pick: int) -> int | None:
        """The id of some row of a table."""
        ids = self.session.scalars(sa.select(table.id).order_by(table.id)).all()  # type: ignore[attr-defined]
        return ids[pick % len(ids)] if ids else None

    @rule(order=st.integers(0, 1), who=TAKERS, code=st.sampled_from(["S003", "P003", "P001", "S001"]), quantity=st.integers(1, 3))
    def charge(self, order: int, who: str, code: str, quantity: int) -> None:
        self.attempt(
            "charge", lambda at: added(self.session, self.orders[order], code, self.actor(who), quantity=quantity, at=at)
        )

    @rule(pick=PICK, who=TAKERS)
    def take_back(self, pick: int, who: str) -> None:
        if charge_id := self.picked(Charge, pick):
            act = {"reason": "x", "by": self.actor(who)}
            self.attempt("take back", lambda at: take_back_charge(self.session, charge_id, at=at, **act))

    @rule(order=st.integers(0, 1), who=TAKERS, amount=AMOUNTS, channel=CHANNEL)
    def take(self, order: int, who: str, amount: Decimal, channel: str) -> None:
        of, by = self.orders[order], self.actor(who)
        self.attempt("take", lambda at: paid(self.session, of, str(amount), by, channel=channel, at=at))

    @rule(pick=PICK, who=CLERKS, share=st.sampled_from([1, 2, 3]), over=st.booleans())
    def give_back(self, pick: int, who: str, share: int, over: bool) -> None:
        receipt_id = self.picked(Receipt, pick)
        if receipt_id is None:
            return
        amount = (self.session.get_one(Receipt, receipt_id).amount / share).quantize(Decimal("0.01")) + over
        act = {"amount": amount, "reason": "x", "device": "desk", "by": self.actor(who)}
        self.attempt("refund", lambda at: refund(self.session, receipt_id, at=at, **act))

    @rule(who=TAKERS, every=st.sampled_from([1, 1, 2]), stray=st.booleans())
    def declare(self, who: str, every: int, stray: bool) -> None:
        by = self.actor(who)
        ids = [receipt.id for receipt in receipts_in_hand(self.session, by.id or 0)][::every]
        strange = self.picked(Receipt, 3) if stray else None
        self.attempt("hand in", lambda at: hand_in(self.session, [*ids, *([strange] if strange else [])], by=by, at=at))

    @rule(pick=PICK, who=TAKERS)
    def withdraw(self, pick: int, who: str) -> None:
        if found := self.picked(HandIn, pick):
            self.attempt("withdraw", lambda at: withdraw_hand_in(self.session, found, by=self.actor(who), at=at))

    @rule(
        pick=PICK,
        who=CLERKS,
        off=st.sampled_from([0, 0, 0, 1, -1, 20]),
        told=st.booleans(),
        wrong=st.sampled_from([False, False, False, True]),
    )
    def confirm(self, pick: int, who: str, off: int, told: bool, wrong: bool) -> None:
        found = self.picked(HandIn, pick)
        if found is None:
            return
        counts = counted(max(self.session.get_one(HandIn, found).declared + off, Decimal(0)))
        act = {"counted": Decimal("0.03") if wrong else None, "reason": "x" if told else "", "owner_id": self.cast.su.id}
        by = self.actor(who)
        self.attempt("confirm", lambda at: confirm_hand_in(self.session, found, counts=counts, by=by, at=at, **act))

    @invariant()
    def every_fen_is_in_one_place(self) -> None:
        if not hasattr(self, "orders"):
            return
        sums_agree(self.session)
        cash = self.session.scalar(sa.select(sa.func.sum(Receipt.amount)).where(Receipt.channel == "cash")) or 0
        places = Account.kind.in_(["cash_in_hand", "cash_desk", "difference"])
        assert (self.session.scalar(sa.select(sa.func.sum(Account.balance)).where(places)) or 0) == cash
        held = self.session.execute(sa.select(Account.person_id, Account.balance).where(Account.kind == "cash_in_hand"))
        for person_id, balance in held.all():
            loose = sum(receipt.amount for receipt in receipts_in_hand(self.session, person_id))
            assert balance == loose + promised_cash(self.session, person_id)

    @invariant()
    def numbers_have_no_gaps(self) -> None:
        running = self.session.scalars(sa.select(Voucher.running).order_by(Voucher.id)).all()
        assert list(running) == list(range(1, len(running) + 1))


def counted(total: Decimal) -> dict[str, int]:
    """So many of each denomination; what is below the smallest stays out, as it would on a desk."""
    counts = {}
    for worth in DENOMINATIONS:
        counts[str(worth)], total = int(total // worth), total % worth
    return counts


def test_every_fen_is_in_exactly_one_place_in_2000_steps(db: Session, cast: Cast) -> None:
    done: list[str] = []
    kind = type("Money", (Money,), {"session": db, "cast": cast, "done": done})
    quiet = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large]
    run_state_machine_as_test(
        kind,
        settings=settings(max_examples=32, stateful_step_count=100, deadline=None, derandomize=True, suppress_health_check=quiet),
    )
    assert len(done) >= 2000
    assert {"charge", "take back", "take", "refund", "hand in", "withdraw", "confirm"} <= set(done)
    assert {"refund refused", "hand in refused", "confirm refused"} <= set(done)
