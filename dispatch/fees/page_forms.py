"""A price as typed into the page -> PriceFacts, or a refusal beside each field."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TypeVar

from dispatch.errors import Invalid
from dispatch.fees.forms import read_amount, read_tax_rate
from dispatch.tabular.cells import plain, read_date
from dispatch.words import Text, say

V = TypeVar("V")

LONGEST = 80
NEEDED = say("Please fill this in.")
CATEGORIES: dict[str, Text] = {"part": say("Part"), "service": say("Service")}


@dataclass(frozen=True)
class PriceFacts:
    """What one thing costs from a day on: yuan with tax; `tax_rate` is a share."""

    code: str
    name: str
    category: str
    amount: Decimal
    tax_rate: Decimal
    valid_from: date


def read_price(typed: Mapping[str, str]) -> PriceFacts:
    """Texts by field name -> PriceFacts. Raises Invalid."""
    errors: dict[str, Text] = {}

    def read(name: str, reader: Callable[[str], V | Text | None], default: V) -> V:
        text = typed.get(name, "").strip()
        value = reader(text) if text else NEEDED
        if isinstance(value, Text) or value is None:
            errors[name] = value if isinstance(value, Text) else NEEDED
            return default
        return value

    facts = PriceFacts(
        code=read("code", _read_code, ""),
        name=read("name", _read_name, ""),
        category=read("category", _read_category, ""),
        amount=read("amount", read_amount, Decimal(0)),
        tax_rate=read("tax_rate", read_tax_rate, Decimal(0)),
        valid_from=read("valid_from", read_date, date.min),
    )
    if errors:
        raise Invalid(errors)
    return facts


def _read_code(text: str) -> str | Text:
    code = plain(text).upper()
    return code if len(code) <= 20 and " " not in code else say("At most 20 characters, without spaces.")


def _read_name(text: str) -> str | Text:
    name = " ".join(text.split())
    return name if len(name) <= LONGEST else say("At most %(n)s characters, please.", n=LONGEST)


def _read_category(text: str) -> str | Text:
    return text if text in CATEGORIES else say("Choose part or service.")
