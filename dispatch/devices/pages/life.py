"""The life page of a terminal, SIM or tool, on which its newest move may be taken back."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from dispatch.clock import local_day, now
from dispatch.db import transaction
from dispatch.devices.bench_rules import FROM_PLACES, reasons_of
from dispatch.devices.fitted import slot_units
from dispatch.devices.given_again import Given, given_again, rooms_again
from dispatch.devices.lending import lent_unit
from dispatch.devices.models import Unit
from dispatch.devices.operations import describe
from dispatch.devices.ownership_queries import REASONS as OWNER_REASONS
from dispatch.devices.ownership_queries import newest_owner
from dispatch.devices.page_forms import read_key
from dispatch.devices.pages.acting import carry_out
from dispatch.devices.pages.blueprint import Answer, pages
from dispatch.devices.queries import last_customer, newest_move, unit
from dispatch.devices.reasons import reason_word
from dispatch.devices.setting_aside import Faulty, set_aside
from dispatch.devices.sim_rules import LOOKS, STATES
from dispatch.devices.taking_back import take_back, taking_back
from dispatch.devices.warranty_queries import warranties
from dispatch.devices.warranty_rules import Question, Warranty
from dispatch.errors import NotFound, Refusal
from dispatch.lives.pages import shown_of_unit
from dispatch.typed import number_in
from dispatch.web.access import current, may
from dispatch.web.forms import Form
from dispatch.words import Text


@pages.get("/units/<int:unit_id>", endpoint="unit")
@may("stock.see")
def show_unit(unit_id: int) -> Answer:
    """The life of a terminal, SIM or tool: its numbers, where it is, where it has been, what it works with."""
    return life_page(unit_id, Form.of({}))


def life_page(unit_id: int, form: Form, refusal: Refusal | None = None) -> Answer:
    """A unit's page; `form` is one of its forms that was refused: its newest move taken back, or a tool's calibration."""
    with transaction() as db:
        found = unit(db, unit_id, current())
        newest = newest_move(db, unit_id)
        page = render_template(
            "devices/unit.html",
            unit=found,
            life=shown_of_unit(db, unit_id),
            describe=describe,
            reason_word=reason_word,
            owned=newest_owner(db, unit_id) if found.owner_seq else None,
            owner_reasons=OWNER_REASONS,
            partner=_partner(db, found),
            sim_states=STATES,
            sim_looks=LOOKS,
            loan=lent_unit(db, unit_id) if found.terminal and _fitted(found) else None,
            warranty=_warranty(db, found),
            faulty=_faulty(found),
            key=uuid.uuid4(),
            today=local_day(now(), current().zone),
            form=form,
            again_rooms=rooms_again(db, found, current()),
            **taking_back(db, newest, current()),
        )
    return (page, refusal.status) if refusal else page


def _fitted(found: Unit) -> bool:
    return found.position is not None and found.position.holder_kind == "slot"


def _faulty(found: Unit) -> Mapping[str, Text] | None:
    """For what the reader may set it aside; None where he may not, or where it is on its way to the bench."""
    place = found.position.holder if found.position else None
    if place is None or place.kind not in FROM_PLACES or found.open_return:
        return None
    own = place.person_id is not None and place.person_id == current().id
    return reasons_of(found.kind) if own or current().may("bench.work") else None


def _warranty(db: Session, found: Unit) -> Warranty | None:
    """That of a terminal at the customer in whose vehicle it was last; None for a SIM."""
    if found.terminal is None:
        return None
    place = found.position.holder if found.position else None
    customer_id = place.vehicle.customer_id if place and place.vehicle else last_customer(db, found.id)
    return warranties(db, {found.id: Question(customer_id, found.id)}, current().zone)[found.id]


def _partner(db: Session, found: Unit) -> Unit | None:
    """The unit of the other kind in the same vehicle slot."""
    slot = found.position.holder if found.position else None
    if slot is None or slot.vehicle_id is None or slot.role is None:
        return None
    inside = slot_units(db, slot.vehicle_id, slot.role)
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


@pages.post("/units/<int:unit_id>/set-aside")
@may("bench.work", "bag.hand_over")
def set_aside_unit(unit_id: int) -> Answer:
    """It does not work, and goes to the bench."""

    def aside(db: Session, form: Form) -> str:
        said = Faulty(form.text("why"), form.text("words"), read_key(form.text("key")))
        case = set_aside(db, unit_id, said, by=current(), at=now())
        return str(_("%(unit)s is owed to the bench now.", unit=case.unit.number))

    to = url_for("devices.bench") if current().may("bench.see") else url_for("devices.my_bag")
    return carry_out(aside, to=to, again=lambda form, refusal: life_page(unit_id, form, refusal))
