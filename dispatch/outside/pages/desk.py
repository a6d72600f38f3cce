"""An order for which nobody is free: asking for help, deciding it, offering it, taking it back, accepting the work, settling."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import flash, redirect, render_template, url_for
from sqlalchemy.orm import Session

from dispatch.clock import now
from dispatch.db import transaction
from dispatch.errors import NotFound, Refusal
from dispatch.orders.models import Order
from dispatch.orders.queries import order_id_of
from dispatch.orders.rules import reason_words
from dispatch.outside.forms import read_amount, read_hours, read_wanted
from dispatch.outside.operations import asking, checking, ending, offering
from dispatch.outside.pages.blueprint import Answer, pages
from dispatch.outside.presenting import Asked, asked_of
from dispatch.outside.queries import (
    DECIDES,
    colleagues,
    contractors_of,
    offer_of,
    order_seen,
    request_of,
    requests_of,
    standing_offer,
    waiting_lines,
)
from dispatch.outside.rules import WHOM
from dispatch.typed import key_in, number_in
from dispatch.web.access import allowed, current, may
from dispatch.web.forms import Form
from dispatch.web.locale import tr
from dispatch.web.login import settings
from dispatch.words import Text, say

Act = Callable[[Session, Form], Text]
MOST_HOURS = 168
USUAL = timedelta(hours=4)
"""Within this time somebody should be there, unless another is typed."""


@pages.get("/orders/<number>/outside")
@may("outside.see")
def order(number: str) -> Answer:
    """All that was asked of others for an order, and what can be done about it now."""
    return _page(number)


def _page(number: str, form: Form | None = None, refusal: Refusal | None = None, made: Sequence[Any] = ()) -> Answer:
    with transaction() as db:
        found = order_seen(db, number, current())
        asked = [asked_of(one, now()) for one in requests_of(db, found.id)]
        shown = {
            "order": found,
            "asked": asked,
            "form": form or Form(),
            "made": made,
            "base": settings().base_url,
            "reason_words": reason_words,
            "may_decide": allowed(DECIDES) or (found.branch_id, DECIDES) in current().places,
            **_to_ask(db, found, asked),
            **_to_offer(db, found, asked),
        }
        page = render_template("outside/order.html", **shown)
    return (page, refusal.status) if refusal else page


def _to_ask(db: Session, found: Order, asked: Sequence[Asked]) -> dict[str, Any]:
    """What the form that asks needs; why there is none."""
    open_ = any(one.stage in ("to_decide", "to_offer", "offered", "accepted", "to_check") for one in asked)
    lines = () if open_ or not found.approved else waiting_lines(db, found.id)
    if not allowed("outside.ask") or not lines or standing_offer(db, found.id):
        return {"may_ask": False}
    at, zone = now(), ZoneInfo(current().zone)
    own = settings()
    each = own.repair_minutes if found.kind == "repair" else own.install_minutes
    return {
        "may_ask": True,
        "key": uuid.uuid4(),
        "whom": list(WHOM.items()),
        "people": [(one.id, f"{one.name} · {one.branch.name}") for one in colleagues(db, found.branch_id)],
        "minutes": min(own.setup_minutes + each * len(lines), int(asking.LONGEST.total_seconds() // 60)),
        "starts": _typed(at, zone),
        "until": _typed(at + USUAL, zone),
    }


def _typed(moment: datetime, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).strftime("%Y-%m-%dT%H:%M")


def _to_offer(db: Session, found: Order, asked: Sequence[Asked]) -> dict[str, Any]:
    open_ = next((one for one in asked if one.stage in ("to_offer", "offered", "back")), None)
    if open_ is None or not allowed("outside.ask") or open_.request.until <= now():
        return {"to_offer": None}
    choices = [(one.id, one.name or "") for one in contractors_of(db, found.branch_id)]
    return {"to_offer": open_.request.id, "contractors": choices, "hours": settings().outside_offer_hours}


def _do(number: str, act: Act, *, reason: str = "reason") -> Answer:
    """Carry it out in one transaction and lead back to the order's page, where a refusal is told with all that was typed.

    `reason` is the name of the form's own field for a reason.
    """
    form = Form.sent()
    try:
        with transaction() as db:
            told = act(db, form)
    except NotFound:
        raise
    except Refusal as refusal:
        form.refused(refusal)
        form.errors = {reason if name == "reason" else name: text for name, text in form.errors.items()}
        return _page(number, form, refusal)
    flash(tr(told), "success")
    return redirect(url_for("outside.order", number=number), 303)


def _number_of_request(request_id: int) -> str:
    with transaction() as db:
        return request_of(db, request_id, current()).order.number


def _number_of_offer(offer_id: int) -> str:
    with transaction() as db:
        return offer_of(db, offer_id, current()).request.order.number


@pages.post("/orders/<number>/outside")
@may("outside.ask")
def ask(number: str) -> Answer:
    """Nobody is free: ask for a contractor, or a colleague of another branch."""

    def act(db: Session, form: Form) -> Text:
        key = key_in(form.text("key"))
        if key is None:
            raise NotFound
        wanted = read_wanted(form.values, key=key, zone=current().zone, at=now())
        asking.ask(db, order_id_of(db, number, current()), wanted, by=current(), at=now())
        return say("Asked. A manager decides.")

    return _do(number, act)


@pages.post("/outside/requests/<int:request_id>/decision")
@may("order.decide", "outside.ask")
def decide(request_id: int) -> Answer:
    """The manager's yes or no, or that it is not needed any more."""

    def act(db: Session, form: Form) -> Text:
        wanted = form.text("decision")
        if wanted not in ("approve", "reject", "withdraw"):
            raise NotFound
        if wanted == "withdraw":
            asking.withdraw(db, request_id, by=current(), at=now())
            return say("Withdrawn. Nobody from outside is asked.")
        asking.decide(db, request_id, yes=wanted == "approve", reason=form.text("why_not")[:1000], by=current(), at=now())
        return say("Approved.") if wanted == "approve" else say("Refused.")

    return _do(_number_of_request(request_id), act, reason="why_not")


@pages.post("/outside/requests/<int:request_id>/offers")
@may("outside.ask")
def make_offers(request_id: int) -> Answer:
    """Make a link and a PIN for each contractor that was ticked, and show them, this once."""
    number, form = _number_of_request(request_id), Form.sent()
    try:
        with transaction() as db:
            lasts = timedelta(hours=read_hours(form.values, most=MOST_HOURS))
            chosen = [one for text in form.texts("contractors") if (one := number_in(text)) is not None]
            made = offering.make_offers(db, request_id, chosen, lasts=lasts, by=current(), at=now())
            shown = [(one.offer.contractor.name, url_for("outside.link", token=one.token), one.pin) for one in made]
    except NotFound:
        raise
    except Refusal as refusal:
        return _page(number, form.refused(refusal), refusal)
    return _page(number, made=shown)


@pages.post("/outside/offers/<int:offer_id>/take-back")
@may("outside.ask")
def take_back(offer_id: int) -> Answer:
    """The contractor has it no more."""

    def act(db: Session, form: Form) -> Text:
        offer = ending.take_back(db, offer_id, reason=form.text("back_reason")[:1000], by=current(), at=now())
        return say("Taken back from %(name)s. His link opens nothing any more.", name=offer.contractor.name)

    return _do(_number_of_offer(offer_id), act, reason="back_reason")


@pages.post("/outside/offers/<int:offer_id>/renew")
@may("outside.ask")
def renew(offer_id: int) -> Answer:
    """A new link and PIN for whoever has the order, shown this once."""
    number = _number_of_offer(offer_id)
    try:
        with transaction() as db:
            made = offering.renew(db, offer_id, by=current(), at=now())
            shown = [(made.offer.contractor.name, url_for("outside.link", token=made.token), made.pin)]
    except NotFound:
        raise
    except Refusal as refusal:
        return _page(number, Form().refused(refusal), refusal)
    return _page(number, made=shown)


@pages.post("/outside/offers/<int:offer_id>/work")
@may("outside.check")
def check_work(offer_id: int) -> Answer:
    """His work is accepted, or what is wrong with it is written down."""

    def act(db: Session, form: Form) -> Text:
        note = form.text("note")[:1000]
        if form.text("verdict") == "object":
            checking.object_to_work(db, offer_id, reason=note, by=current(), at=now())
            return say("Written down. The order is not closed before the work is accepted.")
        checking.accept_work(db, offer_id, amount=read_amount(form.values), note=note, by=current(), at=now())
        return say("The work is accepted. It goes into his next settlement.")

    return _do(_number_of_offer(offer_id), act, reason="note")
