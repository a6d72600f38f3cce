"""What the office sees of the work on site: trips, vehicles, what does not fit, money and signatures. Reads and view models."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa
from markupsafe import Markup
from sqlalchemy.orm import Session, joinedload

from dispatch.devices.fitted import fittings_of, unit_name
from dispatch.devices.models import Fitting, Unit
from dispatch.devices.queries import fitted
from dispatch.errors import NotFound
from dispatch.fees.models import Charge, Receipt
from dispatch.fees.queries import charges_of, receipts_of
from dispatch.fees.rules import OrderAccount
from dispatch.field.models import Arrival, DepartureCheck, FieldFact, Photo, Signature, TestResult
from dispatch.field.rules import DEPARTURE_ITEMS, TEST_ITEMS, TESTS
from dispatch.field.summary import latest_tests, standing
from dispatch.orders.lifecycle import WORDS
from dispatch.orders.models import Order, OrderLine, Visit
from dispatch.orders.queries import visible
from dispatch.sheets.drawing import signature_svg
from dispatch.staff.models import Person
from dispatch.staff.rules import Actor
from dispatch.words import Text, say, text_from_json

FEW = 3
"""So many vehicles are shown unfolded."""
GOOD = ("passed", "overruled")
Inside = Mapping[int, Mapping[str, Unit]]
"""What is in vehicles now: vehicle id -> kind -> unit."""


@dataclass
class Trip:
    """A visit with where its technician was when he arrived, and what he had checked before he left: item -> newest check."""

    visit: Visit
    arrival: Arrival | None
    checks: dict[str, DepartureCheck] = field(default_factory=dict)

    @property
    def lacking(self) -> list[DepartureCheck]:
        """What was not in order before leaving."""
        return [check for check in self.checks.values() if not check.ok]


@dataclass(frozen=True)
class Point:
    """One point of a test-run with the result that counts; `own` when somebody else tested it, or at another time."""

    item: str
    result: TestResult | None
    own: bool

    @property
    def good(self) -> bool:
        """Whether it needs nothing more."""
        return self.result is not None and self.result.result in GOOD


@dataclass(frozen=True)
class VehicleSeen:
    """What was done at one vehicle of the order. `tested` is who made most of the test-run, and when."""

    line: OrderLine
    fittings: Sequence[Fitting]
    points: Sequence[Point]
    tested: TestResult | None
    photos: Sequence[Photo]

    @property
    def failed(self) -> int:
        """How many points of the test-run failed."""
        return sum(1 for point in self.points if point.result is not None and point.result.result == "failed")

    @property
    def done(self) -> int:
        """How many points have a result."""
        return sum(1 for point in self.points if point.result is not None)

    @property
    def touched(self) -> bool:
        """Whether anything was done at all."""
        return bool(self.fittings or self.tested or self.photos)


@dataclass(frozen=True)
class Disputed:
    """What was sent and fits nothing: by whom, what he said, why it was refused, and what the record says now."""

    id: uuid.UUID
    kind: str
    who: str
    device_at: datetime
    received_at: datetime
    said: Sequence[tuple[Text, str]]
    why: Text | None
    record: Sequence[Text]


@dataclass(frozen=True)
class OnSite:
    """The work on site of one order."""

    order: Order
    trips: Sequence[Trip]
    vehicles: Sequence[VehicleSeen]
    untouched: int
    photos: Sequence[Photo]
    disputed: Sequence[Disputed]

    @property
    def few(self) -> bool:
        """Whether all vehicles are shown unfolded."""
        return len(self.vehicles) <= FEW

    @property
    def empty(self) -> bool:
        """Whether nothing has come in yet."""
        return not (self.trips or self.vehicles or self.photos or self.disputed)


@dataclass(frozen=True)
class SignatureSeen:
    """A signature or refusal, drawn."""

    row: Signature
    drawing: Markup | None


@dataclass(frozen=True)
class ReceiptSeen:
    """Money taken or given back. `left` of what was taken can still be given back."""

    row: Receipt
    left: Decimal


@dataclass(frozen=True)
class Papers:
    """The money of one order and the words of its customers under it."""

    order: Order
    charges: Sequence[Charge]
    receipts: Sequence[ReceiptSeen]
    account: OrderAccount
    signatures: Sequence[SignatureSeen]
    positions: Mapping[int, OrderLine]


# --- reading


def order_with_vehicles(session: Session, number: str, by: Actor) -> Order:
    """One order with its lines and their vehicles, in one statement. Raises NotFound when it is not the reader's."""
    query = sa.select(Order).where(Order.number == number, visible(by))
    found = session.scalars(query.options(joinedload(Order.lines).joinedload(OrderLine.vehicle))).unique().one_or_none()
    if found is None:
        raise NotFound
    return found


def on_site(session: Session, order: Order) -> OnSite:
    """What was done. Its number of statements does not grow with the vehicles."""
    fittings = fittings_of(session, order.id)
    tests = latest_tests(session, order.id, fittings)
    photos = session.scalars(sa.select(Photo).where(Photo.order_id == order.id).order_by(Photo.at, Photo.id)).all()
    seen = [_vehicle(line, fittings, tests.get(line.id, {}), photos) for line in order.lines]
    touched = [vehicle for vehicle in seen if vehicle.touched]
    return OnSite(
        order=order,
        trips=_trips(session, order.id),
        vehicles=touched,
        untouched=len(seen) - len(touched),
        photos=[photo for photo in photos if photo.line_id is None],
        disputed=_disputed(session, order),
    )


def papers(session: Session, order: Order) -> Papers:
    """Money and signatures."""
    charges, receipts = charges_of(session, order.id), receipts_of(session, order.id)
    charged = sum((row.amount for row in charges), start=Decimal("0.00"))
    received = sum((row.amount for row in receipts), start=Decimal("0.00"))
    rows = session.scalars(sa.select(Signature).where(Signature.order_id == order.id).order_by(Signature.at, Signature.received_at))
    newest = {row.visit_id: row for row in rows}
    return Papers(
        order=order,
        charges=standing(charges),
        receipts=[ReceiptSeen(row, _left(row, receipts)) for row in receipts],
        account=OrderAccount(charged, received),
        signatures=[SignatureSeen(row, signature_svg(row.points, 240, 90) if row.points else None) for row in newest.values()],
        positions={line.id: line for line in order.lines},
    )


def _left(receipt: Receipt, receipts: Iterable[Receipt]) -> Decimal:
    return receipt.amount + sum(other.amount for other in receipts if other.refunds_id == receipt.id)


def _trips(session: Session, order_id: int) -> list[Trip]:
    """The visits for which somebody set out, in one statement."""
    query = sa.select(Visit, Arrival, DepartureCheck).outerjoin(Arrival, Arrival.visit_id == Visit.id)
    whole = query.outerjoin(DepartureCheck, DepartureCheck.visit_id == Visit.id).options(joinedload(Visit.technician))
    gone = whole.where(Visit.order_id == order_id, Visit.departed_at.is_not(None))
    found: dict[int, Trip] = {}
    for visit, arrival, check in session.execute(gone.order_by(Visit.departed_at, Visit.id, DepartureCheck.id)).unique():
        trip = found.setdefault(visit.id, Trip(visit, arrival))
        if check is not None:
            trip.checks[check.item] = check
    for trip in found.values():
        trip.checks = {item: trip.checks[item] for item in DEPARTURE_ITEMS if item in trip.checks}
    return list(found.values())


def _vehicle(
    line: OrderLine, fittings: Iterable[Fitting], tests: Mapping[str, TestResult], photos: Iterable[Photo]
) -> VehicleSeen:
    usual = _usual(tests.values())
    points = [Point(item, row, row is not None and _by(row) != _by(usual)) for item in TEST_ITEMS for row in [tests.get(item)]]
    return VehicleSeen(
        line=line,
        fittings=[fitting for fitting in fittings if fitting.line_id == line.id],
        points=points if tests else (),
        tested=usual,
        photos=[photo for photo in photos if photo.line_id == line.id],
    )


def _usual(results: Iterable[TestResult]) -> TestResult | None:
    """A result that stands for most of them: by the same person at the same time."""
    rows = list(results)
    if not rows:
        return None
    most = Counter(_by(row) for row in rows).most_common(1)[0][0]
    return next(row for row in rows if _by(row) == most)


def _by(row: TestResult | None) -> tuple[int, datetime] | None:
    return (row.by_id, row.at.replace(second=0, microsecond=0)) if row else None


# --- what fits nothing


def _disputed(session: Session, order: Order) -> list[Disputed]:
    query = sa.select(FieldFact, Person.name, Visit).join(Person, Person.id == FieldFact.person_id)
    query = query.outerjoin(Visit, Visit.id == FieldFact.visit_id)
    mine = sa.func.coalesce(FieldFact.order_id, Visit.order_id) == order.id
    still_open = (FieldFact.state == "disputed", FieldFact.outcome["settled"].is_(None))
    rows = session.execute(query.where(mine, *still_open).order_by(FieldFact.received_at)).all()
    lines = {line.id: line for line in order.lines}
    about = {line.vehicle_id for fact, _, _ in rows if (line := lines.get(fact.content.get("line")))}
    inside = fitted(session, list(about)) if about else {}
    return [_dispute(inside, lines.get(fact.content.get("line")), fact, who, visit) for fact, who, visit in rows]


def _dispute(inside: Inside, line: OrderLine | None, fact: FieldFact, who: str, visit: Visit | None) -> Disputed:
    return Disputed(
        id=fact.id,
        kind=fact.kind,
        who=who,
        device_at=fact.device_at,
        received_at=fact.received_at,
        said=list(_said(fact, line)),
        why=text_from_json(fact.outcome) if fact.outcome and fact.outcome.get("msgid") else None,
        record=list(_record(inside, fact, visit, line)),
    )


SAID: dict[str, Text] = {
    "terminal": say("New terminal"),
    "sim": say("New SIM"),
    "old_terminal": say("Old terminal"),
    "old_sim": say("Old SIM"),
    "amount": say("Amount"),
    "code": say("Code"),
    "quantity": say("Quantity"),
    "number": say("Receipt"),
    "invoice_number": say("Invoice"),
    "reason": say("Reason"),
    "note": say("Note"),
    "signer": say("Signed by"),
}
"""What of a fact is worth reading, in words."""


def _said(fact: FieldFact, line: OrderLine | None) -> Iterator[tuple[Text, str]]:
    """The content of a fact as a person reads it."""
    if line is not None:
        yield say("Vehicle"), line.vehicle.plate or line.vehicle.vin or "—"
    for name, label in SAID.items():
        if fact.content.get(name):
            yield label, str(fact.content[name])
    results = fact.content.get("results")
    for item in results if isinstance(results, dict) else ():
        if item in TESTS:
            yield TESTS[item], str(results[item].get("result", "—"))


def _record(inside: Inside, fact: FieldFact, visit: Visit | None, line: OrderLine | None) -> Iterator[Text]:
    """How the record stands now."""
    if visit is not None:
        yield say("The visit is: %(status)s", status=WORDS["visit"].get(visit.status, visit.status))
    if line is None:
        return
    yield say("The vehicle is: %(status)s", status=WORDS["line"].get(line.status, line.status))
    if fact.kind.startswith("line."):
        units = inside.get(line.vehicle_id, {})
        yield say("Terminal in the vehicle: %(number)s", number=_number(units, "terminal"))
        yield say("SIM in the vehicle: %(number)s", number=_number(units, "sim"))


def _number(units: Mapping[str, Unit], kind: str) -> Text | str:
    return unit_name(units[kind]) if kind in units else say("none")
