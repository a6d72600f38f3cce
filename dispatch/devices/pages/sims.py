"""SIMs somebody has to see to: rebinding confirmed, contracts renewed."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from dispatch.clock import local_day, now
from dispatch.db import transaction
from dispatch.devices.operations import describe
from dispatch.devices.pages.blueprint import Answer, pages
from dispatch.devices.sim_life import renew
from dispatch.devices.sim_queries import CONCERNS, SIM_SORTS, sims_of_concern
from dispatch.errors import Invalid, Refusal
from dispatch.field.rebinding import confirm_binding
from dispatch.lists import Part
from dispatch.tabular.cells import read_date
from dispatch.typed import Typed
from dispatch.web.access import current, may
from dispatch.web.forms import Form
from dispatch.web.listing import Heads, Leaf, cut_asked
from dispatch.web.locale import tr

LIST = "devices.sims"


@pages.get("/stock/sims")
@may("customer.see")
def sims() -> str:
    """Those of one concern, the first that has any if none is chosen."""
    return _page(Form())


def _page(form: Form, asked: int | None = None) -> str:
    cut = cut_asked(SIM_SORTS, "expires")
    with transaction() as db:
        today = local_day(now(), current().zone)
        page = sims_of_concern(db, request.args.get("concern"), current(), today=today, cut=cut)
        leaf = Leaf.of(Part(page.rows, cut.number, page.counts[page.concern]), LIST)
        chips = [_chip(code, page.counts[code], page.concern) for code in CONCERNS]
        shown = {"page": page, "word": CONCERNS[page.concern], "chips": chips, "today": today}
        shown |= {"pager": leaf, "sort": Heads(cut.sort, LIST)}
        return render_template("devices/sims.html", **shown, form=form, asked=asked, describe=describe)


def _chip(code: str, count: int, chosen: str) -> dict[str, object]:
    return {"label": tr(CONCERNS[code]), "url": url_for("devices.sims", concern=code), "count": count, "active": code == chosen}


@pages.post("/stock/sims/<int:unit_id>/bound")
@may("stock.change")
def bound(unit_id: int) -> Answer:
    """The carrier has bound it to the terminal beside it."""
    form = Form.sent()
    try:
        with transaction() as db:
            confirm_binding(db, unit_id, imei=form.text("imei"), by=current(), at=now())
    except Refusal as refusal:
        return _page(form.refused(refusal), unit_id), refusal.status
    flash(_("The binding is confirmed."), "success")
    return redirect(_back())


@pages.post("/stock/sims/<int:unit_id>/renew")
@may("stock.change")
def renewed(unit_id: int) -> Answer:
    """The carrier has prolonged it."""
    form = Form.sent()
    try:
        typed = Typed(form.values)
        until = typed.maybe("until", read_date)
        if until is None:
            typed.needed("until")
            raise Invalid(typed.errors)
        with transaction() as db:
            renew(db, unit_id, until=until, by=current(), at=now())
    except Refusal as refusal:
        return _page(form.refused(refusal), unit_id), refusal.status
    flash(_("Renewed until %(day)s.", day=until.isoformat()), "success")
    return redirect(_back())


def _back() -> str:
    return url_for("devices.sims", concern=request.args.get("concern"), page=request.args.get("page"))
