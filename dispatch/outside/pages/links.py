"""A contractor's link: the PIN, the order with what could name the customer masked, yes with a time and a price, or no."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import g, redirect, render_template, url_for
from sqlalchemy.orm import Session

from dispatch.clock import now
from dispatch.db import transaction
from dispatch.devices.contractor_workers import actor_of_worker
from dispatch.errors import NotFound, Refusal
from dispatch.fees.ledger_queries import receipts_in_hand
from dispatch.fees.models import Receipt
from dispatch.fees.operations import hand_in
from dispatch.orders.pages.barring import is_barred, told_wrong
from dispatch.orders.rules import KIND_WORDS, SYMPTOMS, URGENCY_WORDS
from dispatch.outside.forms import read_acceptance
from dispatch.outside.models import OutsideOffer
from dispatch.outside.operations.answering import accept, decline, try_pin
from dispatch.outside.pages.blueprint import Answer, pages
from dispatch.outside.pages.guests import opened, remember
from dispatch.outside.queries import facts_of_offer, job_of, offer_behind, was_replaced
from dispatch.outside.rules import (
    MOST_TRIES,
    NOTHING_LEFT,
    PIN_DIGITS,
    REPLACED,
    UNKNOWN,
    masked_address,
    masked_name,
    masked_plate,
    why_not_open,
    why_not_work,
)
from dispatch.web.access import NOBODY, current, public
from dispatch.web.forms import Form
from dispatch.words import Text

MASKS = {"masked_name": masked_name, "masked_address": masked_address, "masked_plate": masked_plate}
ON_THE_WAY = timedelta(minutes=30)
"""So much later than he could begin he is there, unless he says another time."""
WORDS = {"kind_words": KIND_WORDS, "urgency_words": URGENCY_WORDS, "symptoms": SYMPTOMS}


@pages.get("/c/<token>")
@public
def link(token: str) -> Answer:
    """What the link is good for now; what it is about only after the PIN."""
    return _page(token)


def _page(token: str, form: Form | None = None, refusal: Refusal | None = None) -> Answer:
    with transaction() as db:
        offer = None if is_barred(db) else offer_behind(db, token)
        if offer is not None:
            page = render_template("outside/link.html", **_shown(db, offer, token), form=form or Form())
            return page, refusal.status if refusal else 200
        replaced = not is_barred(db) and was_replaced(db, token)
    return (_says(REPLACED), 200) if replaced else _nowhere()


def _shown(db: Session, offer: OutsideOffer, token: str) -> dict[str, Any]:
    order, at = offer.request.order, now()
    begins = max(at, offer.request.starts_at)
    signed_in = current().name if current().id is not None else None
    no = why_not_open(facts_of_offer(db, offer, signed_in=signed_in), at)
    job = job_of(db, offer) if no is None and offer.accepted_at is None else None
    no = NOTHING_LEFT if job is not None and not job.lines else no
    inside = no is None and token in opened()
    g.actor = replace(NOBODY, zone=order.branch.zone) if signed_in is None else current()
    return {
        "offer": offer,
        "token": token,
        "no": no,
        "inside": inside,
        "job": job if inside else None,
        "order": order if inside else None,
        "from_when": begins,
        "usual": (begins + ON_THE_WAY).astimezone(ZoneInfo(order.branch.zone)).strftime("%Y-%m-%dT%H:%M"),
        "cash": _cash(db, offer) if inside else [],
        "digits": PIN_DIGITS,
        "tries": MOST_TRIES - offer.wrong_pins,
        **MASKS,
        **WORDS,
    }


def _cash(db: Session, offer: OutsideOffer) -> list[Receipt]:
    """What the customer paid in cash, and the worker still has."""
    return [one for one in receipts_in_hand(db, offer.worker_id or 0) if one.order_id == offer.order_id]


def _nowhere() -> tuple[str, int]:
    """An unknown link: counted like a wrong password."""
    sentence, status = told_wrong(UNKNOWN)
    return _says(sentence), status


def _says(sentence: Text) -> str:
    """A page with this sentence, and nothing of any order."""
    shown = {"offer": None, "no": sentence, "inside": False, "order": None, "job": None, "form": Form()}
    return render_template("outside/link.html", **shown)


@pages.post("/c/<token>/pin")
@public
def open_link(token: str) -> Answer:
    """The PIN that came by another way than the link."""
    form = Form.sent()
    signed_in = current().name if current().id is not None else None
    try:
        with transaction() as db:
            if is_barred(db):
                raise NotFound
            # A wrong PIN is counted, so this transaction ends well whatever was typed.
            wrong = try_pin(db, token, form.text("pin"), signed_in=signed_in, at=now())
    except NotFound:
        return _nowhere()
    if wrong is None:
        remember(token)
        return redirect(url_for("outside.link", token=token), 303)
    form.errors = {"pin": wrong}
    page = _page(token, form)
    return (page[0], 422) if isinstance(page, tuple) and page[1] == 200 else page


@pages.post("/c/<token>/accept")
@public
def accept_by_link(token: str) -> Answer:
    """Yes: who comes, when and for how much."""

    with transaction() as db:
        offer = offer_behind(db, token)
        zone = offer.request.order.branch.zone if offer else NOBODY.zone
    return _answer(token, lambda db, form: accept(db, token, read_acceptance(form.values, zone=zone, at=now()), at=now()))


@pages.post("/c/<token>/decline")
@public
def decline_by_link(token: str) -> Answer:
    """No, with a reason."""
    return _answer(token, lambda db, form: decline(db, token, reason=form.text("reason")[:1000], at=now()))


@pages.post("/c/<token>/hand-in")
@public
def hand_in_by_link(token: str) -> Answer:
    """The worker hands in the customer's cash; finance counts it and confirms."""

    def declare(db: Session, form: Form) -> None:
        offer = offer_behind(db, token)
        if offer is None or offer.worker is None or why_not_work(facts_of_offer(db, offer), now()) is not None:
            raise NotFound
        by = actor_of_worker(offer.worker, offer.request.order.branch)
        hand_in(db, [one.id for one in _cash(db, offer)], by=by, at=now())

    return _answer(token, declare)


def _answer(token: str, say_it: Callable[[Session, Form], object]) -> Answer:
    """Carry out a yes or no, which only whoever has given the PIN can say."""
    form = Form.sent()
    if token not in opened() or current().id is not None:
        return redirect(url_for("outside.link", token=token), 303)
    try:
        with transaction() as db:
            if is_barred(db):
                raise NotFound
            say_it(db, form)
    except NotFound:
        return _nowhere()
    except Refusal as refusal:
        return _page(token, form.refused(refusal), refusal)
    return redirect(url_for("outside.link", token=token), 303)
