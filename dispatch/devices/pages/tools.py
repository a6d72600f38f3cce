"""Tools: the list with what is due, taking one into stock, and noting a calibration on its own page."""

from __future__ import annotations

from datetime import date

from flask import render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from dispatch.clock import local_day, now
from dispatch.db import transaction
from dispatch.devices.operations import describe
from dispatch.devices.page_forms import read_key
from dispatch.devices.pages.acting import carry_out
from dispatch.devices.pages.blueprint import Answer, pages
from dispatch.devices.pages.life import life_page
from dispatch.devices.pages.stock import branch_stores, chosen_store
from dispatch.devices.rules import read_tool_number
from dispatch.devices.tool_rules import STATES
from dispatch.devices.tooling import Calibrated, NewTool, calibrate, receive_tool
from dispatch.devices.tools import TOOL_SORTS, tool_counts, tools
from dispatch.errors import Refusal
from dispatch.lists import Part
from dispatch.tabular.cells import read_date
from dispatch.typed import Typed, number_in
from dispatch.web.access import current, may
from dispatch.web.forms import Form
from dispatch.web.listing import Heads, Leaf, cut_asked
from dispatch.web.locale import tr
from dispatch.web.login import settings
from dispatch.words import say

STATE_WORDS = {
    "over": say("Calibration is over"),
    "soon": say("Due soon"),
    "holds": say("Calibrated"),
    "without": say("Needs no calibration"),
}


@pages.get("/stock/tools", endpoint="tools")
@may("order.see")
def tool_list() -> Answer:
    """The tools of the branch, what is due first."""
    return _list(Form.of({}))


def _list(form: Form, refusal: Refusal | None = None) -> Answer:
    chosen = request.args.get("state") if request.args.get("state") in STATES else None
    cut = cut_asked(TOOL_SORTS, "until")
    when = {"on": today(), "soon_days": settings().due_soon_days}
    with transaction() as db:
        counts = tool_counts(db, current(), **when)  # type: ignore[arg-type]
        found = tools(db, current(), **when, state=chosen, cut=cut)  # type: ignore[arg-type]
        page = render_template(
            "devices/tools.html",
            found=found,
            chips=[_chip(state, counts[state], state == chosen) for state in (None, *STATES)],
            chosen=chosen,
            page=Leaf.of(Part(found, cut.number, counts[chosen]), "devices.tools"),
            sort=Heads(cut.sort, "devices.tools"),
            rooms=[(room.id, room.name or "") for room in branch_stores(db)] if current().may("stock.change") else [],
            form=form,
            describe=describe,
            **when,
        )
    return (page, refusal.status) if refusal else page


def today() -> date:
    """The reader's day."""
    return local_day(now(), current().zone)


def _chip(state: str | None, count: int, active: bool) -> dict[str, object]:
    word = tr(STATE_WORDS[state]) if state else _("All")
    return {"label": word, "count": count, "active": active, "url": url_for("devices.tools", state=state)}


@pages.post("/stock/tools", endpoint="new_tool")
@may("stock.change")
def new_tool() -> Answer:
    """A tool comes into a store."""

    def take(db: Session, form: Form) -> str:
        typed = Typed(form.values)
        new = NewTool(
            serial=typed.need("serial", read_tool_number, ""),
            name=typed.needed("name"),
            valid_until=typed.maybe("valid_until", read_date),
        )
        typed.check()
        receive_tool(db, new, store=chosen_store(db, number_in(form.text("store")) or 0), by=current(), at=now())
        return str(_("%(tool)s is in stock.", tool=f"{new.name} {new.serial}"))

    return carry_out(take, to=url_for("devices.tools"), again=_list)


@pages.post("/units/<int:unit_id>/calibrated", endpoint="calibrated")
@may("stock.change")
def calibrated(unit_id: int) -> Answer:
    """A tool came back from the laboratory."""

    def note(db: Session, form: Form) -> str:
        typed = Typed(form.values)
        done = Calibrated(
            done_on=typed.need("done_on", read_date, today()),
            valid_until=typed.need("valid_until", read_date, today()),
            certificate=form.text("certificate"),
            key=read_key(form.text("key")),
        )
        typed.check()
        tool = calibrate(db, unit_id, done, by=current(), at=now())
        return str(_("Good until %(day)s.", day=tool.valid_until and tool.valid_until.isoformat()))

    to = url_for("devices.unit", unit_id=unit_id)
    return carry_out(note, to=to, again=lambda form, refusal: life_page(unit_id, form, refusal))
