"""The form that changes a draft's words."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from typing import Any

from dispatch.customers.rules import read_phone
from dispatch.orders.models import Order
from dispatch.orders.operations.rewriting import OrderWords
from dispatch.orders.rules import SYMPTOMS, URGENCIES
from dispatch.tabular.cells import read_date
from dispatch.tabular.days import read_near_day
from dispatch.typed import Typed
from dispatch.words import Text, say

TEXTS = ("symptom_text", "diagnosis", "product_model", "note")
DAYS = ("purchased_on", "wanted_on")
TIMES = ("window_from", "window_to")
FIELDS = ("contact_name", "contact_phone", "urgency", "symptom", *TEXTS, *DAYS, *TIMES)


def typed_words(order: Order) -> dict[str, Any]:
    """The form as it opens: the order's own words."""
    shown: dict[str, Any] = {name: getattr(order, name) or "" for name in FIELDS}
    shown |= {name: shown[name].isoformat() for name in DAYS if shown[name]}
    return shown | {name: shown[name].strftime("%H:%M") for name in TIMES if shown[name]} | {"version": str(order.version)}


def read_words(kind: str, texts: Mapping[str, Any]) -> OrderWords:
    """What was typed, or Invalid with a sentence beside each field that cannot be taken. A repeated field counts as empty."""
    typed = Typed(texts)
    symptom = _one_of(SYMPTOMS) if kind == "repair" else None
    window = typed.span("window_from", "window_to") or (None, None)
    words = OrderWords(
        contact_name=typed.needed("contact_name"),
        contact_phone=typed.need("contact_phone", _phone, ""),
        urgency=typed.need("urgency", _one_of(URGENCIES), ""),
        symptom=typed.need("symptom", symptom, "") if symptom else None,
        symptom_text=typed.text("symptom_text") or None,
        diagnosis=typed.text("diagnosis") or None,
        product_model=typed.line("product_model") or None,
        purchased_on=typed.maybe("purchased_on", read_near_day),
        wanted_on=typed.maybe("wanted_on", read_date),
        window_from=window[0],
        window_to=window[1],
        note=typed.text("note") or None,
    )
    typed.check()
    return words


def _phone(text: str) -> str | Text:
    return text if read_phone(text).digits else say("This is no phone number.")


def _one_of(codes: Container[str]) -> Callable[[str], str | None]:
    return lambda text: text if text in codes else None
