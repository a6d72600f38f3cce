"""Which price holds for whom on a day: what was agreed with a customer before his branch's, and that before everybody's.

Within one scope a price holds from its first day until the next one begins, or until its own last day: no two hold at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from dispatch.fees.rules import Decision
from dispatch.words import Text, say

SCOPES: dict[str, Text] = {
    "everybody": say("All customers"),
    "branches": say("Branches"),
    "customers": say("Customers"),
}


@dataclass(frozen=True)
class Whom:
    """For whom a price is asked: the branch that does the work, and the customer who pays."""

    branch_id: int | None = None
    customer_id: int | None = None


ANYBODY = Whom()


@dataclass(frozen=True)
class KeptPrice:
    """A price as it is kept: of a customer, a branch (`holder` is its name) or, with neither, everybody."""

    code: str
    name: str
    category: str
    amount: Decimal
    tax_rate: Decimal
    valid_from: date
    valid_to: date | None = None
    branch_id: int | None = None
    customer_id: int | None = None
    holder: str = ""
    contract: str | None = None

    @property
    def rank(self) -> int:
        """How particular it is."""
        return 2 if self.customer_id is not None else 1 if self.branch_id is not None else 0

    @property
    def because(self) -> Text | None:
        """Why this price; nothing to say of everybody's."""
        said = {"name": self.holder, "day": self.valid_from}
        if self.rank == 1:
            return say("Price of branch %(name)s since %(day)s.", **said)
        if self.contract:
            return say("Agreed with %(name)s since %(day)s, contract %(contract)s.", contract=self.contract, **said)
        return say("Agreed with %(name)s since %(day)s.", **said) if self.rank else None


@dataclass(frozen=True)
class ListedPrice:
    """What one thing costs somebody on a day, tax included, and why if that is not what everybody pays."""

    code: str
    name: str
    category: str
    amount: Decimal
    tax_rate: Decimal
    because: Text | None = None


def price_for(kept: Iterable[KeptPrice], day: date) -> ListedPrice | None:
    """What one code costs on a day, out of all its prices that are for somebody; None where none holds.

    The most particular price wins. What the thing is and how it is taxed says the widest one, so that a tax rate which changes
    for everybody does for customers with prices of their own, too.
    """
    holding = sorted(_holding(kept, day), key=lambda one: one.rank)
    if not holding:
        return None
    widest, chosen = holding[0], holding[-1]
    return ListedPrice(chosen.code, widest.name, widest.category, chosen.amount, widest.tax_rate, chosen.because)


def _holding(kept: Iterable[KeptPrice], day: date) -> list[KeptPrice]:
    """Of each scope the price that began last, unless it has ended."""
    begun: dict[int, KeptPrice] = {}
    for one in sorted(kept, key=lambda one: one.valid_from):
        if one.valid_from <= day:
            begun[one.rank] = one
    return [one for one in begun.values() if one.valid_to is None or day <= one.valid_to]


def price_to_come(kept: Iterable[KeptPrice], day: date) -> ListedPrice | None:
    """The first price of one code that begins after a day, as it is on its first day; None where none does."""
    coming = [one for one in kept if one.valid_from > day]
    return price_for(coming, min(one.valid_from for one in coming)) if coming else None


def standing(valid_from: date, valid_to: date | None, *, next_from: date | None, day: date) -> str:
    """How a price stands on a day: a key of STANDINGS; `next_from` is when the next one of its scope begins."""
    if valid_from > day:
        return "coming"
    if next_from is not None and next_from <= day:
        return "past"
    return "ended" if valid_to is not None and valid_to < day else "valid"


STANDINGS: dict[str, Text] = {
    "coming": say("to come"),
    "valid": say("valid"),
    "past": say("past"),
    "ended": say("ended"),
}


def with_price(decision: Decision, because: Text | None) -> Decision:
    """A decision that also says why this price, where that is not what everybody pays."""
    if decision.free or because is None:
        return decision
    return Decision(False, decision.rule, say("%(rule)s %(price)s", rule=decision.told, price=because))
