"""Whose units are follows the fittings by the written rule of ownership_rules.py, in the same transaction.

Whoever fits holds the slot and the bag, so the units' owners stand still meanwhile.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from dispatch.customers.models import Vehicle
from dispatch.customers.operations import on_changed_hands
from dispatch.devices.loan_models import Loan
from dispatch.devices.models import CustodyPosition, Fitting, Holder, OwnershipEntry, Unit
from dispatch.devices.operations import lock_units, slot_of
from dispatch.devices.ownership import Why, change_owners
from dispatch.devices.ownership_rules import OURS, Exchange, Owner, after, his, of_found, suits
from dispatch.devices.slots import take_turn
from dispatch.errors import RuleBroken
from dispatch.staff.rules import Actor
from dispatch.words import say

USUALLY_SOLD = ("terminal",)
_sold: Collection[str] = USUALLY_SOLD
_since, _mended = aliased(OwnershipEntry), aliased(OwnershipEntry)


def configure(sold: Collection[str]) -> None:
    """Which kinds of units are sold to the customer by being fitted (SOLD_WHEN_FITTED)."""
    global _sold
    _sold = sold


def own_already(units: Iterable[Unit], came_out_of: Mapping[int, int]) -> dict[int, int]:
    """Of these units those that are a customer's own when they go into a vehicle of his: unit id -> his id. `came_out_of` says in
    whose vehicle they were last (`ownership_queries.last_left`); what is sold by being fitted is new to him all the same."""
    found: dict[int, int] = {}
    for unit in units:
        sold = unit.owner == "ours" and unit.kind in _sold
        whose = unit.owner_customer_id if unit.owner == "customer" else None if sold else came_out_of.get(unit.id)
        found |= {unit.id: whose} if whose is not None else {}
    return found


def must_suit(session: Session, unit: Unit, vehicle_id: int) -> None:
    """Raises RuleBroken, saying whose it is and what to do, for a unit of one customer that should go into another's vehicle."""
    if unit.owner != "customer" or suits(unit.owned, _whose(session, vehicle_id)):
        return
    assert unit.owner_customer is not None
    raise RuleBroken(
        say(
            "%(unit)s belongs to %(customer)s and goes into vehicles of theirs only. Take another one, or have the office record "
            "that it is ours now.",
            unit=unit.number,
            customer=unit.owner_customer.name,
        )
    )


def _whose(session: Session, vehicle_id: int) -> int:
    """Whose a vehicle is by now: it may have changed hands since it was read."""
    return session.scalars(sa.select(Vehicle.customer_id).where(Vehicle.id == vehicle_id)).one()


@on_changed_hands
def go_with_vehicle(session: Session, vehicle: Vehicle, before_id: int, *, by: Actor, at: datetime) -> None:
    """A vehicle was its customer `before_id`'s and is another's now, and so is what belongs to that one and is in it."""
    slot_of(session, vehicle_id=vehicle.id, branch_id=vehicle.branch_id)
    slots = session.scalars(sa.select(Holder.id).where(Holder.vehicle_id == vehicle.id)).all()
    take_turn(session, slots)
    held = sa.select(CustodyPosition.holder_id, Unit.id).join(Unit, CustodyPosition.unit_id == Unit.id)
    held = held.where(CustodyPosition.holder_id.in_(slots), Unit.owner_customer_id == before_id)
    found: dict[int, list[int]] = {}
    for slot_id, unit_id in session.execute(held.order_by(CustodyPosition.holder_id)):
        found.setdefault(slot_id, []).append(unit_id)
    for slot_id, ids in found.items():
        lock_units(session, ids, holder_id=slot_id)
        change_owners(session, dict.fromkeys(ids, his(vehicle.customer_id)), Why("changed_hands", by, at))


def follow_fitting_owners(session: Session, fitting: Fitting, *, lent: bool, by: Actor, at: datetime) -> None:
    """What a fitting just written down means for whose its units are."""
    if fitting.undoes_id is not None:
        _give_back(session, fitting, by=by, at=at)
        return
    old, new = (session.get_one(Unit, unit_id) if unit_id else None for unit_id in (fitting.old_unit_id, fitting.new_unit_id))
    customer_id = _whose(session, fitting.vehicle_id)
    done = Exchange(fitting.kind, fitting.unit_kind, customer_id, new.owned if new else None, old.owned if old else None, lent)
    for unit, to, reason in zip((new, old), after(done, _sold), ("fitted", "exchanged"), strict=True):
        if unit is not None and to is not None:
            change_owners(session, {unit.id: to}, _why(fitting, reason, by, at))


def _why(fitting: Fitting, reason: str, by: Actor, at: datetime) -> Why:
    return Why(reason, by, at, order_id=fitting.order_id, fitting_id=fitting.id, device_at=fitting.at)


def _give_back(session: Session, undoing: Fitting, *, by: Actor, at: datetime) -> None:
    """Counter-entries for what the first fitting changed; where a person has decided otherwise since, his word stands. What comes
    back into a vehicle that has changed hands since goes with it."""
    later = (_since.unit_id == OwnershipEntry.unit_id, _since.seq > OwnershipEntry.seq, _since.reason != "changed_hands")
    stands = (_since.corrects_id.is_(None), ~sa.exists().where(_mended.corrects_id == _since.id))
    decided = sa.exists().where(*later, *stands)
    changed = sa.select(OwnershipEntry).where(OwnershipEntry.fitting_id == undoing.undoes_id, ~decided)
    for entry in session.scalars(changed.order_by(OwnershipEntry.id)).all():
        to, why = entry.before or OURS, _why(undoing, "correct", by, at)
        if entry.unit_id == undoing.new_unit_id:
            to = _in_hands(to, _whose(session, undoing.vehicle_id))
        change_owners(session, {entry.unit_id: to}, why, corrects={entry.unit_id: entry.id})


def _in_hands(owner: Owner, customer_id: int) -> Owner:
    return owner if suits(owner, customer_id) else his(customer_id)


def sold_to_customer(session: Session, loan: Loan, *, by: Actor, at: datetime) -> None:
    """A loaner that stays with the customer is his from now on; a third party's stays that party's."""
    unit = session.get_one(Unit, loan.unit_id)
    if unit.owned == OURS:
        customer_id = _whose(session, loan.vehicle_id)
        change_owners(session, {unit.id: his(customer_id)}, Why("sold", by, at, order_id=loan.order_id))


def found_in(
    session: Session, unit: Unit, *, vehicle_id: int, order_id: int, device_at: datetime, by: Actor, at: datetime
) -> None:
    """Whose a unit is that nobody knew and that was found in a vehicle."""
    owner = of_found(unit.kind, _whose(session, vehicle_id), _sold)
    change_owners(session, {unit.id: owner}, Why("found", by, at, order_id=order_id, device_at=device_at, born=True))


def replaced_by(session: Session, old: Unit, new_id: int, *, order_id: int | None, by: Actor, at: datetime) -> None:
    """A supplier keeps a unit and has sent another one for it: that one is whose the first was, which becomes ours."""
    change_owners(session, {new_id: old.owned}, Why("replacement", by, at, order_id=order_id, born=True))
    change_owners(session, {old.id: OURS}, Why("exchanged", by, at, order_id=order_id))
