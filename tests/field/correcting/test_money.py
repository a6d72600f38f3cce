"""The office puts right what was charged and paid: a counter-entry with a reason, and the sheets hear of it."""

from __future__ import annotations

import uuid
from decimal import Decimal

import pytest
from sqlalchemy.orm import Session

from dispatch.audit.queries import history
from dispatch.errors import NotAllowed, NotFound, RuleBroken
from dispatch.fees.models import Price, Receipt
from dispatch.fees.papers import money_papers_missing, prices_missing
from dispatch.fees.queries import account_of, charges_of, receipts_of
from dispatch.field import correcting_money
from dispatch.field.summary import standing
from dispatch.invoices.papers import invoices_missing
from dispatch.orders.models import Order, Visit
from dispatch.words import Text
from tests.approvals.acts import given_back, let_off
from tests.board.building import approved_order
from tests.conftest import AT, Cast
from tests.field.building import arrived, carrying, do, fitted_long_ago
from tests.field.correcting.ending import Swapped, finish


@pytest.fixture
def receipt(db: Session, cast: Cast, order: Order, on_site: Visit, swapped: Swapped) -> Receipt:
    """Su has taken ¥680 and ended the visit."""
    do(db, on_site, "payment.take", cast.su, amount="680.00", channel="wechat", reference="42000")
    finish(db, cast, on_site)
    [taken] = receipts_of(db, order.id)
    return taken


def test_a_charge_is_dropped_and_its_money_given_back(
    db: Session, cast: Cast, order: Order, receipt: Receipt, told: list[int]
) -> None:
    [charge] = standing(charges_of(db, order.id))
    let_off(db, cast, order.id, charge.id)
    with pytest.raises(RuleBroken):
        let_off(db, cast, order.id, charge.id)
    back = given_back(db, cast, order.id, receipt.id, "680")
    assert (back.amount, back.refunds_id, back.number != receipt.number) == (Decimal("-680.00"), receipt.id, True)
    assert account_of(db, order.id).due == 0
    assert set(told) == {order.id}
    with pytest.raises(RuleBroken):
        given_back(db, cast, order.id, receipt.id, "1")


def test_what_was_fitted_is_not_taken_off_the_bill_on_site(
    db: Session, cast: Cast, order: Order, on_site: Visit, swapped: Swapped
) -> None:
    [charge] = standing(charges_of(db, order.id))
    with pytest.raises(RuleBroken, match="charged by the rules"):
        do(db, on_site, "charge.take_back", cast.su, charge=charge.id, reason="客户不肯付")
    assert account_of(db, order.id).charged == 680


def test_finance_notes_the_invoice_and_mends_it(db: Session, cast: Cast, order: Order, receipt: Receipt) -> None:
    for number in ("12345678", "25442000000012345678"):
        correcting_money.add_invoice(db, order.id, receipt.id, number=number, by=cast.qian, at=AT)
        assert receipt.invoice_number == number
    assert history(db, ("order", order.id))[0].detail["before"] == "12345678"
    with pytest.raises(NotAllowed):
        correcting_money.add_invoice(db, order.id, receipt.id, number="1", by=cast.lin, at=AT)
    with pytest.raises(NotFound):
        correcting_money.add_invoice(db, approved_order(db, cast).id, receipt.id, number="1", by=cast.qian, at=AT)


def test_the_office_takes_what_was_not_paid_on_site(db: Session, cast: Cast, order: Order, swapped: Swapped) -> None:
    money = {"payer": "恒通", "reference": "T1", "invoice_number": "25442000000012345678", "device": "desk", "by": cast.qian}
    key = uuid.uuid4()
    for _ in range(2):
        taken = correcting_money.take_money(db, order.id, amount=Decimal("600"), channel="transfer", key=key, at=AT, **money)
    assert (taken.visit_id, taken.by_name, account_of(db, order.id).due) == (None, cast.qian.name, Decimal("80.00"))
    correcting_money.take_money(db, order.id, amount=Decimal("80"), channel="account", key=uuid.uuid4(), at=AT, **money)
    with pytest.raises(RuleBroken, match="Nothing is due"):
        correcting_money.take_money(db, order.id, amount=Decimal("1"), channel="cash", key=uuid.uuid4(), at=AT, **money)
    with pytest.raises(NotAllowed):
        correcting_money.take_money(
            db, order.id, amount=Decimal("1"), channel="cash", key=uuid.uuid4(), at=AT, **(money | {"by": cast.lin})
        )


def money_missing(db: Session, order: Order) -> list[Text]:
    return [*prices_missing(db, order), *money_papers_missing(db, order), *invoices_missing(db, order)]


def test_what_had_no_price_blocks_closing_until_it_is_charged(db: Session, cast: Cast) -> None:
    order = approved_order(db, cast)
    visit = arrived(db, cast, order, cast.su)
    fitted_long_ago(db, cast, order.lines[0])
    [box], _ = carrying(db, cast, cast.su)
    do(db, visit, "line.swap", cast.su, line=order.lines[0].id, terminal=box.number)
    do(db, visit, "visit.finish", cast.su)
    assert [str(text) for text in money_missing(db, order)] == ["The price list has no part whose name begins with BD-808A."]
    price = {"code": "P001", "name": "BD-808A 主机", "category": "part", "amount": Decimal("680.00"), "tax_rate": Decimal("0.13")}
    db.add(Price(**price, valid_from=AT.date()))
    db.flush()
    assert [str(text) for text in money_missing(db, order)] == [
        "BD-808A 主机 was fitted and has a price by now, but is not charged."
    ]
    [charge] = correcting_money.charge_late(db, order.id, by=cast.wang, at=AT)
    assert charge.amount == 680
    assert [str(text) for text in money_missing(db, order)] == ["The customer owes ¥680.00: neither paid nor put on account."]
    let_off(db, cast, order.id, charge.id)
    assert money_missing(db, order) == []
    assert correcting_money.charge_late(db, order.id, by=cast.wang, at=AT) == []
