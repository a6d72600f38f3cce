"""A price as typed into the page -> NewPrice, or a refusal beside each field."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from dispatch.fees.forms import read_tax_rate
from dispatch.fees.money_forms import read_sum
from dispatch.fees.operations import NewPrice
from dispatch.tabular.cells import plain
from dispatch.typed import Typed, read_day
from dispatch.words import Text, say

LONGEST = 80
CATEGORIES: dict[str, Text] = {"part": say("Part"), "service": say("Service")}


def read_price(texts: Mapping[str, str]) -> NewPrice:
    """Texts by field name -> NewPrice. Raises Invalid."""
    typed = Typed(texts, longest=LONGEST)
    facts = NewPrice(
        code=typed.need("code", _read_code, ""),
        name=typed.needed("name"),
        category=typed.need("category", _read_category, ""),
        amount=typed.need("amount", read_sum, Decimal(0)),
        tax_rate=typed.need("tax_rate", read_tax_rate, Decimal(0)),
        valid_from=typed.need("valid_from", read_day, date.min),
    )
    typed.check()
    return facts


def _read_code(text: str) -> str | Text:
    code = plain(text).upper()
    return code if len(code) <= 20 and " " not in code else say("At most 20 characters, without spaces.")


def _read_category(text: str) -> str | Text:
    return text if text in CATEGORIES else say("Choose part or service.")
