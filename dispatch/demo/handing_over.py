"""This morning a technician hands a colleague what he will need; the colleague has not said yet that he has it."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

import sqlalchemy as sa

from dispatch.demo.company import Company
from dispatch.devices.handing_over import offer
from dispatch.devices.models import CustodyPosition, Holder, Part
from dispatch.staff.models import Person
from dispatch.staff.queries import actor_of

GIVER, TAKER = "wei", "su"
PARTS = {"P103": 4}
NOTE = "下午宝安那台要用"
EARLIER = timedelta(minutes=40)


def build(company: Company, moment: datetime) -> None:
    """One terminal and one SIM, the newest of the giver's bag, and some fuses."""
    session = company.session
    giver, taker = (session.scalars(sa.select(Person).where(Person.username == name)).one() for name in (GIVER, TAKER))
    held = sa.select(CustodyPosition.unit_id).join(Holder, Holder.id == CustodyPosition.holder_id)
    newest = held.where(Holder.person_id == giver.id).order_by(CustodyPosition.unit_id.desc()).limit(1)
    units = [session.scalars(newest.where(CustodyPosition.unit_kind == kind)).first() for kind in ("terminal", "sim")]
    chosen = [unit_id for unit_id in units if unit_id is not None]
    known = session.execute(sa.select(Part.id, Part.code).where(Part.code.in_(PARTS)))
    parts = {part_id: PARTS[code] for part_id, code in known}
    if chosen:
        key = uuid.UUID(int=company.random.getrandbits(128), version=4)
        facts = {"note": NOTE, "key": key, "by": actor_of(giver), "at": moment - EARLIER}
        offer(session, chosen, parts=parts, to_person_id=taker.id, **facts)  # type: ignore[arg-type]
