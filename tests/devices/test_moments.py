"""Which SIM was in which terminal in which vehicle at a moment."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from dispatch.devices.fitted import slot_units
from dispatch.devices.models import Holder, Unit
from dispatch.devices.moments import Together, inside_at, together, units_at
from dispatch.devices.operations import move_units, slot_of
from dispatch.orders.models import Order
from tests.board.building import approved_order
from tests.conftest import AT, Cast
from tests.counting import queries
from tests.devices.building import into_bag, sims, store, terminals

LATER = timedelta(hours=1)


@pytest.fixture
def order(db: Session, cast: Cast) -> Order:
    """An order with one vehicle."""
    return approved_order(db, cast)


@pytest.fixture
def slot(db: Session, cast: Cast, order: Order) -> Holder:
    """That vehicle's slot."""
    return slot_of(db, vehicle_id=order.lines[0].vehicle_id, branch_id=cast.sz)


def move(db: Session, cast: Cast, unit: Unit, to: Holder, hour: float, reason: str = "swap_in") -> datetime:
    """A unit moves so many hours after AT, by the technician's device; the office hears of it ten minutes later."""
    happened = AT + timedelta(hours=hour)
    move_units(db, [unit.id], to=to, reason=reason, by=cast.su, at=happened + timedelta(minutes=10), device_at=happened)
    return happened


def told(found: list[Together]) -> list[tuple[int, int | None, int | None]]:
    return [(t.vehicle.id, t.terminal and t.terminal.unit.id, t.sim and t.sim.unit.id) for t in found]


def test_a_vehicle_at_each_moment_of_its_life(db: Session, cast: Cast, order: Order, slot: Holder) -> None:
    (first, second), (card,) = terminals(db, cast, 2), sims(db, cast)
    bag = into_bag(db, cast, cast.su, [first, second, card])
    vehicle = order.lines[0].vehicle_id
    for unit in (first, card):
        move(db, cast, unit, slot, 1, "install")
    move(db, cast, first, bag, 3, "swap_out")
    move(db, cast, second, slot, 3, "swap_in")

    def at(hour: float) -> list[tuple[int, int | None, int | None]]:
        return told(together(inside_at(db, AT + timedelta(hours=hour), vehicle_id=vehicle)))

    assert at(0.9) == []
    assert at(1) == at(2.9) == [(vehicle, first.id, card.id)]
    assert at(3) == at(99) == [(vehicle, second.id, card.id)]
    assert slot_units(db, vehicle)["terminal"].id == second.id


def test_a_unit_is_found_with_what_shared_its_slot(db: Session, cast: Cast, order: Order, slot: Holder) -> None:
    (box,), (card,) = terminals(db, cast), sims(db, cast)
    bag = into_bag(db, cast, cast.su, [box, card])
    came = move(db, cast, box, slot, 1, "install")
    move(db, cast, card, slot, 2, "install")
    gone = move(db, cast, box, bag, 4, "remove")
    alone = units_at(db, came + timedelta(minutes=30), unit_id=box.id)
    assert [(stay.unit.id, stay.since, stay.until) for stay in alone] == [(box.id, came, gone)]
    assert {stay.unit.id for stay in units_at(db, gone - LATER, unit_id=box.id)} == {box.id, card.id}
    carried = units_at(db, gone, unit_id=box.id)
    assert [(stay.holder.id, stay.until) for stay in carried] == [(bag.id, None)]


def test_in_a_bag_it_is_not_together_with_the_rest_of_the_bag(db: Session, cast: Cast) -> None:
    both = terminals(db, cast, 2)
    into_bag(db, cast, cast.su, both)
    assert [stay.unit.id for stay in units_at(db, AT + LATER, unit_id=both[0].id)] == [both[0].id]
    assert together(units_at(db, AT + LATER, unit_id=both[0].id)) == []


def test_before_it_was_on_record_nothing_is_known(db: Session, cast: Cast) -> None:
    (box,) = terminals(db, cast)
    assert units_at(db, AT - LATER, unit_id=box.id) == []
    assert [stay.holder.id for stay in units_at(db, AT, unit_id=box.id)] == [store(db, cast).id]


def test_it_is_one_query(db: Session, cast: Cast, order: Order, slot: Holder) -> None:
    (box,), (card,) = terminals(db, cast), sims(db, cast)
    into_bag(db, cast, cast.su, [box, card])
    for unit in (box, card):
        move(db, cast, unit, slot, 1, "install")
    db.expunge_all()
    with queries() as asked:
        (found,) = together(units_at(db, AT + 2 * LATER, unit_id=box.id))
        assert found.vehicle.customer.name and found.terminal and found.terminal.unit.terminal
        assert found.sim and found.sim.unit.sim and found.sim.unit.sim.iccid
    assert len(asked) == 1
