"""The life page of a terminal, SIM or tool, on which its newest move may be taken back."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from dispatch.audit.queries import history
from dispatch.clock import local_day, now
from dispatch.db import transaction
from dispatch.devices.bench_queries import returns_of_unit
from dispatch.devices.bench_rules import FAULTS, STATUS_WORDS
from dispatch.devices.fitted import lines_of_unit
from dispatch.devices.given_again import Given, given_again, giving_again
from dispatch.devices.lending import lent_unit
from dispatch.devices.models import CustodyEntry, Unit
from dispatch.devices.operations import describe
from dispatch.devices.ownership_queries import REASONS as OWNER_REASONS
from dispatch.devices.ownership_queries import owner_word, ownership_of
from dispatch.devices.pages.blueprint import Answer, pages
from dispatch.devices.queries import fitted, unit, unit_history
from dispatch.devices.reasons import reason_word
from dispatch.devices.sim_life import told
from dispatch.devices.sim_rules import LOOKS, STATES
from dispatch.devices.taking_back import take_back, taking_back
from dispatch.devices.tools import calibrations
from dispatch.devices.warranty_queries import warranties
from dispatch.devices.warranty_rules import Question, Warranty
from dispatch.errors import NotFound, Refusal
from dispatch.orders.ties import order_numbers
from dispatch.sheets.queries import released_about
from dispatch.typed import number_in
from dispatch.web.access import current, may
from dispatch.web.forms import Form


@pages.get("/units/<int:unit_id>", endpoint="unit")
@may("stock.see")
def show_unit(unit_id: int) -> Answer:
    """The life of a terminal, SIM or tool: its numbers, where it is, where it has been, what it works with."""
    return life_page(unit_id, Form.of({}))


def life_page(unit_id: int, form: Form, refusal: Refusal | None = None) -> Answer:
    """A unit's page; `form` is one of its forms that was refused: its newest move taken back, or a tool's calibration."""
    with transaction() as db:
        found = unit(db, unit_id, current())
        entries = unit_history(db, unit_id)
        numbers = order_numbers(db, {entry.order_id for entry in entries if entry.order_id}, current())
        page = render_template(
            "devices/unit.html",
            unit=found,
            entries=entries,
            numbers=numbers,
            sheets=released_about(db, numbers, lines_of_unit(unit_id)),
            describe=describe,
            reason_word=reason_word,
            owned=ownership_of(db, unit_id),
            owner_reasons=OWNER_REASONS,
            owner_word=owner_word,
            returns=returns_of_unit(db, unit_id),
            statuses=STATUS_WORDS,
            fault_words=FAULTS,
            partner=_partner(db, found),
            trail=history(db, ("sim", unit_id)) if found.sim else (),
            told=told,
            sim_states=STATES,
            sim_looks=LOOKS,
            loan=lent_unit(db, unit_id) if found.terminal else None,
            warranty=_warranty(db, found, entries),
            calibrations=calibrations(db, unit_id) if found.tool else (),
            key=uuid.uuid4(),
            today=local_day(now(), current().zone),
            form=form,
            **taking_back(db, entries, current()),
            **giving_again(db, found, entries, current()),
        )
    return (page, refusal.status) if refusal else page


def _warranty(db: Session, found: Unit, entries: Sequence[CustodyEntry]) -> Warranty | None:
    """That of a terminal at the customer in whose vehicle it was last; None for a SIM."""
    vehicles = (entry.to_holder.vehicle for entry in entries if entry.to_holder.vehicle)
    vehicle = next(vehicles, None)
    if found.terminal is None:
        return None
    asked = Question(vehicle.customer_id if vehicle else None, found.id)
    return warranties(db, {found.id: asked}, current().zone)[found.id]


def _partner(db: Session, found: Unit) -> Unit | None:
    """The unit of the other kind in the same vehicle slot."""
    if found.position is None or found.position.holder.vehicle_id is None:
        return None
    inside = fitted(db, [found.position.holder.vehicle_id]).get(found.position.holder.vehicle_id, {})
    return inside.get("sim" if found.kind == "terminal" else "terminal")


@pages.post("/units/<int:unit_id>/take-back")
@may("stock.change")
def take_back_move(unit_id: int) -> Answer:
    """The move named by `entry` was a mistake."""
    form = Form.sent()
    facts = {"reason": form.text("reason"), "store_id": number_in(form.text("store"))}
    try:
        with transaction() as db:
            take_back(db, unit_id, number_in(form.text("entry")) or 0, **facts, by=current(), at=now())  # type: ignore[arg-type]
    except NotFound:
        raise
    except Refusal as refusal:
        return life_page(unit_id, form.refused(refusal), refusal)
    flash(_("Taken back. Both entries stay on record."), "success")
    return redirect(url_for("devices.unit", unit_id=unit_id))


@pages.post("/units/<int:unit_id>/given-again")
@may("stock.change")
def take_up_again(unit_id: int) -> Answer:
    """The customer has given it to us again, and it goes into `room`."""
    form = Form.sent()
    given = Given(number_in(form.text("room")), form.text("why"), number_in(form.text("seq")) or 0)
    try:
        with transaction() as db:
            given_again(db, unit_id, given, by=current(), at=now())
    except NotFound:
        raise
    except Refusal as refusal:
        return life_page(unit_id, form.refused(refusal), refusal)
    flash(_("It is in our store again."), "success")
    return redirect(url_for("devices.unit", unit_id=unit_id))
