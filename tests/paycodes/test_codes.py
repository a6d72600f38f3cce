"""A code from the press to the receipt, and everything that a channel may say of it: twice, late, another amount, of no code."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.approvals.operations.requests import Answer
from dispatch.db import transaction
from dispatch.errors import Conflict, Invalid, NotAllowed, RuleBroken
from dispatch.fees.checks import broken_receipts
from dispatch.fees.ledger_check import broken_ledgers
from dispatch.fees.models import Receipt
from dispatch.fees.operations import ask_refund, decide_favour, hand_back
from dispatch.fees.papers import money_papers_missing
from dispatch.fees.queries import account_of
from dispatch.lists import FIRST
from dispatch.orders.models import Order
from dispatch.paycodes import gateway
from dispatch.paycodes.asking import ask_about, ask_all, cancel_code, refund_all, refund_one
from dispatch.paycodes.checks import broken_codes
from dispatch.paycodes.gateway import Connected, RefundAnswer, Standing
from dispatch.paycodes.models import CodeRefund, PayCode, StrayPayment
from dispatch.paycodes.operations import ask_again, count_forged, look_at_code, look_at_stray, receive
from dispatch.paycodes.queries import channel_of_refund, code_counts, codes, forged, strays
from tests.conftest import AT, Cast
from tests.fees.building import added
from tests.fees.building import paid as paid_by_hand
from tests.fees.money import balance, sums_agree
from tests.paycodes.building import Fake, code_now, connect, due_order, paid, shown
from tests.racing import at_once, together

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(autouse=True)
def disconnected() -> Iterator[None]:
    """Afterwards nothing is connected, as before."""
    yield
    gateway.configure(Connected({}))


def clock(minutes: float) -> Callable[[], datetime]:
    return lambda: AT + timedelta(minutes=minutes)


def told(code: PayCode, amount: str | None = None, *, reference: str = "4200001", minutes: float = 1) -> str:
    """What becomes of a payment that the channel tells of."""
    with transaction() as session:
        payment = paid(code, amount, reference=reference, minutes=minutes)
        return receive(session, code.channel, payment, at=payment.paid_at)


def due(order: Order) -> Decimal:
    with transaction() as session:
        return account_of(session, order.id).due


def nothing_is_wrong() -> None:
    with transaction() as session:
        assert [*broken_codes(session), *broken_receipts(session), *broken_ledgers(session)] == []
        sums_agree(session)


def test_a_code_is_shown_once_paid_once_and_written_under_its_number(cast: Cast) -> None:
    channels, order = connect(), due_order(cast)
    code = shown(order, cast)
    assert shown(order, cast, minutes=1).id == code.id and len(channels["wechat"].made) == 1
    asked = channels["wechat"].made[0]
    assert (asked.number, asked.amount, asked.until) == (code.number, Decimal("300.00"), AT + timedelta(minutes=15))
    assert order.number in asked.description and code.state == "open"
    assert told(code) == "paid" and told(code) == "again"
    assert told(code, reference="4200002") == "stray", "two payments of one number are two"
    with transaction() as session:
        receipt = session.scalars(sa.select(Receipt)).one()
        assert (receipt.number, receipt.amount, receipt.channel_reference) == (code.number, 300, "4200001")
        assert (receipt.by_id, receipt.by_name, receipt.at) == (cast.su.id, cast.su.name, AT + timedelta(minutes=1))
        assert balance(session, "clearing", branch_id=receipt.branch_id, channel="wechat") == 300
    assert due(order) == 0
    with pytest.raises(RuleBroken, match="Nothing is due"):
        shown(order, cast, minutes=2)
    nothing_is_wrong()


def test_another_amount_channel_or_hour_gives_a_new_code(cast: Cast) -> None:
    channels, order = connect(), due_order(cast)
    first = shown(order, cast)
    with transaction() as session:
        added(session, session.get_one(Order, order.id), "S003", cast.su)
    second = shown(order, cast, minutes=1)
    third = shown(order, cast, "alipay", minutes=2)
    fourth = shown(order, cast, "alipay", minutes=20)
    assert [one.amount for one in (first, second, third, fourth)] == [300, 450, 450, 450]
    states = [code_now(one.id).state for one in (first, second, third, fourth)]
    assert states == ["cancelled", "cancelled", "expired", "open"]
    assert channels["wechat"].closed == [first.number, second.number]
    with transaction() as session:
        assert len({one.number for one in session.scalars(sa.select(PayCode))}) == 4
    nothing_is_wrong()


def test_a_channel_that_does_not_answer(cast: Cast) -> None:
    channels, order = connect(), due_order(cast)
    channels["wechat"].silent = True
    with pytest.raises(RuleBroken, match="WeChat Pay gave no code just now"):
        shown(order, cast)
    other = shown(order, cast, "alipay")
    assert other.state == "open", "the other one is still there"
    assert cancel_code(other.id, clock=clock(1)) == "cancelled"
    with transaction() as session:
        lost = session.scalars(sa.select(PayCode).where(PayCode.state == "failed")).one()
    assert ask_all(clock(2)) == 1 and code_now(lost.id).shut_at is None, "nobody knows whether it was made"
    channels["wechat"].silent = False
    ask_all(clock(3))
    assert code_now(lost.id).shut_at is not None and channels["wechat"].closed == [lost.number]
    nothing_is_wrong()


@pytest.mark.parametrize(
    ("before", "amount", "odd"),
    [
        ("expired", None, ["late"]),
        ("cancelled", None, ["late"]),
        ("open", "299.00", ["amount"]),
        ("open", "301.00", ["amount", "too_much"]),
        ("cash", None, ["late", "too_much"]),
        ("closed", None, ["closed"]),
    ],
)
def test_money_is_kept_however_it_comes_and_finance_hears_of_it(
    cast: Cast, before: str, amount: str | None, odd: list[str]
) -> None:
    """The receipt is written, the ledger balances, and what is odd stays on the list until somebody has said what came of it."""
    connect()
    order = due_order(cast)
    code = shown(order, cast)
    if before == "expired":
        ask_about(code.id, clock=clock(16))
    elif before in ("cancelled", "cash"):
        cancel_code(code.id, clock=clock(1))
    with transaction() as session:
        if before == "cash":
            paid_by_hand(session, session.get_one(Order, order.id), "300", cast.su, device="phone")
        if before == "closed":
            session.execute(sa.update(Order).values(status="closed"))
    assert told(code, amount, minutes=17 if before == "expired" else 2) == "odd"
    much = Decimal(amount or 300)
    assert due(order) == (-300 if before == "cash" else 300 - much)
    with transaction() as session:
        found = session.get_one(PayCode, code.id)
        assert (found.odd, found.paid_amount, found.receipt and found.receipt.amount) == (odd, much, much)
        assert code_counts(session, cast.qian, None)["odd"] == 1
        with pytest.raises(Invalid):
            look_at_code(session, code.id, " ", by=cast.qian, at=AT)
        with pytest.raises(NotAllowed):
            look_at_code(session, code.id, "退了", by=cast.su, at=AT)
        look_at_code(session, code.id, "已与客户核实", by=cast.qian, at=AT)
        with pytest.raises(Conflict, match=cast.qian.name):
            look_at_code(session, code.id, "再看", by=cast.qian, at=AT)
        assert codes(session, cast.qian, show="odd", branch_id=None, cut=FIRST).total == 0
        order_now = session.get_one(Order, order.id)
        if before == "cash":
            order_now.__dict__["status"] = "done"
            assert any("give it back" in str(text) for text in money_papers_missing(session, order_now))
            session.expire(order_now)
    nothing_is_wrong()


def test_what_belongs_to_no_code_is_kept_once_for_finance(db: Session, cast: Cast) -> None:
    unknown = PayCode(number="RXX000009", channel="alipay", amount=Decimal(80))
    for expected in ("stray", "again"):
        assert receive(db, "alipay", paid(unknown), at=AT) == expected
    found = strays(db)
    assert [(one.number, one.amount) for one in found] == [("RXX000009", 80)]
    look_at_stray(db, found[0].id, "网店的收款，已转", by=cast.qian, at=AT)
    assert strays(db) == [] and db.scalar(sa.select(sa.func.count()).select_from(StrayPayment)) == 1
    for why in ("bad", "worse"):
        count_forged(db, "wechat", why, at=AT)
    assert [(one.count, one.last_why) for one in forged(db, AT)] == [(2, "worse")]


def test_the_same_payment_told_twice_at_once_is_one_receipt(cast: Cast) -> None:
    connect()
    code = shown(due_order(cast), cast)
    payment = paid(code)
    answers = at_once(*[lambda s: receive(s, "wechat", payment, at=payment.paid_at)] * 2)
    assert sorted(answers) == ["again", "paid"]
    nothing_is_wrong()


def test_paid_by_code_and_in_cash_at_once(cast: Cast) -> None:
    """Whichever comes first: the cash is refused, or finance hears that the order was paid twice."""
    connect()
    order = due_order(cast)
    code = shown(order, cast)
    payment = paid(code)
    told_of, cash = at_once(
        lambda s: receive(s, "wechat", payment, at=payment.paid_at),
        lambda s: paid_by_hand(s, s.get_one(Order, order.id), "300", cast.su, device="phone").number,
    )
    assert (told_of == "paid") == isinstance(cash, RuleBroken) and told_of in ("paid", "odd")
    assert due(order) == (0 if told_of == "paid" else -300)
    nothing_is_wrong()


def test_two_presses_at_once_show_one_code(cast: Cast) -> None:
    channels, order = connect(), due_order(cast)
    codes_shown = together(*[lambda: shown(order, cast).id] * 2)
    assert len(set(codes_shown)) == 1 and len(channels["wechat"].made) == 1


def test_the_worker_asks_where_no_callback_came_and_closes_what_is_over(cast: Cast) -> None:
    channels = connect()
    code = shown(due_order(cast), cast)
    assert ask_all(clock(0.5)) == 0, "it is left to its callback for a while"
    assert ask_all(clock(1)) == 1 and code_now(code.id).state == "open"
    channels["wechat"].standing = Standing("paid", paid(code))
    ask_all(clock(2))
    assert code_now(code.id).state == "paid" and ask_all(clock(3)) == 0
    channels["wechat"].standing = Standing("open")
    late = shown(due_order(cast), cast, minutes=4)
    ask_all(clock(20))
    assert (code_now(late.id).state, channels["wechat"].closed) == ("expired", [late.number])
    never_scanned = shown(due_order(cast), cast, "alipay", minutes=4)
    channels["alipay"].close = lambda number: Standing("open")  # type: ignore[method-assign]
    ask_all(clock(20))
    assert code_now(never_scanned.id).shut_at is None
    ask_all(clock(25))
    assert code_now(never_scanned.id).shut_at is not None, "nobody can scan it any more"
    faster = shown(due_order(cast), cast, minutes=30)
    channels["wechat"].standing = Standing("paid", paid(faster, reference="4200009", minutes=31))
    assert cancel_code(faster.id, clock=clock(31)) == "paid"
    nothing_is_wrong()


def test_money_goes_back_the_way_it_came(cast: Cast) -> None:
    channels = connect()
    code = shown(due_order(cast), cast)
    told(code)
    with transaction() as session:
        receipt_id = session.scalars(sa.select(Receipt.id)).one()
        asked = ask_refund(session, receipt_id, amount=Decimal(100), reason="少做一项", key=uuid.uuid4(), by=cast.qian, at=AT)
        decide_favour(session, asked.id, Answer(yes=True), by=cast.wang, at=AT)
        assert channel_of_refund(session, asked.id) == "wechat"
        back = hand_back(session, asked.id, device="desk", by=cast.qian, at=AT)
        waiting = session.scalar(sa.text("SELECT args FROM procrastinate_jobs WHERE task_name = 'paycodes.refund'"))
        assert waiting == {"refund": back.id}
    wechat: Fake = channels["wechat"]
    wechat.silent = True
    assert refund_one(back.id, clock=clock(1)) == "asked", "nobody knows: the worker asks again"
    wechat.silent, wechat.answer = False, RefundAnswer("failed", told="余额不足")
    assert refund_all(clock(5)) == 1
    with transaction() as session:
        found = session.get_one(CodeRefund, back.id)
        assert (found.state, found.told, found.attempts) == ("failed", "余额不足", 2)
        ask_again(session, back.id, by=cast.qian, at=AT + timedelta(minutes=6))
    wechat.answer = RefundAnswer("done", "50300001")
    assert refund_one(back.id, clock=clock(7)) == refund_one(back.id, clock=clock(8)) == "done"
    assert {(one.number, one.of_reference, one.amount, one.of_amount) for one in wechat.refunds} == {
        (back.number, "4200001", Decimal(100), Decimal(300))
    }
    with transaction() as session, pytest.raises(Conflict):
        ask_again(session, back.id, by=cast.qian, at=AT)
    nothing_is_wrong()
