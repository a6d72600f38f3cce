"""What finance types when it counts: how many of each denomination, the sum, why it differs and who answers for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from dispatch.errors import Invalid
from dispatch.fees.ledger_rules import DENOMINATIONS
from dispatch.typed import number_in
from dispatch.words import Text, say


@dataclass(frozen=True)
class Count:
    """What was counted."""

    counts: dict[str, int]
    counted: Decimal | None
    reason: str
    owner_id: int | None


def read_count(texts: Mapping[str, str]) -> Count:
    """The count out of the fields n100 … n0.1, counted, reason and owner. Raises Invalid."""
    wrong: dict[str, Text] = {}
    counts = {}
    for worth in map(str, DENOMINATIONS):
        typed = texts.get(f"n{worth}", "").strip()
        number = number_in(typed) if typed else 0
        if number is None:
            wrong[f"n{worth}"] = say("A whole number, please.")
        counts[worth] = number or 0
    counted = _sum(texts.get("counted", ""), wrong)
    if wrong:
        raise Invalid(wrong)
    return Count(counts, counted, texts.get("reason", "").strip(), number_in(texts.get("owner", "")))


def _sum(typed: str, wrong: dict[str, Text]) -> Decimal | None:
    plain = typed.replace("¥", "").replace("￥", "").replace(",", "").replace("，", "").strip()
    if not plain:
        return None
    try:
        value = Decimal(plain)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or not 0 <= value < 10**9:
        wrong["counted"] = say("An amount in yuan, please.")
        return None
    return value
