"""A list of calls: all or none of it, one order for a vehicle, and whoever takes something at the same moment."""

from __future__ import annotations

import re
import threading
import time
from typing import Any

import pytest
import sqlalchemy as sa

from dispatch.audit.checks import broken_trail
from dispatch.audit.queries import history
from dispatch.db import transaction
from dispatch.intake.forms import read_call
from dispatch.intake.operations import listing, take_call
from dispatch.orders.contact_models import OrderCall, OwnedContact
from dispatch.orders.models import Approval, Order, OrderClock
from dispatch.orders.operations.taking import take_orders
from tests.conftest import AT, Cast, SignIn
from tests.intake.building import call_form, orders, send_file

HEAD = "来电时间,客户名称,来电人,来电号码,车牌号,产品型号,地址,故障现象,车架号\n"
ROWS = (
    "2026-12-02 08:05,甲,王,13803552010,粤B11111,GT06N,甲路1号,离线,LFW9PCF45SB252353\n"
    "2026-12-02 08:06,乙,李,13803552011,粤B22222,GT06N,乙路1号,离线,\n"
)
AGAIN = (
    "2026-12-02 09:05,甲,王二,13803552012,,GT06N,甲路1号,还是离线,LFW9PCF45SB252353\n"
    "2026-12-02 09:06,丙,李,13803552011,粤B22222,GT06N,乙路1号,离线,\n"
    "2026-12-02 09:07,恒通物流有限公司,华丽,13350921198,粤B5Q8JF,BD-809V,乙路1号,又离线,\n"
)


def counted(table: type[object]) -> int:
    with transaction() as db:
        return db.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def test_a_list_and_a_call_and_the_same_list_at_once(as_person: SignIn, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    client, second, first_taken = as_person(cast.lin), as_person(cast.wang), threading.Event()

    def slowly(*args: Any, **facts: Any) -> list[Order]:
        taken = take_orders(*args, **facts)
        first_taken.set()
        time.sleep(0.3)  # while it holds its numbers, the others begin
        return taken

    def call() -> None:
        first_taken.wait(5)
        with transaction() as db:
            take_call(db, read_call(call_form(customer="乙", plate="粤B33333")), by=cast.wang, at=AT)

    def same_list() -> None:
        first_taken.wait(5)
        assert second.post(twin, data={"rows": ["2", "3"]}).status_code == 302

    monkeypatch.setattr(listing, "take_orders", slowly)
    url, twin = (str(send_file(who, "/calls/import", "list.csv", (HEAD + ROWS).encode()).location) for who in (client, second))
    others = [threading.Thread(target=call), threading.Thread(target=same_list)]
    for other in others:
        other.start()
    assert client.post(url, data={"rows": ["2", "3"]}).status_code == 302
    for other in others:
        other.join(20)
    assert counted(Order) == 3 and counted(OrderCall) == 0


def test_a_further_call_in_a_list_joins_what_is_under_way(as_person: SignIn, cast: Cast, known: int) -> None:
    client = as_person(cast.lin)
    client.post("/calls/new", data=call_form(urgency="normal"))
    (first,) = orders()
    url = str(send_file(client, "/calls/import", "list.csv", (HEAD + ROWS + AGAIN).encode()).location)
    page = client.get(url).text
    assert "joins the order of row 2" in page and f"joins order {first.number}, which is under way" in page
    assert "粤B·22222 stands in row 3 under 乙." in page
    assert re.findall(r'name="rows" value="(\d+)" data-check checked', page) == ["2", "3", "4", "6"]
    assert client.post(url, data={"rows": ["2", "3", "5"]}).status_code == 422 and counted(Order) == 1, "all of them or none"

    done = client.post(url, data={"rows": ["2", "3", "4", "6"]}, follow_redirects=True).text
    made = orders()
    assert "4 calls were taken in" in done and len(made) == 3
    assert [order.urgency for order in made] == ["urgent", "urgent", "normal"], "who calls again is in more of a hurry"
    with transaction() as db:
        joined = db.scalars(sa.select(OrderCall).order_by(OrderCall.id)).all()
        assert [(row.order_id, row.caller) for row in joined] == [(made[1].id, "王二"), (first.id, "华丽")]
        assert joined[0].at.isoformat() == "2026-12-02T01:05:00+00:00", "when he called, not when the file came"
        assert [entry.action for entry in history(db, ("order", made[1].id))] == ["call.join", "order.submit", "order.take"]
        assert db.scalars(sa.select(Approval.permission)).all() == ["order.approve"] * 3
        assert not list(broken_trail(db))
    assert counted(OwnedContact) == 3 and counted(OrderClock) == 12
    again = str(send_file(client, "/calls/import", "copy.csv", (HEAD + ROWS + AGAIN).encode()).location)
    assert re.findall(r'name="rows" value="(\d+)"', client.get(again).text) == ["5"], "the same file doubles nothing"
    client.post(again, data={"rows": ["2", "3", "4", "6"]})
    assert (counted(Order), counted(OrderCall)) == (3, 2)
