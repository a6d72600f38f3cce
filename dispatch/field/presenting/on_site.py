"""What the office sees of the work on site: trips and vehicles. Reads and view models."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, contains_eager, joinedload, selectinload

from dispatch.devices.fitted import fittings_of, stands
from dispatch.devices.models import Fitting, PartEntry
from dispatch.devices.part_use import parts_used, still_used
from dispatch.field.models import Arrival, DepartureCheck, Photo, TestResult
from dispatch.field.photographed import VEHICLE, Taken, Waiver, kinds_missing, owed_after, waivers_of
from dispatch.field.point_rules import REMOVAL
from dispatch.field.points import Asking, tests_and_lists
from dispatch.field.presenting.disputed import Disputed, disputed_of
from dispatch.field.queries import photo_stands, photos_of
from dispatch.field.rules import DEPARTURE_ITEMS, TEST_ITEMS, is_settled
from dispatch.field.summary import UNTESTED, Run
from dispatch.lists import FIRST, LEAF, Cut, Part
from dispatch.orders.lifecycle import VISIT_MOVING
from dispatch.orders.models import Order, OrderLine, Visit, VisitLine
from dispatch.orders.order_queries import LineFilter, called

EVERY = LineFilter()
SITE_LEAF = 25
"""So many vehicles of an order that has many are on a page: each has much to show."""
FEW = 3
"""So many vehicles are shown unfolded."""
GOOD = ("passed", "overruled")


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
    """One point of a test-run with the result that counts; `own` when somebody else tested it, or at another time.

    An `optional` one may stay open, or fail, and the order closes all the same.
    """

    item: str
    result: TestResult | None
    own: bool
    optional: bool = False

    @property
    def good(self) -> bool:
        """Whether it needs nothing more."""
        return self.optional or (self.result is not None and self.result.result in GOOD)

    @property
    def failed(self) -> bool:
        """Whether it did not pass and had to."""
        return not self.optional and self.result is not None and not is_settled(self.result.result, self.result.reason)


@dataclass(frozen=True)
class VehicleSeen:
    """What was done at one vehicle of the order. `tested` is who made most of the test-run, and when."""

    line: OrderLine
    fittings: Sequence[Fitting]
    parts: Sequence[PartEntry]
    points: Sequence[Point]
    tested: TestResult | None
    photos: Sequence[Photo]
    lacks_photos: Sequence[str] = ()
    """The kinds of photos for want of which the order cannot be closed."""
    waiver: Waiver | None = None
    """Why it can without others."""
    untestable: bool = False
    """Whether no terminal was left in it that could be tested."""

    @property
    def failed(self) -> int:
        """How many points of the test-run failed."""
        return sum(1 for point in self.points if point.failed)

    @property
    def proven(self) -> int:
        """How many points the terminal itself has proven."""
        return sum(1 for point in self.points if point.result is not None and point.result.observation_id is not None)

    @property
    def done(self) -> int:
        """How many points have a result."""
        return sum(1 for point in self.points if point.result is not None)

    @property
    def whole(self) -> bool:
        """Whether every point has one that must."""
        return all(point.optional or point.result is not None for point in self.points)

    @property
    def all_passed(self) -> bool:
        """Whether every point was simply passed, by one person at one time."""
        return all(point.result is not None and point.result.result == "passed" and not point.own for point in self.points)


@dataclass(frozen=True)
class OnSite:
    """The work on site of one order."""

    order: Order
    alone: bool
    """Whether the order has one vehicle."""
    trips: Sequence[Trip]
    vehicles: Sequence[VehicleSeen]
    part: Part[OrderLine]
    chosen: LineFilter
    untouched: int
    photos: Sequence[Photo]
    disputed: Sequence[Disputed]

    @property
    def few(self) -> bool:
        """Whether all vehicles are shown unfolded."""
        return self.part.total <= FEW

    @property
    def empty(self) -> bool:
        """Whether nothing has come in yet."""
        return not (self.chosen or self.trips or self.vehicles or self.photos or self.disputed)


def on_site(session: Session, order: Order, total: int, chosen: LineFilter = EVERY, cut: Cut = FIRST) -> OnSite:
    """What was done at a page of the `total` vehicles of an order. Its number of statements does not grow with the vehicles."""
    part = _touched(session, order, chosen, cut, LEAF if total <= LEAF else SITE_LEAF)
    lines, mine = part.rows, [line.id for line in part.rows]
    fittings = fittings_of(session, order.id, mine)
    tests, lists = tests_and_lists(session, order.id, fittings, mine)
    trips = _trips(session, order.id, mine, all_of_them=total <= LEAF)
    asked = Asking(lists, order, fittings, [trip.visit for trip in trips])
    photos = photos_of(session, order.id, mine)
    parts = parts_used(session, order.id, mine)
    lacking = kinds_missing(Taken(asked, tests, photos, total == 1), [line for line in lines if line.status == "done"])
    waivers = waivers_of(session, order.id) if lacking else {}
    owed = _still(order, owed_after(lacking, waivers))
    seen = [
        _vehicle(
            line,
            fittings,
            parts,
            tests.get(line.id, UNTESTED),
            asked,
            photos,
            owed=owed.get(line.id, ()),
            waiver=waivers.get(line.id) if line.id in lacking else None,
        )
        for line in lines
    ]
    return OnSite(
        order=order,
        alone=total == 1,
        trips=trips,
        vehicles=seen,
        part=part,
        chosen=chosen,
        untouched=0 if chosen else total - part.total,
        photos=[photo for photo in photos if photo.line_id is None],
        disputed=disputed_of(session, order),
    )


def _touched(session: Session, order: Order, chosen: LineFilter, cut: Cut, size: int) -> Part[OrderLine]:
    """A page of the vehicles at which anything was done, in one statement."""
    done = (
        OrderLine.status == "done",
        sa.exists().where(Fitting.line_id == OrderLine.id, stands()),
        sa.exists().where(TestResult.line_id == OrderLine.id),
        sa.exists().where(Photo.line_id == OrderLine.id, photo_stands()),
        sa.exists().where(PartEntry.line_id == OrderLine.id, still_used()),
    )
    query = sa.select(OrderLine, sa.func.count().over()).join(OrderLine.vehicle).options(contains_eager(OrderLine.vehicle))
    mine = query.where(OrderLine.order_id == order.id, sa.or_(*done), *called(chosen))
    rows = session.execute(cut.of(mine, {"position": (OrderLine.position,)}, size)).all()
    return Part([row[0] for row in rows], cut.number, rows[0][1] if rows else 0, size)


def _still(order: Order, owed: Mapping[int, Sequence[str]]) -> Mapping[int, Sequence[str]]:
    """A closed order owes nothing that came to be asked for later."""
    return owed if order.status != "closed" else {line_id: [VEHICLE] for line_id, kinds in owed.items() if VEHICLE in kinds}


def _trips(session: Session, order_id: int, lines: Sequence[int], *, all_of_them: bool) -> list[Trip]:
    """The visits for which somebody set out; unless `all_of_them`, those to these lines and those that are under way."""
    query = sa.select(Visit, Arrival, DepartureCheck).outerjoin(Arrival, Arrival.visit_id == Visit.id)
    whole = query.outerjoin(DepartureCheck, DepartureCheck.visit_id == Visit.id).options(
        joinedload(Visit.technician), selectinload(Visit.visit_lines.and_(VisitLine.line_id.in_(lines)))
    )
    theirs = sa.exists().where(VisitLine.visit_id == Visit.id, VisitLine.line_id.in_(lines))
    which = () if all_of_them else (sa.or_(theirs, Visit.status.in_(VISIT_MOVING)),)
    gone = whole.where(Visit.order_id == order_id, Visit.departed_at.is_not(None), *which)
    found: dict[int, Trip] = {}
    for visit, arrival, check in session.execute(gone.order_by(Visit.departed_at, Visit.id, DepartureCheck.id)).unique():
        trip = found.setdefault(visit.id, Trip(visit, arrival))
        if check is not None:
            trip.checks[check.item] = check
    for trip in found.values():
        trip.checks = {item: trip.checks[item] for item in DEPARTURE_ITEMS if item in trip.checks}
    return list(found.values())


def _vehicle(
    line: OrderLine,
    fittings: Iterable[Fitting],
    parts: Iterable[PartEntry],
    tests: Run,
    asked: Asking,
    photos: Iterable[Photo],
    *,
    owed: Sequence[str],
    waiver: Waiver | None,
) -> VehicleSeen:
    usual = _usual(tests.values())
    points = asked.points(line, tests)
    shown = [(item, tests.get(item)) for item in TEST_ITEMS if item in points.asked or item in tests]
    return VehicleSeen(
        line=line,
        fittings=[fitting for fitting in fittings if fitting.line_id == line.id],
        parts=[part for part in parts if part.line_id == line.id],
        points=[Point(item, row, row is not None and _by(row) != _by(usual), item not in points.must) for item, row in shown]
        if tests
        else (),
        tested=usual,
        photos=[photo for photo in photos if photo.line_id == line.id],
        lacks_photos=owed,
        waiver=waiver,
        untestable=asked.service(line) == REMOVAL,
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
