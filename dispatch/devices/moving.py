"""Moving what is fitted from one vehicle of a customer to another (移机): one act, two vehicles, and undone only as a whole."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.customers.models import Vehicle
from dispatch.devices.lending import must_not_be_lent
from dispatch.devices.models import Fitting, Unit
from dispatch.devices.operations import bag_of, slot_of
from dispatch.devices.slots import Bench, Work, check_work, nothing_to_move, places_of, take_turn
from dispatch.errors import NotFound, RuleBroken
from dispatch.staff.rules import Actor
from dispatch.words import say

MOVES = ("move_out", "move_in")

# Orders stand above devices, so their model cannot be imported here.
_LINE = sa.table("order_line", sa.column("id"), sa.column("order_id"), sa.column("vehicle_id"))


def other_bench(session: Session, work: Work, from_vehicle_id: int, *, by: Actor) -> tuple[Bench, Bench]:
    """Both vehicles on the bench, their slots and the bag locked: where the units come from, and where they go.

    Raises NotFound for a vehicle the reader does not see, RuleBroken for the same vehicle or one of another customer.
    """
    check_work(session, work, by=by)
    target, source = session.get_one(Vehicle, work.vehicle_id), session.get(Vehicle, from_vehicle_id)
    if source is None or not by.sees_branch(source.branch_id):
        raise NotFound
    if source.id == target.id:
        raise RuleBroken(say("That is the same vehicle."))
    if source.customer_id != target.customer_id:
        raise RuleBroken(say("That vehicle belongs to another customer."))
    assert by.id is not None
    both = (source.id, target.id)
    slots = [slot_of(session, vehicle_id=one, branch_id=work.branch_id, role=work.role) for one in both]
    bag = bag_of(session, person_id=by.id, branch_id=work.branch_id)
    take_turn(session, (bag.id, *(slot.id for slot in slots)))
    places = {slot.id: places_of(session, (), slot) for slot in slots}
    return Bench(slots[0], bag, places[slots[0].id]), Bench(slots[1], bag, places[slots[1].id])


def units_to_move(session: Session, source: Bench, target: Bench, kinds: Collection[str]) -> list[Unit]:
    """What is to be moved, terminal first. Raises RuleBroken where there is none, where its place is taken, or for a loaner."""
    found = []
    for kind in sorted(kinds, reverse=True):
        unit = source.present(kind)
        if unit is None:
            vehicle = source.slot.vehicle
            raise RuleBroken(nothing_to_move(kind, (vehicle.plate or vehicle.vin or "") if vehicle else ""))
        target.must_be_free_for(unit)
        must_not_be_lent(session, unit)
        found.append(unit)
    if not found:
        raise RuleBroken(say("Choose what is moved."))
    return found


def line_of_vehicle(session: Session, work: Work, vehicle_id: int) -> int:
    """The line of the order under which the other vehicle is documented: its own, else that of the vehicle worked at."""
    query = sa.select(_LINE.c.id).where(_LINE.c.order_id == work.order_id, _LINE.c.vehicle_id == vehicle_id)
    return session.scalar(query.order_by(_LINE.c.id).limit(1)) or work.line_id


def pair_of(session: Session, first: Fitting) -> tuple[Fitting, Fitting]:
    """Both halves of a move, whichever one is named: (into the new vehicle, out of the old one)."""
    if first.kind == "move_in":
        return first, session.get_one(Fitting, first.moved_from_id)
    return session.scalars(sa.select(Fitting).where(Fitting.moved_from_id == first.id)).one(), first
