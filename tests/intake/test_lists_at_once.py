"""A list of calls and a single call at the same moment: each row is a transaction of its own, so neither waits for ever."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
import sqlalchemy as sa

from dispatch.db import transaction
from dispatch.intake import call_batches
from dispatch.intake.forms import read_call
from dispatch.intake.operations import take_call, take_listed
from dispatch.orders.models import Order
from tests.conftest import AT, Cast, SignIn
from tests.intake.building import call_form, send_file

HEAD = "来电时间,客户名称,来电人,来电号码,车牌号,产品型号,地址,故障现象\n"
ROWS = (
    "2026-12-02 08:05,甲,王,13803552010,粤B11111,GT06N,甲路1号,离线\n"
    "2026-12-02 08:06,乙,李,13803552011,粤B22222,GT06N,乙路1号,离线\n"
)


def test_a_list_and_a_call_for_its_second_customer(as_person: SignIn, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    client, first_taken = as_person(cast.lin), threading.Event()

    def slowly(*args: Any, **facts: Any) -> Order:
        order = take_listed(*args, **facts)
        if not first_taken.is_set():
            first_taken.set()
            time.sleep(0.3)  # while it holds its number, the other one takes the second customer's lock
        return order

    def call() -> None:
        first_taken.wait(5)
        with transaction() as db:
            take_call(db, read_call(call_form(customer="乙", plate="粤B33333")), by=cast.wang, at=AT)

    monkeypatch.setattr(call_batches, "take_listed", slowly)
    url = str(send_file(client, "/calls/import", "list.csv", (HEAD + ROWS).encode()).location)
    other = threading.Thread(target=call)
    other.start()
    assert client.post(url, data={"rows": ["2", "3"]}).status_code == 302
    other.join(20)
    with transaction() as db:
        assert db.scalar(sa.select(sa.func.count()).select_from(Order)) == 3
