"""The form that changes a draft's words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time
from typing import Any

from dispatch.customers.rules import read_phone
from dispatch.errors import Invalid
from dispatch.orders.models import Order
from dispatch.orders.operations.rewriting import OrderWords
from dispatch.orders.rules import SYMPTOMS, URGENCIES
from dispatch.tabular.cells import read_date, read_time
from dispatch.words import Text, say

FILL_IN = say("Please fill this in.")
LONGEST = 4000


def typed_words(order: Order) -> dict[str, Any]:
    """The form as it opens: the order's own words."""
    texts = ("contact_name", "contact_phone", "urgency", "symptom", "symptom_text", "diagnosis", "product_model", "note")
    days = {name: getattr(order, name) for name in ("purchased_on", "wanted_on")}
    times = {name: getattr(order, name) for name in ("window_from", "window_to")}
    shown = {name: getattr(order, name) or "" for name in texts}
    shown |= {name: day.isoformat() if day else "" for name, day in days.items()}
    return (
        shown
        | {name: clock.strftime("%H:%M") if clock else "" for name, clock in times.items()}
        | {"version": str(order.version)}
    )


def read_words(kind: str, typed: Mapping[str, str]) -> OrderWords:
    """What was typed, or Invalid with a sentence beside each field that cannot be taken."""
    texts: dict[str, Any] = {name: typed.get(name, "").strip()[:LONGEST] or None for name in ("symptom_text", "diagnosis", "product_model", "note")}
    wrong: dict[str, Text] = {name: FILL_IN for name in ("contact_name", "contact_phone") if not typed.get(name, "").strip()}
    if "contact_phone" not in wrong and not read_phone(typed["contact_phone"]).digits:
        wrong["contact_phone"] = say("This is no phone number.")
    if typed.get("urgency") not in URGENCIES:
        wrong["urgency"] = FILL_IN
    if kind == "repair" and typed.get("symptom") not in SYMPTOMS:
        wrong["symptom"] = FILL_IN
    days = {name: _taken(name, read_date(typed.get(name, "")), wrong) for name in ("purchased_on", "wanted_on")}
    times = {name: _taken(name, read_time(typed.get(name, "")), wrong) for name in ("window_from", "window_to")}
    if not wrong and _upside_down(times["window_from"], times["window_to"]):
        wrong["window_to"] = say("This is before the beginning.")
    if wrong:
        raise Invalid(wrong)
    return OrderWords(
        contact_name=typed["contact_name"].strip()[:200],
        contact_phone=typed["contact_phone"].strip()[:200],
        urgency=typed["urgency"],
        symptom=typed.get("symptom") if kind == "repair" else None,
        **texts,
        **days,
        **times,
    )


def _taken(name: str, value: date | time | Text | None, wrong: dict[str, Text]) -> Any:
    if isinstance(value, Text):
        wrong[name] = value
        return None
    return value


def _upside_down(start: time | None, end: time | None) -> bool:
    return start is not None and end is not None and start >= end
