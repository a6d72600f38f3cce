"""Recalls: a repeat about a vehicle is tied to the visit before, decided by a person, and counted for whoever did that work."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.queries import history
from dispatch.customers.models import Vehicle
from dispatch.db import transaction
from dispatch.errors import Invalid, NotAllowed, NotFound
from dispatch.orders import recall_rules
from dispatch.orders.models import Order, Recall
from dispatch.orders.operations.moves import move_line, move_visit
from dispatch.orders.operations.recalls import decide_recall
from dispatch.orders.operations.taking import NewLine, NewOrder, take_order
from dispatch.reports.queries import figures
from dispatch.reports.rules import Scope
from tests.building import ZONE, approved, repair_order, visit
from tests.conftest import AT, Cast, SignIn

DAY = timedelta(days=1)


def repaired(db: Session, cast: Cast) -> Order:
    """A repair that Su has finished an hour after the call."""
    order = approved(db, cast, repair_order(db, cast))
    trip = visit(db, cast, order, cast.su)
    move_visit(db, trip, "dispatch", by=cast.lin, at=AT)
    for action in ("depart", "arrive"):
        move_visit(db, trip, action, by=cast.su, at=AT)
    move_line(db, order.lines[0], "complete", by=cast.su, at=AT + DAY / 24)
    move_visit(db, trip, "finish", by=cast.su, at=AT + DAY / 24)
    return order


def again(db: Session, cast: Cast, before: Order, *, days: int, kind: str = "repair", role: str = "main") -> Recall | None:
    """A call about the same vehicle so many days later: what was proposed."""
    vehicle = db.get_one(Vehicle, before.lines[0].vehicle_id)
    new = NewOrder(kind, "张超敏", "18886844318", symptom="drift" if kind == "repair" else None)
    facts = {"customer": before.customer, "site": before.site, "lines": [NewLine(vehicle, role=role)]}
    order = take_order(db, new=new, **facts, by=cast.lin, at=AT + days * DAY, zone=ZONE)
    return db.scalar(sa.select(Recall).where(Recall.order_id == order.id))


def test_a_repeat_is_proposed_decided_and_counted(db: Session, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    first = repaired(db, cast)
    assert again(db, cast, first, days=31) is None, "long ago"
    assert again(db, cast, first, days=3, kind="installation") is None, "no repair"
    assert again(db, cast, first, days=3, role="hidden") is None, "another terminal of it"
    row = again(db, cast, first, days=29)
    assert row is not None and (row.state, row.cause_order_id, row.technician_id) == ("proposed", first.id, cast.su.id)
    number = db.get_one(Order, row.order_id).number
    at = AT + 30 * DAY

    def decide(confirmed: bool, reason: str = "", by: object = cast.wang) -> Recall:
        return decide_recall(db, row.order_id, row.id, confirmed=confirmed, reason=reason, by=by, at=at)  # type: ignore[arg-type]

    with pytest.raises(NotAllowed):
        decide(True, by=cast.su)
    with pytest.raises(Invalid):
        decide(False, " ")
    with pytest.raises(NotFound):
        decide_recall(db, first.id, row.id, confirmed=True, reason="", by=cast.wang, at=at)
    assert decide(True).state == "confirmed" and decide(True).decided_by_id == cast.wang.id
    scope = Scope((AT + 29 * DAY).date(), cast.sz, ZONE, at)
    assert [(each.name, each.recalls) for each in figures(db, scope).recalls] == [("苏杰", 1)]
    told = [e.detail["number"] for e in history(db, ("order", first.id)) if e.action == "recall.caused"]
    assert told == [number], "told once in the history of the order before"
    assert decide(False, "另一个故障").state == "denied" and figures(db, scope).recalls == []
    assert figures(db, Scope(AT.date(), cast.sz, ZONE, at)).kept["arrival"].percent == 100
    monkeypatch.setattr(recall_rules, "_within", timedelta(0))
    assert again(db, cast, first, days=1) is None, "0 days: never"


def test_the_pages_ask_and_tell(cast: Cast, as_person: SignIn) -> None:
    with transaction() as db:
        first = repaired(db, cast)
        row = again(db, cast, first, days=2)
        assert row is not None
        number, vehicle_id = db.get_one(Order, row.order_id).number, first.lines[0].vehicle_id
    lin, base = as_person(cast.lin), f"/orders/{number}/recalls/{row.id}"
    page = lin.get(f"/orders/{number}").text
    assert "Recall?" in page and "worked on by 苏杰" in page and first.number in page
    assert lin.post(f"{base}/deny", data={"reason": ""}).status_code == 422
    assert as_person(cast.he).post(f"{base}/confirm").status_code == 404
    assert as_person(cast.qian).post(f"{base}/confirm").status_code == 404
    for _ in range(2):
        assert lin.post(f"{base}/confirm").status_code == 302
    assert "A recall" in lin.get(f"/orders/{number}").text
    assert f"Called about again, a recall: {number}" in lin.get(f"/orders/{first.number}").text
    assert "A recall" in lin.get(f"/vehicles/{vehicle_id}").text
