"""States of a stop that are seldom met: what waits for the dispatcher, money too much, an end that came before the press."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.fees.models import Charge, Receipt
from dispatch.field.models import FieldFact
from dispatch.field.operations import settle_dispute
from dispatch.orders.models import Order, Visit
from tests.conftest import AT, Cast, SignIn
from tests.field.building import DRAWN, carrying, fitted_long_ago
from tests.field.phone import Phone, at, jpeg


@pytest.fixture
def insisted(db: Session, cast: Cast, order: Order, phone: Phone) -> FieldFact:
    """Su says that a unit out of Wei's bag is in the vehicle now."""
    fitted_long_ago(db, cast, order.lines[0])
    [box], _ = carrying(db, cast, cast.wei)
    db.commit()
    phone.open(f"{at(order)}/swap?what=terminal")
    phone.press(f"{at(order)}/fit", terminal=box.number, status=422)
    phone.press(f"{at(order)}/fit", insist="1")
    return db.scalars(sa.select(FieldFact).where(FieldFact.state == "disputed")).one()


def test_what_waits_for_the_dispatcher_is_told_until_he_answers(
    db: Session, cast: Cast, order: Order, insisted: FieldFact, phone: Phone
) -> None:
    told = "Waits for the dispatcher: Swap terminal or SIM"
    assert told in phone.open() and told in phone.open(at(order))
    assert "Go on: test-run" in phone.big() and "No swap needed" not in phone.big()
    settle_dispute(db, insisted.id, reason="已补办移交", by=cast.lin, at=AT)
    db.commit()
    assert told not in phone.open() and "Set aside, not entered" in phone.page and "已补办移交" in phone.page
    assert "No swap needed" in (phone.open(at(order)) and phone.big())


def test_the_office_reads_whose_bag_it_is_and_settles_without_a_script(
    cast: Cast, insisted: FieldFact, as_person: SignIn
) -> None:
    desk, url = as_person(cast.lin), f"/field-messages/{insisted.id}"
    page = desk.get("/field-messages").text
    assert "is not in 苏杰&#39;s bag: it is in 卫晨&#39;s bag." in page and "your bag" not in page
    assert f'href="{url}"' in page and "data-dialog" not in page.partition("<main")[2]
    own = desk.get(url).text
    assert f'action="{url}/set-aside"' in own and "data-dialog" not in own.partition("<main")[2]


def test_a_part_that_is_missing_is_one_tap_from_breaking_off(order: Order, phone: Phone) -> None:
    phone.open(f"{at(order)}/swap?what=both")
    assert f"{phone.root}?why=part#break-off" in phone.page and "There is no terminal in your bag." in phone.page
    phone.open("?why=part")
    assert '<details id="break-off" open>' in phone.page and phone.form("/abandon")["why"] == "part"
    assert '<details id="break-off">' in phone.open("?why=nonsense")


def test_a_visit_broken_off_says_why_and_offers_nothing(phone: Phone) -> None:
    phone.open("?why=part")
    phone.press("/abandon", more="缺 BD-808A")
    assert "缺 BD-808A" in phone.open() and "Abandoned" in phone.page
    assert 'class="steps"' not in phone.page and "tel:" not in phone.page and "btn" not in phone.big()


@pytest.mark.usefixtures("prices")
def test_money_too_much_is_told_before_it_is_signed_for(db: Session, phone: Phone) -> None:
    phone.open("/price")
    phone.press("/price/add", code="S003")
    phone.open("/payment")
    phone.press("/payment", channel="cash")
    phone.open("/price")
    charge = db.scalars(sa.select(Charge.id)).one()
    phone.press("/price/take-back", charge=charge, reason="客户不要移机")
    assert "¥150.00 too much was paid" in phone.open() and "step-odd" in phone.page
    assert "To be given back" in phone.open("/signature") and "¥150.00" in phone.page


def test_who_refused_may_still_sign(phone: Phone) -> None:
    phone.open("/signature")
    phone.press("/signature/refused", signer="陈师傅", reason="不满意", photo=jpeg())
    phone.open("/signature")
    assert "I agree and sign" in phone.big() and "when-changed" in phone.big() and "Go on: finish" in phone.big()
    phone.press("/signature", points=DRAWN, signer="陈师傅")
    assert "Signed by 陈师傅" in phone.open("/signature")


@pytest.mark.usefixtures("prices")
def test_what_changed_after_the_signature_is_signed_again(phone: Phone) -> None:
    phone.open("/signature")
    phone.press("/signature", points=DRAWN, signer="陈师傅")
    phone.open("/price")
    phone.press("/price/add", code="S003")
    phone.open("/signature")
    assert "Something was changed after the customer had signed." in phone.page
    assert "I agree and sign" in phone.big() and "Go on: finish" not in phone.big()


def test_what_is_lacking_leads_to_its_step(phone: Phone) -> None:
    page = phone.open("/finish")
    assert f'href="{phone.root}/signature">The customer has not signed.' in page


@pytest.mark.usefixtures("prices")
def test_an_old_tab_hears_that_the_visit_is_over(phone: Phone) -> None:
    phone.open("/price")
    content = phone.form("/price/add") | {"code": "S003"}
    phone.open("/finish")
    phone.press("/finish")
    late = phone.client.post(f"{phone.root}/price/add", data=content)
    assert late.status_code == 422 and "This visit is over, so nothing was changed." in late.text
    assert "Press “Arrived” first" not in late.text


def test_a_visit_taken_back_is_told_from_one_that_never_was(db: Session, cast: Cast, visit: Visit, phone: Phone) -> None:
    phone.open("/finish")
    content = phone.form("/finish")
    visit.status = "planned"
    db.commit()
    taken_back = "The office has taken this visit back"
    assert taken_back in phone.client.get(phone.root).text
    late = phone.client.post(f"{phone.root}/finish", data=content)
    assert late.status_code == 404 and taken_back in late.text
    assert taken_back not in phone.client.get(f"{phone.root}9").text


def test_a_colleague_hears_nothing_of_it(db: Session, cast: Cast, visit: Visit, as_person: SignIn) -> None:
    visit.status = "planned"
    db.commit()
    answer = as_person(cast.wei).get(f"/my-day/visits/{visit.id}")
    assert answer.status_code == 404 and "taken this visit back" not in answer.text


@pytest.mark.usefixtures("prices")
def test_the_office_is_asked_once_about_an_odd_invoice_number(
    db: Session, cast: Cast, order: Order, phone: Phone, as_person: SignIn
) -> None:
    phone.open("/price")
    phone.press("/price/add", code="S003")
    phone.open("/payment")
    phone.press("/payment", channel="cash")
    receipt, desk = db.scalars(sa.select(Receipt)).one(), as_person(cast.wang)
    url = f"/orders/{order.number}/corrections/invoice/{receipt.id}"
    asked = desk.post(url, data={"invoice_number": "12AB"})
    assert asked.status_code == 422 and 'name="invoice_anyway"' in asked.text
    assert desk.post(url, data={"invoice_number": "12AB", "invoice_anyway": "1"}).status_code == 303
    db.refresh(receipt)
    assert receipt.invoice_number == "12AB"
