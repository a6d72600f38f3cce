"""A SIM that its carrier has bound to an IMEI works in no other terminal (机卡绑定): after a swap it is bound anew, and somebody
says so before the order is closed (P7)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.devices.fitted import bound_elsewhere, fittings_of, slot_units
from dispatch.devices.models import Fitting, Sim, Terminal
from dispatch.devices.operations import lock_units
from dispatch.devices.queries import fitted_by_role, unit
from dispatch.devices.sim_life import locked_sim
from dispatch.errors import Conflict, RuleBroken
from dispatch.field.summary import vehicle_shown
from dispatch.jobs import enqueue
from dispatch.orders.models import Order
from dispatch.staff.rules import Actor
from dispatch.words import Text, say


def bindings_missing(session: Session, order: Order) -> Iterator[Text]:
    """The vehicles into which the order has fitted something and whose SIM is bound to another terminal."""
    done = fittings_of(session, order.id) if order.status == "done" else ()
    touched = {(fitting.vehicle_id, fitting.slot.role) for fitting in done}
    inside = fitted_by_role(session, sorted({vehicle_id for vehicle_id, _ in touched})) if touched else {}
    found = [(line, role, units) for line in order.lines for role, units in inside.get(line.vehicle_id, {}).items()]
    for line, role, units in found:
        if (line.vehicle_id, role) in touched and bound_elsewhere(units):
            sim = units["sim"].sim
            yield say(
                "The office: SIM %(sim)s in %(vehicle)s is bound to another IMEI; the carrier is to bind it to the new terminal.",
                sim=sim.iccid if sim else "",
                vehicle=vehicle_shown(line.vehicle),
            )


def confirm_binding(session: Session, unit_id: int, *, imei: str, by: Actor, at: datetime) -> Sim:
    """Write down that the carrier has bound a SIM to the terminal beside it, whose IMEI was `imei` when somebody looked.

    Again it changes nothing. Raises RuleBroken when it is in no vehicle with a terminal, Conflict when that is another by now.
    """
    by.must("stock.change")
    beside = _beside(session, unit_id, by)
    lock_units(session, [unit_id, beside.unit_id])
    sim = locked_sim(session, unit_id, by)
    if beside.imei != imei or _beside(session, unit_id, by).unit_id != beside.unit_id:
        raise Conflict(say("Another terminal is beside this SIM by now. Please look again."))
    if sim.bound_imei != imei:
        record(session, ("sim", unit_id), "sim.bind", by=by, at=at, detail={"from": sim.bound_imei, "to": imei})
        sim.bound_imei = imei
        session.flush()
        _count_again(session, unit_id, by)
    return sim


def _beside(session: Session, unit_id: int, by: Actor) -> Terminal:
    place = unit(session, unit_id, by).position
    slot = place.holder if place else None
    inside = slot_units(session, slot.vehicle_id, slot.role) if slot and slot.vehicle_id and slot.role else {}
    terminal = inside["terminal"].terminal if "terminal" in inside else None
    if terminal is None:
        raise RuleBroken(say("This SIM is in no vehicle with a terminal."))
    return terminal


def _count_again(session: Session, unit_id: int, by: Actor) -> None:
    """Orders that are done and had to do with the vehicle lack one thing less."""
    place = unit(session, unit_id, by).position
    about = sa.select(Fitting.order_id).join(Order, Order.id == Fitting.order_id).where(Order.status == "done")
    for order_id in session.scalars(about.where(Fitting.vehicle_id == (place and place.holder.vehicle_id)).distinct()):
        enqueue(session, "orders.count_papers", lock=f"order:{order_id}", order_id=order_id)
