"""How the office corrects what was entered wrongly on site."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from dispatch.clock import now
from dispatch.customers.rules import show_plate
from dispatch.db import transaction
from dispatch.devices.fitted import bag_units, unit_name
from dispatch.devices.models import Fitting
from dispatch.errors import Invalid, NotFound, Refusal
from dispatch.fees.models import Charge, Receipt
from dispatch.fees.money_forms import read_payment, read_refund
from dispatch.fees.queries import account_of, left_of
from dispatch.fees.rules import CHANNEL_WORDS, invoice_warning, tidy_number, yuan
from dispatch.field import correcting
from dispatch.field.pages.blueprint import pages
from dispatch.field.rules import TESTS
from dispatch.orders.models import OrderLine
from dispatch.orders.queries import order_id_of
from dispatch.typed import key_in
from dispatch.web.access import allowed, current, may
from dispatch.web.forms import Form
from dispatch.web.locale import tr
from dispatch.words import Text, say

Answer = str | AnyResponse | tuple[str, int]
DESK = "desk"
"""The device under which the office writes receipts."""

# --- what can be corrected


@dataclass(frozen=True)
class Subject:
    """What a correction is about: a sentence, and what the form begins with; `numbers` are those to choose from."""

    sentence: Text
    values: Mapping[str, str]
    numbers: tuple[str, ...] = ()


PAYMENT_FIELDS = ("amount", "channel", "payer", "reference", "invoice_number")
MAKE_SURE = "invoice_anyway"
"""The tick that says that an odd invoice number is right."""


@dataclass(frozen=True)
class Correction:
    """One way to put something right.

    `fields` are those of the form besides what it is about; `button` is its word where the title will not do.
    """

    permission: str
    title: Text
    fields: tuple[str, ...]
    subject: Callable[[Session, int, int], Subject]
    carry_out: Callable[[Session, int, int, Form], object]
    done: Text
    danger: bool = False
    button: Text | None = None


def _fitting(db: Session, order_id: int, key: int) -> Subject:
    """The fitting, and what is in the bag it came out of."""
    found = db.get(Fitting, key)
    if found is None or found.order_id != order_id:
        raise NotFound
    old, new = (unit_name(unit) if unit else None for unit in (found.old_unit, found.new_unit))
    sentence = say("%(old)s → %(new)s", old=old, new=new) if old and new else say("%(number)s", number=old or new)
    bag = found.in_entry.from_holder if found.in_entry else None
    numbers = tuple(unit_name(unit) for unit in bag_units(db, bag.person_id, found.unit_kind)) if bag and bag.person_id else ()
    return Subject(sentence, {}, numbers)


def _point(db: Session, order_id: int, key: int) -> Subject:
    line = db.get(OrderLine, key)
    if line is None or line.order_id != order_id or _item() not in TESTS:
        raise NotFound
    vehicle = show_plate(line.vehicle.plate) if line.vehicle.plate else line.vehicle.vin or "—"
    return Subject(say("%(vehicle)s: %(item)s", vehicle=vehicle, item=TESTS[_item()]), {})


def _item() -> str:
    return request.values.get("item", "")


def _charge(db: Session, order_id: int, key: int) -> Subject:
    found = db.get(Charge, key)
    if found is None or found.order_id != order_id:
        raise NotFound
    money = {"quantity": found.quantity, "amount": yuan(found.amount)}
    return Subject(say("%(name)s × %(quantity)s, %(amount)s", name=found.name, **money), {})


def _receipt(db: Session, order_id: int, key: int) -> Subject:
    found = db.get(Receipt, key)
    if found is None or found.order_id != order_id:
        raise NotFound
    told = {"number": found.number, "channel": CHANNEL_WORDS[found.channel], "amount": yuan(found.amount)}
    begin = {"amount": f"{left_of(db, found):.2f}", "invoice_number": found.invoice_number or ""}
    return Subject(say("Receipt %(number)s: %(channel)s, %(amount)s", **told), begin)


def _doing() -> dict[str, Any]:
    return {"by": current(), "at": now()}


def _take_back(db: Session, order_id: int, key: int, form: Form) -> None:
    correcting.take_back_fitting(db, order_id, key, reason=form.text("reason"), **_doing())


def _replace(db: Session, order_id: int, key: int, form: Form) -> None:
    correcting.replace_unit(db, order_id, key, number=form.text("number"), reason=form.text("reason"), **_doing())


def _overrule(db: Session, order_id: int, key: int, form: Form) -> None:
    correcting.overrule_test(db, order_id, key, _item(), reason=form.text("reason"), **_doing())


def _drop(db: Session, order_id: int, key: int, form: Form) -> None:
    correcting.drop_charge(db, order_id, key, reason=form.text("reason"), **_doing())


def _refund(db: Session, order_id: int, key: int, form: Form) -> None:
    typed = read_refund({name: form.text(name) for name in ("amount", "reason")})
    correcting.give_back(db, order_id, key, amount=typed.amount, reason=typed.reason, device=DESK, **_doing())


def _invoice(db: Session, order_id: int, key: int, form: Form) -> None:
    number = form.text("invoice_number")
    _look_again(form, invoice_warning(tidy_number(number)) if number.strip() else None)
    correcting.add_invoice(db, order_id, key, number=number, **_doing())


def _look_again(form: Form, warning: Text | None) -> None:
    """Raises Invalid beside an odd invoice number, unless it was said that it is right."""
    if warning and not form.text(MAKE_SURE):
        raise Invalid({"invoice_number": warning})


def _account(db: Session, order_id: int, key: int) -> Subject:
    """What is due on the order; `key` is 0, since this is about no single thing."""
    due = account_of(db, order_id).due
    if key or due <= 0:
        raise NotFound
    return Subject(say("Due: %(amount)s", amount=yuan(due)), {"amount": f"{due:.2f}", "key": str(uuid.uuid4())})


def _payment(db: Session, order_id: int, key: int, form: Form) -> None:
    typed = read_payment({name: form.text(name) for name in PAYMENT_FIELDS})
    _look_again(form, typed.warnings.get("invoice_number"))
    facts = {name: getattr(typed, name) for name in PAYMENT_FIELDS}
    correcting.take_money(db, order_id, **facts, device=DESK, key=key_in(form.text("key")), **_doing())


CORRECTIONS: dict[str, Correction] = {
    "payment": Correction(
        "fee.refund",
        say("Take money"),
        ("amount", "channel", "payer", "reference", "invoice_number", "key"),
        _account,
        _payment,
        say("The money is taken, under a receipt of its own."),
    ),
    "take-back": Correction(
        "fact.correct",
        say("Take back what was fitted"),
        ("reason",),
        _fitting,
        _take_back,
        say("It is taken back: the units are where they were before."),
        danger=True,
    ),
    "replace": Correction(
        "fact.correct",
        say("Another unit was fitted"),
        ("number", "reason"),
        _fitting,
        _replace,
        say("The order names the right unit now."),
        button=say("Correct the number"),
    ),
    "overrule": Correction(
        "fact.correct", say("Let it count as passed"), ("reason",), _point, _overrule, say("The point counts as passed now.")
    ),
    "drop-charge": Correction(
        "fact.correct",
        say("Take the charge back"),
        ("reason",),
        _charge,
        _drop,
        say("The charge is taken back."),
        danger=True,
    ),
    "refund": Correction(
        "fee.refund",
        say("Give money back"),
        ("amount", "reason"),
        _receipt,
        _refund,
        say("The money is given back, under a receipt of its own."),
        danger=True,
    ),
    "invoice": Correction(
        "fee.take",
        say("Invoice number"),
        ("invoice_number",),
        _receipt,
        _invoice,
        say("The invoice number is noted."),
        button=say("Save"),
    ),
}


@pages.get("/orders/<number>/corrections/<action>/<int:key>")
@may("fact.correct", "fee.refund", "fee.take")
def correction(number: str, action: str, key: int) -> Answer:
    """The form of one correction: the inside of a dialog, or a page of its own."""
    return _form(number, action, key, None)


@pages.post("/orders/<number>/corrections/<action>/<int:key>")
@may("fact.correct", "fee.refund", "fee.take")
def correct(number: str, action: str, key: int) -> Answer:
    """Carry out one correction."""
    form, chosen = Form.sent(), _chosen(action)
    try:
        with transaction() as db:
            chosen.carry_out(db, order_id_of(db, number, current()), key, form)
    except NotFound:
        raise
    except Refusal as refusal:
        return _form(number, action, key, form.refused(refusal))
    flash(tr(chosen.done), "success")
    return _back(number)


def _chosen(action: str) -> Correction:
    """The correction by its name. Raises NotFound when there is none, or it is not this person's."""
    found = CORRECTIONS.get(action)
    if found is None or not allowed(found.permission):
        raise NotFound
    return found


def _form(number: str, action: str, key: int, form: Form | None) -> Answer:
    chosen = _chosen(action)
    with transaction() as db:
        subject = chosen.subject(db, order_id_of(db, number, current()), key)
        whole = "field/correction.html" if "HX-Request" not in request.headers else "field/correction_form.html"
        shown = {"chosen": chosen, "subject": subject, "item": _item(), "form": form, "channels": CHANNEL_WORDS}
        text = render_template(whole, number=number, url=request.path, **shown)
    return (text, 422) if form is not None and form.errors else text


def _back(number: str) -> AnyResponse:
    """To the order: a dialog on its page has that loaded anew where it stands."""
    if "HX-Request" in request.headers:
        return Response(status=204, headers={"HX-Refresh": "true"})
    return redirect(url_for("orders.show", number=number), 303)
