"""A price as typed into the page -> NewPrice, or a refusal beside each field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from dispatch.fees.forms import read_tax_rate
from dispatch.fees.money_forms import read_sum
from dispatch.fees.operations import NewDiscount, NewPrice
from dispatch.fees.operations.discounting import QUOTING
from dispatch.tabular.cells import plain, read_decimal
from dispatch.typed import Typed, number_in, read_day
from dispatch.words import Text, say

LONGEST = 80
CATEGORIES: dict[str, Text] = {"part": say("Part"), "service": say("Service")}


def read_price(texts: Mapping[str, str], *, customer: int | Text | None = None) -> NewPrice:
    """Texts by field name -> NewPrice; `customer` is who the one that was typed is, or why nobody. Raises Invalid."""
    typed = Typed(texts, longest=LONGEST)
    facts = NewPrice(
        code=typed.need("code", _read_code, ""),
        name=typed.needed("name"),
        category=typed.need("category", _read_category, ""),
        amount=typed.need("amount", read_sum, Decimal(0)),
        tax_rate=typed.need("tax_rate", read_tax_rate, Decimal(0)),
        valid_from=typed.need("valid_from", read_day, date.min),
        valid_to=typed.maybe("valid_to", read_day),
        branch_id=number_in(texts.get("branch")),
        customer_id=customer if isinstance(customer, int) else None,
        contract=typed.line("contract") or None,
    )
    typed.errors |= dict(_wrong_whose(facts, customer))
    typed.check()
    return facts


def _wrong_whose(facts: NewPrice, customer: int | Text | None) -> Iterable[tuple[str, Text]]:
    if isinstance(customer, Text):
        yield "customer", customer
    elif customer is not None and facts.branch_id is not None:
        yield "branch", say("A price is for a branch or for a customer, not both.")
    elif customer is None and facts.contract:
        yield "customer", say("Whose contract is it?")


def read_discount(texts: Mapping[str, Any], today: date) -> NewDiscount:
    """The limit out of the fields whom (a role, or p and a person's number), branch (of a role), percent, valid_from (blank:
    today), valid_to and reason. Raises Invalid."""
    typed = Typed(texts)
    whom = typed.line("whom")
    person_id = number_in(whom[1:]) if whom.startswith("p") else None
    facts = NewDiscount(
        role=whom if whom in QUOTING else None,
        branch_id=None if person_id else number_in(texts.get("branch")),
        person_id=person_id,
        percent=typed.need("percent", _read_percent, Decimal(0)),
        valid_from=typed.maybe("valid_from", read_day) or today,
        valid_to=typed.maybe("valid_to", read_day),
        reason=typed.line("reason"),
    )
    if facts.role is None and person_id is None:
        typed.errors["whom"] = say("Choose whom it is for.")
    typed.check()
    return facts


def _read_percent(text: str) -> Decimal | Text:
    value = read_decimal(text.removesuffix("%"))
    if not isinstance(value, Decimal) or not 0 <= value <= 100 or value != value.quantize(Decimal("0.01")):
        return say("From 0 to 100 per cent, please.")
    return value


def read_last_day(texts: Mapping[str, Any]) -> date:
    """The day with which a price ends. Raises Invalid."""
    typed = Typed(texts)
    day = typed.need("valid_to", read_day, date.min)
    typed.check()
    return day


def _read_code(text: str) -> str | Text:
    code = plain(text).upper()
    return code if len(code) <= 20 and " " not in code else say("At most 20 characters, without spaces.")


def _read_category(text: str) -> str | Text:
    return text if text in CATEGORIES else say("Choose part or service.")
