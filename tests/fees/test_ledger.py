"""What is posted for charges, receipts and refunds, and that the check finds what was bent behind the program's back."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from dispatch.errors import RuleBroken
from dispatch.fees.ledger_check import broken_ledgers
from dispatch.fees.ledger_models import Account, Posting, Voucher
from dispatch.fees.ledger_rules import AccountKey, split_tax
from dispatch.fees.operations import refund, take_back_charge
from dispatch.fees.operations.posting import Cause, post
from dispatch.staff.rules import SYSTEM
from tests.conftest import AT, Cast
from tests.fees.building import added, paid
from tests.fees.money import balance, confirmed, handed, owing, sums_agree


def vouchers(session: Session) -> list[str]:
    """Number and kind of every voucher."""
    return [f"{row.number} {row.kind}" for row in session.scalars(sa.select(Voucher).order_by(Voucher.id))]


@pytest.mark.parametrize(
    ("gross", "rate", "net", "tax"),
    [
        ("680", "0.13", "601.77", "78.23"),
        ("150", "0.06", "141.51", "8.49"),
        ("0.01", "0.13", "0.01", "0.00"),
        ("5", "0", "5", "0"),
    ],
)
def test_tax_is_what_the_rounded_net_leaves(gross: str, rate: str, net: str, tax: str) -> None:
    assert split_tax(Decimal(gross), Decimal(rate)) == (Decimal(net), Decimal(tax))
    assert split_tax(-Decimal(gross), Decimal(rate)) == (-Decimal(net), -Decimal(tax))


def test_a_charge_is_owed_by_the_customer_and_split_into_income_and_tax(db: Session, cast: Cast) -> None:
    order = owing(db, cast, quantity=1)
    owed = balance(db, "receivable", customer_id=order.customer_id)
    income, tax = balance(db, "income", branch_id=cast.sz), balance(db, "tax", branch_id=cast.sz)
    assert (owed, income, tax) == (150, Decimal("-141.51"), Decimal("-8.49"))
    assert vouchers(db) == ["PZ-SZ-2026-000001 charge"]


def test_what_is_free_is_not_posted(db: Session, cast: Cast) -> None:
    order = owing(db, cast)
    assert added(db, order, "S001", cast.su).amount == 0
    assert len(vouchers(db)) == 1


def test_a_charge_taken_back_reverses_its_voucher(db: Session, cast: Cast) -> None:
    order = owing(db, cast, quantity=1)
    charge = added(db, order, "P003", cast.su, quantity=3)
    take_back_charge(db, charge.id, reason="x", by=cast.su, at=AT)
    rows = db.scalars(sa.select(Voucher).order_by(Voucher.id)).all()
    assert [row.kind for row in rows] == ["charge", "charge", "charge_back"]
    assert rows[2].reverses_id == rows[1].id
    assert balance(db, "receivable", customer_id=order.customer_id) == 150


@pytest.mark.parametrize("channel", ["wechat", "alipay", "transfer"])
def test_money_of_a_channel_waits_to_be_matched(db: Session, cast: Cast, channel: str) -> None:
    order = owing(db, cast)
    receipt = paid(db, order, "300", cast.su, channel=channel)
    refund(db, receipt.id, amount=Decimal(100), reason="x", device="desk", by=cast.qian, at=AT)
    assert balance(db, "clearing", branch_id=cast.sz, channel=channel) == 200
    assert balance(db, "receivable", customer_id=order.customer_id) == 1300


def test_cash_is_in_the_hand_of_who_took_it_and_on_account_is_owed_by_the_month(db: Session, cast: Cast) -> None:
    order = owing(db, cast)
    paid(db, order, "300", cast.su)
    paid(db, order, "200", cast.wei, channel="account")
    assert balance(db, "cash_in_hand", person_id=cast.su.id or 0) == 300
    assert balance(db, "on_account", customer_id=order.customer_id) == 200
    assert list(broken_ledgers(db)) == []


def test_cash_is_given_back_out_of_the_hand_then_out_of_the_desk_then_not_at_all(db: Session, cast: Cast) -> None:
    order = owing(db, cast)
    own = paid(db, order, "100", cast.wang)
    others = paid(db, order, "300", cast.su)
    with pytest.raises(RuleBroken, match="not there to be given back"), db.begin_nested():
        refund(db, others.id, amount=Decimal(150), reason="x", device="desk", by=cast.wang, at=AT)
    refund(db, own.id, amount=Decimal(60), reason="x", device="desk", by=cast.wang, at=AT)
    assert balance(db, "cash_in_hand", person_id=cast.wang.id or 0) == 40
    confirmed(db, handed(db, [others.id], cast.su).id, {"100": 3}, cast.qian)
    refund(db, others.id, amount=Decimal(150), reason="x", device="desk", by=cast.wang, at=AT)
    assert balance(db, "cash_desk", branch_id=cast.sz) == 150
    assert balance(db, "cash_in_hand", person_id=cast.wang.id or 0) == 40
    sums_agree(db)


def test_numbers_begin_again_with_the_branchs_year(db: Session, cast: Cast) -> None:
    order = owing(db, cast)
    paid(db, order, "1", cast.su, at=datetime(2026, 12, 31, 15, 59, tzinfo=UTC))
    paid(db, order, "1", cast.su, at=datetime(2026, 12, 31, 16, 0, tzinfo=UTC))
    assert vouchers(db)[1:] == ["PZ-SZ-2026-000002 receipt", "PZ-SZ-2027-000001 receipt"]
    assert list(broken_ledgers(db)) == []


# --- the database's own part


def test_a_voucher_that_does_not_sum_to_zero_is_not_kept(db: Session, cast: Cast) -> None:
    order = owing(db, cast)
    cause = Cause("charge", cast.sz, SYSTEM, AT, AT, {"charge_id": added(db, order, "S001", cast.su).id})
    one, two = AccountKey("income", branch_id=cast.sz), AccountKey("tax", branch_id=cast.sz)
    post(db, cause, {one: Decimal(2), two: Decimal(-1)})
    with pytest.raises(DBAPIError, match="sum to 1"):
        db.commit()


def test_cash_never_falls_below_zero(db: Session, cast: Cast) -> None:
    paid(db, owing(db, cast), "5", cast.su)
    with pytest.raises(DBAPIError, match="cash_not_below_zero"), db.begin_nested():
        db.execute(sa.update(Account).where(Account.kind == "cash_in_hand").values(balance=-1))


@pytest.mark.parametrize("statement", ["UPDATE posting SET amount = 1", "DELETE FROM posting", "DELETE FROM voucher"])
def test_what_is_posted_stays(db: Session, cast: Cast, statement: str) -> None:
    owing(db, cast)
    with pytest.raises(DBAPIError, match="append-only"), db.begin_nested():
        db.execute(sa.text(statement))


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE account SET balance = 7 WHERE kind = 'cash_in_hand'", "cash_in_hand"),
        ("UPDATE posting SET amount = 7 WHERE amount = 5", "sum to"),
        ("UPDATE posting SET hash = prev_hash WHERE amount = 5", "does not follow"),
        ("UPDATE series_counter SET last = 9", "the counter stands at 9"),
        ("UPDATE receipt SET amount = 6", "was posted for"),
        ("DELETE FROM posting; DELETE FROM voucher WHERE kind = 'receipt'", "has no voucher"),
    ],
)
def test_the_check_finds_what_was_bent(db: Session, cast: Cast, statement: str, told: str) -> None:
    paid(db, owing(db, cast), "5", cast.su)
    assert list(broken_ledgers(db)) == []
    db.execute(sa.text("SET CONSTRAINTS ALL IMMEDIATE"))
    for table in ("posting", "voucher", "receipt"):
        db.execute(sa.text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
    for each in statement.split("; "):
        db.execute(sa.text(each))
    db.expire_all()
    assert told in "\n".join(map(str, broken_ledgers(db)))


def test_a_posting_knows_the_balance_after_it(db: Session, cast: Cast) -> None:
    order = owing(db, cast)
    paid(db, order, "5", cast.su)
    paid(db, order, "7", cast.su)
    after = sa.select(Posting.balance_after).join(Account).where(Account.kind == "cash_in_hand").order_by(Posting.seq)
    assert list(db.scalars(after)) == [5, 12]
