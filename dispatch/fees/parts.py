"""What was fitted on an order, and what P10 and the price list make of each unit."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.clock import local_day
from dispatch.devices.fitted import fittings_of
from dispatch.devices.models import Fitting, Unit
from dispatch.devices.ownership_queries import own_before
from dispatch.devices.warranty_queries import put_in_by_repairs, repair_months, warranties
from dispatch.devices.warranty_rules import Question, Warranty, longer, of_repair
from dispatch.fees.goodwill_queries import goodwill_of
from dispatch.fees.models import Charge, Goodwill
from dispatch.fees.price_queries import first_prices_after, prices_on, whom_of
from dispatch.fees.price_rules import ANYBODY, ListedPrice, Whom
from dispatch.fees.queries import cover, warranty_of_line
from dispatch.fees.rules import Cover, Decision, decide_fitted, part_named
from dispatch.orders.models import Order, OrderLine
from dispatch.words import Text, say


@dataclass(frozen=True)
class FittedPart:
    """A unit that was put into a vehicle: the price the list has for it on that day, if any, and whether it is charged."""

    fitting: Fitting
    price: ListedPrice | None
    decision: Decision


def uncharged_parts(session: Session, order: Order) -> list[FittedPart]:
    """Every unit fitted by this order for good, and still so, that has no row among its charges yet, not even one taken back."""
    effective = fittings_of(session, order.id)
    charged = sa.select(Charge.fitting_id).where(Charge.order_id == order.id, Charge.fitting_id.is_not(None))
    had = set(session.scalars(charged))
    deciding = _Deciding(session, order, effective)
    sold = (each for each in effective if each.new_unit_id is not None and each.lent_until is None)
    return [deciding.part(each) for each in sold if each.id not in had]


def unpriced(session: Session, order: Order) -> list[Text]:
    """A sentence for each fitted unit that should be charged but that the price list does not name."""
    missing = (part for part in uncharged_parts(session, order) if part.price is None and not part.decision.free)
    return [
        say("The price list has no part whose name begins with %(name)s.", name=begins_with(part.fitting.new_unit))
        for part in missing
    ]


def without_price(session: Session, models: Iterable[str], day: date, whom: Whom = ANYBODY) -> list[str]:
    """Of the terminal models, and SIM, what the list of that day names no part for: out of warranty it cannot be charged."""
    parts = [(price.code, price.name) for price in prices_on(session, day, whom) if price.category == "part"]
    return [name for name in (*models, "SIM") if part_named(name, parts) is None]


def uncharged(session: Session, order: Order) -> list[Text]:
    """A sentence for each fitted unit that costs something by now but was never charged: its price came into the list later."""
    late = (part.price.name for part in uncharged_parts(session, order) if part.price is not None and not part.decision.free)
    return [say("%(name)s was fitted and has a price by now, but is not charged.", name=name) for name in late]


def begins_with(unit: Unit | None) -> str:
    """What the name of a unit's price begins with: the terminal's model, or SIM."""
    return unit.terminal.model if unit and unit.terminal else "SIM"


def price_named(start: str, parts: Sequence[ListedPrice]) -> ListedPrice | None:
    """The price of what begins so, among the list's parts."""
    code = part_named(start, [(price.code, price.name) for price in parts])
    return next((price for price in parts if price.code == code), None)


class _Deciding:
    """P10 for all fittings of one order; what is the same for several is read once."""

    def __init__(self, session: Session, order: Order, effective: Sequence[Fitting]) -> None:
        self._session, self._order, self._effective = session, order, effective
        self._prices: dict[date, Sequence[ListedPrice]] = {}
        self._warranties: dict[tuple[int, date | None], Warranty] = {}

    @cached_property
    def _lines(self) -> Mapping[int, OrderLine]:
        query = sa.select(OrderLine).where(OrderLine.order_id == self._order.id)
        return {line.id: line for line in self._session.scalars(query)}

    def part(self, fitting: Fitting) -> FittedPart:
        """A unit that was put in, with its price and decision."""
        day = local_day(fitting.at, self._order.branch.zone)
        return FittedPart(fitting, self._price(fitting, day), self._decision(fitting, day))

    def _price(self, fitting: Fitting, day: date) -> ListedPrice | None:
        """The list's price on the day; a part that came into the list later has its first price."""
        if day not in self._prices:
            listed = [price for price in prices_on(self._session, day, whom_of(self._order)) if price.category == "part"]
            self._prices[day] = listed + self._later(day, {price.code for price in listed})
        return price_named(begins_with(fitting.new_unit), self._prices[day])

    def _later(self, day: date, known: set[str]) -> list[ListedPrice]:
        rows = first_prices_after(self._session, day, whom_of(self._order))
        return [price for price in rows if price.category == "part" and price.code not in known]

    def _decision(self, fitting: Fitting, day: date) -> Decision:
        own = fitting.id in self._own
        asked = not own and self._order.kind == "repair"
        found = cover(self._warranty(fitting, day), self._goodwill.get(fitting.line_id), day) if asked else Cover()
        return decide_fitted(self._order.kind, own=own, cover=found)

    @cached_property
    def _own(self) -> Collection[int]:
        return own_before(self._session, [each for each in self._effective if each.new_unit_id is not None])

    @cached_property
    def _goodwill(self) -> Mapping[int, Goodwill]:
        return goodwill_of(self._session, self._order.id)

    def _warranty(self, fitting: Fitting, day: date) -> Warranty:
        """The vehicle's, except for what replaces a unit that this order has fitted: that one has a warranty of its own.

        A SIM that a repair has put in is in warranty for the repair's own term, if that ends later.
        """
        earlier = _fitted_by(self._effective, fitting.old_unit_id)
        key = (fitting.line_id, day) if earlier is None else (earlier.id, None)
        if key not in self._warranties:
            self._warranties[key] = self._own_warranty(earlier) if earlier else self._vehicles(fitting.line_id, day)
        own = self._sims.get(fitting.old_unit_id or 0)
        return longer(self._warranties[key], of_repair(own, repair_months()))

    @cached_property
    def _sims(self) -> Mapping[int, date]:
        """The SIMs taken out that an earlier repair had put in, and when: a term of their own."""
        ids = {each.old_unit_id for each in self._effective if each.unit_kind == "sim" and each.old_unit_id is not None}
        return put_in_by_repairs(self._session, ids, but=self._order.id, zone=self._order.branch.zone)

    def _vehicles(self, line_id: int, day: date) -> Warranty:
        return warranty_of_line(self._session, self._order, self._lines[line_id], day=day)

    def _own_warranty(self, fitting: Fitting) -> Warranty:
        asked = Question(self._lines[fitting.line_id].vehicle.customer_id, fitting.new_unit_id, fitting.in_entry_id)
        return warranties(self._session, {fitting.id: asked}, self._order.branch.zone)[fitting.id]


def _fitted_by(effective: Collection[Fitting], unit_id: int | None) -> Fitting | None:
    return next((fitting for fitting in effective if unit_id is not None and fitting.new_unit_id == unit_id), None)
