"""What the office can correct: what each correction is about, the fields of its form, and the operation that carries it out."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from flask import request
from sqlalchemy.orm import Session

from dispatch.clock import now
from dispatch.devices.fitted import bag_units
from dispatch.devices.models import Fitting
from dispatch.devices.swap_rules import Why, whys_for
from dispatch.errors import Invalid, NotFound
from dispatch.fees.models import Charge, Receipt
from dispatch.fees.money_forms import read_payment, read_refund
from dispatch.fees.queries import account_of, left_of
from dispatch.fees.rules import CHANNEL_WORDS, invoice_warning, tidy_number, yuan
from dispatch.field import correcting, correcting_money
from dispatch.field.forms import read_why
from dispatch.field.queries import photo as photo_of
from dispatch.field.rules import PHOTOS, TESTS
from dispatch.field.summary import vehicle_shown
from dispatch.orders.models import OrderLine
from dispatch.typed import key_in
from dispatch.web.access import current
from dispatch.web.forms import Form
from dispatch.words import Text, say

DESK = "desk"
"""The device under which the office writes receipts."""


@dataclass(frozen=True)
class Subject:
    """What a correction is about: a sentence, and what the form begins with.

    `numbers` are those to choose from, `photo` is the one to be shown, `whys` the reasons that a swap can have. `asks`: others
    have to approve of it.
    """

    sentence: Text
    values: Mapping[str, str]
    numbers: tuple[str, ...] = ()
    photo: uuid.UUID | None = None
    whys: tuple[tuple[str, Text], ...] = ()
    asks: bool = False


ASKED = say("Asked. Whoever decides sees it among his approvals.")
PAYMENT_FIELDS = ("amount", "channel", "payer", "reference", "invoice_number")
MAKE_SURE = "invoice_anyway"
"""The tick that says that an odd invoice number is right."""


@dataclass(frozen=True)
class Correction:
    """One way to put something right.

    `fields` are those of the form besides what it is about; `button` is its word where the title will not do. What
    `carry_out` gives is said instead of `done`.
    """

    permission: str
    title: Text
    fields: tuple[str, ...]
    subject: Callable[[Session, int, int], Subject]
    carry_out: Callable[[Session, int, int, Form], Text | None]
    done: Text
    danger: bool = False
    button: Text | None = None


def _fitting(db: Session, order_id: int, key: int) -> Subject:
    """The fitting, and what is in the bag it came out of."""
    found = db.get(Fitting, key)
    if found is None or found.order_id != order_id:
        raise NotFound
    old, new = (unit.number if unit else None for unit in (found.old_unit, found.new_unit))
    sentence = say("%(old)s → %(new)s", old=old, new=new) if old and new else say("%(number)s", number=old or new)
    bag = found.in_entry.from_holder if found.in_entry else None
    numbers = tuple(unit.number for unit in bag_units(db, bag.person_id, found.unit_kind)) if bag and bag.person_id else ()
    values = {"why": found.why, "why_words": found.why_words or ""} if found.why else {}
    return Subject(sentence, values, numbers, whys=tuple(whys_for([found.unit_kind]).items()) if found.why else ())


def _point(db: Session, order_id: int, key: int) -> Subject:
    line = db.get(OrderLine, key)
    if line is None or line.order_id != order_id or asked_item() not in TESTS:
        raise NotFound
    return Subject(say("%(vehicle)s: %(item)s", vehicle=vehicle_shown(line.vehicle), item=TESTS[asked_item()]), {})


def _unseen(db: Session, order_id: int, key: int) -> Subject:
    line = db.get(OrderLine, key)
    if line is None or line.order_id != order_id:
        raise NotFound
    return Subject(say("%(vehicle)s: no photo", vehicle=vehicle_shown(line.vehicle)), {})


def asked_item() -> str:
    """What of the thing is meant: a point of the test-run, or a photo."""
    return request.values.get("item", "")


def _photo(db: Session, order_id: int, key: int) -> Subject:
    """The photo that `item` names; `key` is 0, since a photo has no number."""
    found = photo_of(db, _photo_id(), current())
    if found.order_id != order_id or key:
        raise NotFound
    return Subject(say("%(what)s, %(name)s", what=PHOTOS[found.kind], name=found.by_name), {}, photo=found.id)


def _photo_id() -> uuid.UUID:
    found = key_in(asked_item())
    if found is None:
        raise NotFound
    return found


def _charge(db: Session, order_id: int, key: int) -> Subject:
    found = db.get(Charge, key)
    if found is None or found.order_id != order_id:
        raise NotFound
    money = {"quantity": found.quantity, "amount": yuan(found.amount)}
    sentence = say("%(name)s × %(quantity)s, %(amount)s", name=found.name, **money)
    return Subject(sentence, {"key": str(uuid.uuid4())}, asks=bool(found.amount))


def _receipt(db: Session, order_id: int, key: int) -> Subject:
    found = db.get(Receipt, key)
    if found is None or found.order_id != order_id:
        raise NotFound
    told = {"number": found.number, "channel": CHANNEL_WORDS[found.channel], "amount": yuan(found.amount)}
    begin = {"amount": f"{left_of(db, found):.2f}", "invoice_number": found.invoice_number or ""}
    return Subject(say("Receipt %(number)s: %(channel)s, %(amount)s", **told), begin)


def _taken(db: Session, order_id: int, key: int) -> Subject:
    """A receipt of which something is to be given back."""
    found = _receipt(db, order_id, key)
    return replace(found, values={**found.values, "key": str(uuid.uuid4())}, asks=True)


def _doing() -> dict[str, Any]:
    return {"by": current(), "at": now()}


def _take_back(db: Session, order_id: int, key: int, form: Form) -> None:
    correcting.take_back_fitting(db, order_id, key, reason=form.text("reason"), **_doing())


def _replace(db: Session, order_id: int, key: int, form: Form) -> None:
    told = read_why(form.values) if "why" in form.values else None
    why = Why(told["why"], told.get("why_words")) if told else None
    correcting.replace_unit(db, order_id, key, number=form.text("number"), reason=form.text("reason"), why=why, **_doing())


def _overrule(db: Session, order_id: int, key: int, form: Form) -> None:
    correcting.overrule_test(db, order_id, key, asked_item(), reason=form.text("reason"), **_doing())


def _fail(db: Session, order_id: int, key: int, form: Form) -> None:
    correcting.fail_test(db, order_id, key, asked_item(), reason=form.text("reason"), **_doing())


def _withdraw(db: Session, order_id: int, key: int, form: Form) -> None:
    correcting.withdraw_photo(db, order_id, _photo_id(), reason=form.text("reason"), **_doing())


def _waive(db: Session, order_id: int, key: int, form: Form) -> None:
    correcting.waive_photo(db, order_id, key, reason=form.text("reason"), **_doing())


def _drop(db: Session, order_id: int, key: int, form: Form) -> Text | None:
    asked = correcting_money.drop_charge(db, order_id, key, reason=form.text("reason"), key=_form_key(form), **_doing())
    return ASKED if asked else None


def _refund(db: Session, order_id: int, key: int, form: Form) -> Text:
    typed = read_refund({name: form.text(name) for name in ("amount", "reason")})
    correcting_money.give_back(db, order_id, key, amount=typed.amount, reason=typed.reason, key=_form_key(form), **_doing())
    return ASKED


def _form_key(form: Form) -> uuid.UUID:
    found = key_in(form.text("key"))
    if found is None:
        raise NotFound
    return found


def _invoice(db: Session, order_id: int, key: int, form: Form) -> None:
    number = form.text("invoice_number")
    _look_again(form, invoice_warning(tidy_number(number)) if number.strip() else None)
    correcting_money.add_invoice(db, order_id, key, number=number, **_doing())


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
    correcting_money.take_money(db, order_id, **facts, device=DESK, key=key_in(form.text("key")), **_doing())


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
        ("number", "why", "why_words", "reason"),
        _fitting,
        _replace,
        say("The order names the right unit now."),
        button=say("Correct the number"),
    ),
    "overrule": Correction(
        "fact.correct", say("Let it count as passed"), ("reason",), _point, _overrule, say("The point counts as passed now.")
    ),
    "fail": Correction(
        "fact.correct",
        say("Let it count as failed"),
        ("reason",),
        _point,
        _fail,
        say("The point counts as failed now, and closing is held back by it."),
        danger=True,
    ),
    "withdraw-photo": Correction(
        "fact.correct",
        say("Withdraw the photo"),
        ("reason",),
        _photo,
        _withdraw,
        say("The photo is withdrawn: no page and no sheet shows it any more."),
        danger=True,
    ),
    "no-photo": Correction(
        "fact.correct",
        say("Do without the photo"),
        ("reason",),
        _unseen,
        _waive,
        say("The order no longer waits for this photo."),
    ),
    "drop-charge": Correction(
        "fact.correct",
        say("Take the charge back"),
        ("reason", "key"),
        _charge,
        _drop,
        say("The charge is taken back."),
        danger=True,
    ),
    "refund": Correction(
        "fee.refund",
        say("Give money back"),
        ("amount", "reason", "key"),
        _taken,
        _refund,
        ASKED,
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
