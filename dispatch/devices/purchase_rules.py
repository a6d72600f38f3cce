"""What can be bought and how it is asked for: plain data."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from dispatch.devices.reorder_rules import ware_words
from dispatch.words import Text, say

PURCHASED = ("terminal", "sim", "part", "other")
MOST = 100_000
CHOOSE = say("Choose one of these.")
HIGHEST = Decimal(10) ** 9


@dataclass(frozen=True)
class Wanted:
    """So many of a thing at a price: its kind, its model, carrier or code (or what it is, in words), from whom, and why."""

    kind: str
    name: str
    count: int
    unit_price: Decimal
    supplier: str
    reason: str

    @property
    def amount(self) -> Decimal:
        """What it comes to."""
        return self.count * self.unit_price

    def wrong(self) -> dict[str, Text]:
        """What cannot be, by field."""
        found: dict[str, Text] = {}
        if not 1 <= self.count <= MOST:
            found["count"] = say("A whole number from 1 to %(n)s, please.", n=MOST)
        elif self.amount >= HIGHEST:
            found["unit_price"] = say("This is no amount that can be paid.")
        if not self.supplier.strip():
            found["supplier"] = say("Please fill this in.")
        if not self.reason.strip():
            found["reason"] = say("Please give a reason.")
        return found


def purchase_word(kind: str, name: str, label: str | None) -> Text | str:
    """The thing in words; a part goes by its label, something else by its name."""
    return label or (name if kind == "other" else ware_words(f"{kind}:{name}"))
