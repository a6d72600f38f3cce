"""The page of what waits for approval, as the cast sees it."""

from __future__ import annotations

import pytest
from flask import Flask

from dispatch import config
from dispatch.config_values import SettingError
from dispatch.db import transaction
from dispatch.orders.models import Order
from tests.building import installation_order, repair_order
from tests.conftest import Cast, SignIn
from tests.orders.building import asks_above, stored, waiting_id


def test_the_manager_sees_what_he_decides(order: Order, cast: Cast, as_person: SignIn) -> None:
    with transaction() as db:
        urgent = repair_order(db, cast, urgency="emergency")
    page = as_person(cast.wang).get("/approvals").text
    assert page.index(urgent.number) < page.index(order.number)
    assert "林晓" in page and "恒通物流有限公司" in page and "终端不上线三天" in page
    assert as_person(cast.lin).get("/approvals").status_code == 404


def test_a_symptom_is_printed_once(cast: Cast, as_person: SignIn) -> None:
    with transaction() as db:
        repair_order(db, cast, symptom="speed", symptom_text="速度一直为零")
        repair_order(db, cast, symptom="speed", symptom_text="仪表正常，平台上速度为零")
    page = as_person(cast.wang).get("/approvals").text
    assert page.count("Speed stays at zero") == 2
    assert "速度一直为零" not in page and "仪表正常，平台上速度为零" in page


def test_approve_then_press_again(order: Order, cast: Cast, as_person: SignIn) -> None:
    wang, url = as_person(cast.wang), f"/approvals/{waiting_id(order)}/approve"
    assert wang.post(url).status_code == 302 and stored(order).status == "approved"
    again = wang.post(url)
    assert again.status_code == 409 and "You have decided this already." in again.text


def test_two_managers_at_once(order: Order, cast: Cast, as_person: SignIn) -> None:
    approval_id = waiting_id(order)
    assert as_person(cast.wang).post(f"/approvals/{approval_id}/approve").status_code == 302
    late = as_person(cast.chen).post(f"/approvals/{approval_id}/reject", data={"reason": "太贵"})
    assert late.status_code == 409 and "Somebody else decided this a moment ago." in late.text and "太贵" in late.text


def test_rejecting_asks_for_a_reason(order: Order, cast: Cast, as_person: SignIn) -> None:
    wang, url = as_person(cast.wang), f"/approvals/{waiting_id(order)}/reject"
    empty = wang.post(url, data={"reason": " "})
    assert empty.status_code == 422 and "Please give a reason." in empty.text
    assert wang.post(url, data={"reason": "地址不全"}).status_code == 302
    assert stored(order).status == "rejected" and "地址不全" in as_person(cast.lin).get(f"/orders/{order.number}").text


def test_ones_own_request_is_shown_and_cannot_be_decided(cast: Cast, as_person: SignIn) -> None:
    with transaction() as db:
        own = repair_order(db, cast, by=cast.wang)
    wang = as_person(cast.wang)
    page = wang.get("/approvals").text
    assert own.number in page and "This is your own request" in page and f"/approvals/{waiting_id(own)}/approve" not in page
    pressed = wang.post(f"/approvals/{waiting_id(own)}/approve")
    assert pressed.status_code == 422 and "This is your own request" in pressed.text


def test_an_approval_of_another_branch_is_not_there(order: Order, cast: Cast, as_person: SignIn) -> None:
    assert as_person(cast.he).post(f"/approvals/{waiting_id(order)}/approve").status_code == 404
    assert as_person(cast.wang).post("/approvals/999999/approve").status_code == 404


def test_many_at_once_say_which_were_not_possible(order: Order, cast: Cast, as_person: SignIn) -> None:
    with transaction() as db:
        second, own = repair_order(db, cast), repair_order(db, cast, by=cast.wang)
    ids = [str(waiting_id(one)) for one in (order, second, own)]
    answer = as_person(cast.wang).post("/approvals/approve", data={"ids": [*ids, "nonsense"]})
    page = answer.text
    assert answer.status_code == 200 and "2 orders were approved." in page and "2 orders were not approved" in page
    assert own.number in page and [stored(one).status for one in (order, second, own)] == [
        "approved",
        "approved",
        "awaiting_approval",
    ]


def test_a_large_request_goes_on_to_the_director(app: Flask, cast: Cast, as_person: SignIn) -> None:
    with transaction() as db:
        asks_above(db, cast, "director", kind="installation", least=3)
        small, large = installation_order(db, cast, lines=2), installation_order(db, cast, lines=3)
    wang, chen = as_person(cast.wang), as_person(cast.chen)
    for one in (small, large):
        wang.post(f"/approvals/{waiting_id(one)}/approve")
    assert (stored(small).status, stored(large).status) == ("approved", "awaiting_approval")
    assert "is approved at your level" in wang.get("/approvals").text
    assert "level 2" in chen.get("/approvals").text
    assert wang.post(f"/approvals/{waiting_id(large)}/approve").status_code == 422
    assert chen.post(f"/approvals/{waiting_id(large)}/approve").status_code == 302 and stored(large).status == "approved"


@pytest.mark.parametrize(
    "steps", ["installation>20:manager", "installation>20:qa", "repair:nobody", "sale:director", "repair>x:director"]
)
def test_an_approval_step_that_nobody_can_decide_stops_the_start(steps: str) -> None:
    with pytest.raises(SettingError, match="APPROVALS"):
        config.load({"APPROVALS": steps})
