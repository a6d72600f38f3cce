"""One SIM at its carrier: its state, what was put on it, what is left."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from decimal import Decimal

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from dispatch.audit.queries import history
from dispatch.clock import local_day, now
from dispatch.db import transaction
from dispatch.devices.operations import describe
from dispatch.devices.pages.blueprint import Answer, pages
from dispatch.devices.queries import unit
from dispatch.devices.sim_life import change_contract, change_state, note_balance, take_back_top_up, told, top_up, top_ups_of
from dispatch.devices.sim_rules import CARRIERS, LOOKS, SIM_STEPS, STATES, Contract, TopUp, steps_of
from dispatch.errors import NotFound, Refusal
from dispatch.fees.forms import read_amount
from dispatch.tabular.cells import read_date
from dispatch.typed import Typed, key_in, number_in
from dispatch.web.access import current, may
from dispatch.web.forms import Form
from dispatch.words import say

LONGEST_RECEIPT = 40


@pages.get("/units/<int:unit_id>/sim", endpoint="sim_card")
@may("stock.see")
def sim_card(unit_id: int) -> Answer:
    """The card with what can be done."""
    return _page(unit_id)


def _page(unit_id: int, form: Form | None = None, refusal: Refusal | None = None, asked: str = "") -> Answer:
    """The page; `asked` is the form that was refused."""
    with transaction() as db:
        found = unit(db, unit_id, current())
        if found.sim is None:
            raise NotFound
        top_ups = top_ups_of(db, unit_id)
        page = render_template(
            "devices/sim_card.html",
            unit=found,
            sim=found.sim,
            states=STATES,
            looks=LOOKS,
            carriers=CARRIERS,
            steps=steps_of(found.sim.state),
            top_ups=top_ups,
            taken_back={row.corrects_id: row for row in top_ups if row.corrects_id},
            trail=history(db, ("sim", unit_id)),
            told=told,
            describe=describe,
            today=local_day(now(), current().zone),
            form=form,
            asked=asked,
            key=uuid.uuid4(),
        )
    return (page, refusal.status) if refusal else page


@pages.post("/units/<int:unit_id>/sim/state/<action>")
@may("stock.change")
def sim_step(unit_id: int, action: str) -> Answer:
    """Activate, suspend, resume or close it."""
    form = Form.sent()
    if action not in SIM_STEPS:
        raise NotFound
    done = lambda db: change_state(db, unit_id, action, reason=form.text("reason"), by=current(), at=now())  # noqa: E731
    return _changed(unit_id, form, action, done)


@pages.post("/units/<int:unit_id>/sim/top-up")
@may("stock.change")
def sim_top_up(unit_id: int) -> Answer:
    """Money was put on it."""
    form = Form.sent()
    key = key_in(form.text("key"))
    if key is None:
        raise NotFound
    done = lambda db: top_up(db, unit_id, _read_top_up(form), key=key, by=current(), at=now())  # noqa: E731
    return _changed(unit_id, form, "top_up", done)


def _read_top_up(form: Form) -> TopUp:
    typed = Typed(form.values, longest=LONGEST_RECEIPT)
    paid = TopUp(typed.need("amount", read_amount, Decimal(0)), typed.needed("receipt"), typed.maybe("until", read_date))
    if not paid.amount:
        typed.errors.setdefault("amount", say("Enter what was put on it."))
    typed.check()
    return paid


@pages.post("/units/<int:unit_id>/sim/top-up/back")
@may("stock.change")
def sim_top_up_back(unit_id: int) -> Answer:
    """A top-up was entered wrongly."""
    form = Form.sent()
    row = number_in(form.text("row")) or 0
    done = lambda db: take_back_top_up(db, unit_id, row, reason=form.text("reason"), by=current(), at=now())  # noqa: E731
    return _changed(unit_id, form, f"back-{row}", done)


@pages.post("/units/<int:unit_id>/sim/balance")
@may("stock.change")
def sim_balance(unit_id: int) -> Answer:
    """What the carrier says is left."""
    form = Form.sent()

    def done(db: Session) -> object:
        typed = Typed(form.values, longest=LONGEST_RECEIPT)
        amount = typed.need("balance", read_amount, Decimal(0))
        typed.check()
        return note_balance(db, unit_id, amount, by=current(), at=now())

    return _changed(unit_id, form, "balance", done)


@pages.post("/units/<int:unit_id>/sim/contract")
@may("stock.change")
def sim_contract(unit_id: int) -> Answer:
    """Carrier, plan and expiry are otherwise than on record."""
    form = Form.sent()

    def done(db: Session) -> object:
        typed = Typed(form.values)
        to, seen = _contract(typed, ""), _contract(typed, "was_")
        typed.check()
        return change_contract(db, unit_id, to, seen=seen, by=current(), at=now())

    return _changed(unit_id, form, "contract", done)


def _contract(typed: Typed, prefix: str) -> Contract:
    carrier, plan = (typed.line(f"{prefix}{name}") or None for name in ("carrier", "plan"))
    return Contract(carrier, plan, typed.maybe(f"{prefix}expires_on", read_date))


def _changed(unit_id: int, form: Form, asked: str, change: Callable[[Session], object]) -> Answer:
    try:
        with transaction() as db:
            change(db)
    except NotFound:
        raise
    except Refusal as refusal:
        return _page(unit_id, form.refused(refusal), refusal, asked)
    flash(_("Saved."), "success")
    return redirect(url_for("devices.sim_card", unit_id=unit_id), 303)
