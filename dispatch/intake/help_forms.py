"""What is typed about remote help and about a further call -> frozen dataclasses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dispatch.customers.rules import normalise_vin, read_phone, read_plate
from dispatch.intake.remote_rules import CONSENTS
from dispatch.orders.operations.joining import SaidAgain
from dispatch.orders.rules import CHANNELS, SYMPTOMS
from dispatch.typed import FILL_IN, Typed, key_in
from dispatch.words import say


@dataclass(frozen=True)
class Help:
    """Remote help that was given (Q5): who agreed and how, what was done, and whether the customer says that it works."""

    consent_by: str
    consent_how: str
    done: str
    confirmed: bool = False


def help_in(typed: Typed, *, must: bool) -> Help | None:
    """The remote help of a call; None where none was given. What is missing of it is noted in `typed`."""
    consent_by, done = typed.line("consent_by"), typed.text("help_done")
    how = typed.choice("consent_how", CONSENTS, "")
    if not (must or consent_by or done):
        return None
    if not consent_by:
        typed.errors.setdefault("consent_by", say("Write down who agreed to it: without consent nobody works on it from afar."))
    if not how:
        typed.errors.setdefault("consent_how", say("Choose how it was agreed to."))
    if not done:
        typed.errors.setdefault("help_done", say("Write down what was done."))
    return Help(consent_by, how, done, confirmed=typed.line("help_confirmed") == "1")


def read_again(texts: Mapping[str, str]) -> SaidAgain:
    """The call page's texts, as a call that joins an order. Raises Invalid."""
    typed = Typed(texts)
    symptom = typed.choice("symptom", SYMPTOMS, "")
    words = typed.text("symptom_text") or (str(SYMPTOMS[symptom].words) if symptom else "")
    if not words:
        typed.errors.setdefault("symptom_text", FILL_IN)
    again = SaidAgain(
        caller=typed.needed("contact"),
        phone=read_phone(typed.needed("phone")).written,
        said=words,
        channel=typed.choice("channel", CHANNELS, "phone"),
        plate=read_plate(typed.line("plate"), "").text,
        vin=normalise_vin(typed.line("vin")),
        request_key=key_in(texts.get("request_key", "")),
    )
    typed.check()
    return again
