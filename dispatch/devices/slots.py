"""A vehicle's slot on the bench: who takes turns there, what is in it, and what stands in the way of changing that.

Everybody who gives units out of a bag or changes a slot locks those holders first, in the order of their ids, and only then
looks where the units are. So two who want one unit or one slot come one after the other, and the second sees the first's work.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from dispatch.devices.fitted import not_in_bag, whereabouts, wrong_kind
from dispatch.devices.models import UNIT_KINDS, CustodyPosition, Fitting, Holder, Unit
from dispatch.devices.operations import bag_of, slot_of
from dispatch.devices.rules import Spot
from dispatch.devices.slot_rules import MAIN
from dispatch.errors import NotFound, RuleBroken
from dispatch.staff.rules import Actor
from dispatch.words import Text, say

# Orders stand above devices, so their models cannot be imported here: these are the columns that a piece of work must agree with.
_LINE = sa.table("order_line", sa.column("id"), sa.column("order_id"), sa.column("vehicle_id"))
_ORDER = sa.table("work_order", sa.column("id"), sa.column("branch_id"))


@dataclass(frozen=True)
class Work:
    """For which vehicle of which order units are changed; `device_at` is when, by the technician's corrected clock.

    `technician_id` names whose bag it is where the office enters what somebody did, `role` which of the vehicle's
    terminals it is, `spot` where his phone was.
    """

    order_id: int
    line_id: int
    vehicle_id: int
    branch_id: int
    visit_id: int | None
    fact_id: uuid.UUID | None
    device_at: datetime
    technician_id: int | None = None
    role: str = MAIN
    spot: Spot | None = None


def work_of(first: Fitting, *, device_at: datetime, fact_id: uuid.UUID | None = None, technician_id: int | None = None) -> Work:
    """The work that a fitting was part of, for what comes of it later: it is undone, or done again with another unit."""
    return Work(
        order_id=first.order_id,
        line_id=first.line_id,
        vehicle_id=first.vehicle_id,
        branch_id=first.slot.branch_id,
        visit_id=first.visit_id,
        fact_id=fact_id,
        device_at=device_at,
        technician_id=technician_id,
        role=first.slot.role or MAIN,
    )


@dataclass(frozen=True)
class Bench:
    """A vehicle's slot and the technician's bag, both locked, and where the units in question are: unit id -> position.

    `own` is false when the office works with somebody else's bag.
    """

    slot: Holder
    bag: Holder
    places: Mapping[int, CustodyPosition]
    own: bool = True

    def unit(self, unit_id: int) -> Unit:
        """One of the units in question. Raises NotFound for one that does not exist."""
        if unit_id not in self.places:
            raise NotFound(say("There is no such unit on record."))
        return self.places[unit_id].unit

    def present(self, kind: str) -> Unit | None:
        """The terminal or SIM that is in the vehicle."""
        inside = (place.unit for place in self.places.values() if place.holder_id == self.slot.id and place.unit_kind == kind)
        return next(inside, None)

    def from_bag(self, unit_id: int) -> Unit:
        """A unit out of the bag. Raises RuleBroken saying where it is instead."""
        unit = self.unit(unit_id)
        if self.places[unit_id].holder_id == self.slot.id:
            raise RuleBroken(say("%(unit)s is in this vehicle already.", unit=unit.number))
        if self.places[unit_id].holder_id != self.bag.id:
            person = None if self.own else self.bag.person
            raise RuleBroken(not_in_bag(unit, self.bag.branch_id, whose=person.name if person else None))
        if unit.kind not in UNIT_KINDS:
            raise RuleBroken(say("%(unit)s is a tool. Tools are not fitted.", unit=unit.number))
        if unit.sim is not None and unit.sim.state == "closed":
            raise RuleBroken(say("SIM %(sim)s is closed at the carrier and works no more: take another one.", sim=unit.sim.iccid))
        return unit

    def from_slot(self, unit_id: int) -> Unit:
        """A unit that is in the vehicle. Raises RuleBroken saying where it is instead."""
        unit, place = self.unit(unit_id), self.places[unit_id]
        if place.holder_id != self.slot.id:
            where = whereabouts(place.holder, self.slot.branch_id)
            raise RuleBroken(say("%(unit)s is not in this vehicle: it is %(place)s.", unit=unit.number, place=where))
        return unit

    def old_for(self, new: Unit, named_id: int | None) -> Unit:
        """What a new unit takes the place of: read from the slot; a unit that was named must be the one."""
        if named_id is not None:
            named = self.from_slot(named_id)
            if named.kind != new.kind:
                raise RuleBroken(wrong_kind(new))
        present = self.present(new.kind)
        if present is None:
            raise RuleBroken(nothing_there(new.kind))
        return present

    def must_be_free_for(self, new: Unit) -> None:
        """Raises RuleBroken when there is one of this kind in the vehicle."""
        present = self.present(new.kind)
        if present is not None:
            raise RuleBroken(taken_by(present))


def nothing_there(kind: str) -> Text:
    """Why there can be no swap."""
    if kind == "terminal":
        return say("No terminal is on record in this vehicle: enter the number of the old one, or install the new one.")
    return say("No SIM is on record in this vehicle: enter the number of the old one, or install the new one.")


def nothing_to_move(kind: str, vehicle: str) -> Text:
    """Why nothing can be moved out of a vehicle."""
    if kind == "terminal":
        return say("No terminal is on record in %(vehicle)s. Look again which vehicle it is in.", vehicle=vehicle)
    return say("No SIM is on record in %(vehicle)s. Look again which vehicle it is in.", vehicle=vehicle)


def taken_by(unit: Unit) -> Text:
    """Why nothing can be put beside a unit."""
    if unit.kind == "terminal":
        return say(
            "There is a terminal in this vehicle by the record: %(unit)s. Swap it, or take it out first.", unit=unit.number
        )
    return say("There is a SIM in this vehicle by the record: %(unit)s. Swap it, or take it out first.", unit=unit.number)


def open_bench(session: Session, work: Work, unit_ids: Collection[int], *, by: Actor) -> Bench:
    """Check the work, lock slot and bag, and look where these units and those in the slot are."""
    check_work(session, work, by=by)
    person_id = work.technician_id or by.id
    assert person_id is not None
    slot = slot_of(session, vehicle_id=work.vehicle_id, branch_id=work.branch_id, role=work.role)
    bag = bag_of(session, person_id=person_id, branch_id=work.branch_id)
    take_turn(session, (slot.id, bag.id))
    return Bench(slot, bag, places_of(session, unit_ids, slot), own=person_id == by.id)


def check_work(session: Session, work: Work, *, by: Actor) -> None:
    """Raises NotFound for another branch's work, RuleBroken when order, vehicle line and vehicle do not belong together."""
    by.must("visit.drive" if work.technician_id in (None, by.id) else "fact.correct")
    if not by.sees_branch(work.branch_id):
        raise NotFound
    line = sa.select(_LINE.c.order_id, _LINE.c.vehicle_id, _ORDER.c.branch_id).join_from(
        _LINE, _ORDER, _LINE.c.order_id == _ORDER.c.id
    )
    found = session.execute(line.where(_LINE.c.id == work.line_id)).one_or_none()
    if found is None or found.order_id != work.order_id or found.vehicle_id != work.vehicle_id:
        raise RuleBroken(say("This vehicle does not belong to this order."))
    if found.branch_id != work.branch_id:
        raise RuleBroken(say("This order belongs to another branch."))


def take_turn(session: Session, holder_ids: Collection[int]) -> None:
    """Lock these holders until the transaction ends, always in the order of their ids."""
    # NO KEY: a plain row lock would clash with the ledger entries of somebody who hands over to one of them.
    locked = sa.select(Holder.id).where(Holder.id.in_(holder_ids)).order_by(Holder.id)
    session.execute(locked.with_for_update(key_share=True)).all()


def places_of(session: Session, unit_ids: Collection[int], slot: Holder) -> dict[int, CustodyPosition]:
    """Where these units are, and what is in the slot, as the table says now: unit id -> position."""
    query = sa.select(CustodyPosition).where(sa.or_(CustodyPosition.unit_id.in_(unit_ids), CustodyPosition.holder_id == slot.id))
    unit = joinedload(CustodyPosition.unit)
    holder = joinedload(CustodyPosition.holder)
    loaded = query.options(
        unit.joinedload(Unit.terminal),
        unit.joinedload(Unit.sim),
        holder.joinedload(Holder.person),
        holder.joinedload(Holder.vehicle),
    )
    fresh = session.scalars(loaded.order_by(CustodyPosition.unit_id).execution_options(populate_existing=True))
    return {place.unit_id: place for place in fresh.unique()}
