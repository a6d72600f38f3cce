"""A SIM that goes into a vehicle is put in use at its carrier: written down by itself, and taken back with the move."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.audit.queries import history
from dispatch.devices.models import CustodyEntry, CustodyPosition, Sim
from dispatch.staff.rules import Actor

_by_rule = True


def configure(activate: bool) -> None:
    """Whether a SIM counts as activated once it is in a vehicle (SIM_ACTIVATE_ON_FITTING)."""
    global _by_rule
    _by_rule = activate


def follow_sims(session: Session, unit_ids: Sequence[int]) -> None:
    """Units were moved: a SIM new in a vehicle is active, one whose first move into a vehicle was taken back is not."""
    here = sa.and_(CustodyPosition.unit_id == CustodyEntry.unit_id, CustodyPosition.seq == CustodyEntry.seq)
    in_vehicle = sa.and_(Sim.state == "inventory", CustodyPosition.holder_kind == "slot", CustodyEntry.corrects_id.is_(None))
    back = sa.and_(Sim.state == "active", CustodyPosition.holder_kind != "slot", CustodyEntry.corrects_id.is_not(None))
    moved = sa.select(Sim, CustodyEntry).join(CustodyEntry, CustodyEntry.unit_id == Sim.unit_id).join(CustodyPosition, here)
    moved = moved.where(Sim.unit_id.in_(unit_ids), sa.or_(in_vehicle, back)).order_by(Sim.unit_id)
    for sim, entry in session.execute(moved.with_for_update(of=Sim)).all():
        if sim.state == "inventory" and _by_rule:
            _change(session, sim, entry, "active")
        elif sim.state == "active" and _activated_by(session, sim) == entry.corrects_id:
            _change(session, sim, entry, "inventory")


def _activated_by(session: Session, sim: Sim) -> int | None:
    """The entry of the ledger that put it in use, if nothing came after that."""
    newest = next(iter(history(session, ("sim", sim.unit_id))), None)
    return newest.detail.get("entry") if newest is not None and newest.action == "sim.activate" else None


def _change(session: Session, sim: Sim, entry: CustodyEntry, state: str) -> None:
    detail = {"from": sim.state, "to": state, "entry": entry.id}
    sim.state = state
    session.flush()
    who = Actor(id=entry.by_id, name=entry.by_name, roles=frozenset(), branch_id=None)
    action = "sim.activate" if state == "active" else "sim.deactivate"
    record(session, ("sim", sim.unit_id), action, by=who, at=entry.at, detail=detail)
