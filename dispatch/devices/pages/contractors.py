"""Contractors (外协): who has what until when, giving units and parts out, taking them back with a signature."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

from flask import render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from dispatch.clock import local_day, now
from dispatch.db import transaction
from dispatch.devices import contracting
from dispatch.devices.contractors import contractor, contractors, lent_to
from dispatch.devices.models import Holder
from dispatch.devices.page_forms import MOST_NUMBERS, read_ids, read_key, read_numbers, read_some_parts
from dispatch.devices.pages.acting import carry_out
from dispatch.devices.pages.blueprint import Answer, pages
from dispatch.devices.pages.stock import own_branch
from dispatch.devices.part_moves import field_of
from dispatch.devices.part_queries import parts_held
from dispatch.devices.queries import stores
from dispatch.errors import Invalid, Refusal
from dispatch.files.strokes import read_strokes
from dispatch.tabular.cells import read_date
from dispatch.typed import Typed, number_in
from dispatch.web.access import current, may
from dispatch.web.forms import Form
from dispatch.words import say


def today() -> date:
    """The reader's day: what should have come back before it is overdue."""
    return local_day(now(), current().zone)


@pages.get("/stock/contractors", endpoint="contractors")
@may("order.see")
def contractor_list() -> Answer:
    """The contractors of the branch with what they have."""
    return _list(Form())


def _list(form: Form, refusal: Refusal | None = None) -> Answer:
    with transaction() as db:
        page = render_template("devices/contractors.html", rows=contractors(db, own_branch()), on=today(), form=form)
    return (page, refusal.status) if refusal else page


@pages.post("/stock/contractors", endpoint="new_contractor")
@may("stock.change")
def new_contractor() -> Answer:
    """A contractor is put on record."""

    def add(db: Session, form: Form) -> str:
        contracting.new_contractor(db, form.text("name"), by=current(), at=now())
        return str(_("%(name)s is on record.", name=form.text("name")))

    return carry_out(add, to=url_for("devices.contractors"), again=_list)


@pages.get("/stock/contractors/<int:contractor_id>", endpoint="contractor")
@may("order.see")
def one_contractor(contractor_id: int) -> Answer:
    """What a contractor has, with boxes for what comes back."""
    return _page("devices/contractor.html", contractor_id, Form())


@pages.post("/stock/contractors/<int:contractor_id>", endpoint="contractor_back")
@may("stock.change")
def take_back(contractor_id: int) -> Answer:
    """What is ticked comes back into a store; the contractor signs for it."""

    def back(db: Session, form: Form) -> str:
        units, parts = read_ids(form.texts("units")), read_some_parts(form.values)
        count = contracting.take_back(db, contractor_id, units, parts=parts, **_said(db, contractor_id, form))
        if not count:
            return str(_("This was done already; nothing was moved twice."))
        return str(ngettext("%(num)d thing is back in the store.", "%(num)d things are back in the store.", count))

    to = url_for("devices.contractor", contractor_id=contractor_id)
    return carry_out(back, to=to, again=lambda form, refusal: _page("devices/contractor.html", contractor_id, form, refusal))


@pages.route("/stock/contractors/<int:contractor_id>/give", methods=["GET", "POST"], endpoint="contractor_give")
@may("stock.change")
def give(contractor_id: int) -> Answer:
    """Units go to a contractor until a day; he signs for them."""
    if request.method == "GET":
        return _page("devices/contractor_give.html", contractor_id, Form())

    def go(db: Session, form: Form) -> str:
        typed = Typed(form.values)
        due_on = typed.maybe("due_on", read_date)
        numbers, parts = read_numbers(form.text("numbers")), read_some_parts(form.values)
        if len(numbers) > MOST_NUMBERS:
            typed.errors["numbers"] = say("At most %(n)s numbers at a time, please.", n=MOST_NUMBERS)
        typed.check()
        count = contracting.give(db, contractor_id, numbers, parts=parts, due_on=due_on, **_said(db, contractor_id, form))
        if not count:
            return str(_("This was done already; nothing was moved twice."))
        name = contractor(db, contractor_id, current()).name
        return str(ngettext("%(num)d thing is with %(name)s now.", "%(num)d things are with %(name)s now.", count, name=name))

    to = url_for("devices.contractor", contractor_id=contractor_id)
    return carry_out(go, to=to, again=lambda form, refusal: _page("devices/contractor_give.html", contractor_id, form, refusal))


def _said(db: Session, contractor_id: int, form: Form) -> dict[str, Any]:
    """What both forms say: which store, who signs for the contractor and how, and the form's key."""
    wanted = number_in(form.text("store"))
    store = next((each for each in _rooms(db, contractor(db, contractor_id, current())) if each.id == wanted), None)
    if store is None:
        raise Invalid({"store": say("Choose a store.")})
    signed = contracting.Signed(form.text("signer"), read_strokes(form.text("points") or "[]"))
    return {"store": store, "signed": signed, "key": read_key(form.text("key")), "by": current(), "at": now()}


def _rooms(db: Session, outside: Holder) -> list[Holder]:
    return [store for store in stores(db, current()) if store.branch_id == outside.branch_id]


def _page(template: str, contractor_id: int, form: Form, refusal: Refusal | None = None) -> Answer:
    with transaction() as db:
        outside = contractor(db, contractor_id, current())
        rooms = _rooms(db, outside)
        chosen = next((room for room in rooms if str(room.id) == form.text("store")), rooms[0] if rooms else None)
        page = render_template(
            template,
            place=outside,
            rows=lent_to(db, outside),
            counted=parts_held(db, outside.id),
            held=parts_held(db, chosen.id) if chosen else [],
            field_of=field_of,
            rooms=[(store.id, store.name or "") for store in rooms],
            on=today(),
            form=form,
            refusal=refusal,
            problems=getattr(refusal, "problems", ()),
            key=form.text("key") or uuid.uuid4(),
        )
    return (page, refusal.status) if refusal else page
