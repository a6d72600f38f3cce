"""Taking a repair call: one page, saved in one step."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from flask import flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _
from markupsafe import Markup, escape
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from dispatch.clock import local_day, now
from dispatch.customers.queries import place_known
from dispatch.db import transaction
from dispatch.devices.queries import models
from dispatch.devices.rules import UNIT_WORDS
from dispatch.devices.slot_rules import ROLES
from dispatch.errors import NotFound, Refusal
from dispatch.fees.terms import Owing, owing
from dispatch.intake.doubts import Doubtful
from dispatch.intake.forms import colour_options, read_call
from dispatch.intake.help_forms import read_again
from dispatch.intake.known import Asked, Known, digits_of, known, similar_customers, warranty_of
from dispatch.intake.operations import end_call, join_again, note_phone_shown, take_call
from dispatch.intake.pages.blueprint import Answer, pages
from dispatch.intake.pages.silent import silent_fill
from dispatch.intake.queries import Found, found, help_of, upload
from dispatch.intake.remote_rules import CONSENTS
from dispatch.intake.rules import show_place
from dispatch.intake.stored_calls import call_texts
from dispatch.intake.wording import starting_field
from dispatch.orders.rules import CHANNEL_WORDS, SYMPTOMS, URGENCY_WORDS
from dispatch.tabular.cells import read_date, tidy_text
from dispatch.typed import Typed, number_in
from dispatch.web.access import current, may
from dispatch.web.forms import Form
from dispatch.web.locale import tr

MOST_WORDS, MOST_REASON = 60, 2000


@pages.get("/calls/new")
@may("order.take")
def call() -> Answer:
    """An empty call; with ?vehicle_id= or ?customer_id= filled with what is known, with ?upload=&row= with a list's row, with
    ?silence= with what a terminal that fell silent makes it about."""
    with transaction() as db:
        listed = _listed(db, number_in(request.args.get("upload", "")), number_in(request.args.get("row", "")))
        seen = _known(db, _asked(listed)) if listed else _shown(db, _asked(request.args))
        known_fill = seen.fill if seen and not listed else {}
        fill = {"request_key": str(uuid.uuid4()), **known_fill, **listed, **silent_fill(db), **_gone_on(db)}
        return _page(db, Form.of(fill), seen)


def _gone_on(db: Session) -> dict[str, str]:
    """With ?contact=: what remote help that did not help puts into the call that goes on with it."""
    contact_id = number_in(request.args.get("contact", ""))
    helped = help_of(db, contact_id, current()) if contact_id is not None else None
    if helped is None:
        return {}
    facts = {
        "contact": helped.caller,
        "phone": helped.phone,
        "symptom": helped.symptom,
        "symptom_text": helped.symptom_text or "",
    }
    before = " ".join(filter(None, (helped.diagnosis, helped.done)))
    return facts | {"contact_id": str(helped.contact_id), "diagnosis": before}


def _listed(db: Session, upload_id: int | None, row: int | None) -> dict[str, str]:
    """A row of a list of calls as the form's texts, with the key by which the list knows it again."""
    if upload_id is None or row is None:
        return {}
    seen = upload(db, upload_id, "calls", current())
    return call_texts(seen, row)


@pages.post("/calls/new")
@may("order.take")
def save_call() -> Answer:
    """Save the call and go to its order, or on to the next call."""
    form = Form.sent()
    try:
        with transaction() as db:
            sentence, where = _carry_out(db, form)
    except Refusal as refusal:
        with transaction() as db:
            return _page(db, form.refused(refusal), _known_again(db, form), refusal), refusal.status
    return _saved(escape(sentence), where, another=form.text("then") == "next")


def _carry_out(db: Session, form: Form) -> tuple[str, str]:
    """Join an order, end the matter by remote help, or take an order: what is said of it, and where it is to be seen."""
    texts, take_over = {name: form.text(name) for name in form.values}, form.text("take_over")
    join = form.text("join")
    if form.text("then") == "remote":
        helped = end_call(db, read_call(texts, visit=False), by=current(), at=now(), take_over=take_over)
        return _("Solved without a visit: the call is on record."), url_for("orders.contact", contact_id=helped.contact_id)
    if join not in ("", "new"):
        order = join_again(db, join, read_again(texts), by=current(), at=now())
        said = _("The call joined %(number)s, which is now: %(urgency)s.", number=join, urgency=tr(URGENCY_WORDS[order.urgency]))
        return said, url_for("orders.show", number=order.number)
    beside = form.text("beside").strip()[:MOST_REASON] if join == "new" else ""
    order = take_call(db, read_call(texts), by=current(), at=now(), take_over=take_over, beside=beside)
    return _("Order %(number)s is saved and waits for approval.", number=order.number), url_for(
        "orders.show", number=order.number
    )


def _saved(sentence: Markup, where: str, *, another: bool) -> Response:
    if another:
        flash(sentence + Markup(' <a href="{}">{}</a>').format(where, _("Open it")), "success")
        return redirect(url_for("intake.call"))
    flash(sentence + Markup(' <a href="{}">{}</a>').format(url_for("intake.call"), _("Take the next call")), "success")
    return redirect(where)


def _page(db: Session, form: Form, seen: Known | None, refusal: Refusal | None = None) -> str:
    return render_template(
        "intake/call.html",
        form=form,
        known=seen,
        owes=_owing(db, seen),
        confirms=refusal.confirms if isinstance(refusal, Doubtful) else {},
        roles=ROLES,
        symptoms=SYMPTOMS.values(),
        colours=colour_options(),
        channels=list(CHANNEL_WORDS.items()),
        urgencies=list(URGENCY_WORDS.items()),
        models=models(db),
        consents=list(CONSENTS.items()),
        today=_today(),
    )


def _today() -> Any:
    return local_day(now(), current().zone)


# --- who calls


def _owing(db: Session, seen: Known | None) -> Owing:
    """What the customer owes, and what of it beyond his terms."""
    return owing(db, seen.customer.id, now()) if seen else Owing()


@pages.get("/calls/find")
@may("order.take")
def find() -> str:
    """What a phone number, plate or name comes upon, as options to choose from."""
    words = _words("q")
    with transaction() as db:
        answer = found(db, words, current()) if len(words) > 1 else Found()
        shown = {"found": answer, "meant": answer.meant_by(words), "start": starting_field(words), "phone": digits_of(words)}
        return render_template("intake/found.html", q=words, unit_words=UNIT_WORDS, **shown)


@pages.get("/calls/known", endpoint="known")
@may("order.take")
def show_known() -> str:
    """What is known of a vehicle or customer, and (as data) what goes into the fields."""
    asked = _asked(request.args)
    with transaction() as db:
        seen = _shown(db, asked)
        alike = similar_customers(db, asked.customer, current()) if seen is None and asked.customer else []
        return render_template("intake/known.html", known=seen, roles=ROLES, owes=_owing(db, seen), alike=alike, today=_today())


@pages.get("/calls/warranty")
@may("order.take")
def warranty() -> str:
    """Whether a model bought on a day is still in warranty."""
    typed = Typed(request.args)
    bought, model = typed.maybe("purchased_on", read_date), typed.line("model")
    if bought is None:
        return ""
    with transaction() as db:
        return render_template("intake/warranty.html", warranty=warranty_of(db, {}, bought, model, current()), today=_today())


@pages.get("/calls/place")
@may("order.take")
def place() -> Response:
    """Where an address was the last time: {"place": "22.639, 113.811"}, "" when nobody knows."""
    with transaction() as db:
        site = place_known(db, _words("address", most=200), current())
        return jsonify(place=show_place(site.lat, site.lon) if site else "")


def _known_again(db: Session, form: Form) -> Known | None:
    """What stood beside the form when it was sent."""
    asked = {"vehicle_id": form.text("known_vehicle"), "customer_id": form.text("known_customer")}
    typed = {name: form.text(name) for name in ("plate", "colour", "customer")}
    try:
        return _known(db, _asked({name: text for name, text in asked.items() if text} or typed))
    except NotFound:
        return None


def _shown(db: Session, asked: Asked) -> Known | None:
    seen = _known(db, asked)
    if seen is not None:
        note_phone_shown(db, seen, by=current(), at=now())
    return seen


def _known(db: Session, asked: Asked) -> Known | None:
    return known(db, asked, current(), today=_today()) if asked != Asked() else None


def _asked(texts: Mapping[str, str]) -> Asked:
    typed = Typed(texts)
    return Asked(
        vehicle_id=number_in(typed.line("vehicle_id")),
        customer_id=number_in(typed.line("customer_id")),
        contact_id=number_in(typed.line("contact_id")),
        driver_id=number_in(typed.line("driver_id")),
        plate=typed.line("plate"),
        colour=typed.line("colour"),
        vin=typed.line("vin").upper(),
        customer=typed.line("customer"),
    )


def _words(name: str, *, most: int = MOST_WORDS) -> str:
    return " ".join(tidy_text(request.args.get(name, "")).split())[:most]
