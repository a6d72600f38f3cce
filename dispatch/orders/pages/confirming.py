"""The customer's link: what was done, masked, and two buttons. Looking answers nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from dispatch.approvals.operations.tries import check_tries, note_wrong
from dispatch.clock import now
from dispatch.customers.masking import mask_customer, mask_vehicle
from dispatch.db import transaction
from dispatch.errors import NotFound, Refusal
from dispatch.orders.contact_models import ContactLink, OwnedContact
from dispatch.orders.contact_rules import ANSWERS, UNKNOWN, why_not_use
from dispatch.orders.models import Order
from dispatch.orders.operations.confirming import answer_by_link, contact_link, facts_of_contact_link
from dispatch.orders.pages.blueprint import pages
from dispatch.orders.pages.showing import sentence_of
from dispatch.orders.rules import KIND_WORDS, SYMPTOMS
from dispatch.typed import number_in
from dispatch.web.access import current, public
from dispatch.web.forms import Form
from dispatch.web.login import settings
from dispatch.words import Text

MOST_SAID = 1000


@pages.get("/confirm/<token>")
@public
def confirm_by_link(token: str) -> tuple[str, int]:
    """What the customer is asked, as long as his link is good."""
    return _opened(token)


def _opened(token: str, refused: Refusal | None = None, form: Form | None = None) -> tuple[str, int]:
    with transaction() as db:
        link = None if _is_barred(db) else contact_link(db, token)
        if link is not None:
            no = why_not_use(facts_of_contact_link(link, _of_ours()), now())
            shown = {"refused": refused and sentence_of(refused), "form": form, "no": no}
            page = render_template("orders/confirm.html", **_masked(link), **shown)
            return page, refused.status if refused else 200
    return _nowhere()


def _of_ours() -> str | None:
    """The name of whoever is signed in where the link was opened."""
    return current().name if current().id is not None else None


def _masked(link: ContactLink) -> dict[str, Any]:
    """What a stranger may read: enough to know one's own matter by."""
    contact = link.contact
    order = contact.order
    return {
        "link": link,
        "customer": mask_customer(contact.customer.name),
        "number": order.number if order else None,
        "kind": KIND_WORDS[order.kind] if order else None,
        "symptom": SYMPTOMS[order.symptom].words if order and order.symptom else None,
        "vehicles": _vehicles(contact, order),
    }


def _vehicles(contact: OwnedContact, order: Order | None) -> list[dict[str, Any]]:
    if order is None:
        vehicle = contact.vehicle
        return [{"name": mask_vehicle(vehicle.plate, vehicle.vin), "status": "done", "position": 1}] if vehicle else []
    lines = [(line, mask_vehicle(line.vehicle.plate, line.vehicle.vin)) for line in order.lines]
    return [{"name": name, "status": line.status, "position": line.position} for line, name in lines]


def _is_barred(db: Session) -> bool:
    """Too many wrong links came from where the reader is."""
    try:
        check_tries(db, **_from_where())
    except Refusal:
        return True
    return False


def _from_where() -> dict[str, Any]:
    limits = settings()
    window = timedelta(minutes=limits.login_window_minutes)
    return {"address": request.remote_addr or "", "at": now(), "most": limits.login_attempts, "window": window}


def _nowhere() -> tuple[str, int]:
    """An unknown link: counted, and after too many of them nothing is looked up any more."""
    sentence: Text = UNKNOWN
    status = 404
    try:
        with transaction() as db:
            check_tries(db, **_from_where())
            note_wrong(db, address=request.remote_addr or "", at=now())
    except Refusal as refusal:
        sentence, status = refusal.text, 429
    return render_template("orders/confirm.html", link=None, no=sentence, refused=None, form=None), status


@pages.post("/confirm/<token>")
@public
def answer_link(token: str) -> Response | tuple[str, int]:
    """The customer's answer: solved, or not."""
    form = Form.sent()
    answer, words = form.text("answer"), form.text("reason")[:MOST_SAID]
    positions = [number for text in form.texts("vehicles") if (number := number_in(text))]
    try:
        with transaction() as db:
            if _is_barred(db) or answer not in ANSWERS:
                raise NotFound
            solved, ours = answer == "solved", _of_ours()
            answer_by_link(db, token, solved=solved, words=words, positions=positions, at=now(), signed_in=ours)
    except NotFound:
        return _nowhere()
    except Refusal as refusal:
        return _opened(token, refusal, form.refused(refusal))
    return redirect(url_for("orders.confirm_by_link", token=token))
