"""Every page of the product, with addresses out of the demonstration company at two in the afternoon."""

from __future__ import annotations

import uuid
from datetime import timedelta
from urllib.parse import urlencode

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from dispatch.clock import local_day, now
from dispatch.db import transaction
from dispatch.intake.models import Upload
from dispatch.orders.models import Order, Visit
from tests.browser.invoice_sights import invoice_pages
from tests.browser.money_sights import money_pages
from tests.browser.order_sights import contact_pages, order_pages, site_pages
from tests.browser.outside_sights import outside_pages
from tests.browser.phone_sights import phone_pages
from tests.browser.plain_sights import plain_pages
from tests.browser.planning_sights import planning_pages
from tests.browser.quote_sights import quote_pages
from tests.browser.sight import Sight, first
from tests.browser.staging import (
    act_on_several,
    issue_a_sheet,
    make_a_draft,
    make_it_large,
    send_files,
    send_large_files,
    send_statements,
    send_what_fits_nothing,
    signed_in,
)
from tests.browser.stock_sights import bench_pages, stock_pages


def sights(app: Flask, zone: str) -> dict[str, Sight]:
    """Every page worth a look, by a name that reads well in a report."""
    client = signed_in(app, "wang")
    send_files(client)
    send_large_files(client)
    send_statements(signed_in(app, "qian"))
    draft = make_a_draft(client)
    send_what_fits_nothing(signed_in(app, "su"))
    large = _large(*make_it_large())
    boxes, told = act_on_several(signed_in(app, "lin"))
    issued, asked = issue_a_sheet()
    with transaction() as session:
        found = stock_pages(session) | order_pages(session) | site_pages(session) | _board(session, zone) | _upload(session)
        found |= money_pages(session) | bench_pages(session) | contact_pages(session)
        found |= {name: Sight(*page) for name, page in _of_others(session).items()} | planning_pages(session, zone)
        phone = {name: Sight(*page, "su") for name, page in phone_pages(session).items()}
    codes = {"behind a sheet's code": issued, "behind the code of a sheet that is being made": asked}
    shown = {name: Sight("sheets.shown", f"/s/{token}?v=1", "") for name, token in codes.items()}
    found |= _several(boxes) | {"orders, what was done to several": Sight("orders.index", told, "lin")}
    return plain_pages() | found | phone | shown | large | {"words of a draft": Sight("orders.words", f"/orders/{draft}/words")}


def _large(number: str, visit_id: int, whose: str) -> dict[str, Sight]:
    """An order with more vehicles than fit on a page, in its parts."""
    order, vehicles = f"/orders/{number}", f"/my-day/visits/{visit_id}/vehicles"
    return {
        "a large order": Sight("orders.show", order),
        "a large order, its last vehicles by plate": Sight("orders.show", f"{order}?sort=-vehicle&page=2", "lin"),
        "a large order, none found": Sight("orders.show", f"{order}?q=zzzzzz", "lin"),
        "a large order, work on site": Sight("field.on_site", f"{order}/on-site?page=2"),
        "a large order, its sheets": Sight("sheets.of_order", f"{order}/sheets"),
        "vehicles of a large order on the phone": Sight("field.vehicles", vehicles, whose),
        "vehicles of a large order on the phone, none found": Sight("field.vehicles", f"{vehicles}?q=zzzzzz", whose),
    }


def _several(boxes: list[str]) -> dict[str, Sight]:
    """What is asked before an act on several orders."""
    chosen = urlencode([("ids", box) for box in boxes] + [("key", str(uuid.uuid4())), ("back", "sort=oldest")])
    asked = {kind: f"/orders/many/{kind}?{chosen}" for kind in ("approve", "wait", "offer", "take_off")}
    who = {"approve": "wang"}
    return {f"several orders, {kind}": Sight("orders.bulk_ask", path, who.get(kind, "lin")) for kind, path in asked.items()}


def _of_others(session: Session) -> dict[str, tuple[str, str, str]]:
    """Sights that have a file of their own."""
    return outside_pages(session) | invoice_pages(session) | quote_pages(session)


def _board(session: Session, zone: str) -> dict[str, Sight]:
    today = local_day(now(), zone)
    waiting = sa.select(Order.number).where(Order.status == "approved").order_by(Order.number)
    big = first(session, waiting.where(Order.kind == "installation"))
    planned = first(session, sa.select(Visit.id).where(Visit.status == "planned"))
    gone = first(session, sa.select(Visit.id).where(Visit.status == "on_site"))
    day = timedelta(days=1)
    return {
        "the picking list": Sight("board.plan_picking", "/plan/picking"),
        "today": Sight("board.plan", "/plan"),
        "today, somebody lent": Sight("board.plan", "/plan", "feng"),
        "what has happened": Sight("board.happened", "/plan/happened"),
        "tomorrow": Sight("board.plan", f"/plan?day={today + day}"),
        "yesterday": Sight("board.plan", f"/plan?day={today - day}"),
        "a day long gone": Sight("board.plan", f"/plan?day={today - 300 * day}"),
        "assigning one": Sight("board.assign", f"/plan/orders/{first(session, waiting.where(Order.kind == 'repair'))}/assign"),
        "who can take it now": Sight("board.urgent", f"/plan/orders/{first(session, waiting.where(Order.kind == 'repair'))}/now"),
        "offering a time": Sight("board.times", f"/plan/orders/{first(session, waiting.where(Order.kind == 'repair'))}/times"),
        "offering a time before approval": Sight("board.times", f"/plan/orders/{_unapproved(session)}/times", "lin"),
        "assigning many": Sight("board.assign", f"/plan/orders/{big}/assign"),
        "a planned visit": Sight("board.visit", f"/plan/visits/{planned}"),
        "a visit under way": Sight("board.visit", f"/plan/visits/{gone}"),
    }


def _unapproved(session: Session) -> object:
    taken = sa.select(Order.number).where(Order.status == "awaiting_approval", Order.kind == "repair").order_by(Order.number)
    return first(session, taken)


def _upload(session: Session) -> dict[str, Sight]:
    shown = {}
    for upload in session.scalars(sa.select(Upload)):
        start = {"request": ("intake.request_preview", "/requests"), "calls": ("intake.calls_preview", "/calls/import")}
        endpoint, path = start.get(upload.purpose, ("imports.preview", f"/import/{upload.purpose}"))
        shown[f"checking {upload.file_name}"] = Sight(endpoint, f"{path}/{upload.id}")
    return shown
