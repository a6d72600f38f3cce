"""What things would cost at a vehicle, before anything was done there: out of what was read already, by the rules that charge."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from dispatch.devices.warranty_queries import repair_months
from dispatch.devices.warranty_rules import Warranty, longer, of_repair
from dispatch.fees.models import Goodwill
from dispatch.fees.parts import price_named
from dispatch.fees.price_rules import KeptPrice, ListedPrice, Whom, price_for, price_to_come, with_price
from dispatch.fees.queries import cover
from dispatch.fees.rules import Cover, Decision, decide_by_hand, decide_fitted
from dispatch.words import Text


@dataclass(frozen=True)
class Offered:
    """A price, and what P10 makes of it."""

    price: ListedPrice
    decision: Decision

    @property
    def told(self) -> Text:
        """The decision as a sentence, with why this price."""
        return with_price(self.decision, self.price.because).told


class PriceBook:
    """The prices that somebody (`whom`) has on a day, out of all that were read."""

    def __init__(self, kept: Iterable[KeptPrice], whom: Whom, day: date) -> None:
        own = [one for one in kept if _is_for(one, whom)]
        self._by_code = {code: list(rows) for code, rows in groupby(sorted(own, key=_code), _code)}
        self.listed = [price for rows in self._by_code.values() if (price := price_for(rows, day))]
        self._day = day

    def parts(self) -> list[ListedPrice]:
        """What a fitted unit may cost: the parts of the day, and those that come into the list later."""
        now = [price for price in self.listed if price.category == "part"]
        known = {price.code for price in now}
        coming = (price_to_come(rows, self._day) for code, rows in self._by_code.items() if code not in known)
        return now + [price for price in coming if price and price.category == "part"]

    def of_code(self, code: str) -> ListedPrice | None:
        """What one code costs on the day."""
        return next((price for price in self.listed if price.code == code), None)


def _code(one: KeptPrice) -> str:
    return one.code


def _is_for(one: KeptPrice, whom: Whom) -> bool:
    return one.branch_id in (None, whom.branch_id) and one.customer_id in (None, whom.customer_id)


@dataclass(frozen=True)
class At:
    """A vehicle of an order on a day: its warranty as the order found it, and the goodwill that was asked for it."""

    order_kind: str
    day: date
    warranty: Warranty | None = None
    goodwill: Goodwill | None = None

    def cover(self, put_in: date | None) -> Cover:
        """What makes a part of a repair free; `put_in`: when an earlier repair put in the SIM or part that it replaces."""
        if self.order_kind != "repair" or self.warranty is None:
            return Cover()
        return cover(longer(self.warranty, of_repair(put_in, repair_months())), self.goodwill, self.day)


def offer_unit(begins: str, parts: Sequence[ListedPrice], at: At, *, own: bool, put_in: date | None) -> Offered | None:
    """What a unit of this name costs there: `own`, it is the customer's already. None: the list names none."""
    price = price_named(begins, parts)
    return Offered(price, decide_fitted(at.order_kind, own=own, cover=at.cover(put_in))) if price else None


def offer_by_hand(price: ListedPrice, at: At, *, put_in: date | None = None) -> Offered:
    """What a service, or a counted part, costs there."""
    found = at.cover(put_in) if price.category == "part" else Cover()
    return Offered(price, decide_by_hand(price.category, price.name, at.order_kind, found))
