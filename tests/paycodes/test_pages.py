"""Codes on the phone, callbacks as the channels send them, and finance's page."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from dispatch.clock import now
from dispatch.db import transaction
from dispatch.fees.models import Receipt
from dispatch.orders.models import Visit
from dispatch.paycodes import gateway
from dispatch.paycodes.gateway import Connected, Payment, Standing
from dispatch.paycodes.models import CodeRefund, ForgedCallbacks, PayCode, StrayPayment
from tests.board.building import approved_order
from tests.conftest import Cast, SignIn
from tests.fees.building import added, price_list
from tests.field.building import arrived
from tests.paycodes import keys
from tests.paycodes.building import Fake, connect
from tests.paycodes.test_adapters import alipay, wechat


@pytest.fixture(autouse=True)
def disconnected() -> Iterator[None]:
    yield
    gateway.configure(Connected({}))


@pytest.fixture
def visit(database: str, cast: Cast) -> int:
    """Su stands at a vehicle; 300 yuan are due."""
    with transaction() as session:
        price_list(session, cast)
        order = approved_order(session, cast)
        there = arrived(session, cast, order, cast.su)
        added(session, order, "S003", cast.su, quantity=2)
        return there.id


def the_code() -> PayCode:
    with transaction() as session:
        return session.scalars(sa.select(PayCode).order_by(PayCode.id.desc())).first() or PayCode()


def test_a_technician_shows_a_code_and_sees_it_paid(as_person: SignIn, cast: Cast, visit: int) -> None:
    client, root = as_person(cast.su), f"/my-day/visits/{visit}"
    assert "Payment code" not in client.get(f"{root}/payment").text, "nothing is connected"
    assert client.post(f"{root}/codes", data={"channel": "wechat"}).status_code == 422
    channels = connect()
    assert "Code of WeChat Pay" in client.get(f"{root}/payment").text
    sent = client.post(f"{root}/codes", data={"channel": "wechat"})
    code = the_code()
    page = client.get(sent.location)
    assert "¥300.00" in page.text and code.number in page.text and "<svg" in page.text
    state = f"{root}/codes/{code.id}/state?seen=open"
    assert client.get(state).status_code == 204
    assert client.post(f"{root}/codes", data={"channel": "wechat"}).location == sent.location
    assert "Show the code again" in client.get(f"{root}/payment").text
    asked = client.post(f"{root}/codes/{code.id}/ask", follow_redirects=True)
    assert "does not know of a payment yet" in asked.text
    channels["wechat"].standing = Standing("paid", Payment(code.number, "4200001", Decimal(300), now()))
    assert as_person(cast.lin).get(state).status_code == 404, "not his"
    asked = client.post(f"{root}/codes/{code.id}/ask", follow_redirects=True)
    assert "the receipt is written" in asked.text and "Everything is paid" in asked.text and code.number in asked.text
    assert client.get(state).text == "paid" and client.get(sent.location).location.endswith("/payment")
    assert client.post(f"{root}/codes", data={"channel": "wechat"}).status_code == 422


def test_a_code_that_is_cancelled_changed_or_not_to_be_had(as_person: SignIn, cast: Cast, visit: int) -> None:
    client, root, channels = as_person(cast.su), f"/my-day/visits/{visit}", connect()
    where = client.post(f"{root}/codes", data={"channel": "alipay"}).location
    first = the_code()
    channels["alipay"].silent = True
    assert "Alipay has not confirmed it yet" in client.post(f"{where}/cancel", follow_redirects=True).text
    channels["alipay"].silent = False
    assert "The code is cancelled." in client.post(f"{where}/cancel", follow_redirects=True).text
    assert channels["alipay"].closed == [first.number] and "This code is over" in client.get(where).text
    where = client.post(f"{root}/codes", data={"channel": "alipay"}).location
    with transaction() as session:
        order = session.get_one(Visit, visit).order
        added(session, order, "S003", cast.su)
    assert "What is due has changed" in client.get(where).text and client.get(f"{where}/state?seen=open").text == "over"
    channels["alipay"].silent = True
    refused = client.post(f"{root}/codes", data={"channel": "alipay"})
    assert refused.status_code == 422 and "Alipay gave no code just now" in refused.text and 'value="cash"' in refused.text
    assert client.post(f"{root}/codes/999999/cancel").status_code == 404


def open_code(client: FlaskClient, visit: int, channel: str) -> PayCode:
    """A code shown with the adapters' own verification behind it."""
    connect()
    client.post(f"/my-day/visits/{visit}/codes", data={"channel": channel})
    gateway.configure(Connected({"wechat": wechat(), "alipay": alipay()}))
    return the_code()


def test_callbacks_of_wechat(app: Flask, as_person: SignIn, cast: Cast, visit: int) -> None:
    """They come from anywhere, without a cookie and without an origin."""
    code = open_code(as_person(cast.su), visit, "wechat")
    body = keys.wechat_body(keys.transaction(code.number, 30000))
    outside = app.test_client()

    def told(text: str, **headers: str) -> tuple[int, str]:
        answer = outside.post("/pay/told/wechat", data=text, headers=headers)
        return answer.status_code, answer.text

    refused = told(body, **keys.wechat_headers(body, "stranger"))
    assert refused[0] == 401 and '"FAIL"' in refused[1]
    assert told("x" * 70_000, **keys.wechat_headers("x"))[0] == 413
    with transaction() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Receipt)) == 0
        assert session.scalars(sa.select(ForgedCallbacks.count)).one() == 1
    headers = keys.wechat_headers(body)
    assert told(body, **headers) == told(body, **headers) == (204, "")
    unknown = keys.wechat_body(keys.transaction("RSZ999999", 100, "4200002"))
    assert told(unknown, **keys.wechat_headers(unknown))[0] == 204
    with transaction() as session:
        receipt = session.scalars(sa.select(Receipt)).one()
        assert (receipt.number, receipt.amount, receipt.channel_reference) == (code.number, 300, "4200001")
        assert session.scalars(sa.select(StrayPayment.number)).all() == ["RSZ999999"]
    assert outside.post("/pay/told/elsewhere").status_code == outside.get("/pay/told/wechat").status_code == 404


def test_callbacks_of_alipay(app: Flask, as_person: SignIn, cast: Cast, visit: int) -> None:
    code = open_code(as_person(cast.su), visit, "alipay")
    outside, form = app.test_client(), {"Content-Type": "application/x-www-form-urlencoded"}
    sent = {"data": keys.alipay_body(code.number, "299.00"), "headers": form}
    forged = outside.post("/pay/told/alipay", data=keys.alipay_body(code.number, "300.00", by="stranger"), headers=form)
    assert (forged.status_code, forged.text) == (401, "failure")
    answers = [outside.post("/pay/told/alipay", **sent) for _ in range(2)]
    assert [(answer.status_code, answer.text) for answer in answers] == [(200, "success")] * 2
    with transaction() as session:
        found = session.get_one(PayCode, code.id)
        assert (found.paid_amount, found.odd, found.payer) == (299, ["amount"], "li***@163.com")


def test_finance_looks_at_what_is_odd(as_person: SignIn, cast: Cast, visit: int) -> None:
    channels = connect()
    as_person(cast.su).post(f"/my-day/visits/{visit}/codes", data={"channel": "alipay"})
    code, outside = the_code(), as_person(cast.qian)
    told = {"data": f"signed {code.number} 4200001 301"}, {"data": "signed RXX1 4200002 80"}, {"data": "nobody's"}
    assert [outside.post("/pay/told/alipay", **one).status_code for one in told] == [200, 200, 401]
    with transaction() as session:
        back = Receipt(**_refund(session.scalars(sa.select(Receipt)).one()))
        session.add(back)
        session.flush()
        more = {"state": "failed", "told": "余额不足", "asked_at": now(), "settled_at": now()}
        session.add(CodeRefund(refund_id=back.id, code_id=code.id, **more))
        refund = back.id
    client = as_person(cast.qian)
    page = client.get("/finance/codes").text
    odd = ("Another amount was paid", "More was paid than was due")
    assert all(words in page for words in (*odd, "Payments without a code", "RXX1", "余额不足", "not signed"))
    assert "Please say what came of it" in client.post(f"/finance/codes/{code.id}/looked", data={"note": ""}).text
    assert client.post(f"/finance/codes/{code.id}/looked", data={"note": "核实"}).status_code == 302
    assert client.post("/finance/stray-payments/1/looked", data={"note": "网店"}).status_code == 302
    assert client.post(f"/finance/code-refunds/{refund}/again").status_code == 302
    assert "under way or done" in client.post(f"/finance/code-refunds/{refund}/again").text
    page = client.get("/finance/codes?show=paid").text
    assert "核实" in page
    assert client.get("/finance/codes?show=nonsense&branches=all").status_code == 200
    assert as_person(cast.wang).post(f"/finance/codes/{code.id}/looked", data={"note": "x"}).status_code == 404
    assert isinstance(channels["alipay"], Fake)


def _refund(first: Receipt) -> dict[str, object]:
    """A refund's receipt as the approved way would write it, without its way."""
    block = first.block
    block.used += 1
    named = {"number": f"{first.number[:-6]}{block.used:06d}", "block_id": block.id, "running": block.used}
    copied = {name: getattr(first, name) for name in ("order_id", "branch_id", "channel", "by_id", "by_name")}
    moments = dict.fromkeys(("at", "recorded_at"), first.at + timedelta(hours=1))
    return {**named, **copied, **moments, "amount": Decimal(-1), "refunds_id": first.id, "reason": "多付"}
