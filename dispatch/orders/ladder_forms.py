"""The form of a rule of approval: texts -> what is asked for, or a sentence beside the field."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from dispatch.orders.ladder_rules import ABOVE, LADDER_KINDS, LevelRule
from dispatch.typed import Typed, number_in
from dispatch.words import Text, say

PLACES = ("first", "second", "third")
"""The fields of who approves in turn."""
LARGEST = 1_000_000


def read_rule(texts: Mapping[str, Any]) -> LevelRule:
    """A rule as it was typed; no branch means all, no end means without one. Raises Invalid."""
    typed = Typed(texts)
    kind = typed.need("kind", lambda text: text if text in LADDER_KINDS else None, "")
    least, most = typed.maybe("least", _size), typed.maybe("most", _size)
    roles = tuple(role for place in PLACES if (role := typed.line(place)))
    branch_id = typed.maybe("branch", number_in)
    if not set(roles) <= set(ABOVE):
        typed.errors["first"] = say("Choose one of these.")
    typed.check()
    return LevelRule(kind, roles, Decimal(least if least is not None else 1), None if most is None else Decimal(most), branch_id)


def _size(text: str) -> int | Text:
    number = number_in(text)
    return number if number is not None and number <= LARGEST else say("Write a whole number, at most %(n)s.", n=LARGEST)
