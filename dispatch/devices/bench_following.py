"""Returns that begin and end by themselves: what comes out of a vehicle is owed, what goes into use again is not.

Whoever moves a unit holds its position; only then a return's row is locked, here as in benching.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.customers.models import Vehicle
from dispatch.devices.bench_models import UnitReturn
from dispatch.devices.bench_rules import PLACES_OF
from dispatch.devices.models import CustodyEntry, CustodyPosition, Fitting, Holder
from dispatch.staff.rules import Actor

USUAL_DAYS = 3
_days = USUAL_DAYS

# Orders stand above devices, so their model cannot be imported here.
_ORDER = sa.table("work_order", sa.column("id"), sa.column("symptom"), sa.column("symptom_text"))


def configure(days: int) -> None:
    """Within how many days a unit that was taken out is to be at the bench (RETURN_DUE_DAYS)."""
    global _days
    _days = days


def due_after(moment: datetime) -> datetime:
    """By when what is owed since a moment is to be at the bench."""
    return moment + timedelta(days=_days)


def open_return(session: Session, fitting: Fitting, *, branch_id: int, by: Actor, at: datetime) -> UnitReturn | None:
    """The unit that a fitting took out of its vehicle is owed from now on; None where it took out none, undoes, or moves."""
    if fitting.old_unit_id is None or fitting.kind in ("undo", "move_out"):
        return None
    vehicle = session.get_one(Vehicle, fitting.vehicle_id)
    symptom, text = session.execute(
        sa.select(_ORDER.c.symptom, _ORDER.c.symptom_text).where(_ORDER.c.id == fitting.order_id)
    ).one()
    case = UnitReturn(
        unit_id=fitting.old_unit_id,
        branch_id=branch_id,
        fitting_id=fitting.id,
        order_id=fitting.order_id,
        vehicle_id=vehicle.id,
        plate=vehicle.plate,
        plate_colour=vehicle.plate_colour,
        symptom=symptom,
        symptom_text=text,
        opened_by_id=by.id,
        opened_by_name=by.name,
        opened_at=fitting.at,
        due_at=due_after(fitting.at),
        changed_at=at,
        status="owed",
    )
    session.add(case)
    session.flush()
    record(session, ("return", case.id), "return.open", by=by, at=at, detail={"unit": case.unit_id, "order": case.order_id})
    return case


def follow(session: Session, unit_ids: Sequence[int]) -> None:
    """Units were moved: one that is of use again or gone is owed no more, one whose move was taken back is owed again."""
    last = sa.select(CustodyEntry, Holder).join(Holder, Holder.id == CustodyEntry.to_holder_id)
    place = sa.and_(CustodyPosition.unit_id == CustodyEntry.unit_id, CustodyPosition.seq == CustodyEntry.seq)
    moved = last.join(CustodyPosition, place).where(CustodyEntry.unit_id.in_(_concerned(unit_ids))).order_by(CustodyEntry.unit_id)
    for entry, holder in session.execute(moved).all():
        _follow_one(session, entry, holder)


def _concerned(unit_ids: Sequence[int]) -> sa.Select[int]:
    """Those units of whose returns a move can change something."""
    returns = sa.select(UnitReturn.unit_id).where(UnitReturn.unit_id.in_(unit_ids))
    return returns.where(sa.or_(UnitReturn.status == "owed", UnitReturn.ended_entry_id.is_not(None)))


def _follow_one(session: Session, entry: CustodyEntry, holder: Holder) -> None:
    owed = _locked(session, UnitReturn.unit_id == entry.unit_id, UnitReturn.status == "owed")
    if owed is not None and _ends_debt(session, entry, holder):
        _change(session, owed, "void", entry, ended_at=entry.at, ended_entry_id=entry.id)
    elif owed is not None:
        owed.branch_id = holder.branch_id  # the bench of the branch that has it
        session.flush()
    elif entry.corrects_id is not None:
        ended = _locked(session, UnitReturn.ended_entry_id == entry.corrects_id)
        if ended is not None:
            _change(session, ended, "owed", entry, ended_at=None, ended_entry_id=None)


def _ends_debt(session: Session, entry: CustodyEntry, holder: Holder) -> bool:
    """True for a move to where no debt can be, and for one out of a store into a bag: somebody took it for a good one."""
    if holder.kind not in PLACES_OF["owed"]:
        return True
    origin = session.get(Holder, entry.from_holder_id) if entry.from_holder_id else None
    return holder.kind == "bag" and origin is not None and origin.kind == "store"


def _locked(session: Session, *which: sa.ColumnElement[bool]) -> UnitReturn | None:
    return session.scalar(sa.select(UnitReturn).where(*which).with_for_update().execution_options(populate_existing=True))


def _change(session: Session, case: UnitReturn, status: str, entry: CustodyEntry, **facts: Any) -> None:
    for name, value in {**facts, "status": status, "step": case.step + 1, "changed_at": entry.at, "last_key": None}.items():
        setattr(case, name, value)
    session.flush()
    who = Actor(id=entry.by_id, name=entry.by_name, roles=frozenset(), branch_id=None)
    action = "return.void" if status == "void" else "return.reopen"
    record(session, ("return", case.id), action, by=who, at=entry.at, detail={"reason": entry.reason})
