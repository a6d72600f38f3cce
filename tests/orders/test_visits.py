"""Visits: who can be sent, when, and what the database refuses."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from dispatch.errors import NotFound, RuleBroken
from dispatch.orders.operations.moves import move_line, move_visit
from dispatch.orders.operations.visits import change_visit
from dispatch.staff.models import Person
from tests.building import approved, installation_order, repair_order, visit
from tests.conftest import AT, Cast


def test_a_visit_is_driven_from_dispatch_to_finish_by_its_own_technician(db: Session, cast: Cast) -> None:
    order = approved(db, cast, repair_order(db, cast))
    trip = visit(db, cast, order, cast.su)
    assert order.status == "planned"
    move_visit(db, trip, "dispatch", by=cast.lin, at=AT)
    assert order.status == "dispatched"
    with pytest.raises(NotFound):
        move_visit(db, trip, "depart", by=cast.wei, at=AT)
    move_visit(db, trip, "depart", by=cast.su, at=AT)
    move_visit(db, trip, "arrive", by=cast.su, at=AT + timedelta(minutes=20))
    assert (order.status, trip.departed_at, trip.arrived_at) == ("working", AT, AT + timedelta(minutes=20))
    move_line(db, order.lines[0], "complete", by=cast.su, at=AT + timedelta(minutes=60))
    move_visit(db, trip, "finish", by=cast.su, at=AT + timedelta(minutes=61))
    assert order.status == "done"


def test_nobody_is_sent_for_an_order_that_is_not_approved(db: Session, cast: Cast) -> None:
    with pytest.raises(RuleBroken, match="not approved"):
        visit(db, cast, repair_order(db, cast), cast.su)


def test_nobody_is_sent_before_the_product_training(db: Session, cast: Cast) -> None:
    order = approved(db, cast, repair_order(db, cast))
    with pytest.raises(RuleBroken, match="周新 has not passed the product training"):
        visit(db, cast, order, cast.zhou)


def test_a_dispatcher_is_no_technician(db: Session, cast: Cast) -> None:
    order = approved(db, cast, repair_order(db, cast))
    with pytest.raises(NotFound):
        visit(db, cast, order, cast.lin)


def test_one_vehicle_is_not_planned_twice(db: Session, cast: Cast) -> None:
    order = approved(db, cast, installation_order(db, cast))
    first = order.lines[0].id
    visit(db, cast, order, cast.su, line_ids=(first,))
    with pytest.raises(RuleBroken, match="planned this vehicle already"):
        visit(db, cast, order, cast.wei, line_ids=(first, order.lines[1].id))


def test_the_vehicles_of_another_order_cannot_be_borrowed(db: Session, cast: Cast) -> None:
    order, other = (approved(db, cast, repair_order(db, cast)) for _ in range(2))
    with pytest.raises(NotFound):
        visit(db, cast, order, cast.su, line_ids=(other.lines[0].id,))


def test_an_order_at_work_follows_its_visits_back_and_forth(db: Session, cast: Cast) -> None:
    order = approved(db, cast, installation_order(db, cast, lines=2))
    trips = [visit(db, cast, order, who, line_ids=(line.id,)) for who, line in zip((cast.su, cast.wei), order.lines, strict=True)]
    move_visit(db, trips[0], "dispatch", by=cast.lin, at=AT)
    assert order.status == "dispatched"
    move_visit(db, trips[0], "recall", by=cast.lin, at=AT, reason="customer called")
    assert order.status == "planned"
    for trip in trips:
        move_visit(db, trip, "abandon", by=cast.lin, at=AT, reason="truck left")
    assert order.status == "approved"


def test_a_visit_set_by_hand_keeps_its_length_and_says_so(db: Session, cast: Cast) -> None:
    order = approved(db, cast, repair_order(db, cast))
    trip = visit(db, cast, order, cast.su, minutes=45)
    assert cast.wei.id is not None
    change_visit(db, trip, technician_id=cast.wei.id, starts_at=AT + timedelta(hours=3), by=cast.lin, at=AT)
    assert (trip.technician_id, trip.by_hand) == (cast.wei.id, True)
    assert trip.ends_at - trip.starts_at == timedelta(minutes=45)


def test_nobody_is_sent_out_who_has_left_meanwhile(db: Session, cast: Cast) -> None:
    trip = visit(db, cast, approved(db, cast, repair_order(db, cast)), cast.su)
    person = db.get_one(Person, cast.su.id)
    person.trained_on = None
    db.flush()
    with pytest.raises(RuleBroken, match="product training"):
        move_visit(db, trip, "dispatch", by=cast.lin, at=AT)
    person.active = False
    db.flush()
    with pytest.raises(NotFound, match="no such technician"):
        move_visit(db, trip, "dispatch", by=cast.lin, at=AT)
