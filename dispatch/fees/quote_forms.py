"""A quotation as typed: lines, its last day, why it stays below the list; and who has agreed. Texts -> values, or a refusal."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from dispatch.fees.money_forms import read_sum
from dispatch.fees.operations import Agreement, Offer
from dispatch.fees.quote_rules import MOST_LINES, WAYS, Wanted
from dispatch.tabular.cells import plain, read_whole
from dispatch.typed import Typed, read_day
from dispatch.words import Text, say

LINE_FIELDS = ("code", "quantity", "unit_price")


def compacted(texts: Mapping[str, Any]) -> dict[str, Any]:
    """The same fields with the lines that were left blank taken out, so that a line's number is its place."""
    rest = {name: value for name, value in texts.items() if name.rpartition("-")[0] not in LINE_FIELDS}
    rows = [[texts.get(f"{field}-{n}") or "" for field in LINE_FIELDS] for n in range(MOST_LINES)]
    filled = [row for row in rows if row[0] or row[2]]
    return rest | {f"{field}-{n}": value for n, row in enumerate(filled) for field, value in zip(LINE_FIELDS, row, strict=True)}


def count_of(texts: Mapping[str, Any]) -> int:
    """How many lines compacted texts have."""
    return sum(name.startswith("code-") for name in texts)


def read_offer(texts: Mapping[str, Any]) -> Offer:
    """Compacted texts -> what is offered. Raises Invalid."""
    typed = Typed(texts)
    offer = Offer(
        lines=[_line(typed, n) for n in range(count_of(texts))],
        valid_until=typed.need("valid_until", read_day, date.min),
        reason=typed.line("reason"),
        note=typed.line("note"),
    )
    typed.check()
    return offer


def _line(typed: Typed, n: int) -> Wanted:
    quantity = typed.maybe(f"quantity-{n}", _quantity)
    code = plain(typed.needed(f"code-{n}")).upper()
    return Wanted(code, 1 if quantity is None else quantity, typed.maybe(f"unit_price-{n}", read_sum))


def _quantity(text: str) -> int | Text | None:
    number = read_whole(text)
    return say("A whole number, please.") if number is None else number


def read_agreement(texts: Mapping[str, Any]) -> Agreement:
    """Fields agreed_by, agreed_how and agreed_on. Raises Invalid."""
    typed = Typed(texts)
    agreed = Agreement(
        typed.needed("agreed_by"), typed.choice("agreed_how", WAYS, ""), typed.need("agreed_on", read_day, date.min)
    )
    typed.check()
    return agreed
