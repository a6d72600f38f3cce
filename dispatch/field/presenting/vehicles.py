"""The vehicles of a stop as a list, and what can go into one of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from dispatch.customers.models import Vehicle
from dispatch.customers.queries import vehicles_of
from dispatch.devices.models import UNIT_KINDS, Unit
from dispatch.devices.queries import fitted
from dispatch.field.driving import LINE_TO_DO
from dispatch.field.presenting.stops import Stop
from dispatch.orders.lifecycle import VISIT_LIVE
from dispatch.orders.models import OrderLine, Visit


@dataclass(frozen=True)
class VehicleRow:
    """A vehicle of the order as its list shows it; `colleague` is whose it is, if it is not one's own."""

    line: OrderLine
    mine: bool
    colleague: str | None

    @property
    def words(self) -> str:
        """What it is found by when part of it is typed."""
        vehicle = self.line.vehicle
        return " ".join(text for text in (vehicle.plate, vehicle.vin, vehicle.fleet_no, self.line.parking) if text).lower()


@dataclass(frozen=True)
class Fleet:
    """The vehicles of an order that were read, as one of its technicians sees them: his own first, then those of the others."""

    rows: list[VehicleRow]
    left: frozenset[int] = frozenset()
    """Lines that were tried on this visit and left over."""

    def only(self, line_ids: Collection[int]) -> Fleet:
        """Those of a page of the list."""
        return Fleet([row for row in self.rows if row.line.id in line_ids], self.left)

    @property
    def to_do(self) -> list[VehicleRow]:
        """Those that nobody has settled."""
        return [row for row in self.rows if row.line.status in LINE_TO_DO]

    @property
    def settled(self) -> list[VehicleRow]:
        """The others."""
        return [row for row in self.rows if row.line.status not in LINE_TO_DO]

    def next(self, after: int | None = None) -> OrderLine | None:
        """The next of my own, beside the one that was just settled."""
        mine = (row.line for row in self.to_do if row.mine and row.line.id != after and row.line.id not in self.left)
        return next(mine, None)


def fleet_of(stop: Stop) -> Fleet:
    """The vehicles of a visit's order."""
    visit = stop.visit
    own = {row.line_id for row in visit.visit_lines}
    others = {row.line_id: other.technician.name for other in _colleagues(visit) for row in other.visit_lines}
    rows = [VehicleRow(line, line.id in own, None if line.id in own else others.get(line.id)) for line in visit.order.lines]
    return Fleet(sorted(rows, key=lambda row: (not row.mine, row.line.position)), frozenset(line.id for line in stop.left))


def _colleagues(visit: Visit) -> Iterable[Visit]:
    return (other for other in visit.order.visits if other.id != visit.id and other.status in (*VISIT_LIVE, "finished"))


# --- one vehicle


@dataclass(frozen=True)
class Movable:
    """Another vehicle of the customer, and what is in it: kind -> unit."""

    vehicle: Vehicle
    inside: Mapping[str, Unit]


def movable(session: Session, line: OrderLine, role: str) -> list[Movable]:
    """Out of which vehicles what has this role could be moved into this one: the order's first, then the customer's others."""
    others = [vehicle for vehicle in vehicles_of(session, line.vehicle.customer_id) if vehicle.id != line.vehicle_id]
    inside = fitted(session, [vehicle.id for vehicle in others], role) if others else {}
    asked = {other.vehicle_id for other in line.order.lines}
    found = [Movable(vehicle, inside[vehicle.id]) for vehicle in others if inside.get(vehicle.id)]
    return sorted(found, key=lambda one: one.vehicle.id not in asked)


@dataclass(frozen=True)
class BagChoice:
    """What of the own bag can go into a vehicle: `first` is the one that is proposed, `used` came out of one before."""

    kind: str
    units: Sequence[Unit]
    first: Unit | None = None
    used: frozenset[int] = frozenset()


def bag_choices(
    bag: Sequence[Unit], model: str | None, *, used: frozenset[int] = frozenset(), propose: bool
) -> dict[str, BagChoice]:
    """By kind: new ones before used ones, terminals of the model that is wanted before the others, oldest first.

    `propose` marks the first of each, if it fits.
    """
    ranked = sorted(bag, key=lambda unit: (unit.id in used, not _fits(unit, model)))
    by_kind = {kind: [unit for unit in ranked if unit.kind == kind] for kind in UNIT_KINDS}
    return {
        kind: BagChoice(kind, units, _proposed(units, model, used) if propose else None, used) for kind, units in by_kind.items()
    }


def _proposed(units: Sequence[Unit], model: str | None, used: frozenset[int]) -> Unit | None:
    """A terminal of another model, or one that came out of a vehicle, is there to be chosen, but is not proposed."""
    first = next(iter(units), None)
    return first if first is not None and first.id not in used and _fits(first, model) else None


def _fits(unit: Unit, model: str | None) -> bool:
    return unit.terminal is None or model is None or unit.terminal.model == model
