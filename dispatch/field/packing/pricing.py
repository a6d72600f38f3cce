"""What things cost at a stop: everything in the bag and every service, priced before anything is done, so that the phone only
looks up and adds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property

from dispatch.clock import local_day
from dispatch.devices.models import Unit
from dispatch.devices.ownership_following import own_already
from dispatch.devices.ownership_rules import suits
from dispatch.fees.models import Goodwill
from dispatch.fees.offers import At, Offered, PriceBook, offer_by_hand, offer_unit
from dispatch.fees.parts import begins_with
from dispatch.fees.price_queries import whom_of
from dispatch.fees.price_rules import ListedPrice
from dispatch.fees.quote_rules import at_quoted_price
from dispatch.field.packing.price_shapes import Fits, ForLines, Offer, Prices, Quoted
from dispatch.field.packing.reading import Read
from dispatch.field.packing.sheaf import moment
from dispatch.field.presenting.day import lines_of
from dispatch.orders.models import Order, OrderLine, Visit

Key = tuple[str, Offered | None, tuple[int, ...]]


def prices_of(read: Read, visit: Visit) -> Prices:
    """Everything that can be charged on a visit."""
    return _Pricing(read, visit.order, lines_of(visit)).prices()


@dataclass(frozen=True)
class _Pricing:
    read: Read
    order: Order
    lines: Sequence[OrderLine]

    def prices(self) -> Prices:
        """All of it."""
        return Prices(list(self._fits()), list(self._parts()), list(self._services()), self._quoted())

    @cached_property
    def _day(self) -> date:
        return local_day(self.read.at, self.order.branch.zone)

    @cached_property
    def _book(self) -> PriceBook:
        return PriceBook(self.read.prices, whom_of(self.order), self._day)

    @cached_property
    def _listed_parts(self) -> Sequence[ListedPrice]:
        return self._book.parts()

    @cached_property
    def _at(self) -> Mapping[int, At]:
        """Line id -> how things stand at the vehicle."""
        goodwill = {row.line_id: row for row in self.read.sheaf.made("goodwill", Goodwill)}
        held = self.read.warranties
        return {one.id: At(self.order.kind, self._day, held.get(one.id), goodwill.get(one.id)) for one in self.lines}

    # --- units

    def _fits(self) -> Iterable[Fits]:
        """Each kind of unit at each vehicle, the same offers together."""
        same: dict[Key, list[int]] = {}
        for line in self.lines:
            for key in self._at_line(line):
                same.setdefault(key, []).append(line.id)
        for (begins, offered, units), lines in same.items():
            yield Fits(lines, list(units), begins, _told(offered))

    def _at_line(self, line: OrderLine) -> Iterable[Key]:
        offers: dict[tuple[str, Offered | None], list[int]] = {}
        for unit in self._bag:
            if suits(unit.owned, line.vehicle.customer_id):
                offers.setdefault((begins_with(unit), self._offered(line, unit)), []).append(unit.id)
        for unit in self._movable(line):
            offers.setdefault((begins_with(unit), self._moved(line, unit)), []).append(unit.id)
        return [(begins, offered, tuple(units)) for (begins, offered), units in offers.items()]

    def _offered(self, line: OrderLine, unit: Unit) -> Offered | None:
        """What the unit costs at the vehicle; None where nobody can say yet."""
        if self._is_of_today(line, unit.kind):
            return None
        own, put_in = self._own.get(unit.id) == line.vehicle.customer_id, self._put_in(line, unit.kind)
        return offer_unit(begins_with(unit), self._listed_parts, self._at[line.id], own=own, put_in=put_in)

    def _movable(self, line: OrderLine) -> Sequence[Unit]:
        """What is in the other vehicles of the visit."""
        others = {one.vehicle_id for one in self.lines} - {line.vehicle_id}
        return [unit for one in sorted(others) for kinds in self.read.inside.get(one, {}).values() for unit in kinds.values()]

    def _moved(self, line: OrderLine, unit: Unit) -> Offered | None:
        """What it costs to have it moved into this vehicle: it comes out of one of the same customer, as his own."""
        return offer_unit(begins_with(unit), self._listed_parts, self._at[line.id], own=True, put_in=None)

    def _is_of_today(self, line: OrderLine, kind: str) -> bool:
        """Whether what would be replaced was fitted by this very order: it has a warranty of its own."""
        inside = self._inside(line, kind)
        return inside is not None and any(one.new_unit_id == inside.id for one in self.read.fittings.get(line.id, ()))

    def _inside(self, line: OrderLine, kind: str) -> Unit | None:
        return self.read.inside.get(line.vehicle_id, {}).get(line.role, {}).get(kind)

    @cached_property
    def _bag(self) -> Sequence[Unit]:
        return [unit for unit in self.read.bag if unit.kind in ("terminal", "sim")]

    @cached_property
    def _own(self) -> Mapping[int, int]:
        return own_already(self._bag, {row["unit_id"]: row["customer_id"] for row in self.read.sheaf.rows("left")})

    def _put_in(self, line: OrderLine, kind: str) -> date | None:
        """When an earlier repair put in the SIM that is in the vehicle."""
        inside = self._inside(line, kind)
        if kind != "sim" or inside is None:
            return None
        rows = self.read.sheaf.rows("sims_put_in")
        return self._last(row["at"] for row in rows if row["unit_id"] == inside.id and row["order_id"] != self.order.id)

    def _last(self, moments: Iterable[str]) -> date | None:
        last = max(map(moment, moments), default=None)
        return local_day(last, self.order.branch.zone) if last else None

    # --- the rest

    def _parts(self) -> Iterable[ForLines]:
        """The counted parts of his bag that the list has as parts."""
        for row in self.read.sheaf.rows("carried"):
            price = self._book.of_code(row["code"])
            if price is None or price.category != "part":
                continue
            same: dict[Offered, list[int]] = {}
            for line in self.lines:
                offered = offer_by_hand(price, self._at[line.id], put_in=self._part_put_in(line, price.code))
                same.setdefault(offered, []).append(line.id)
            yield from (ForLines(lines, _offer(offered)) for offered, lines in same.items())

    def _part_put_in(self, line: OrderLine, code: str) -> date | None:
        rows = self.read.sheaf.rows("parts_put_in")
        own = (row for row in rows if row["vehicle_id"] == line.vehicle_id and row["code"] == code)
        return self._last(row["at"] for row in own if row["order_id"] < self.order.id)

    def _services(self) -> Iterable[ForLines]:
        services = (price for price in self._book.listed if price.category == "service")
        return (ForLines(None, _offer(offer_by_hand(price, At(self.order.kind, self._day)))) for price in services)

    def _quoted(self) -> Mapping[str, Quoted]:
        rows = [row for row in self.read.sheaf.rows("quoted") if row["order_id"] == self.order.id and row["left"] > 0]
        return {row["code"]: self._quote(row["number"], row["left"], Decimal(row["unit_price"]), row["code"]) for row in rows}

    def _quote(self, number: str, left: int, price: Decimal, code: str) -> Quoted:
        listed = self._book.of_code(code)
        return Quoted(left, price, at_quoted_price(number, listed.amount if listed else price).told)


def _told(offered: Offered | None) -> Offer | None:
    return _offer(offered) if offered else None


def _offer(offered: Offered) -> Offer:
    price, decision = offered.price, offered.decision
    return Offer(price.code, price.name, price.category, price.amount, decision.free, decision.rule, offered.told)
