"""What a pack asks the database beside visits, units, warranties and prices: one select for each kind of thing."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from dispatch.audit.models import AuditEntry
from dispatch.customers.models import Contact, Driver
from dispatch.devices.models import CustodyPosition, Fitting, Holder, PartEntry, Sim, Terminal, Tool
from dispatch.devices.ownership_queries import last_left
from dispatch.devices.part_models import Part, PartPosition
from dispatch.devices.part_use import still_used
from dispatch.devices.queries import bag_ids
from dispatch.devices.warranty_queries import put_in
from dispatch.fees.models import Charge, Goodwill, Receipt, ReceiptBlock
from dispatch.fees.queries import parts_put_in
from dispatch.fees.quote_queries import quoted_lines
from dispatch.field.models import FieldFact, Photo, TestResult
from dispatch.field.packing.sheaf import columns
from dispatch.field.point_models import PointList
from dispatch.field.queries import photo_stands, units_come_out, words_of_visits
from dispatch.orders.models import Order, OrderLine, Visit, VisitLine
from dispatch.orders.verbal_models import VerbalApproval
from dispatch.orders.verbal_queries import could_approve
from dispatch.staff.models import Branch, Person, PersonPaper, PersonRole
from dispatch.staff.rules import Actor

Query = sa.Select[*tuple[Any, ...]]
CALLED = ("specialist", "supervisor")
"""Who of the office is called for help."""
MOST_PEOPLE = 4
MOST_EVENTS = 6
"""So many of a vehicle's past changes, and of its past visits, are taken along."""


@dataclass(frozen=True)
class About:
    """Whose day it is, and what is in it."""

    by: Actor
    day: date
    device: str | None
    visits: Collection[int]
    orders: Collection[int]
    lines: Collection[int]
    vehicles: Collection[int]
    customers: Collection[int]


def everything(of: About) -> Mapping[str, Query]:
    """All of them by name."""
    return {**_of_orders(of), **_money(of), **_of_vehicles(of), **_own(of), **_office(of)}


def _of_orders(of: About) -> Mapping[str, Query]:
    lines, mine = TestResult.line_id.in_(of.lines), Photo.order_id.in_(of.orders)
    photos = sa.select(*columns(Photo, "id", "order_id", "visit_id", "line_id", "kind", "at"))
    photos = photos.where(mine, photo_stands(), sa.or_(Photo.line_id.in_(of.lines), Photo.line_id.is_(None)))
    tests = sa.select(*columns(TestResult, "id", "order_id", "line_id", "visit_id", "item", "result", "at"))
    lists = columns(PointList, "id", "service", "must", "may", "photos", "photos_may", "at")
    waived = sa.select(*columns(AuditEntry, "seq", "subject_id", "detail", "by_name", "at"))
    of_order = (AuditEntry.subject_kind == "order", AuditEntry.subject_id.in_(of.orders), AuditEntry.action == "photo.waive")
    disputed = sa.select(*columns(FieldFact, "id", "kind", "visit_id", "content", "outcome"))
    words = sa.select(VerbalApproval.order_id, VerbalApproval.what_for, Person.name, VerbalApproval.said_at).join(
        Person, Person.id == VerbalApproval.approver_id
    )
    return {
        "tests": tests.where(lines).order_by(TestResult.at, TestResult.id),
        "lists": sa.select(*lists).order_by(PointList.at, PointList.id),
        "photos": photos.order_by(Photo.at, Photo.id),
        "waived": waived.where(*of_order).order_by(AuditEntry.seq),
        "signed": words_of_visits(of.visits),
        "disputes": disputed.where(FieldFact.visit_id.in_(of.visits), FieldFact.state == "disputed").order_by(
            FieldFact.received_at
        ),
        "words": words.where(VerbalApproval.order_id.in_(of.orders), VerbalApproval.approval_id.is_(None)).order_by(
            VerbalApproval.id
        ),
        "visits": sa.select(*columns(Visit, "id", "order_id", "status", "technician_id", "finished_at")).where(
            Visit.order_id.in_(of.orders)
        ),
        "visit_lines": sa.select(VisitLine.visit_id, VisitLine.line_id).where(VisitLine.line_id.in_(of.lines)),
        "counts": sa.select(OrderLine.order_id, sa.func.count().label("many"))
        .where(OrderLine.order_id.in_(of.orders))
        .group_by(OrderLine.order_id),
    }


def _money(of: About) -> Mapping[str, Query]:
    kept = ("id", "order_id", "line_id", "code", "name", "category", "quantity", "unit_price", "amount", "rule", "told")
    charges = sa.select(*columns(Charge, *kept, "fitting_id", "fact_id", "reverses_id")).where(Charge.order_id.in_(of.orders))
    receipts = sa.select(*columns(Receipt, "id", "order_id", "number", "channel", "amount", "invoice_number", "at"))
    goodwill = sa.select(*columns(Goodwill, "id", "order_id", "line_id", "state", "decided_by_name"))
    quoted = quoted_lines(of.orders).subquery()
    price = sa.cast(quoted.c.unit_price, sa.Text).label("unit_price")
    return {
        "charges": charges.order_by(Charge.id),
        "receipts": receipts.where(Receipt.order_id.in_(of.orders)).order_by(Receipt.id),
        "goodwill": goodwill.where(Goodwill.order_id.in_(of.orders)).order_by(Goodwill.id),
        "quoted": sa.select(quoted.c.order_id, quoted.c.code, quoted.c.number, price, quoted.c.left),
    }


def _of_vehicles(of: About) -> Mapping[str, Query]:
    inside = sa.select(CustodyPosition.unit_id).join(Holder, Holder.id == CustodyPosition.holder_id)
    used = sa.select(
        PartEntry.id, PartEntry.order_id, PartEntry.line_id, PartEntry.quantity, Part.code, Part.name, Part.unit
    ).join(Part, Part.id == PartEntry.part_id)
    drivers = sa.select(Driver.vehicle_id, Driver.name, Driver.phone, Driver.shift).where(Driver.vehicle_id.in_(of.vehicles))
    contacts = sa.select(Contact.customer_id, Contact.name, Contact.phone).where(Contact.customer_id.in_(of.customers))
    return {
        "drivers": drivers.order_by(Driver.id),
        "contacts": contacts.order_by(Contact.id),
        "used": used.where(PartEntry.line_id.in_(of.lines), still_used()).order_by(PartEntry.id),
        "sims_put_in": put_in(inside.where(Holder.vehicle_id.in_(of.vehicles))),
        "parts_put_in": parts_put_in(of.vehicles, sa.select(_carried(of).subquery().c.code)),
        "changes": _changes(of),
        "trips": _trips(of),
    }


def _changes(of: About) -> Query:
    """What was changed in the vehicles by other orders, the newest first, a few of each."""
    undone = aliased(Fitting)
    stands = (Fitting.kind != "undo", ~sa.exists().where(undone.undoes_id == Fitting.id))
    newest = sa.func.row_number().over(partition_by=Fitting.vehicle_id, order_by=(Fitting.at.desc(), Fitting.id.desc()))
    numbers = (_number(Fitting.old_unit_id).label("old"), _number(Fitting.new_unit_id).label("new"))
    told = columns(Fitting, "vehicle_id", "at", "kind", "unit_kind", "why", "why_words")
    query = sa.select(*told, *numbers, _own_number(of), newest.label("nth")).join(Order, Order.id == Fitting.order_id)
    rows = query.where(Fitting.vehicle_id.in_(of.vehicles), Fitting.order_id.not_in(of.orders), *stands).subquery()
    return sa.select(rows).where(rows.c.nth <= MOST_EVENTS).order_by(rows.c.vehicle_id, rows.c.nth)


def _number(unit_id: Any) -> sa.ColumnElement[str]:
    """SQL: what a unit is called."""
    serial = sa.select(Terminal.serial).where(Terminal.unit_id == unit_id).scalar_subquery()
    return sa.func.coalesce(serial, sa.select(Sim.iccid).where(Sim.unit_id == unit_id).scalar_subquery())


def _own_number(of: About) -> sa.ColumnElement[str | None]:
    """SQL: the number of an order that he visits or has visited; others' are not told."""
    his = aliased(Visit)
    seen = (his.order_id == Order.id, his.technician_id == of.by.id, his.status.not_in(("planned", "abandoned")))
    return sa.case((sa.exists().where(*seen), Order.number)).label("number")


def _trips(of: About) -> Query:
    """The visits to the vehicles that other orders brought, the newest first, a few of each."""
    newest = sa.func.row_number().over(partition_by=OrderLine.vehicle_id, order_by=Visit.finished_at.desc())
    number = _own_number(of)
    told = (OrderLine.vehicle_id, Visit.finished_at.label("at"), Order.kind, Order.symptom, number, newest.label("nth"))
    query = sa.select(*told).join(VisitLine, VisitLine.line_id == OrderLine.id).join(Visit, Visit.id == VisitLine.visit_id)
    query = query.join(Order, Order.id == OrderLine.order_id).where(Visit.status == "finished")
    rows = query.where(OrderLine.vehicle_id.in_(of.vehicles), OrderLine.order_id.not_in(of.orders)).subquery()
    return sa.select(rows).where(rows.c.nth <= MOST_EVENTS).order_by(rows.c.vehicle_id, rows.c.nth)


def _carried(of: About) -> Query:
    query = sa.select(Part.code, Part.name, Part.unit, PartPosition.quantity).join(PartPosition, PartPosition.part_id == Part.id)
    return query.where(PartPosition.holder_id.in_(bag_ids(of.by.id or 0)), PartPosition.quantity > 0).order_by(Part.code)


def _own(of: About) -> Mapping[str, Query]:
    """What is his own: bag, tools, papers, receipt numbers."""
    bag = sa.select(CustodyPosition.unit_id).where(CustodyPosition.holder_id.in_(bag_ids(of.by.id or 0)))
    tools = sa.select(Tool.name, Tool.serial, Tool.valid_until).join(CustodyPosition, CustodyPosition.unit_id == Tool.unit_id)
    tools = tools.join(Holder, Holder.id == CustodyPosition.holder_id)
    papers = sa.select(PersonPaper.name, PersonPaper.valid_until).where(PersonPaper.person_id == of.by.id)
    blocks = sa.select(*columns(ReceiptBlock, "id", "branch_id", "first", "last", "used"))
    leased = (ReceiptBlock.person_id == of.by.id, ReceiptBlock.device == of.device, ReceiptBlock.used < ReceiptBlock.last)
    return {
        "carried": _carried(of),
        "come_out": units_come_out(of.by.id or 0),
        "left": last_left(bag),
        "tools": tools.where(Holder.person_id == of.by.id, Tool.valid_until < of.day).order_by(Tool.name, Tool.serial),
        "papers": papers.where(PersonPaper.valid_until < of.day).order_by(PersonPaper.name),
        "blocks": blocks.where(*leased, ReceiptBlock.branch_id == of.by.branch_id).order_by(ReceiptBlock.id),
    }


def _office(of: About) -> Mapping[str, Query]:
    """Who can be called, and whose word counts."""
    branch = sa.select(*columns(Branch, "code", "name", "phone", "lat", "lon")).where(Branch.id == of.by.branch_id)
    has = sa.exists().where(PersonRole.person_id == Person.id, PersonRole.role.in_(CALLED))
    people = sa.select(Person.name, Person.phone).where(Person.branch_id == of.by.branch_id, Person.active, has)
    deciding = could_approve(of.by.branch_id or 0, besides=of.by).with_only_columns(Person.id, Person.name)
    return {
        "branch": branch,
        "approvers": deciding,
        "people": people.where(Person.phone.is_not(None)).order_by(Person.id).limit(MOST_PEOPLE),
    }
