"""Acts on several orders of the list: what is asked before, the act itself order by order, and taking it back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from flask import flash, redirect, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from dispatch.clock import local_day, now
from dispatch.db import transaction
from dispatch.errors import Invalid, NotFound, Refusal
from dispatch.orders.bulk_forms import press_key, read_chosen, read_given
from dispatch.orders.bulk_models import BulkAct
from dispatch.orders.bulk_queries import Done, bulk_done, ids_visible, orders_chosen
from dispatch.orders.bulk_rules import BULK, out_of_reach
from dispatch.orders.contact_queries import takers
from dispatch.orders.models import Order
from dispatch.orders.operations.bulk import begin_bulk, do_one, note_refused
from dispatch.orders.operations.bulk_undoing import check_undo, note_not_undone, undo_one
from dispatch.orders.pages.blueprint import pages
from dispatch.orders.pages.listing import address_back
from dispatch.orders.pages.showing import sentence_of
from dispatch.orders.presenting.waiting import what_pauses
from dispatch.orders.waiting_rules import FARTHEST_DAYS, WHYS
from dispatch.staff.calendar_rules import next_workday
from dispatch.staff.roster_queries import calendar_of
from dispatch.web.access import current, may
from dispatch.web.forms import Form
from dispatch.web.locale import tr
from dispatch.web.login import settings
from dispatch.words import Text


@pages.get("/orders/many/<kind>")
@may("order.see")
def bulk_ask(kind: str) -> str | Response:
    """What an act asks before it is taken on the orders that were chosen."""
    if kind not in BULK or not BULK[kind].asks:
        raise NotFound
    current().must(BULK[kind].permission)
    try:
        chosen = read_chosen(request.args.getlist("ids"))
    except Invalid as refusal:
        return _back_to_list(request.args.get("back", ""), refusal)
    return _page(kind, chosen, Form(), request.args.get("key", ""), request.args.get("back", ""))


def _page(kind: str, chosen: Mapping[int, int], form: Form, key: str, back: str) -> str:
    with transaction() as db:
        orders = orders_chosen(db, chosen, current())
        if not orders:
            raise NotFound
        return render_template(
            "orders/bulk.html",
            kind=kind,
            act=BULK[kind],
            orders=orders,
            versions=chosen,
            beyond=out_of_reach(kind, (order.status for order in orders)),
            form=form,
            key=key,
            back=back,
            back_url=address_back(back),
            **(_ASKED[kind](db, orders) if kind in _ASKED else {}),
        )


def _days(db: Session, orders: Sequence[Order]) -> dict[str, Any]:
    today = local_day(now(), current().zone)
    calendar = calendar_of(db, orders[0].branch_id, today, today + timedelta(days=40))
    days = {
        "proposed": next_workday(calendar, today),
        "first": today + timedelta(days=1),
        "last": today + timedelta(days=FARTHEST_DAYS),
    }
    return {"whys": list(WHYS.items()), "stops": what_pauses()} | days


def _people(db: Session, orders: Sequence[Order]) -> dict[str, Any]:
    owners = {order.owner_id for order in orders}
    only = owners.pop() if len(owners) == 1 else 0
    return {"people": [(person.id, person.name) for person in takers(db, orders[0].branch_id, besides=only)]}


_ASKED: dict[str, Callable[[Session, Sequence[Order]], dict[str, Any]]] = {"wait": _days, "offer": _people}


@pages.post("/orders/many/<kind>")
@may("order.see")
def bulk_do(kind: str) -> Response | tuple[str, int]:
    """Do it to each in a transaction of its own; the list tells what was done, and what not and why."""
    form = Form.sent()
    back = form.text("back")
    chosen: dict[int, int] = {}
    try:
        chosen = read_chosen(form.texts("ids"))
        bulk, order_ids = _begin(kind, form, chosen)
    except Invalid as refusal:
        if chosen and BULK[kind].asks:
            return _page(kind, chosen, form.refused(refusal), form.text("key"), back), refusal.status
        return _back_to_list(back, refusal)
    for order_id in order_ids:
        why = _refusal(partial(do_one, bulk=bulk, order_id=order_id, version=chosen[order_id], by=current(), at=now()))
        if why is not None:
            with transaction() as db:
                note_refused(db, bulk.id, order_id, why)
    return redirect(address_back(back, did=bulk.id))


def _begin(kind: str, form: Form, chosen: Mapping[int, int]) -> tuple[BulkAct, Sequence[int]]:
    given = read_given(kind, form.values, local_day(now(), current().zone))
    key = press_key(form.text("key"), kind, given, chosen)
    with transaction() as db:
        order_ids = ids_visible(db, chosen, current())
        if not order_ids:
            raise NotFound
        return begin_bulk(db, key, kind, given, by=current(), at=now()), order_ids


def _back_to_list(back: str, refusal: Refusal) -> Response:
    flash(tr(sentence_of(refusal)), "warning")
    return redirect(address_back(back))


@pages.post("/orders/many/<int:act_id>/undo")
@may("order.see")
def bulk_undo(act_id: int) -> Response:
    """Take it back where nobody has changed the order since; the list tells where that was not so."""
    back = Form.sent().text("back")
    try:
        with transaction() as db:
            found = bulk_done(db, act_id, current())
            check_undo(found.act, lasts=settings().bulk_undo_minutes, by=current(), at=now())
            order_ids = ids_visible(db, found.to_undo, current())
    except NotFound:
        raise
    except Refusal as refusal:
        return _back_to_list(back, refusal)
    _undo(found, order_ids)
    return redirect(address_back(back, did=act_id))


def _undo(found: Done, order_ids: Sequence[int]) -> None:
    for order_id in order_ids:
        why = _refusal(partial(undo_one, bulk=found.act, order_id=order_id, by=current(), at=now()))
        if why is not None:
            with transaction() as db:
                note_not_undone(db, found.act.id, order_id, why)


def _refusal(act: Callable[[Session], None]) -> Text | None:
    """One order in a transaction of its own: why it was refused, None when it was done."""
    try:
        with transaction() as db:
            act(db)
    except Refusal as refusal:
        return sentence_of(refusal)
    return None
