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
TEXTS = ("symptom_text", "diagnosis", "product_model", "note")
DAYS = ("purchased_on", "wanted_on")
TIMES = ("window_from", "window_to")
FIELDS = ("contact_name", "contact_phone", "urgency", "symptom", *TEXTS, *DAYS, *TIMES)


def typed_words(order: Order) -> dict[str, Any]:
    """The form as it opens: the order's own words."""
    shown: dict[str, Any] = {name: getattr(order, name) or "" for name in FIELDS}
    shown |= {name: shown[name].isoformat() for name in DAYS if shown[name]}
    return shown | {name: shown[name].strftime("%H:%M") for name in TIMES if shown[name]} | {"version": str(order.version)}


def read_words(kind: str, typed: Mapping[str, Any]) -> OrderWords:
    """What was typed, or Invalid with a sentence beside each field that cannot be taken. A repeated field counts as empty."""
    given = {name: text.strip()[:LONGEST] if isinstance(text := typed.get(name), str) else "" for name in FIELDS}
    wrong = _unsaid(kind, given)
    days = {name: _taken(name, read_date(given[name]), wrong) for name in DAYS}
    times = {name: _taken(name, read_time(given[name]), wrong) for name in TIMES}
    if not wrong and _upside_down(times["window_from"], times["window_to"]):
        wrong["window_to"] = say("This is before the beginning.")
    if wrong:
        raise Invalid(wrong)
    texts: dict[str, Any] = {name: given[name] or None for name in TEXTS}
    symptom = given["symptom"] if kind == "repair" else None
    who: dict[str, Any] = {name: given[name][:200] for name in ("contact_name", "contact_phone", "urgency")}
    return OrderWords(**who, symptom=symptom, **texts, **days, **times)


def _unsaid(kind: str, given: Mapping[str, str]) -> dict[str, Text]:
    wrong: dict[str, Text] = {name: FILL_IN for name in ("contact_name", "contact_phone") if not given[name]}
    if given["contact_phone"] and not read_phone(given["contact_phone"]).digits:
        wrong["contact_phone"] = say("This is no phone number.")
    if given["urgency"] not in URGENCIES:
        wrong["urgency"] = FILL_IN
    if kind == "repair" and given["symptom"] not in SYMPTOMS:
        wrong["symptom"] = FILL_IN
    return wrong


def _taken(name: str, value: date | time | Text | None, wrong: dict[str, Text]) -> Any:
    if isinstance(value, Text):
        wrong[name] = value
        return None
    return value


def _upside_down(start: time | None, end: time | None) -> bool:
    return start is not None and end is not None and start >= end
