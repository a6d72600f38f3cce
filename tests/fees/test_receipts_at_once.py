"""Two hands at one order, one branch, one receipt: nothing is taken, numbered, given back or charged twice."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.queries import broken_chains
from dispatch.db import transaction
from dispatch.errors import RuleBroken
from dispatch.fees.ledger_rules import VOUCHER_SERIES
from dispatch.fees.models import Charge, Receipt, ReceiptBlock
from dispatch.fees.operations import charge_fittings, lease_block, next_number, refund, take_back_charge
from dispatch.fees.operations.numbering import usable_block
from dispatch.fees.operations.posting import lock_payment, next_in_series
from dispatch.fees.queries import account_of, numbers_without_receipt
from dispatch.field import correcting, correcting_money
from dispatch.orders.models import Order
from dispatch.staff.rules import Actor
from tests.conftest import AT, Cast
from tests.fees.building import added, paid, price_list, repair, swapped
from tests.racing import at_once, together

pytestmark = pytest.mark.usefixtures("database")


def saved(cast: Cast, *, quantity: int = 2) -> Order:
    """A committed order at work on which quantity x 150 yuan are due."""
    with transaction() as session:
        price_list(session, cast)
        order = repair(session, cast)
        added(session, order, "S003", cast.su, quantity=quantity)
        return order


def order_of(session: Session, order: Order) -> Order:
    """The order in a session of its own."""
    return session.get_one(Order, order.id)


@pytest.mark.parametrize("attempt", range(5))
def test_two_hands_taking_all_that_is_due(cast: Cast, attempt: int) -> None:
    order = saved(cast)
    answers = at_once(
        lambda s: paid(s, order_of(s, order), "300", cast.su).number,
        lambda s: paid(s, order_of(s, order), "300", cast.qian, device="desk").number,
    )
    assert sorted(type(answer).__name__ for answer in answers) == ["RuleBroken", "str"]
    with transaction() as session:
        assert account_of(session, order.id).due == 0


def test_who_pays_for_another_branchs_order_holds_both_counters(cast: Cast) -> None:
    order = saved(cast)
    with transaction() as session:
        next_in_series(session, VOUCHER_SERIES, cast.gz, AT)
    with transaction() as mine, transaction() as other:
        lock_payment(mine, order_of(mine, order), "cash", person_id=cast.he.id or 0, branch_id=cast.gz)
        other.execute(sa.text("SET LOCAL lock_timeout = '100ms'"))
        with pytest.raises(sa.exc.OperationalError), other.begin_nested():
            next_in_series(other, VOUCHER_SERIES, cast.gz, AT)
        with pytest.raises(sa.exc.OperationalError), other.begin_nested():
            next_in_series(other, VOUCHER_SERIES, cast.sz, AT)


def test_what_is_given_or_taken_back_fits_what_was_there(cast: Cast) -> None:
    order = saved(cast)
    with transaction() as session:
        receipt = paid(session, order_of(session, order), "300", cast.su, channel="wechat")
        charge = session.scalars(sa.select(Charge)).one()
        refund(session, receipt.id, amount=Decimal(200), reason="x", device="phone", by=cast.wang, at=AT)
        taken, asked = ({c.key: getattr(row, c.key) for c in row.__table__.columns} for row in (receipt, charge))
        back = {
            **taken,
            "id": 99,
            "number": "R99",
            "running": 49,
            "refunds_id": receipt.id,
            "reason": "x",
            "amount": Decimal(-100),
        }
        for wrong in ({"amount": Decimal("-100.01")}, {"channel": "alipay"}, {"refunds_id": receipt.id + 1}):
            with pytest.raises(sa.exc.IntegrityError, match="more than was taken"), session.begin_nested():
                session.execute(sa.insert(Receipt).values(back | wrong))
        with session.begin_nested() as fitting:
            session.execute(sa.insert(Receipt).values(back))
            fitting.rollback()
        again = {**asked, "id": 99, "reverses_id": charge.id, "quantity": -2, "amount": Decimal(-300)}
        for wrong in ({"amount": Decimal(0)}, {"quantity": -1, "amount": Decimal(-150)}, {"code": "S001"}):
            with pytest.raises(sa.exc.DBAPIError, match="as a whole"), session.begin_nested():
                session.execute(sa.insert(Charge).values(again | wrong))
        session.rollback()


def test_one_fact_sent_twice_at_once(cast: Cast) -> None:
    order, fact = saved(cast), uuid.uuid4()
    answers = at_once(*[lambda s: paid(s, order_of(s, order), "100", cast.su, fact_id=fact).id] * 2)
    assert answers[0] == answers[1]


@pytest.mark.parametrize("attempt", range(3))
def test_numbers_have_no_gap_and_no_double(cast: Cast, attempt: int) -> None:
    """Two people, one of them with two threads on one device, blocks of three, every third payment refused and rolled back."""
    orders = [saved(cast, quantity=40) for _ in range(4)]

    def lease_small(session: Session, who: Actor) -> None:
        lease_block(session, person_id=who.id or 0, device="phone", by=who, at=AT, size=3)

    def collecting(order: Order, who: Actor) -> Callable[[], None]:
        def act() -> None:
            for turn in range(30):
                try:
                    with transaction() as session:
                        if turn % 10 == 0:
                            lease_small(session, who)
                        next_number(session, by=who, device="phone", at=AT) if turn % 3 == 2 else None
                        paid(session, order_of(session, order), "9999" if turn % 3 == 2 else "1", who)
                except RuleBroken:
                    pass

        return act

    people = (cast.su, cast.su, cast.wei, cast.qian)
    together(*(collecting(order, who) for order, who in zip(orders, people, strict=True)))
    with transaction() as session:
        numbers = list(session.scalars(sa.select(Receipt.number)))
        assert len(numbers) == len(set(numbers)) == 80
        assert numbers_without_receipt(session, cast.sz) == []
        blocks = session.scalars(sa.select(ReceiptBlock).order_by(ReceiptBlock.first)).all()
        assert [b.first for b in blocks] == [1, *(b.last + 1 for b in blocks[:-1])]
        assert sum(b.used - b.first + 1 for b in blocks) == 80


def test_two_devices_leasing_at_once(cast: Cast) -> None:
    def lease(who: Actor, device: str) -> Callable[[Session], Any]:
        return lambda s: lease_block(s, person_id=who.id or 0, device=device, by=who, at=AT).first

    answers = at_once(*(lease(who, device) for who in (cast.su, cast.wei) for device in ("phone", "tablet")))
    assert sorted(answers) == [1, 51, 101, 151]


@pytest.mark.parametrize("attempt", range(5))
def test_refunds_never_exceed_their_receipt(cast: Cast, attempt: int) -> None:
    order = saved(cast)
    with transaction() as session:
        receipt = paid(session, order_of(session, order), "300", cast.su, channel="wechat")

    def back(who: Actor) -> Callable[[Session], Any]:
        return lambda s: refund(s, receipt.id, amount=Decimal(200), reason="x", device="desk", by=who, at=AT).number

    answers = at_once(back(cast.qian), back(cast.wang))
    assert sorted(type(answer).__name__ for answer in answers) == ["RuleBroken", "str"]
    with transaction() as session:
        assert account_of(session, order.id).received == 100


def test_a_charge_taken_back_twice_at_once(cast: Cast) -> None:
    order = saved(cast)
    with transaction() as session:
        charge_id = session.scalars(sa.select(Charge.id)).one()
    answers = at_once(
        *(lambda s, who=who: take_back_charge(s, charge_id, reason="x", by=who, at=AT).id for who in (cast.su, cast.wang))
    )
    assert sorted(type(answer).__name__ for answer in answers) == ["RuleBroken", "int"]
    with transaction() as session:
        assert account_of(session, order.id).charged == 0


def test_one_fitting_charged_from_two_sides(cast: Cast) -> None:
    order = saved(cast)
    with transaction() as session:
        swapped(session, cast, order_of(session, order))
    answers = at_once(
        *(
            lambda s, who=who: len(charge_fittings(s, order_of(s, order), visit_id=None, by=who, at=AT))
            for who in (cast.su, cast.wang)
        )
    )
    assert sorted(answers) == [0, 1]
    with transaction() as session:
        assert account_of(session, order.id).charged == 980 and list(broken_chains(session)) == []


def test_a_late_charge_with_its_payment_and_another_payment(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """One clerk in two windows: the one charges before it takes the money, the other has the receipt's number meanwhile."""
    late, other, desk = saved(cast), saved(cast), {"device": "desk", "by": cast.qian}
    with transaction() as session:
        swapped(session, cast, order_of(session, late))
    numbered, charged = threading.Event(), threading.Event()

    def charge_then_tell(*args: Any, **facts: Any) -> Any:
        done = charge_fittings(*args, **facts)
        charged.set()
        return done

    def take_late(session: Session) -> str:
        numbered.wait(5)
        paper = {"channel": "cash", "payer": None, "reference": None, "invoice_number": None, "key": None}
        return correcting_money.take_money(session, late.id, amount=Decimal(980), at=AT, **paper, **desk).number

    def take(session: Session) -> str:
        usable_block(session, at=AT, **desk)
        numbered.set()
        charged.wait(1)  # in vain: who charges first waits for the numbers
        return paid(session, order_of(session, other), "300", cast.qian, device="desk").number

    monkeypatch.setattr(correcting, "charge_fittings", charge_then_tell)
    answers = at_once(take_late, take)
    assert sorted(answers) == ["RSZ000001", "RSZ000002"]
    with transaction() as session:
        assert account_of(session, late.id).due == account_of(session, other.id).due == 0
