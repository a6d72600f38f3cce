"""Looking back: which SIM was in which terminal in which vehicle at a moment."""

from __future__ import annotations

from flask import render_template, request

from dispatch.clock import now
from dispatch.db import transaction
from dispatch.devices.looking_back import look_back, read_asked
from dispatch.devices.operations import describe
from dispatch.devices.pages.blueprint import Answer, pages
from dispatch.errors import Invalid
from dispatch.orders.ties import order_numbers
from dispatch.web.access import current, may
from dispatch.web.forms import Form


@pages.get("/stock/past")
@may("customer.see")
def past() -> Answer:
    """Asks for a number and a moment, and answers below."""
    form = Form.of(request.args.to_dict())
    if not form.text("number"):
        return render_template("devices/past.html", form=form, seen=None)
    try:
        asked = read_asked(form.values, zone=current().zone, at=now())
        with transaction() as db:
            seen = look_back(db, asked, by=current())
            numbers = order_numbers(db, {stay.order_id for stay in seen.stays if stay.order_id}, current())
            return render_template("devices/past.html", form=form, asked=asked, seen=seen, numbers=numbers, describe=describe)
    except Invalid as refusal:
        return render_template("devices/past.html", form=form.refused(refusal), seen=None), refusal.status
