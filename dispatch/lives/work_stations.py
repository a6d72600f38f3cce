"""Stations of work as SQL: orders taken and closed, who came and went, test-runs, sheets; and any entries of the trail."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from dispatch.audit.models import AuditEntry
from dispatch.devices.models import (
    Observation,
)
from dispatch.field.models import Arrival, FieldFact, TestResult
from dispatch.lives.scopes import Scope, Stations, station, told
from dispatch.orders.models import OrderLine, Visit, VisitLine
from dispatch.sheets.models import Sheet, SheetVersion
from dispatch.staff.models import Person

ORDER_ACTIONS = (
    "order.take",
    "order.approve",
    "order.approve_by_word",
    "order.reject",
    "order.cancel",
    "order.close",
    "order.auto_close",
    "order.reopen",
    "order.not_solved",
    "call.join",
    "contact.confirm",
)
LINE_ACTIONS = ("line.give_up", "line.leave_over", "line.take_up", "recall.confirm", "recall.deny")


def trail(chapter: str, subject: str, ids: Any, *actions: str) -> Stations:
    """Entries of the audit trail of these subjects."""
    row = AuditEntry
    query = station(chapter, row.action, at=row.at, id=row.id, who=row.by_name, detail=row.detail)
    query = query.where(row.subject_kind == subject, row.subject_id.in_(ids))
    return query.where(row.action.in_(actions)) if actions else query


def of_orders(scope: Scope) -> Iterator[Stations]:
    """Orders taken, approved and closed; who arrived where and left when; what could not be done."""
    row = AuditEntry
    ids = sa.select(OrderLine.order_id).where(OrderLine.id.in_(scope.lines))
    query = station(
        "order", row.action, at=row.at, id=row.id, who=row.by_name, order_id=row.subject_id, why=row.detail["reason"].astext
    ).where(row.subject_kind == "order", row.subject_id.in_(ids))
    yield query.where(row.action.in_(ORDER_ACTIONS))
    ours = sa.select(sa.cast(OrderLine.id, sa.Text)).where(OrderLine.id.in_(scope.lines))
    yield query.where(row.action.in_(LINE_ACTIONS), row.detail["line"].astext.in_(ours))
    trips = sa.select(VisitLine.visit_id).where(VisitLine.line_id.in_(scope.lines))
    facts = {"id": Visit.id, "who": Person.name, "order_id": Visit.order_id}
    arrived = station("order", "arrive", at=Visit.arrived_at, lat=Arrival.lat, lon=Arrival.lon, **facts)
    finished = station("order", "finish", at=Visit.finished_at, **facts)
    yield (
        arrived.join(Person, Person.id == Visit.technician_id)
        .outerjoin(Arrival, Arrival.visit_id == Visit.id)
        .where(Visit.id.in_(trips), Visit.arrived_at.is_not(None))
    )
    yield finished.join(Person, Person.id == Visit.technician_id).where(Visit.id.in_(trips), Visit.finished_at.is_not(None))


def test_runs(scope: Scope) -> Stations:
    """Each set of points that was kept at once, with what proved it."""
    row, heard = TestResult, Observation
    point = told(
        item=row.item,
        result=row.result,
        why=row.reason,
        source=heard.source,
        told_at=sa.func.coalesce(heard.device_time, heard.received_at),
    )
    query = station(
        "test",
        "test",
        at=row.at,
        recorded_at=sa.func.max(FieldFact.received_at),
        id=sa.func.max(row.id),
        who=row.by_name,
        order_id=row.order_id,
        detail=sa.func.jsonb_build_object("points", sa.func.jsonb_agg(point)),
    )
    query = query.outerjoin(heard, heard.id == row.observation_id).outerjoin(FieldFact, FieldFact.id == row.fact_id)
    return query.where(row.line_id.in_(scope.tested)).group_by(row.order_id, row.line_id, row.visit_id, row.at, row.by_name)


def sheets(scope: Scope) -> Stations:
    """Every version that was released: of these vehicles, and of their whole orders."""
    row = SheetVersion
    orders = sa.select(OrderLine.order_id).where(OrderLine.id.in_(scope.lines))
    query = station("sheet", "sheet", at=row.released_at, id=row.id, order_id=Sheet.order_id, detail=told(name=row.name))
    about = sa.or_(Sheet.line_id.is_(None), Sheet.line_id.in_(scope.lines))
    return query.join(Sheet, Sheet.id == row.sheet_id).where(Sheet.order_id.in_(orders), about, row.released_at.is_not(None))
