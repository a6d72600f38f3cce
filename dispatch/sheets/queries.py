"""Reading sheets: which an order should have, which it has, and the one behind a code."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from dispatch.audit.rules import canonical
from dispatch.devices.models import Fitting
from dispatch.errors import NotFound
from dispatch.field.models import TestResult
from dispatch.lists import Cut, Part
from dispatch.orders.lifecycle import VISIT_MOVING
from dispatch.orders.models import Order, OrderLine, Visit, VisitLine
from dispatch.orders.queries import visible
from dispatch.sheets.facts import record_of, sheet_facts
from dispatch.sheets.models import Sheet, SheetRelease, SheetVersion
from dispatch.staff.rules import Actor


@dataclass(frozen=True)
class Wanted:
    """A sheet that an order should have: of the whole order (`line_id` None), or of one vehicle."""

    kind: str
    line_id: int | None = None


def wanted_sheets(session: Session, order: Order) -> list[Wanted]:
    """A repair has one sheet; an installation a summary and a sheet for each vehicle that was worked on.

    A vehicle that somebody is still working on waits for the end of that visit: its customer has not signed yet.
    """
    if order.kind == "repair":
        return [Wanted("repair")]
    fitted = sa.select(Fitting.line_id).where(Fitting.order_id == order.id)
    tested = sa.select(TestResult.line_id).where(TestResult.order_id == order.id)
    touched = set(session.scalars(sa.union(fitted, tested)))
    busy = set(session.scalars(_at_work().where(Visit.order_id == order.id)))
    lines = session.execute(
        sa.select(OrderLine.id, OrderLine.status).where(OrderLine.order_id == order.id).order_by(OrderLine.position)
    )
    worked_on = (line_id for line_id, status in lines if status == "done" or line_id in touched)
    vehicles = [Wanted("vehicle", line_id) for line_id in worked_on if line_id not in busy]
    return [Wanted("installation"), *vehicles]


def _at_work() -> sa.Select[int]:
    """The lines of visits that are under way."""
    return sa.select(VisitLine.line_id).join(VisitLine.visit).where(Visit.status.in_(VISIT_MOVING))


def sheets_of(session: Session, order_id: int) -> Sequence[Sheet]:
    """The sheets of an order with their versions, the order's own first, then by vehicle."""
    query = sa.select(Sheet).where(Sheet.order_id == order_id).options(joinedload(Sheet.versions))
    return session.scalars(query.order_by(Sheet.line_id.asc().nulls_first())).unique().all()


def sheets_part(session: Session, order_id: int, cut: Cut) -> Part[tuple[Sheet, OrderLine | None]]:
    """A page of the sheets of an order with their versions and vehicles, in one statement: its own first, then by vehicle."""
    sorts = {"vehicle": (sa.func.coalesce(OrderLine.position, 0), Sheet.id)}
    whole = sa.select(Sheet.id, sa.func.count().over().label("total")).outerjoin(OrderLine, OrderLine.id == Sheet.line_id)
    page = cut.of(whole.where(Sheet.order_id == order_id), sorts).subquery()
    query = sa.select(Sheet, OrderLine, page.c.total).join(page, page.c.id == Sheet.id)
    query = query.outerjoin(OrderLine, OrderLine.id == Sheet.line_id).order_by(*cut.order(sorts))
    rows = session.execute(query.options(joinedload(Sheet.versions), joinedload(OrderLine.vehicle))).unique().all()
    return Part([(sheet, line) for sheet, line, _ in rows], cut.number, rows[0][2] if rows else 0)


def latest(sheet: Sheet) -> SheetVersion | None:
    """A sheet's newest version, released or not."""
    return sheet.versions[-1] if sheet.versions else None


def newest_released(sheet: Sheet) -> SheetVersion | None:
    """The newest version that left the house."""
    return next((version for version in reversed(sheet.versions) if version.released_at is not None), None)


def facts_hash(facts: dict[str, object]) -> bytes:
    """sha256 of the canonical JSON of facts."""
    return hashlib.sha256(canonical(facts)).digest()


def outdated(session: Session, order: Order) -> list[Wanted]:
    """The sheets of an order of which no released version says what is known now."""
    wanted = wanted_sheets(session, order)
    released = {sheet.line_id: newest_released(sheet) for sheet in sheets_of(session, order.id)}
    record = record_of(session, order.id)
    lines = {line.id: line for line in record.order.lines}

    def says_all(each: Wanted) -> bool:
        version = released.get(each.line_id)
        facts = sheet_facts(record, lines[each.line_id] if each.line_id is not None else None)
        return version is not None and version.facts_hash == facts_hash(facts)

    return [each for each in wanted if not says_all(each)]


def released_version(session: Session, number: str, version_id: int, by: Actor) -> SheetVersion:
    """A version that was released, of an order that the reader may see. Raises NotFound."""
    query = sa.select(SheetVersion).join(SheetVersion.sheet).join(Order, Order.id == Sheet.order_id)
    where = (SheetVersion.id == version_id, Order.number == number, SheetVersion.pdf_sha256.is_not(None), visible(by))
    found = session.scalar(query.where(*where))
    if found is None:
        raise NotFound
    return found


def sheet_behind(session: Session, token: str) -> Sheet | None:
    """The sheet whose QR code says `token`, with its versions."""
    query = sa.select(Sheet).where(Sheet.token == token).options(selectinload(Sheet.versions))
    return session.scalar(query)


def release_of(session: Session, sha256: str) -> SheetVersion | None:
    """The version that a PDF with this sha256 was released as; None when no such PDF ever left the house."""
    query = sa.select(SheetVersion).join(SheetRelease, SheetRelease.version_id == SheetVersion.id)
    return session.scalar(query.where(SheetRelease.sha256 == sha256).options(joinedload(SheetVersion.sheet)))


def vehicles_of(session: Session, line_ids: Iterable[int]) -> dict[int, OrderLine]:
    """Lines with their vehicles by id."""
    query = sa.select(OrderLine).where(OrderLine.id.in_(list(line_ids))).options(joinedload(OrderLine.vehicle))
    return {line.id: line for line in session.scalars(query)}
