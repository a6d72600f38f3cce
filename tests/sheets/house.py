"""Orders whose work is done, for the tests of sheets: by the same acts that a technician's phone sends."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.field.rules import TEST_ITEMS
from dispatch.files.operations import keep
from dispatch.orders.models import Order, Visit
from dispatch.sheets.models import Sheet, SheetVersion
from dispatch.staff.rules import Actor
from tests.board.building import approved_order
from tests.conftest import AT, Cast
from tests.field.building import arrived, carrying, do, fitted_long_ago, sign
from tests.sheets.building import photo

BASE = "https://dispatch.example"
PASSED = {item: {"result": "passed"} for item in TEST_ITEMS}


def swapped(session: Session, cast: Cast, *, start: str = "09:30", days: int = 900, **facts: Any) -> tuple[Order, Visit]:
    """A repair whose terminal and SIM were swapped, tested, photographed and signed; the technician is still on site."""
    order = approved_order(session, cast, **facts)
    visit = arrived(session, cast, order, cast.su, start=start)
    line = order.lines[0]
    fitted_long_ago(session, cast, line, days=days)
    [box], [card] = carrying(session, cast, cast.su)
    do(session, visit, "line.swap", cast.su, line=line.id, terminal=box.number, sim=card.number)
    do(session, visit, "test.run", cast.su, line=line.id, results=PASSED)
    picture(session, visit, cast.su, line.id, kind="condition")
    sign(session, visit, cast.su)
    return order, visit


def repaired(session: Session, cast: Cast, **facts: Any) -> Order:
    """The same, and the visit has ended: its sheet has been asked for."""
    order, visit = swapped(session, cast, **facts)
    do(session, visit, "visit.finish", cast.su)
    session.refresh(order)
    return order


def installed(session: Session, cast: Cast, *, lines: int = 3, left: int = 1, start: str = "09:30") -> tuple[Order, Visit]:
    """An installation of which all but `left` vehicles were done by one technician, who is still on site."""
    order = approved_order(session, cast, lines=lines, kind="installation", symptom=None)
    visit = arrived(session, cast, order, cast.su, start=start)
    boxes, cards = carrying(session, cast, cast.su, lines - left)
    for line, box, card in zip(order.lines, boxes, cards, strict=False):
        do(session, visit, "line.install", cast.su, line=line.id, terminal=box.number, sim=card.number)
        do(session, visit, "test.run", cast.su, line=line.id, results=PASSED)
        picture(session, visit, cast.su, line.id)
    sign(session, visit, cast.su)
    return order, visit


def finish_leaving(session: Session, visit: Visit, by: Actor, *line_ids: int) -> None:
    """The visit ends; the named vehicles did not come."""
    do(session, visit, "visit.finish", by, not_done=list(line_ids), how="leave_over", reason="车辆外出")


def picture(session: Session, visit: Visit, by: Actor, line_id: int | None = None, *, kind: str = "work") -> None:
    """A real photo of the work."""
    kept = keep(session, photo(size=320), "image/jpeg", at=AT)
    do(session, visit, "photo", by, kind=kind, line=line_id, sha256=kept.sha256, width=320, height=240)


def sheets(session: Session, order: Order) -> list[Sheet]:
    """The order's sheets as the database has them."""
    session.expire_all()
    return list(session.scalars(sa.select(Sheet).where(Sheet.order_id == order.id).order_by(Sheet.line_id.asc().nulls_first())))


def versions(session: Session, sheet: Sheet) -> list[SheetVersion]:
    """A sheet's versions as the database has them."""
    query = sa.select(SheetVersion).where(SheetVersion.sheet_id == sheet.id).order_by(SheetVersion.version)
    return list(session.scalars(query.execution_options(populate_existing=True)))
