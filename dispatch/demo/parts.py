"""Counted parts: a catalogue, what stores and bags have of it, and a magnet base that goes onto a lorry this afternoon."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

import sqlalchemy as sa

from dispatch.demo.company import Company
from dispatch.demo.counter import issue_signed
from dispatch.devices.models import Holder, Part
from dispatch.devices.part_counting import Counted, count
from dispatch.devices.part_moves import counts_at
from dispatch.devices.part_stock import PartFacts, add_part, receive, write_off
from dispatch.devices.queries import stores
from dispatch.field.acting import act
from dispatch.field.operations import SentFact
from dispatch.orders.models import Visit
from dispatch.staff.models import Person
from dispatch.staff.queries import actor_of
from dispatch.staff.rules import Actor

CATALOGUE = (
    ("P003", "GNSS 天线", "根", 60, 2),
    ("P004", "4G 天线", "根", 60, 2),
    ("P005", "电源线束", "根", 80, 4),
    ("P101", "磁吸支架", "个", 50, 3),
    ("P102", "扎带", "包", 40, 1),
    ("P103", "保险丝 5A", "个", 300, 10),
)
"""Code, name, unit, how many came into each store and go into each bag; the first three have a price."""
NAMESPACE = uuid.UUID("b7e7a1de-8a57-4a3b-9c55-5b1c1e0a7d42")
USED, LITTLE_AGO = "P101", timedelta(minutes=3)


def build(company: Company, at: datetime) -> None:
    """Fill the stores and the bags of both branches; some fuses got wet, and cable ties are missing."""
    session, head = company.session, company.manager("SZ")
    parts = [add_part(session, code, PartFacts(name, unit), by=head, at=at) for code, name, unit, *_ in CATALOGUE]
    for code in company.branches:
        by = company.desk(code)
        store = next(each for each in stores(session, by) if each.branch_id == by.branch_id)
        came = {part.id: row[3] for part, row in zip(parts, CATALOGUE, strict=True)}
        receive(session, store, came, note="供应商送货", key=_key(f"receive {code}"), by=by, at=at)
        _fill_bags(company, store, parts, by, at)
    home, wet = next(each for each in stores(session, head) if each.branch_id == head.branch_id), {parts[-1].id: 20}
    write_off(session, home, wet, note="雨天进水，保险丝锈蚀", key=_key("wet"), by=head, at=at + timedelta(days=2))
    ties, there = parts[4].id, counts_at(session, home.id)[parts[4].id]
    found = {ties: Counted(there, there - 3)}
    desk = company.desk("SZ")
    count(session, home, found, note="货架上少三包，可能漏登领用", key=_key("ties"), by=desk, at=at + timedelta(days=3))


def _fill_bags(company: Company, store: Holder, parts: list[Part], by: Actor, at: datetime) -> None:
    counts = {part.id: row[4] for part, row in zip(parts, CATALOGUE, strict=True)}
    bags = sa.select(Holder).where(Holder.kind == "bag", Holder.branch_id == store.branch_id).order_by(Holder.id)
    for bag in company.session.scalars(bags).all():
        issue_signed(company.session, store, bag, (), parts=counts, by=by, at=at)


def use(company: Company, moment: datetime) -> None:
    """Whoever is at a vehicle of Shenzhen's with a base in his bag fits it."""
    session = company.session
    there = sa.select(Visit).join(Person, Person.id == Visit.technician_id).where(Visit.status == "on_site").order_by(Visit.id)
    visit = session.scalars(there.where(Visit.branch_id == company.branches["SZ"].id)).first()
    if visit is None:
        return
    content = {"visit": visit.id, "line": visit.visit_lines[0].line_id, "code": USED, "quantity": 1}
    sent = SentFact(_key("use"), "part.use", "demo-parts", 1, content, moment - LITTLE_AGO, 0, visit_id=visit.id)
    act(session, sent, by=actor_of(visit.technician), at=moment - LITTLE_AGO)


def _key(what: str) -> uuid.UUID:
    """Keys of their own: the rest of the company stays as it is drawn."""
    return uuid.uuid5(NAMESPACE, what)
