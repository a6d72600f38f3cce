"""Pages of invoices: asked for by a technician, issued, red-lettered, filed, listed and exported; and what is not one's own."""

from __future__ import annotations

import io
import re
import uuid
from decimal import Decimal

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from dispatch.db import transaction
from dispatch.fees.operations import take_back_charge
from dispatch.invoices.list_queries import BILLED, billings_of, orders_page
from dispatch.invoices.operations import note_on_site
from dispatch.orders.models import Order
from tests.conftest import AT, Cast, SignIn
from tests.fees.building import added, paid, price_list, repair
from tests.invoices.building import NUMBER, USCC, charged_order, paid_for

RULES = ("paid_not_invoiced", "account_not_invoiced", "invoiced_not_paid", "to_red_letter")
JPEG_ODD = b"\xff\xd8\xff\xe0 no picture"


@pytest.fixture
def orders(database: str, cast: Cast) -> list[str]:
    """Three orders of a customer: paid, on account, and paid with a number that is the first one's."""
    with transaction() as db:
        price_list(db, cast)
        made = [charged_order(db, cast) for _ in range(3)]
        first, third = paid_for(db, cast, made[0]), paid_for(db, cast, made[2])
        paid(db, made[1], "345", cast.su, channel="account")
        note_on_site(db, third, NUMBER, by=cast.su, at=AT)
        note_on_site(db, first, NUMBER, by=cast.su, at=AT)
        return [order.number for order in made]


def form(**changed: object) -> dict[str, object]:
    """The request as it is sent."""
    usual = {"title": "恒通 物流有限公司", "uscc": USCC.lower(), "kind": "special", "medium": "electronic"}
    return {**usual, "request_key": str(uuid.uuid4()), **changed}


def test_from_the_request_to_the_red_letter(orders: list[str], cast: Cast, as_person: SignIn) -> None:
    su, qian = as_person(cast.su), as_person(cast.qian)
    new = f"/invoices/new?order={orders[1]}"
    assert "¥345.00" in su.get(new).text and su.get("/invoices/new?order=WX-0").status_code == 404
    wrong = su.post("/invoices/new", data=form(order=orders[1], uscc=USCC[:17] + "K", title=""))
    assert wrong.status_code == 422 and "check digit" in wrong.text and f'value="{USCC[:17]}K"' in wrong.text
    none = su.post("/invoices/new", data=form(order=orders[1], choosing="1"))
    assert none.status_code == 422 and "Tick what the invoice is to be over" in none.text and "¥0.00" in none.text
    sent = form(order=orders[1])
    for _twice in range(2):
        answer = su.post("/invoices/new", data=sent)
        assert answer.status_code == 302
    url = answer.location
    assert "恒通物流有限公司" in su.get(url).text and "Write down its number" not in su.get(url).text
    assert "恒通物流有限公司" in su.get(new).text
    assert [as_person(who).get(url).status_code for who in (cast.wei, cast.root)] == [404, 404], (
        "neither his visit nor his business"
    )
    assert su.post(f"{url}/issue", data={"invoice_number": NUMBER}).status_code == 404
    odd = qian.post(f"{url}/issue", data={"invoice_number": "264420000000876543 2"})
    assert odd.status_code == 422 and 'name="invoice_anyway"' in odd.text
    taken = qian.post(f"{url}/issue", data={"invoice_number": NUMBER})
    assert taken.status_code == 422 and f"the invoice of order {orders[2]}" in taken.text
    assert qian.post(f"{url}/issue", data={"invoice_number": "２６４４２０００００００８７６５４３２１"}).status_code == 302
    again = qian.post(f"{url}/refuse", data={"reason": "x"})
    assert again.status_code == 409 and "another state" in again.text
    more = qian.post(f"{url}/red-letter", data={"amount": "345.01", "reason": "退货", "invoice_number": ""})
    assert more.status_code == 422 and "more than what is left" in more.text and 'value="退货"' in more.text
    assert qian.post(f"{url}/red-letter", data={"amount": "45", "reason": "退货"}).status_code == 302
    assert "¥300.00 is left of it" in qian.get(url).text
    _files(qian, url)


def test_parts_for_one_buyer_and_work_for_another(orders: list[str], cast: Cast, as_person: SignIn) -> None:
    qian, new = as_person(cast.qian), f"/invoices/new?order={orders[0]}"
    parts, work = (
        next(key for key in re.findall(r'name="line" value="([^"]+)"', qian.get(new).text) if code in key)
        for code in ("P003", "S003")
    )
    made = [qian.post("/invoices/new", data=form(order=orders[0], choosing="1", line=key)) for key in (parts, work)]
    assert [answer.status_code for answer in made] == [302, 302]
    assert ["¥45.00" in qian.get(made[0].location).text, "¥300.00" in qian.get(made[1].location).text] == [True, True]
    gone = qian.post("/invoices/new", data=form(order=orders[0], choosing="1", line=parts))
    assert gone.status_code == 422 and "has changed meanwhile" in gone.text


def _files(qian: FlaskClient, url: str) -> None:
    for content, told in ((b"", "The file is empty"), (JPEG_ODD, "no PDF, OFD, XML")):
        odd = qian.post(f"{url}/files", data={"file": (io.BytesIO(content), "a.pdf")})
        assert odd.status_code == 422 and told in odd.text
    for status in (302, 409):
        assert qian.post(f"{url}/files", data={"file": (io.BytesIO(b"%PDF-1.7 x"), "发票.pdf")}).status_code == status
    fetched = qian.get(f"{url}/files/1")
    assert fetched.data == b"%PDF-1.7 x" and "attachment" in fetched.headers["Content-Disposition"]
    assert qian.get("/invoices/999/files/1").status_code == 404


def test_the_lists_and_what_is_in_doubt(orders: list[str], cast: Cast, as_person: SignIn) -> None:
    qian = as_person(cast.qian)
    assert orders[0] in qian.get("/invoices/orders?which=unbilled").text
    assert orders[1] in qian.get("/invoices/orders?which=account").text
    issued = "/invoices?which=issued&q="
    assert NUMBER in qian.get(f"{issued}{orders[2]}").text and NUMBER not in qian.get(f"{issued}xyz").text
    assert "1 number that was noted on site" in qian.get("/invoices").text
    doubts = qian.get("/invoices/doubts").text
    assert NUMBER in doubts and "on record already" in doubts
    assert qian.post("/invoices/doubts/1", data={"reason": ""}).status_code == 422
    assert qian.post("/invoices/doubts/1", data={"reason": "抄错"}).status_code == 302
    assert "No number is in doubt" in qian.get("/invoices/doubts").text
    for path in ("/invoices/export?which=all", "/invoices/orders/export?which=account"):
        assert qian.get(path).data.startswith(b"PK")
    assert as_person(cast.su).get("/invoices").status_code == 404
    set_ = {"subject": "part", "tax_code": "1090512010000000000", "valid_from": "2026-01-01"}
    assert qian.post("/invoices/tax-codes", data=set_ | {"tax_code": "12"}).status_code == 422
    assert [qian.post("/invoices/tax-codes", data=set_).status_code for _ in range(2)] == [302, 409]
    made = qian.post("/invoices/new", data=form(order=[orders[0], orders[1]]))
    assert "1090512010000000000" in qian.get(made.location).text


def test_sql_says_of_an_orders_sums_what_the_rule_says(orders: list[str], cast: Cast) -> None:
    with transaction() as db:
        late = repair(db, cast)
        added(db, late, "S003", cast.su)
        note_on_site(db, paid(db, late, "150", cast.su), "1" * 20, by=cast.su, at=AT)
        charge = added(db, late, "P003", cast.su)
        note_on_site(db, paid(db, late, "45", cast.su), "2" * 20, by=cast.su, at=AT)
        take_back_charge(db, charge.id, reason="保内", by=cast.qian, at=AT)
    seen = 0
    with transaction() as db:
        ids = db.scalars(sa.select(Order.id)).all()
        for which, rule in zip(BILLED, RULES, strict=True):
            found = {row.order_id: row.amount for row in orders_page(db, cast.qian, which).rows}
            every = {id_: getattr(one, rule) for id_, one in billings_of(db, ids).items()}
            assert found == {id_: amount for id_, amount in every.items() if amount > 0}, which
            seen += len(found)
        assert seen >= 3
        assert billings_of(db, [late.id])[late.id].to_red_letter == Decimal(45)
