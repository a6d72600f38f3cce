"""The pages where a customer pays and signs: what is refused there, and what is kept all the same."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.fees.operations import NewPrice, set_prices
from dispatch.fees.queries import account_of, receipts_of
from dispatch.field.models import Photo, Signature
from dispatch.invoices.papers import invoices_missing
from dispatch.orders.models import Order
from tests.conftest import AT, Cast
from tests.field.building import DRAWN, fresh
from tests.field.phone import Phone, file, jpeg

# --- money


@pytest.mark.usefixtures("prices")
def test_a_charge_is_taken_back_with_a_reason(db: Session, order: Order, phone: Phone) -> None:
    db.commit()
    phone.open("/price")
    phone.press("/price/add", code="S003", quantity="2")
    assert "¥300.00" in phone.page
    phone.press("/price/take-back", status=422)
    assert "Please give a reason." in phone.page
    phone.press("/price/take-back", reason="客户不移了")
    assert "Nothing to pay: signature" in phone.big()
    assert account_of(fresh(db), order.id).charged == 0


@pytest.mark.usefixtures("prices")
def test_the_phone_shows_and_charges_what_was_agreed_with_the_customer(
    db: Session, order: Order, phone: Phone, cast: Cast
) -> None:
    what = ("S003", "移机费", "service", Decimal(120), Decimal("0.06"), date(2026, 1, 1))
    set_prices(db, [NewPrice(*what, customer_id=order.customer_id, contract="HT-9")], by=cast.wang, at=AT)
    db.commit()
    reason = f"Agreed with {order.customer.name} since 2026-01-01, contract HT-9."
    page = phone.open("/price")
    assert reason in page and "¥120.00" in page and "¥150.00" not in page
    phone.press("/price/add", code="S003", quantity="2")
    assert "¥240.00" in phone.page and phone.page.count(reason) == 2


@pytest.mark.usefixtures("prices")
def test_an_odd_payment_is_asked_back_and_an_odd_invoice_number_can_stand(db: Session, order: Order, phone: Phone) -> None:
    db.commit()
    phone.open("/price")
    phone.press("/price/add", code="S003")
    phone.open("/payment")
    phone.press("/payment", status=422, channel="cash", amount="0")
    assert "An amount above zero, please." in phone.page
    phone.press("/payment", status=422, channel="cash", amount="151")
    assert "is more than the ¥150.00 that is due" in phone.page and "let the dispatcher decide" in phone.page
    phone.press("/payment", status=422, channel="cash", amount="150", invoice_number="123")
    assert "An invoice number has" in phone.page
    phone.press("/payment", invoice_number="123", invoice_anyway="1")
    assert [row.invoice_number for row in receipts_of(fresh(db), order.id)] == ["123"]


@pytest.mark.usefixtures("prices")
@pytest.mark.parametrize("invoice", ["", "12345678"])
def test_the_end_says_of_a_receipt_without_its_invoice_what_closing_will_say(
    db: Session, order: Order, phone: Phone, invoice: str
) -> None:
    db.commit()
    phone.open("/price")
    phone.press("/price/add", code="S003")
    phone.open("/payment")
    phone.press("/payment", channel="cash", invoice_number=invoice)
    (receipt,) = receipts_of(fresh(db), order.id)
    missing = f"苏杰: receipt {receipt.number} has no invoice number."
    for path in ("/finish", "/payment"):
        assert (missing in phone.open(path)) is (invoice == "")
    fresh(db)
    order.status = "done"
    assert (missing in map(str, invoices_missing(db, order))) is (invoice == "")


@pytest.mark.usefixtures("prices")
def test_a_payment_pressed_twice_is_one_receipt(db: Session, order: Order, phone: Phone) -> None:
    db.commit()
    phone.open("/price")
    phone.press("/price/add", code="S003")
    phone.open("/payment")
    content = phone.form("/payment") | {"channel": "cash"}
    for _press in range(2):
        assert phone.client.post(phone.root + "/payment", data=content).status_code == 303
    assert len(receipts_of(fresh(db), order.id)) == 1


# --- signature


@pytest.mark.parametrize(
    "points", ["[[[0.5,0.5,0],[0.5,0.5,3]]]", "[]", "", "no json", "{}", "[[1]]", "[" * 99_999, '[["\\ud800"]]']
)
def test_a_dot_is_no_signature(db: Session, phone: Phone, points: str) -> None:
    phone.open("/signature")
    phone.press("/signature", status=422, points=points)
    assert "This is not a signature yet." in phone.page and "let the dispatcher decide" not in phone.page
    assert not db.scalars(sa.select(Signature)).all()


@pytest.mark.usefixtures("prices")
def test_a_summary_that_changed_meanwhile_is_shown_again(db: Session, phone: Phone) -> None:
    db.commit()
    phone.open("/signature")
    content = phone.form("/signature") | {"points": DRAWN}
    phone.open("/price")
    phone.press("/price/add", code="S003")
    refused = phone.client.post(phone.root + "/signature", data=content)
    assert refused.status_code == 409
    assert "Something was changed after the summary was shown." in refused.text and "移机费" in refused.text
    assert content["summary_hash"] not in refused.text
    phone.page = refused.text
    phone.press("/signature", points=DRAWN)
    assert len(fresh(db).scalars(sa.select(Signature)).all()) == 1


def test_a_refusal_needs_reason_and_photo(db: Session, phone: Phone) -> None:
    phone.open("/signature")
    phone.press("/signature/refused", status=422)
    assert "Please give a reason." in phone.page and "A photo is needed as evidence. Take one first." in phone.page
    phone.press("/signature/refused", status=422, reason="嫌贵", photo=file(b"no photo"))
    assert "This is no photo that can be read." in phone.page and "嫌贵" in phone.page
    phone.press("/signature/refused", reason="嫌贵", photo=jpeg())
    row = db.scalars(sa.select(Signature)).one()
    assert (row.refused, row.reason) == (True, "嫌贵")
    assert db.get_one(Photo, row.photo_id).kind == "refusal"
    assert "Refused: 嫌贵" in phone.open()
