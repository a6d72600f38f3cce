"""The vehicles of a visit: what is in each, what was done at it, what is asked for, and what was before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from dispatch.audit.models import AuditEntry
from dispatch.clock import local_day
from dispatch.customers.models import Vehicle
from dispatch.devices.fitted import known_by, unit_numbers
from dispatch.devices.models import Fitting as FittingRow
from dispatch.devices.models import PartEntry
from dispatch.devices.models import Unit as UnitRow
from dispatch.devices.part_models import Part
from dispatch.devices.slot_rules import MAIN
from dispatch.fees.models import Charge, Receipt
from dispatch.fees.offers import At
from dispatch.field.models import Photo, TestResult
from dispatch.field.packing.reading import Read
from dispatch.field.packing.saying import Person
from dispatch.field.packing.sheaf import told_key
from dispatch.field.packing.stop_shapes import Asked, Fitting, Line, Unit, UsedPart
from dispatch.field.packing.stop_shapes import Vehicle as ToldVehicle
from dispatch.field.photographed import Taken, kinds_missing, owed_after, waivers_in
from dispatch.field.point_models import PointList
from dispatch.field.point_rules import WORKS, Points, in_force
from dispatch.field.points import Asking, as_delivered, asked_now
from dispatch.field.presenting.day import lines_of
from dispatch.field.presenting.past import history
from dispatch.field.summary import Run, fitting_json, runs_of, standing
from dispatch.orders.models import OrderLine, Visit


@dataclass(frozen=True)
class Done:
    """What was done and charged on the order of a visit: also what `summary_from` wants to know."""

    read: Read
    visit: Visit

    @cached_property
    def lines(self) -> Sequence[OrderLine]:
        """The visit's own vehicles."""
        return lines_of(self.visit)

    @cached_property
    def fittings(self) -> Sequence[FittingRow]:
        """What was changed in them and stands, in the order of time."""
        found = [one for line in self.lines for one in self.read.fittings.get(line.id, ())]
        return sorted(found, key=lambda one: (one.at, one.id))

    @cached_property
    def tests(self) -> Mapping[int, Run]:
        """Line id -> its test-run."""
        own = [row for row in self.read.sheaf.made("tests", TestResult) if row.order_id == self.visit.order_id]
        return runs_of(own, self.fittings)

    @cached_property
    def charges(self) -> Sequence[Charge]:
        """What the order costs, without what was taken back."""
        return standing([row for row in self.read.sheaf.made("charges", Charge) if row.order_id == self.visit.order_id])

    @cached_property
    def receipts(self) -> Sequence[Receipt]:
        """What was paid for it."""
        return [row for row in self.read.sheaf.made("receipts", Receipt) if row.order_id == self.visit.order_id]

    @cached_property
    def parts(self) -> Sequence[PartEntry]:
        """The counted parts that its vehicles were given."""
        rows = [row for row in self.read.sheaf.rows("used") if row["order_id"] == self.visit.order_id]
        return [_entry(row) for row in rows]

    @cached_property
    def photos(self) -> Sequence[Photo]:
        """What was photographed for the order."""
        return [row for row in self.read.sheaf.made("photos", Photo) if row.order_id == self.visit.order_id]

    @property
    def vehicles(self) -> int:
        """How many vehicles the order has."""
        return sum(row["many"] for row in self.read.sheaf.rows("counts") if row["order_id"] == self.visit.order_id)

    @cached_property
    def lists(self) -> Sequence[PointList]:
        """Everything that was ever decided about what is asked for."""
        return self.read.sheaf.made("lists", PointList)

    @cached_property
    def asking(self) -> Asking:
        """What is asked of the vehicles."""
        return Asking(self.lists, self.visit.order, self.fittings, self.read.visits_of.get(self.visit.order_id, ()))

    @cached_property
    def taken(self) -> Taken:
        """What was photographed of them."""
        return Taken(self.asking, self.tests, self.photos, alone=self.vehicles == 1)

    @cached_property
    def photos_owed(self) -> Mapping[int, Sequence[str]]:
        """Line id -> the kinds of photos that closing will miss."""
        entries = [row for row in self.read.sheaf.made("waived", AuditEntry) if row.subject_id == self.visit.order_id]
        return owed_after(kinds_missing(self.taken, self.lines), waivers_in(entries))


def _entry(row: dict[str, object]) -> PartEntry:
    told = {name: row[name] for name in ("id", "order_id", "line_id", "quantity")}
    return PartEntry(**told, part=Part(**{name: row[name] for name in ("code", "name", "unit")}))


def works(lists: Sequence[PointList]) -> Mapping[str, Asked]:
    """What is asked for now."""
    return {work: _asked(points) for work, points in asked_now(lists).items()}


def _asked(points: Points) -> Asked:
    return Asked(points.must, points.may, points.photos, points.photos_may)


def lines_told(done: Done) -> list[Line]:
    """The vehicles of a visit as the phone has them."""
    return [_line(done, line) for line in done.lines]


def _line(done: Done, line: OrderLine) -> Line:
    run = done.tests.get(line.id, Run())
    held, order = done.read.warranties.get(line.id), done.visit.order
    at = At(order.kind, local_day(done.read.at, order.branch.zone), held)
    return Line(
        id=line.id,
        position=line.position,
        status=line.status,
        reason=line.reason,
        role=line.role,
        model=line.model,
        parking=line.parking,
        remark=line.remark,
        vehicle=_vehicle(done.read, line.vehicle),
        inside=_inside(done.read, line.vehicle_id),
        fittings=[_fitting(one) for one in done.fittings if one.line_id == line.id],
        tests={item: row.result for item, row in run.items()},
        parts=[_part(one) for one in done.parts if one.line_id == line.id],
        photos=sorted(done.taken.shown(line)),
        asked=_older(done, line, run),
        work=done.asking.service(line),
        photos_owed=done.photos_owed.get(line.id, ()),
        warranty=held.rule if held else None,
        in_warranty=at.cover(None).in_warranty,
        history=history(done.read, line.vehicle_id),
    )


def _older(done: Done, line: OrderLine, run: Run) -> Mapping[str, Asked] | None:
    """What is asked of a vehicle whose test-run began under an older list; None where that is the same as now."""
    moment = done.asking.moment(line, run)
    if moment is None:
        return None
    then = {work: _asked(in_force(done.lists, work, moment, delivered=as_delivered())) for work in WORKS}
    return None if then == works(done.lists) else then


def _vehicle(read: Read, vehicle: Vehicle) -> ToldVehicle:
    drivers = [row for row in read.sheaf.rows("drivers") if row["vehicle_id"] == vehicle.id]
    return ToldVehicle(
        vehicle.id,
        vehicle.plate,
        vehicle.plate_colour,
        vehicle.vin,
        vehicle.kind,
        vehicle.make,
        vehicle.fleet_no,
        [Person(row["name"], row["phone"], row["shift"]) for row in drivers],
    )


def _inside(read: Read, vehicle_id: int) -> Mapping[str, Mapping[str, Unit]]:
    places = read.inside.get(vehicle_id, {})
    return {role: {kind: _unit(unit) for kind, unit in units.items()} for role, units in places.items()}


def _unit(unit: UnitRow) -> Unit:
    lent = unit.loan_out.due_on if unit.loan_out else None
    return Unit(unit.id, unit.kind, unit_numbers(unit), sorted(known_by(unit)), lent)


def _fitting(one: FittingRow) -> Fitting:
    return Fitting(one.id, told_key(one.fact_id), one.kind, one.unit_kind, one.slot.role or MAIN, one.at, fitting_json(one))


def _part(one: PartEntry) -> UsedPart:
    return UsedPart(one.id, told_key(one.key), one.part.code, one.part.name, one.part.unit, one.quantity)
