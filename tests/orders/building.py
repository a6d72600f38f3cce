"""Orders further on their way than the common builders take them, and what is fitted in their vehicles."""

from __future__ import annotations

import itertools
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.devices.models import Unit
from dispatch.devices.operations import NewSim, NewTerminal, move_units, receive_sims, receive_terminals, slot_of, store_named
from dispatch.orders.models import Order, Visit
from dispatch.orders.operations.moves import move_visit
from dispatch.staff.rules import Actor
from tests.building import approved, visit
from tests.conftest import AT, Cast

_serials = itertools.count(1)


def dispatched(session: Session, cast: Cast, order: Order, technician: Actor, *, hour: int = 1) -> Visit:
    """A visit of an order that was approved and sent out."""
    if not order.approved:
        approved(session, cast, order)
    made = visit(session, cast, order, technician, hour=hour)
    move_visit(session, made, "dispatch", by=cast.lin, at=AT)
    return made


def fit(session: Session, cast: Cast, vehicle_id: int, *, at: datetime = AT, order_id: int | None = None) -> tuple[Unit, Unit]:
    """A new terminal and a new SIM in a vehicle, out of the store."""
    number = next(_serials)
    store = store_named(session, branch_id=cast.sz, name="总库")
    boss = cast.wang
    receive_terminals(
        session, [NewTerminal(f"BD808A{number:06}", "BD-808A", imei=f"86812014{number:07}")], store=store, by=boss, at=at
    )
    iccid = f"898600{number:013}7"
    receive_sims(session, [NewSim(iccid, iccid[:19], f"14400{number:08}", carrier="中国移动")], store=store, by=boss, at=at)
    units = session.scalars(sa.select(Unit).order_by(Unit.id.desc()).limit(2)).all()
    slot = slot_of(session, vehicle_id=vehicle_id, branch_id=cast.sz)
    move_units(session, [unit.id for unit in units], to=slot, reason="fit", by=cast.su, at=at, order_id=order_id)
    terminal, sim = sorted(units, key=lambda unit: unit.kind == "sim")
    return terminal, sim
