"""Vehicles that did not come get an order of their own (issue: fleet installations), and the first one can end."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.clock import local_day
from dispatch.db import transaction
from dispatch.errors import Conflict, Invalid, NotAllowed, RuleBroken
from dispatch.orders.models import Order
from dispatch.orders.operations.leftover import LeftOver, carry_over
from dispatch.orders.operations.moves import move_line
from dispatch.staff.rules import Actor
from tests.building import approved, installation_order
from tests.conftest import AT, Cast, SignIn

TODAY = local_day(AT, "Asia/Shanghai")


def two_came_one_did_not(db: Session, cast: Cast) -> Order:
    order = approved(db, cast, installation_order(db, cast, lines=3))
    for line, action in zip(order.lines, ("complete", "complete", "leave_over"), strict=True):
        move_line(db, line, action, by=cast.wang, at=AT, reason="在外地" if action == "leave_over" else None)
    order.lines[2].remark = "副驾有摄像头"
    return order


def carried(db: Session, order: Order, by: Actor, **wanted: object) -> Order:
    asked = {"wanted_on": None, "note": None, "version": order.version, "key": uuid.uuid4()} | wanted
    return carry_over(db, order.id, LeftOver(**asked), by=by, at=AT, zone="Asia/Shanghai", today=TODAY)  # type: ignore[arg-type]


def test_they_go_into_an_order_of_their_own_and_the_first_is_done(db: Session, cast: Cast) -> None:
    first = two_came_one_did_not(db, cast)
    order = carried(db, first, cast.lin, wanted_on=TODAY + timedelta(days=7), note="下周回来")
    (line,) = order.lines
    assert (line.vehicle, line.remark, line.status) == (first.lines[2].vehicle, "副驾有摄像头", "open")
    assert (order.status, order.approved, order.left_from) == ("awaiting_approval", False, first), "it is approved anew (P3)"
    assert (order.customer, order.contact_phone, order.note) == (first.customer, first.contact_phone, "下周回来")
    assert (first.status, first.lines[2].status, first.lines[2].reason) == ("done", "not_done", f"→ {order.number}")


def test_the_same_press_twice_makes_one_order(db: Session, cast: Cast) -> None:
    first, key = two_came_one_did_not(db, cast), uuid.uuid4()
    once = carried(db, first, cast.lin, key=key)
    assert carried(db, first, cast.lin, key=key) is once
    with pytest.raises(RuleBroken, match="left over"):
        carried(db, first, cast.lin)
    assert db.scalar(sa.select(sa.func.count()).select_from(Order)) == 2


def test_what_cannot_be(db: Session, cast: Cast) -> None:
    first = two_came_one_did_not(db, cast)
    with pytest.raises(Conflict):
        carried(db, first, cast.lin, version=first.version - 1)
    with pytest.raises(Invalid) as refused:
        carried(db, first, cast.lin, wanted_on=TODAY - timedelta(days=1))
    assert list(refused.value.fields) == ["wanted_on"]
    with pytest.raises(NotAllowed):
        carried(db, first, cast.su)
    assert first.lines[2].status == "residual"


def test_it_is_a_page(cast: Cast, as_person: SignIn) -> None:
    with transaction() as db:
        number = two_came_one_did_not(db, cast).number
    lin, path = as_person(cast.lin), f"/orders/{number}/left-over"
    assert path in lin.get(f"/orders/{number}").text and "在外地" in lin.get(path).text
    key = str(uuid.uuid4())
    wrong = lin.post(path, data={"request_key": key, "version": "1", "wanted_on": "29.2.2027", "note": "夜班车"})
    assert wrong.status_code == 422 and "夜班车" in wrong.text
    made = lin.post(path, data={"request_key": key, "version": _version(number), "wanted_on": "", "note": "夜班车"})
    told = lin.get(made.location).text
    assert "Left over from" in told and "waits for approval with the vehicles that did not come" in told
    assert lin.get(path).location == f"/orders/{number}", "nothing is left over any more"
    assert as_person(cast.he).get(path).status_code == 404


def _version(number: str) -> str:
    with transaction() as db:
        return str(db.scalars(sa.select(Order.version).where(Order.number == number)).one())
