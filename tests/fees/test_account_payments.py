"""What went on account is paid at finance: bit by bit, never more than is open, taken back by a counter-entry."""

from __future__ import annotations

import uuid
from dataclasses import replace
from decimal import Decimal

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from dispatch.audit.queries import broken_chains
from dispatch.db import transaction
from dispatch.errors import Conflict, Invalid, NotAllowed, NotFound, RuleBroken
from dispatch.fees.account_queries import debts, open_receipts, payments_of
from dispatch.fees.checks import broken_receipts
from dispatch.fees.ledger_check import broken_ledgers
from dispatch.fees.ledger_models import Account, Voucher
from dispatch.fees.models import Receipt
from dispatch.fees.operations import refund, take_back_account_payment
from dispatch.fees.queries import account_of, left_of
from dispatch.fees.settling_models import AccountPayment
from dispatch.orders.models import Order
from dispatch.staff.rules import Actor
from tests.conftest import AT, Cast
from tests.fees.building import paid
from tests.fees.money import balance, confirmed, handed, owing, paid_off, sums_agree
from tests.racing import at_once


def on_account(session: Session, cast: Cast, amount: str = "300") -> Receipt:
    """A receipt of Su's whose sum the customer owes by the month."""
    return paid(session, owing(session, cast), amount, cast.su, channel="account")


def owing_order(session: Session, receipt: Receipt) -> Order:
    """The order of a receipt."""
    return session.get_one(Order, receipt.order_id)


def owed(session: Session) -> list[tuple[Decimal, int]]:
    """What customers owe on account, and of how many receipts."""
    return [(debt.open, debt.receipts) for debt in debts(session, None)]


def given_back(session: Session, receipt_id: int, amount: str, by: Actor) -> Receipt:
    return refund(session, receipt_id, amount=Decimal(amount), reason="x", device="desk", by=by, at=AT)


def undone(session: Session, row: AccountPayment, by: Actor, reason: str = "记错了") -> AccountPayment:
    return take_back_account_payment(session, row.id, reason=reason, by=by, at=AT)


@pytest.mark.parametrize("channel", ["transfer", "wechat", "alipay", "cash"])
def test_what_is_paid_comes_off_the_account_and_stands_where_it_came_in(db: Session, cast: Cast, channel: str) -> None:
    receipt = on_account(db, cast)
    before = account_of(db, receipt.order_id)
    assert owed(db) == [(300, 1)]
    row = paid_off(db, receipt.id, "120.5", cast.qian, channel=channel, reference="T1")
    place = {"kind": "cash_desk"} if channel == "cash" else {"kind": "clearing", "channel": channel}
    assert balance(db, branch_id=cast.sz, **place) == Decimal("120.5")  # type: ignore[arg-type]
    assert (owed(db), left_of(db, receipt)) == ([(Decimal("179.5"), 1)], Decimal("179.5"))
    assert account_of(db, receipt.order_id) == before, "the order was settled when it went on account"
    voucher = db.scalars(sa.select(Voucher).where(Voucher.account_payment_id == row.id)).one()
    assert (voucher.kind, voucher.order_id) == ("account_payment", receipt.order_id)
    paid_off(db, receipt.id, "179.5", cast.qian)
    assert owed(db) == []
    sums_agree(db)
    assert list(broken_ledgers(db)) == [] and list(broken_chains(db)) == [] and list(broken_receipts(db)) == []


def test_who_owes_how_much_since_when(db: Session, cast: Cast) -> None:
    first = on_account(db, cast)
    (debt,) = debts(db, cast.sz)
    assert (debt.open, debt.since, debts(db, cast.gz)) == (300, AT, [])
    ((each,), none) = open_receipts(db, debt.customer_id, None), open_receipts(db, debt.customer_id, cast.gz)
    assert (each.receipt.id, each.open, none) == (first.id, 300, [])
    paid_off(db, first.id, "100", cast.qian)
    ((done,), nothing) = payments_of(db, debt.customer_id, cast.sz), payments_of(db, debt.customer_id, cast.gz)
    assert (done.row.amount, done.receipt, done.back, nothing) == (100, first.number, None, [])


@pytest.mark.parametrize("amount", ["300.01", "0", "-1", "0.001", "1e9", "NaN"])
def test_never_more_than_what_is_open(db: Session, cast: Cast, amount: str) -> None:
    receipt = on_account(db, cast)
    with pytest.raises(RuleBroken if amount == "300.01" else Invalid):
        paid_off(db, receipt.id, amount, cast.qian)
    paid_off(db, receipt.id, "300", cast.qian)
    with pytest.raises(RuleBroken, match="Nothing of RSZ000001 is open any more"):
        paid_off(db, receipt.id, "0.01", cast.qian)


def test_only_finance_and_only_what_is_on_account(db: Session, cast: Cast) -> None:
    receipt = on_account(db, cast)
    with pytest.raises(NotAllowed):
        paid_off(db, receipt.id, "1", cast.wang)
    with pytest.raises(Invalid) as refusal:
        paid_off(db, receipt.id, "1", cast.qian, channel="account")
    assert set(refusal.value.fields) == {"channel"}
    cash = paid(db, owing_order(db, receipt), "5", cast.su)
    back = given_back(db, receipt.id, "50", cast.qian)
    for wrong in (cash.id, back.id, 999):
        with pytest.raises(NotFound):
            paid_off(db, wrong, "1", cast.qian)
    elsewhere = replace(cast.qian, roles=frozenset({"finance"}), branch_id=cast.gz)
    paid_off(db, receipt.id, "1", elsewhere)


def test_what_was_paid_is_not_taken_off_the_account_again(db: Session, cast: Cast) -> None:
    receipt = on_account(db, cast)
    paid_off(db, receipt.id, "200", cast.qian)
    with pytest.raises(RuleBroken, match=r"¥150.00 is more than what is left of RSZ000001: ¥100.00 of ¥300.00"):
        given_back(db, receipt.id, "150", cast.qian)
    given_back(db, receipt.id, "100", cast.qian)
    assert owed(db) == []
    assert list(broken_ledgers(db)) == []


def test_the_same_press_twice_is_booked_once(db: Session, cast: Cast) -> None:
    receipt, key = on_account(db, cast), uuid.uuid4()
    first = paid_off(db, receipt.id, "100", cast.qian, request_key=key)
    assert paid_off(db, receipt.id, "100", cast.qian, request_key=key) is first
    for other in ({"amount": "50"}, {"amount": "100", "channel": "cash"}):
        with pytest.raises(Conflict, match="booked already, with other figures"):
            paid_off(db, receipt.id, by=cast.qian, request_key=key, **other)  # type: ignore[arg-type]
    assert owed(db) == [(200, 1)]


@pytest.mark.parametrize("channel", ["transfer", "cash"])
def test_a_wrong_payment_is_taken_back_by_a_counter_entry(db: Session, cast: Cast, channel: str) -> None:
    receipt = on_account(db, cast)
    row = paid_off(db, receipt.id, "120", cast.qian, channel=channel)
    with pytest.raises(Invalid):
        undone(db, row, cast.qian, reason=" ")
    with pytest.raises(NotAllowed):
        undone(db, row, cast.wang)
    back = undone(db, row, cast.qian)
    assert (owed(db), balance(db, "cash_desk", branch_id=cast.sz)) == ([(300, 1)], 0)
    with pytest.raises(Conflict, match=r"钱敏 has taken these ¥120.00 back already"):
        undone(db, row, cast.qian)
    with pytest.raises(NotFound):
        undone(db, back, cast.qian)
    ((done,),) = (payments_of(db, debts(db, None)[0].customer_id, None),)
    assert done.back is not None and done.back.reason == "记错了"
    assert list(broken_ledgers(db)) == []


def test_cash_that_left_the_desk_meanwhile_is_not_booked_back(db: Session, cast: Cast) -> None:
    receipt = on_account(db, cast)
    own = paid(db, owing_order(db, receipt), "100", cast.su)
    row = paid_off(db, receipt.id, "120", cast.qian, channel="cash")
    confirmed(db, handed(db, [own.id], cast.su).id, {"100": 1}, cast.qian)
    given_back(db, own.id, "100", cast.wang)
    given_back(db, paid(db, owing_order(db, receipt), "30", cast.qian).id, "30", cast.wang)
    with pytest.raises(RuleBroken, match=r"¥120.00 would leave the cash desk, and only ¥90.00 is in it"):
        undone(db, row, cast.qian)


# --- the database's own part


def test_the_database_keeps_what_is_open_between_nothing_and_all(db: Session, cast: Cast) -> None:
    receipt = on_account(db, cast)
    cash = paid(db, owing_order(db, receipt), "5", cast.su)
    row = paid_off(db, receipt.id, "200", cast.qian)
    facts = {"receipt_id": receipt.id, "channel": "transfer", "reason": "x", "by_id": cast.qian.id, "by_name": "x", "at": AT}
    for wrong, told in (
        ({"amount": "100.01"}, "past zero"),
        ({"amount": 1, "receipt_id": cash.id}, "past zero"),
        ({"amount": -200}, "negative_reverses"),
        ({"amount": -50, "reverses_id": row.id}, "as a whole"),
        ({"amount": -200, "reverses_id": row.id, "reason": " "}, "has_reason"),
        ({"amount": 1, "channel": "account"}, "channel_known"),
    ):
        with pytest.raises(DBAPIError, match=told), db.begin_nested():
            db.execute(sa.insert(AccountPayment).values({**facts, **wrong}))
    for statement in ("DELETE FROM account_payment", "UPDATE account_payment SET amount = 1"):
        with pytest.raises(DBAPIError, match="append-only"), db.begin_nested():
            db.execute(sa.text(statement))
    columns = {column.name: getattr(receipt, column.name) for column in Receipt.__table__.columns if column.name != "id"}
    columns |= {"number": "RSZ000049", "running": 49, "amount": -101, "refunds_id": receipt.id, "reason": "x"}
    with pytest.raises(DBAPIError, match="past zero"), db.begin_nested():
        db.execute(sa.insert(Receipt).values(columns))
    with pytest.raises(DBAPIError, match="on_account_not_below_zero"), db.begin_nested():
        db.execute(sa.update(Account).where(Account.kind == "on_account").values(balance=-1))


@pytest.mark.parametrize(
    ("bent", "told"),
    [
        ("UPDATE account_payment SET amount = 50", "is not what was posted for it"),
        ("UPDATE account_payment SET amount = 600", "600.00 was paid of 300.00 on account"),
        ("UPDATE account_payment SET receipt_id = (SELECT max(id) FROM receipt)", "was paid of 0.00 on account"),
    ],
)
def test_the_check_finds_what_was_bent(db: Session, cast: Cast, bent: str, told: str) -> None:
    receipt = on_account(db, cast)
    paid(db, owing_order(db, receipt), "5", cast.su)
    paid_off(db, receipt.id, "120", cast.qian)
    assert list(broken_ledgers(db)) == []
    db.execute(sa.text("SET CONSTRAINTS ALL IMMEDIATE"))
    db.execute(sa.text("ALTER TABLE account_payment DISABLE TRIGGER USER"))
    db.execute(sa.text(bent))
    db.expire_all()
    assert told in "\n".join(map(str, broken_ledgers(db)))


# --- two at once


@pytest.fixture
def owing_300(database: str, cast: Cast) -> int:
    """A committed receipt on account."""
    with transaction() as session:
        return on_account(session, cast).id


@pytest.mark.parametrize("attempt", range(3))
def test_two_clerks_book_the_same_money(owing_300: int, cast: Cast, attempt: int) -> None:
    answers = at_once(*(lambda s: paid_off(s, owing_300, "200", cast.qian).channel for _ in range(2)))
    assert sorted(type(answer).__name__ for answer in answers) == ["RuleBroken", "str"]
    with transaction() as session:
        assert owed(session) == [(100, 1)] and list(broken_ledgers(session)) == []


@pytest.mark.parametrize("attempt", range(3))
def test_one_button_pressed_twice_at_once(owing_300: int, cast: Cast, attempt: int) -> None:
    key = uuid.uuid4()
    first, second = at_once(*(lambda s: paid_off(s, owing_300, "200", cast.qian, request_key=key).id for _ in range(2)))
    assert first == second
    with transaction() as session:
        assert owed(session) == [(100, 1)]


@pytest.mark.parametrize("attempt", range(3))
def test_it_is_paid_while_it_is_taken_off_the_account(owing_300: int, cast: Cast, attempt: int) -> None:
    answers = at_once(
        lambda s: paid_off(s, owing_300, "200", cast.qian).channel, lambda s: given_back(s, owing_300, "200", cast.wang).channel
    )
    assert sorted(type(answer).__name__ for answer in answers) == ["RuleBroken", "str"]
    with transaction() as session:
        assert owed(session) == [(100, 1)] and list(broken_ledgers(session)) == []


@pytest.mark.parametrize("attempt", range(3))
def test_a_payment_is_taken_back_by_two(owing_300: int, cast: Cast, attempt: int) -> None:
    with transaction() as session:
        row = paid_off(session, owing_300, "200", cast.qian, channel="cash")
    answers = at_once(*(lambda s: undone(s, row, cast.qian).channel for _ in range(2)))
    assert sorted(type(answer).__name__ for answer in answers) == ["Conflict", "str"]
    with transaction() as session:
        assert owed(session) == [(300, 1)] and balance(session, "cash_desk", branch_id=cast.sz) == 0
