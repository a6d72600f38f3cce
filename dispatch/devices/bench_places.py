"""Where units go from the bench, and what a supplier sends in place of one."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from dispatch.devices.bench_models import UnitReturn
from dispatch.devices.models import Holder, Unit
from dispatch.devices.operations import Birth, NewSim, NewTerminal, put_replacement
from dispatch.devices.places import UNNAMED_PLACE
from dispatch.devices.rules import LEAST_ENDING, read_iccid, read_tool_number, tidy
from dispatch.devices.tooling import NewTool, put_tool
from dispatch.errors import Invalid
from dispatch.staff.rules import Actor
from dispatch.words import Text, say

NO_STORE = say("Choose a store.")


def bench_place(session: Session, case: UnitReturn, kind: str, name: str = UNNAMED_PLACE) -> Holder:
    """The holder of this kind and name at the return's branch, made if there is none."""
    facts = {"kind": kind, "branch_id": case.branch_id, "name": name}
    session.execute(insert(Holder).values(**facts).on_conflict_do_nothing())
    return session.scalars(sa.select(Holder).filter_by(**facts)).one()


def customer_place(session: Session, case: UnitReturn) -> Holder:
    """The customer to whom a unit goes: whose it is, else whose vehicle it came from.

    Raises Invalid (`back`) where there is none.
    """
    owner = session.get_one(Unit, case.unit_id).owner_customer or (case.vehicle.customer if case.vehicle else None)
    if owner is None:
        raise Invalid({"back": NO_STORE})
    return bench_place(session, case, "customer", owner.name)


def store_place(session: Session, case: UnitReturn, store_id: int, named: str = "back") -> Holder:
    """A store of the return's branch. Raises Invalid under the field's name for another one."""
    wanted = sa.select(Holder).where(Holder.id == store_id, Holder.kind == "store", Holder.branch_id == case.branch_id)
    found = session.scalar(wanted)
    if found is None:
        raise Invalid({named: NO_STORE})
    return found


def put_new_one(session: Session, case: UnitReturn, number: str, *, store: Holder, by: Actor, at: datetime) -> int:
    """Take what the supplier sent into a store: of the same model or name as the old one; returns its id.

    Raises Invalid (`number`), Conflict when that number is on record already.
    """
    unit = session.get_one(Unit, case.unit_id)
    if unit.tool is not None:
        new = NewTool(_number_of_tool(number), unit.tool.name, unit.tool.valid_until)
        return put_tool(session, new, Birth(store, "replacement", by, at))
    return put_replacement(session, _replacement(unit, number), store=store, by=by, at=at)


def _number_of_tool(number: str) -> str:
    found = read_tool_number(number)
    if isinstance(found, Text) or not found:
        raise Invalid({"number": found if isinstance(found, Text) else say("Enter the number on the new one.")})
    return found


def _replacement(unit: Unit, number: str) -> NewTerminal | NewSim:
    """What the supplier sent: of the same model as the old one, with the warranty of its model."""
    if unit.terminal is None:
        iccid = read_iccid(number)
        if isinstance(iccid, Text):
            raise Invalid({"number": say("“%(number)s” cannot be: %(why)s.", number=number.strip(), why=iccid)})
        return NewSim(iccid.printed, iccid.key, carrier=unit.sim.carrier if unit.sim else None)
    serial = tidy(number)
    if len(serial) < LEAST_ENDING or not serial.isascii() or not serial.isprintable():
        raise Invalid({"number": say("Enter the serial number on the label of the new one.")})
    old = unit.terminal
    return NewTerminal(serial, old.model, batch=None, warranty_months=old.warranty_months)
