"""What the pages of sheets show: the list on an order's page, and what a stranger with the code may see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from dispatch.clock import local_day
from dispatch.customers.masking import mask_customer, mask_vehicle
from dispatch.lists import FIRST, Cut
from dispatch.orders.models import Order
from dispatch.sheets.models import Sheet, SheetVersion
from dispatch.sheets.queries import latest, sheets_part
from dispatch.sheets.rules import TITLES, given_up
from dispatch.words import Text, text_from_json

PATIENCE = timedelta(minutes=2)
"""A sheet that takes longer is worth a press of the button: its worker may have been ended too often."""


@dataclass(frozen=True)
class VersionRow:
    """One released version."""

    id: int
    version: int
    name: str
    released_at: datetime
    sha256: str
    warnings: list[Text]


@dataclass(frozen=True)
class SheetRow:
    """One sheet of an order. `state`: "released" | "making" | "failed"; `line` is its vehicle's, None for the order's own."""

    title: Text
    line: Any
    state: str
    failure: Text | None
    versions: list[VersionRow]

    @property
    def newest(self) -> VersionRow | None:
        """The newest version that can be opened."""
        return self.versions[0] if self.versions else None


@dataclass(frozen=True)
class OrderSheets:
    """The sheets of one order. `busy` while one is being made, `stuck` when somebody should ask again."""

    number: str
    rows: list[SheetRow] = field(default_factory=list)
    page: int = 1
    pages: int = 1
    total: int = 0

    @property
    def busy(self) -> bool:
        """Whether it is worth looking again in two seconds."""
        return any(row.state == "making" for row in self.rows)

    @property
    def stuck(self) -> bool:
        """Whether a sheet was given up."""
        return any(row.state == "failed" for row in self.rows)


def order_sheets(session: Session, order: Order, at: datetime, cut: Cut = FIRST) -> OrderSheets:
    """What the order's page shows of its sheets: a page of them."""
    part = sheets_part(session, order.id, cut)
    return OrderSheets(order.number, [_row(sheet, line, at) for sheet, line in part.rows], part.number, part.pages, part.total)


def _row(sheet: Sheet, line: Any, at: datetime) -> SheetRow:
    newest = latest(sheet)
    failure = newest.failure if newest is not None and given_up(newest.failure) else None
    return SheetRow(
        title=TITLES[sheet.kind],
        line=line,
        state=_state(newest, sheet, at),
        failure=text_from_json(failure) if failure else None,
        versions=[_version(version) for version in reversed(sheet.versions) if version.pdf_sha256],
    )


def _state(newest: SheetVersion | None, sheet: Sheet, at: datetime) -> str:
    if newest is not None and newest.released_at is not None:
        return "released"
    begun = newest.created_at if newest is not None else sheet.created_at
    overdue = at - begun > PATIENCE
    return "failed" if overdue or (newest is not None and given_up(newest.failure)) else "making"


def _version(version: SheetVersion) -> VersionRow:
    assert version.released_at is not None and version.pdf_sha256 is not None
    return VersionRow(
        id=version.id,
        version=version.version,
        name=version.name,
        released_at=version.released_at,
        sha256=version.pdf_sha256,
        warnings=[text_from_json(stored) for stored in version.warnings],
    )


@dataclass(frozen=True)
class PublicSheet:
    """What the page behind the QR code shows, masked. `seen` is the version on the paper that was scanned, if it says so."""

    token: str
    title: Text
    number: str
    branch: str
    vehicles: list[str]
    customer: str
    day: date
    versions: Sequence[VersionRow]
    seen: int | None

    @property
    def newest(self) -> VersionRow:
        """The version that counts."""
        return self.versions[0]

    @property
    def outdated(self) -> bool:
        """Whether the scanned paper has been replaced by a newer version."""
        return self.seen is not None and self.seen < self.newest.version


def public_sheet(sheet: Sheet, seen: int | None, zone: str) -> PublicSheet | None:
    """None as long as no version was released."""
    released = [version for version in reversed(sheet.versions) if version.released_at is not None]
    if not released:
        return None
    facts, rows = released[0].facts, [_version(version) for version in released]
    return PublicSheet(
        token=sheet.token,
        title=TITLES[sheet.kind],
        number=facts["number"],
        branch=facts["branch"]["name"],
        vehicles=[mask_vehicle(line["plate"], line["vin"]) for line in facts["lines"]],
        customer=mask_customer(facts["customer"]["name"]),
        day=local_day(released[0].created_at, zone),
        versions=rows,
        seen=seen if any(row.version == seen for row in rows) else None,
    )
