"""A sheet on its way: asked for, begun, released or failed. Killed anywhere, the next try goes on with the same version."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, joinedload

from dispatch.audit.operations import record
from dispatch.clock import local_day
from dispatch.field.models import Signature
from dispatch.files.operations import keep
from dispatch.jobs import enqueue
from dispatch.orders.models import Order, OrderLine
from dispatch.orders.operations.moves import locked_order
from dispatch.orders.operations.papers import count_papers
from dispatch.sheets.facts import Record, record_of, sheet_facts
from dispatch.sheets.models import Sheet, SheetRelease, SheetVersion
from dispatch.sheets.queries import Wanted, facts_hash, wanted_sheets
from dispatch.sheets.rules import file_name, tries, vehicle_name
from dispatch.staff.rules import SYSTEM
from dispatch.words import Text, text_to_json


@dataclass(frozen=True)
class Draft:
    """A version that has to be made: all that its PDF is drawn from, as plain data. `points` are the signatures' by their ids."""

    version_id: int
    order_id: int
    version: int
    name: str
    token: str
    facts: dict[str, Any]
    facts_hash: bytes
    begun_at: datetime
    points: dict[str, list[Any]]


def ask_for_sheets(session: Session, order_id: int, *, at: datetime) -> None:
    """Ask for every sheet that the order should have. What is up to date already costs one look of the worker."""
    session.flush()
    order = locked_order(session, order_id)  # first, as everywhere: two that ask at once would wait for each other's new rows
    for wanted in wanted_sheets(session, order):
        sheet = _sheet(session, order, wanted, at=at)
        _begin_anew(session, sheet, at=at)
        enqueue(session, "sheets.make", lock=f"sheet:{sheet.id}", sheet_id=sheet.id)
    count_papers(session, order, at=at)


def _sheet(session: Session, order: Order, wanted: Wanted, *, at: datetime) -> Sheet:
    """The sheet's row, made on the first time."""
    row = {
        "kind": wanted.kind,
        "order_id": order.id,
        "line_id": wanted.line_id,
        "branch_id": order.branch_id,
        "token": secrets.token_urlsafe(16),
        "created_at": at,
    }
    session.execute(insert(Sheet).values(**row).on_conflict_do_nothing())
    same = (Sheet.order_id == order.id, Sheet.line_id.is_not_distinct_from(wanted.line_id))
    return session.scalars(sa.select(Sheet).where(*same)).one()


def _begin_anew(session: Session, sheet: Sheet, *, at: datetime) -> None:
    """Somebody asks again: for a version that was never released, earlier failures and waiting no longer count."""
    unreleased = (SheetVersion.sheet_id == sheet.id, SheetVersion.released_at.is_(None))
    session.execute(sa.update(SheetVersion).where(*unreleased).values(failure=None, created_at=at))
    never_begun = ~sa.exists().where(SheetVersion.sheet_id == Sheet.id)
    session.execute(sa.update(Sheet).where(Sheet.id == sheet.id, never_begun).values(created_at=at))


def begin_version(session: Session, sheet_id: int, *, at: datetime) -> Draft | None:
    """What has to be made of a sheet now: its facts under the number of the next version; None when it is up to date.

    A version that never left the house is not used up: it takes the new facts. The order is locked while they are read, so that
    no sheet says half of a correction.
    """
    order_id = session.scalar(sa.select(Sheet.order_id).where(Sheet.id == sheet_id))
    if order_id is None:
        return None
    locked_order(session, order_id)
    sheet = session.scalars(sa.select(Sheet).where(Sheet.id == sheet_id).with_for_update()).one()
    known = record_of(session, sheet.order_id)
    line = next((each for each in known.order.lines if each.id == sheet.line_id), None)
    facts = sheet_facts(known, line)
    version = _newest(session, sheet.id)
    if version is not None and version.released_at is not None:
        if version.facts_hash == facts_hash(facts):
            return None
        version = SheetVersion(sheet_id=sheet.id, version=version.version + 1, created_at=at)
    elif version is None:
        version = SheetVersion(sheet_id=sheet.id, version=1, created_at=at)
    version.facts, version.facts_hash = facts, facts_hash(facts)
    version.name = _name(known, line, version)
    session.add(version)
    session.flush()
    return _draft(session, sheet, version, ZoneInfo(known.order.branch.zone))


def _newest(session: Session, sheet_id: int) -> SheetVersion | None:
    query = sa.select(SheetVersion).where(SheetVersion.sheet_id == sheet_id).order_by(SheetVersion.version.desc())
    return session.scalar(query.limit(1).with_for_update().execution_options(populate_existing=True))


def _name(known: Record, line: OrderLine | None, version: SheetVersion) -> str:
    order = known.order
    about = line or (order.lines[0] if len(order.lines) == 1 else None)
    return file_name(
        branch=order.branch.code,
        number=order.number,
        vehicle=vehicle_name(about.vehicle.plate, about.vehicle.vin) if about else None,
        day=local_day(version.created_at, order.branch.zone),
        version=version.version,
    )


def _draft(session: Session, sheet: Sheet, version: SheetVersion, zone: ZoneInfo) -> Draft:
    ids = [signature["id"] for signature in version.facts["signatures"]]
    drawn = session.execute(sa.select(Signature.id, Signature.points).where(Signature.id.in_(ids), Signature.points.is_not(None)))
    return Draft(
        version_id=version.id,
        order_id=sheet.order_id,
        version=version.version,
        name=version.name,
        token=sheet.token,
        facts=version.facts,
        facts_hash=version.facts_hash,
        begun_at=version.created_at.astimezone(zone),  # its day is printed as the branch's day
        points={str(key): points for key, points in drawn},
    )


def release_version(session: Session, draft: Draft, pdf: bytes, *, warnings: list[Text], at: datetime) -> bool:
    """The PDF leaves the house: kept, named by its sha256, and written into the order's history.

    False when somebody else released the version first, or its facts have changed since it was begun: nothing is written then.
    """
    order = locked_order(session, draft.order_id)  # first, as everywhere: its history is written below
    version = _open_version(session, draft.version_id)
    if version is None or version.facts_hash != draft.facts_hash:
        return False
    kept = keep(session, pdf, "application/pdf", at=at)
    version.pdf_sha256, version.released_at = kept.sha256, at
    version.warnings, version.failure = [text_to_json(text) for text in warnings], None
    session.add(SheetRelease(sha256=kept.sha256, version_id=version.id, released_at=at))
    detail = {"name": version.name, "sha256": kept.sha256, "version": version.version, "line": version.sheet.line_id}
    record(session, ("order", order.id), "sheet.release", by=SYSTEM, at=at, detail=detail)
    count_papers(session, order, at=at)
    return True


def fail_version(session: Session, version_id: int, why: Text) -> None:
    """Count a try that did not end well; after the last one the office is told `why`."""
    version = _open_version(session, version_id)
    if version is not None:
        version.failure = {**text_to_json(why), "tries": tries(version.failure) + 1}


def _open_version(session: Session, version_id: int) -> SheetVersion | None:
    """A version under its lock, as long as it is not released."""
    query = sa.select(SheetVersion).where(SheetVersion.id == version_id, SheetVersion.released_at.is_(None))
    return session.scalar(query.options(joinedload(SheetVersion.sheet)).with_for_update(of=SheetVersion))
