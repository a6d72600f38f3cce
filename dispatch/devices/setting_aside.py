"""A unit that no vehicle had and that does not work is set aside for the bench: dead when it came, or a tool that is broken."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.devices.bench_following import due_after
from dispatch.devices.bench_models import ReturnStep, UnitReturn
from dispatch.devices.bench_rules import FROM_PLACES, OPEN, SET_ASIDE, reasons_of
from dispatch.devices.models import CustodyPosition, HandOver, HandOverUnit, Unit
from dispatch.devices.operations import lock_units
from dispatch.devices.queries import unit
from dispatch.devices.slots import take_turn
from dispatch.errors import Conflict, Invalid, RuleBroken
from dispatch.staff.rules import Actor
from dispatch.words import Text, say

LONGEST = 300
OTHER = "found_other"


@dataclass(frozen=True)
class Faulty:
    """What somebody says of a unit: one of FOUND_FAULTY, and more in words; `key` is the form's own."""

    why: str
    words: str
    key: uuid.UUID


def set_aside(session: Session, unit_id: int, said: Faulty, *, by: Actor, at: datetime) -> UnitReturn:
    """A unit in a store or bag is owed to the bench from now on; it stays where it is until the bench receives it.

    The bench's people do so with what their branch has, a technician with what he carries. Sent twice under one key it counts
    once. Raises NotFound, NotAllowed, Invalid, RuleBroken for a unit that is elsewhere, promised, or on its way to the bench.
    """
    found = unit(session, unit_id, by)
    place = session.get_one(CustodyPosition, unit_id)
    if place.holder.person_id is None or place.holder.person_id != by.id:
        by.must("bench.work")
    take_turn(session, [place.holder_id])
    lock_units(session, [unit_id], holder_id=place.holder_id)
    before = session.scalar(sa.select(UnitReturn).where(UnitReturn.unit_id == unit_id, UnitReturn.status.in_(OPEN)))
    if before is not None and before.last_key == said.key:
        return before
    if problem := _why_not(session, place, before):
        raise problem
    _check_said(found, said)
    return _open(session, found, place, said, by, at)


def _why_not(session: Session, place: CustodyPosition, before: UnitReturn | None) -> Conflict | RuleBroken | None:
    if before is not None:
        return Conflict(say("This unit has a return already that is not settled."))
    if place.holder_kind not in FROM_PLACES:
        return RuleBroken(say("Only what is in a store or bag is set aside for the bench."))
    promised = sa.select(HandOver.offered_by_name).join(HandOver.units)
    name = session.scalar(promised.where(HandOverUnit.unit_id == place.unit_id, HandOverUnit.open))
    if name is None:
        return None
    return RuleBroken(say("%(name)s has offered this unit to a colleague. First the offer is taken back.", name=name))


def _check_said(of: Unit, said: Faulty) -> None:
    errors: dict[str, Text] = {}
    if said.why not in reasons_of(of.kind):
        errors["why"] = say("Choose what is wrong with it.")
    if said.why == OTHER and not said.words.strip():
        errors["words"] = say("Say in words what is wrong with it.")
    if errors:
        raise Invalid(errors)


def _open(session: Session, found: Unit, place: CustodyPosition, said: Faulty, by: Actor, at: datetime) -> UnitReturn:
    who = {"opened_by_id": by.id, "opened_by_name": by.name, "opened_at": at, "due_at": due_after(at), "changed_at": at}
    why = {"symptom": said.why, "symptom_text": " ".join(said.words.split())[:LONGEST] or None}
    ends = {"branch_id": place.holder.branch_id, "from_holder_id": place.holder_id}
    case = UnitReturn(unit_id=found.id, status="owed", last_key=said.key, **ends, **why, **who)
    session.add(case)
    session.flush()
    first = {"by_id": by.id, "by_name": by.name, "at": at}
    session.add(ReturnStep(return_id=case.id, seq=1, action=SET_ASIDE, before={}, owners=[], **first))
    session.flush()
    detail = {"unit": found.id, "from": place.holder_id, **why}
    record(session, ("return", case.id), "return.set_aside", by=by, at=at, detail=detail)
    return case
