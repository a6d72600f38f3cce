"""Papers of the store: a transfer that is on its way, what a contractor has, a count that waits for its manager, and reorder
points."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

import sqlalchemy as sa

from dispatch.clock import local_day
from dispatch.demo.company import Company
from dispatch.demo.counter import scrawl
from dispatch.devices.contracting import Signed, give, new_contractor
from dispatch.devices.counting import finish, scan, start
from dispatch.devices.issuing import Wanted
from dispatch.devices.models import Holder, Part
from dispatch.devices.queries import stores, units_held
from dispatch.devices.reorder_rules import Level
from dispatch.devices.reordering import set_levels
from dispatch.devices.transferring import send

COUNTED = "yang"
SENT, BEGUN = timedelta(hours=3), timedelta(hours=1)
SET = timedelta(days=20)
LENT = timedelta(days=4)
CONTRACTORS = ("宝安顺达车辆电子", "龙岗老周安装队")
SIGNER = "周建国"
LEVELS = {"terminal:BD-808A": Level(20, 40), "terminal:TK-310": Level(10, 30), "sim:": Level(80, 150), "part:P102": Level(50, 80)}
SENT_PARTS = {"P101": 10, "P103": 50}
NOTE = "广州补货，随班车"
NOT_FOUND = "车上和工具箱都没找到，技术员回忆可能落在上一家客户"


def build(company: Company, moment: datetime) -> None:
    """Parts and SIMs go to Shenzhen, a SIM is missing in a bag, a contractor is late, and two things are to be ordered."""
    _send(company, moment - SENT)
    _count(company, moment - BEGUN)
    by = company.manager("SZ")
    store = next(each for each in stores(company.session, by) if each.branch_id == by.branch_id)
    _outside(company, store, moment - LENT)
    set_levels(company.session, store, LEVELS, by=by, at=moment - SET)


def _send(company: Company, at: datetime) -> None:
    by = company.desk("GZ")
    store = next(each for each in stores(company.session, by) if each.branch_id == by.branch_id)
    facts = {"to_branch_id": company.branches["SZ"].id, "note": NOTE, "key": _key(company), "by": by, "at": at}
    known = company.session.execute(sa.select(Part.id, Part.code).where(Part.code.in_(SENT_PARTS)))
    parts = {part_id: SENT_PARTS[code] for part_id, code in known}
    send(company.session, store=store, wanted=Wanted(sims=6), parts=parts, **facts)  # type: ignore[arg-type]


def _outside(company: Company, store: Holder, at: datetime) -> None:
    """One contractor should have brought two SIMs back by now; the other one has nothing."""
    session, by = company.session, company.desk("SZ")
    late, _ = (new_contractor(session, name, by=by, at=at) for name in CONTRACTORS)
    numbers = [unit.number for unit in list(units_held(session, store.id, kind="sim"))[-2:]]
    due_on = local_day(at, by.zone) + LENT / 2
    facts = {"due_on": due_on, "signed": Signed(SIGNER, scrawl(2)), "key": uuid.uuid5(uuid.NAMESPACE_OID, SIGNER)}
    give(session, late, numbers, store=store, **facts, by=by, at=at)  # type: ignore[arg-type]


def _count(company: Company, at: datetime) -> None:
    """All that is in the bag is scanned, but for its newest SIM."""
    session, by = company.session, company.desk("SZ")
    bag = session.scalars(sa.select(Holder).where(Holder.person_id == company.people[COUNTED].id)).one()
    there = list(units_held(session, bag.id))[:-1]
    made = start(session, bag, key=_key(company), by=by, at=at)
    scan(session, made.number, [unit.number for unit in there], key=_key(company), by=by, at=at + timedelta(minutes=6))
    finish(session, made.number, {}, rest=NOT_FOUND, by=by, at=at + timedelta(minutes=9))


def _key(company: Company) -> uuid.UUID:
    return uuid.UUID(int=company.random.getrandbits(128), version=4)
