"""Invoices in the database: noted on site, asked for, issued, ended, red-lettered; doubts; two at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.queries import history
from dispatch.db import transaction
from dispatch.errors import Conflict, Invalid, NotAllowed, NotFound, RuleBroken
from dispatch.fees.models import Receipt
from dispatch.fees.operations import refund, take_back_charge
from dispatch.invoices.checks import broken_invoices
from dispatch.invoices.models import Invoice, InvoiceDoubt
from dispatch.invoices.operations import issue, make_void, note_number, note_on_site, refuse, set_aside, withdraw
from dispatch.invoices.papers import invoices_owed
from dispatch.invoices.queries import buyers_of, invoices_of, open_doubts, rest_of
from dispatch.invoices.rules import Buyer
from dispatch.orders.models import Order
from tests.conftest import AT, Cast
from tests.fees.building import paid, price_list
from tests.invoices.building import BUYER, NUMBER, asked, charged_order, paid_for, reddened
from tests.racing import at_once

OTHER = "26442000000087654321"


@pytest.fixture
def order(db: Session, cast: Cast) -> Order:
    """An order on which 345 yuan are charged."""
    price_list(db, cast)
    return charged_order(db, cast)


def test_a_number_noted_on_site_is_an_invoice_over_that_money(db: Session, cast: Cast, order: Order) -> None:
    first, second = paid_for(db, cast, order, "100"), paid_for(db, cast, order, "245")
    made = note_number(db, first.id, "2644 2000 0000 1234 5678", by=cast.su, at=AT)
    assert (made.number, made.gross, made.state, made.origin) == (NUMBER, 100, "issued", "site")
    assert note_number(db, first.id, NUMBER, by=cast.qian, at=AT) is made  # again: harmless
    assert note_number(db, second.id, NUMBER, by=cast.su, at=AT) is made  # one invoice for money in two parts
    assert made.gross == 345 and [row.invoice_number for row in (first, second)] == [NUMBER, NUMBER]
    for number in (" ", "1" * 41):
        with pytest.raises(Invalid):
            note_number(db, first.id, number, by=cast.su, at=AT)
    with pytest.raises(NotFound):
        note_number(db, first.id, "12345678", by=cast.wei, at=AT)
    with pytest.raises(Conflict, match="of its own"):  # it is two receipts'
        note_number(db, first.id, OTHER, by=cast.qian, at=AT)
    assert list(broken_invoices(db)) == []


def test_a_mistyped_number_is_mended_and_a_taken_one_is_a_doubt(db: Session, cast: Cast, order: Order) -> None:
    receipt, other = paid_for(db, cast, order), paid_for(db, cast, charged_order(db, cast))
    note_number(db, receipt.id, "odd-1", by=cast.qian, at=AT)
    note_number(db, receipt.id, NUMBER, by=cast.su, at=AT)
    noted = [(e.detail["before"], e.detail["invoice"]) for e in history(db, ("order", order.id)) if e.action == "invoice.note"]
    assert noted == [("ODD1", NUMBER), (None, "ODD1")]
    with pytest.raises(Invalid) as told:
        note_number(db, other.id, NUMBER, by=cast.su, at=AT)
    assert f"the invoice of order {order.number}, by 钱" in str(told.value.fields["invoice_number"])
    note_on_site(db, other, NUMBER, by=cast.su, at=AT)  # from the field nothing is lost
    (doubt,) = open_doubts(db, other.order_id)
    assert (doubt.number, other.invoice_number) == (NUMBER, None)
    (owed,) = invoices_owed([other], [doubt])
    assert "cannot be the invoice of receipt" in str(owed)
    with pytest.raises(Invalid):
        set_aside(db, doubt.id, reason=" ", by=cast.qian, at=AT)
    note_number(db, other.id, OTHER, by=cast.su, at=AT)
    assert not open_doubts(db, other.order_id)  # settled by the right number


def test_asked_for_and_issued_for_several_orders_of_a_customer(db: Session, cast: Cast, order: Order) -> None:
    second = charged_order(db, cast)
    receipt = paid_for(db, cast, order)
    made = asked(db, cast.lin, order, second)
    assert (made.gross, made.net, made.tax, made.state) == (690, Decimal("645.68"), Decimal("44.32"), "requested")
    assert made.request_number.startswith("FPSZ") and [b.title for b in buyers_of(db, order.customer_id)] == [BUYER.title]
    with pytest.raises(RuleBroken, match="Nothing is left"):
        asked(db, cast.su, order)
    with pytest.raises(NotAllowed):
        issue(db, made.id, number=NUMBER, by=cast.lin, at=AT)
    issue(db, made.id, number=NUMBER, by=cast.qian, at=AT)
    assert issue(db, made.id, number=NUMBER, by=cast.qian, at=AT) is made
    assert receipt.invoice_number == NUMBER  # what was paid is papered by it
    late = paid(db, second, "345", cast.su)
    note_on_site(db, late, None, by=cast.su, at=AT)
    assert late.invoice_number == NUMBER  # and what is paid afterwards
    with pytest.raises(Conflict, match="another state"):
        refuse(db, made.id, reason="x", by=cast.qian, at=AT)
    assert list(broken_invoices(db)) == []


def test_what_ends_a_request(db: Session, cast: Cast, order: Order) -> None:
    with pytest.raises(Invalid) as told:
        asked(db, cast.su, order, buyer=Buyer(" ", kind="special"))
    assert set(told.value.fields) == {"title"}
    with pytest.raises(Invalid) as told:
        asked(db, cast.su, order, buyer=Buyer("恒通", kind="special", medium="paper"))
    assert set(told.value.fields) == {"uscc", "address", "phone", "bank", "account"}
    made = asked(db, cast.su, order)
    with pytest.raises(NotAllowed, match="Whoever asked"):
        withdraw(db, made.id, by=cast.lin, at=AT)
    with pytest.raises(Invalid):
        refuse(db, made.id, reason=" ", by=cast.qian, at=AT)
    assert refuse(db, made.id, reason="抬头与合同不符", by=cast.qian, at=AT).state == "refused"
    again = asked(db, cast.su, order)
    assert withdraw(db, again.id, by=cast.su, at=AT).state == "withdrawn"
    receipt = paid_for(db, cast, order)
    noted = note_number(db, receipt.id, NUMBER, by=cast.su, at=AT)
    make_void(db, noted.id, reason="票面打错", by=cast.qian, at=AT)
    assert (noted.state, receipt.invoice_number) == ("void", None)
    assert note_number(db, receipt.id, NUMBER, by=cast.su, at=AT).id != noted.id  # its number is free again


def test_a_number_noted_on_site_issues_what_was_asked_for(db: Session, cast: Cast, order: Order) -> None:
    made, receipt = asked(db, cast.lin, order), paid_for(db, cast, order)
    assert note_number(db, receipt.id, NUMBER, by=cast.su, at=AT).id == made.id
    assert (made.state, made.issued_by_name, receipt.invoice_number) == ("issued", "苏杰", NUMBER)
    with pytest.raises(Conflict, match="of its own"):
        note_number(db, receipt.id, OTHER, by=cast.su, at=AT)


def test_red_letters_take_off_no_more_than_there_is(db: Session, cast: Cast, order: Order) -> None:
    receipt = paid_for(db, cast, order)
    made = note_number(db, receipt.id, NUMBER, by=cast.su, at=AT)
    for amount, reason, field in (("345.01", "x", "amount"), ("0", "x", "amount"), ("-5", "x", "amount"), ("5", " ", "reason")):
        with pytest.raises(Invalid) as told:
            reddened(db, cast.qian, made, amount, OTHER, reason=reason)
        assert set(told.value.fields) == {field}
    part = reddened(db, cast.qian, made, "45", OTHER)
    assert (part.gross, made.state, rest_of(db, made.id)) == (-45, "issued", 300)
    with pytest.raises(Conflict):
        reddened(db, cast.qian, part, "5", "1" * 20)
    waiting = reddened(db, cast.qian, made, "300", None)  # finance has no number yet
    assert (waiting.state, made.state, rest_of(db, made.id)) == ("requested", "issued", 0)
    issue(db, waiting.id, number="26442000000000000009", by=cast.qian, at=AT)
    assert (made.state, receipt.invoice_number) == ("red_lettered", None)  # the money was kept: it needs an invoice again
    assert sum(one.gross for one in invoices_of(db, order.id)) == 0
    assert note_number(db, receipt.id, "26442000000000000010", by=cast.su, at=AT).gross == 345
    assert list(broken_invoices(db)) == []


def test_charges_taken_back_after_the_invoice_can_be_noted_and_are_to_be_red_lettered(
    db: Session, cast: Cast, order: Order
) -> None:
    receipt = paid_for(db, cast, order)
    charge = db.scalars(sa.text("SELECT id FROM charge WHERE code = 'P003'")).one()
    take_back_charge(db, charge, reason="保内", by=cast.qian, at=AT)
    assert note_number(db, receipt.id, NUMBER, by=cast.su, at=AT).gross == 345  # it was issued over that much
    refund(db, receipt.id, amount=Decimal(45), reason="保内", device="phone", by=replace(cast.su, roles=cast.qian.roles), at=AT)
    assert list(broken_invoices(db)) == []


def test_the_check_finds_what_does_not_fit(db: Session, cast: Cast, order: Order) -> None:
    receipt = paid_for(db, cast, order)
    made = note_number(db, receipt.id, NUMBER, by=cast.su, at=AT)
    db.execute(sa.update(Invoice).where(Invoice.id == made.id).values(gross=Decimal(999), net=Decimal(999), tax=0, number=OTHER))
    told = " ".join(map(str, broken_invoices(db)))
    assert "come to another sum" in told and "no invoice of its order" in told
    db.rollback()


def test_two_note_the_same_number_at_once(database: str, cast: Cast) -> None:
    """One of them has it; the other's is a doubt, and his money is taken all the same."""
    with transaction() as session:
        price_list(session, cast)
        ids = [paid_for(session, cast, charged_order(session, cast)).id for _ in range(2)]

    def noting(receipt_id: int) -> Callable[[Session], str | None]:
        def note(session: Session) -> str | None:
            receipt = session.get_one(Receipt, receipt_id)
            note_on_site(session, receipt, NUMBER, by=cast.su, at=AT)
            return receipt.invoice_number

        return note

    assert set(at_once(*map(noting, ids))) == {NUMBER, None}
    with transaction() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(InvoiceDoubt)) == 1
        assert list(broken_invoices(session)) == []
