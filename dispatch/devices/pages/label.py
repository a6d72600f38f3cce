"""The label that is stuck on a unit that came out of a vehicle (P6): 58 x 40 mm, for the label printer."""

from __future__ import annotations

import io
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import send_file
from werkzeug.wrappers import Response

from dispatch.audit.rules import canonical
from dispatch.clock import now
from dispatch.customers.rules import show_plate
from dispatch.db import transaction
from dispatch.devices.bench_models import UnitReturn
from dispatch.devices.bench_queries import carried_return
from dispatch.devices.bench_rules import FOUND_FAULTY
from dispatch.devices.pages.blueprint import pages
from dispatch.orders.rules import SYMPTOMS
from dispatch.orders.ties import order_numbers
from dispatch.sheets import wording
from dispatch.sheets.drawing import qr_svg
from dispatch.sheets.gateway import missing_glyphs
from dispatch.sheets.making import make_pdf
from dispatch.sheets.printing import templates
from dispatch.staff.models import Branch
from dispatch.web.access import current, may
from dispatch.words import say

TITLE = say("Return for repair")
NOT_FITTED = say("Not from a vehicle")
UNPRINTABLE = "〓"
"""Stands for a sign that our fonts lack; the JSON inside has it."""
LONG_PLATE = 9
"""A plate of more characters than this is set smaller, so that it stays on one line."""


@pages.get("/bench/<int:return_id>/label.pdf", endpoint="bench_label")
@may("bench.see", "bag.hand_over")
def bench_label(return_id: int) -> Response:
    """The label of a return: for the office, and for whoever carries the unit."""
    with transaction() as db:
        case = carried_return(db, return_id, current())
        zone = db.get_one(Branch, case.branch_id).zone
        number = order_numbers(db, {case.order_id}, current()).get(case.order_id) if case.order_id else None
        facts = label_facts(case, number, ZoneInfo(zone))
    pdf = label_pdf(facts, created=case.opened_at, at=now())
    return send_file(io.BytesIO(pdf), mimetype="application/pdf", download_name=f"{facts['number']}.pdf")


def label_facts(case: UnitReturn, order_number: str | None, zone: ZoneInfo) -> dict[str, Any]:
    """What the label says, as plain JSON."""
    unit = case.unit
    symptom = SYMPTOMS.get(case.symptom or "")
    words = symptom.words if symptom else FOUND_FAULTY.get(case.symptom or "")
    return {
        "format": "gps-dispatch/return/1",
        "number": unit.number,
        "model": unit.terminal.model if unit.terminal else unit.tool.name if unit.tool else "SIM",
        "plate": _origin(case),
        "symptom": wording.in_chinese(words) if words else None,
        "symptom_text": case.symptom_text,
        "taken_out": case.opened_at.astimezone(zone).date().isoformat(),
        "by": case.opened_by_name,
        "order": order_number,
    }


def _origin(case: UnitReturn) -> str:
    """The plate or VIN of the vehicle that it came out of; for what was in none that it was not."""
    if case.vehicle is None:
        return wording.in_chinese(NOT_FITTED)
    return show_plate(case.plate) if case.plate else f"VIN …{(case.vehicle.vin or '')[-6:]}"


def label_pdf(facts: dict[str, Any], *, created: datetime, at: datetime) -> bytes:
    """The label as PDF. Raises SheetFailed when this machine cannot make any."""
    title = f"{wording.in_chinese(TITLE)} {facts['number']}"
    page = templates().get_template("devices/label.html")
    texts = {name: _printable(text) if isinstance(text, str) else text for name, text in facts.items()}
    shown = {"title": title, "qr": qr_svg(facts["number"]), "long_plate": len(facts["plate"]) > LONG_PLATE}
    inside = ("return.json", canonical(facts))
    return make_pdf(
        page.render(**texts, **shown), title=title, language="zh-CN", created=created, attachment=inside, reason=title, at=at
    )


def _printable(text: str) -> str:
    return text.translate({ord(sign): UNPRINTABLE for sign in missing_glyphs(text)})
