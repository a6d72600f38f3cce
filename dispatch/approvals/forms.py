"""The forms of approval: texts -> what is asked for, or a sentence beside the field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from dispatch.approvals.rules import BUSINESS, FEN, LevelRule
from dispatch.errors import Invalid
from dispatch.tabular.cells import read_decimal
from dispatch.typed import Typed, number_in
from dispatch.words import Text, say

PLACES = ("first", "second", "third")
"""The fields of who approves in turn."""
LARGEST = 1_000_000
HIGHEST = Decimal(10) ** 9


def read_rule(texts: Mapping[str, Any]) -> LevelRule:
    """A rule as it was typed; no branch means all, no end means without one. Raises Invalid."""
    typed = Typed(texts)
    kind = typed.need("kind", lambda text: text if text in BUSINESS else None, "")
    business = BUSINESS.get(kind)
    in_yuan = business is not None and business.in_yuan
    least, most = (typed.maybe(name, read_yuan if in_yuan else _vehicles) for name in ("least", "most"))
    roles = tuple(role for place in PLACES if (role := typed.line(place)))
    branch_id = typed.maybe("branch", number_in)
    if business and not set(roles) <= set(business.names):
        typed.errors["first"] = say("Choose one of these.")
    typed.check()
    return LevelRule(kind, roles, Decimal(0 if in_yuan else 1) if least is None else least, most, branch_id)


def read_levels(texts: Sequence[str], *, most: int) -> dict[int, int]:
    """Request -> the level that was on the page, of boxes that say `request.level`. Raises Invalid for none and too many."""
    pairs = (text.partition(".") for text in texts)
    numbers = ((number_in(request), number_in(step)) for request, _dot, step in pairs)
    chosen = {request: step for request, step in numbers if request is not None and step is not None}
    if not chosen:
        raise Invalid({"": say("Choose at least one request.")})
    if len(chosen) > most:
        raise Invalid({"": say("Choose at most %(n)s requests at once.", n=most)})
    return chosen


def _vehicles(text: str) -> Decimal | Text:
    number = number_in(text)
    return Decimal(number) if number is not None and number <= LARGEST else say("Write a whole number, at most %(n)s.", n=LARGEST)


def read_yuan(text: str) -> Decimal | Text:
    """An amount in yuan, from 0, with at most two decimals."""
    amount = read_decimal(text)
    if not isinstance(amount, Decimal) or not 0 <= amount < HIGHEST or amount != amount.quantize(FEN):
        return say("An amount in yuan with at most two decimals, please.")
    return amount
