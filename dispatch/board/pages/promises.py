"""A time for the caller: three windows that cost little, one held while he decides, then promised."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import format_date
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from dispatch.board.operations.promising import Wish, hold_window, let_go, take_window
from dispatch.board.pages.blueprint import chosen_day, pages, ways
from dispatch.board.promise_forms import read_first, read_skip, read_window, read_wished
from dispatch.board.promise_queries import order_and_hold
from dispatch.board.promise_rules import Manners, why_not_promised
from dispatch.board.promises import AT_ONCE, offers_of
from dispatch.board.rules import clock_of
from dispatch.board.work import DayOfBranch, wanted_of
from dispatch.db import transaction
from dispatch.errors import NotFound, Refusal
from dispatch.orders.models import Order
from dispatch.web.access import current, may
from dispatch.web.forms import Form
from dispatch.web.login import settings

Answer = str | AnyResponse | tuple[str, int]


@pages.get("/plan/orders/<number>/times")
@may("order.plan")
def times(number: str) -> Answer:
    """Three windows to be offered, or the one that is held."""
    form = Form({"day": request.args.get("day", "")})
    try:
        wished = read_wished(form.values, _today().day)
    except Refusal as refusal:
        return _dialog(number, form.refused(refusal))
    return _dialog(number, form, wished)


@pages.post("/plan/orders/<number>/times")
@may("order.plan")
def hold(number: str) -> Answer:
    """Hold a window for the order."""
    form = Form.sent()

    def held(db: Session, order: Order) -> None:
        day, window = read_window(form.values)
        wish = Wish(order.id, window, form.text("was"))
        hold_window(db, replace(_today(), day=day), ways(), _manners(), wish, by=current())

    return _done(number, form, held) or _again(number)


@pages.post("/plan/orders/<number>/times/<int:hold_id>/promise")
@may("order.plan")
def promise(number: str, hold_id: int) -> Answer:
    """Promise what is held."""
    form = Form.sent()

    def taken(db: Session, order: Order) -> None:
        done = take_window(db, _today(), ways(), _manners(), hold_id, was=form.text("was"), by=current())
        flash(_("%(number)s is promised for %(when)s.", number=done.number, when=wanted_of(done)), "success")

    return _done(number, form, taken) or _to_order(number)


@pages.post("/plan/orders/<number>/times/<int:hold_id>/let-go")
@may("order.plan")
def release(number: str, hold_id: int) -> Answer:
    """Give back what is held, and look for other times."""
    form = Form.sent()
    return _done(number, form, lambda db, _order: let_go(db, hold_id, by=current(), at=_today().at)) or _again(number)


def _done(number: str, form: Form, change: Callable[[Session, Order], None]) -> Answer | None:
    """Carries out a change; the dialog with the refusal where it was refused."""
    try:
        with transaction() as db:
            order, _hold = order_and_hold(db, number, current())
            change(db, order)
    except NotFound:
        raise
    except Refusal as refusal:
        return _dialog(number, form.refused(refusal))
    return None


def _again(number: str) -> Answer:
    """What stands now: for htmx in the dialog, for everybody else on the page."""
    return _dialog(number, Form({})) if "HX-Request" in request.headers else redirect(url_for("board.times", number=number), 303)


def _to_order(number: str) -> AnyResponse:
    url = url_for("orders.show", number=number)
    return Response(status=204, headers={"HX-Redirect": url}) if "HX-Request" in request.headers else redirect(url, 303)


def _today() -> DayOfBranch:
    of = chosen_day()
    return replace(of, day=of.today)


def _manners() -> Manners:
    return Manners.of(settings())


def _dialog(number: str, form: Form, wished: date | None = None) -> Answer:
    with transaction() as db:
        shown = _shown(db, number, wished)
        whole = "board/promise.html" if "HX-Request" in request.headers else "board/promise_page.html"
        text = render_template(whole, form=form, clock_of=clock_of, format_date=format_date, **shown)
    return (text, 422) if form.errors else text


def _shown(db: Session, number: str, wished: date | None) -> dict[str, Any]:
    of = _today()
    order, hold = order_and_hold(db, number, current())
    held = hold if hold is not None and hold.is_live(of.at) else None
    why = why_not_promised(order.status)
    asked = _offers(db, of, order, wished) if why is None and held is None else {}
    return {
        "order": order,
        "of": of,
        "was": wanted_of(order),
        "held": held,
        "mine": held is not None and held.held_by_id == current().id,
        "left": max(0, int((held.held_until - of.at).total_seconds())) if held else 0,
        "minutes": _manners().hold_s // 60,
        "why": why,
        "found": None,
        **asked,
    }


def _offers(db: Session, of: DayOfBranch, order: Order, wished: date | None) -> Mapping[str, Any]:
    """What can be offered; a sentence instead where nobody can tell."""
    first = wished or read_first(request.args.get("from"), of.day, order.wanted_on)
    skip, days = read_skip(request.args.get("skip")), 1 if wished else None
    try:
        found = offers_of(db, replace(of, day=first), ways(), _manners(), order_id=order.id, days=days, skip=skip)
    except Refusal as refusal:
        return {"why": refusal.text}
    return {"found": found, "skip": skip + AT_ONCE, "wished": wished, "later": found.last + timedelta(days=1)}
