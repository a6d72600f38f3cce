"""What waits for a yes this morning: from the store, back to it, and from one technician to another."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

import sqlalchemy as sa

from dispatch.demo.company import Company
from dispatch.devices.handing_over import offer
from dispatch.devices.issuing import Wanted, issue
from dispatch.devices.models import CustodyPosition, Holder, Part
from dispatch.devices.queries import stores, units_held
from dispatch.staff.models import Person
from dispatch.staff.queries import actor_of

GIVER, TAKER = "wei", "su"
PARTS = {"P103": 4}
NOTE = "下午宝安那台要用"
EARLIER, LONG_AGO = timedelta(minutes=40), timedelta(hours=3)
ASKED, BRINGS = "tao", "yu"
BACK = "型号领错了"
NAMESPACE = uuid.UUID("0b9b4f0e-1c55-4f0c-8a3f-5a0f6f3f2c77")


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
    _at_the_store(company, moment)


def _at_the_store(company: Company, moment: datetime) -> None:
    """Two SIMs are issued to somebody who has not answered for long, and somebody brings a terminal back."""
    session, by = company.session, company.desk("SZ")
    store = next(each for each in stores(session, by) if each.branch_id == by.branch_id)
    keys = (uuid.uuid5(NAMESPACE, "issue"), uuid.uuid5(NAMESPACE, "return"))
    asked, brings = company.people[ASKED], company.people[BRINGS]
    issue(session, store=store, person_id=asked.id or 0, wanted=Wanted(sims=2), key=keys[0], by=by, at=moment - LONG_AGO)
    bag = session.scalars(sa.select(Holder).where(Holder.person_id == brings.id)).one()
    mine = units_held(session, bag.id, kind="terminal")[-1:]
    facts = {"note": BACK, "key": keys[1], "by": brings, "at": moment - EARLIER}
    offer(session, [unit.id for unit in mine], to_store_id=store.id, **facts)  # type: ignore[arg-type]
