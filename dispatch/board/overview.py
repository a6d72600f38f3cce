"""A day as the dispatcher looks at it: each technician's route with drives, lunch and bag; what still waits. No query here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from typing import Any

from dispatch.board.outcome import UNPLACED, reasons_by_line
from dispatch.board.problem import has_lunch_within, home_of, lunch_of
from dispatch.board.rules import district_of, part_words, seconds_of, seconds_of_clock, worded
from dispatch.board.work import DayOfBranch, Ways, parts_of_lines, place_of, place_of_visit, site_of_line
from dispatch.customers.models import Site
from dispatch.geo.rules import Coordinates, metres, travel_seconds
from dispatch.orders.lifecycle import VISIT_LIVE
from dispatch.orders.models import Order, OrderLine, Visit
from dispatch.orders.rules import SYMPTOMS
from dispatch.staff.models import Person
from dispatch.words import Text, say, text_from_json

FIRST_HOUR, LAST_HOUR = 8, 18
REASONS_SHOWN = 3


@dataclass(frozen=True)
class StopView:
    """A visit on a route. Times are seconds after midnight; `travel_s` and `distance_m` lead here from the stop before.

    `spare_s` is what is left between the stops beside the drive; below zero he cannot be there in time.
    """

    visit: Visit
    number: int
    start: int
    end: int
    travel_s: int
    distance_m: int
    spare_s: int
    lunch: bool = False
    lunch_within: bool = False

    @property
    def lines(self) -> list[OrderLine]:
        """The vehicles of this visit, in the order's sequence."""
        return sorted((row.line for row in self.visit.visit_lines), key=lambda line: line.position)

    @property
    def site(self) -> Site:
        """Where it is."""
        lines = self.lines
        return site_of_line(lines[0]) if lines else self.visit.order.site

    @property
    def district(self) -> str:
        """The district of the address, for a glance."""
        return district_of(self.site.address)

    @property
    def off_promise(self) -> bool:
        """Whether it starts outside the hours promised to the customer."""
        return _off_promise(self.visit.order, self.start)


def _off_promise(order: Order, start: int) -> bool:
    early = order.window_from is not None and start < seconds_of_clock(order.window_from)
    return early or (order.window_to is not None and start > seconds_of_clock(order.window_to))


@dataclass(frozen=True)
class RouteView:
    """One technician's day. `colour` is None where there is nothing to draw; `lunch` is (start, end) where it can be told."""

    person: Person
    stops: tuple[StopView, ...]
    colour: int | None
    way_home_s: int
    distance_m: int
    lunch: tuple[int, int] | None
    short: tuple[Text, ...]

    @property
    def travel_s(self) -> int:
        """Seconds on the road, the way home included."""
        return sum(stop.travel_s for stop in self.stops) + self.way_home_s

    @property
    def busy_s(self) -> int:
        """Seconds on the road and at work."""
        return self.travel_s + sum(stop.end - stop.start for stop in self.stops)

    @property
    def shift(self) -> tuple[int, int]:
        """The shift in seconds after midnight."""
        return seconds_of_clock(self.person.shift_from), seconds_of_clock(self.person.shift_to)

    @property
    def planned(self) -> int:
        """How many visits wait to be dispatched."""
        return sum(stop.visit.status == "planned" for stop in self.stops)

    @property
    def vehicles(self) -> int:
        """How many vehicles are served."""
        return sum(len(stop.visit.visit_lines) for stop in self.stops)


@dataclass(frozen=True)
class Waiting:
    """Vehicles of one order at one place that nobody has been given, and why."""

    order: Order
    site: Site
    lines: tuple[OrderLine, ...]
    reasons: tuple[Text, ...]
    more_reasons: int

    @property
    def placed(self) -> bool:
        """Whether the map knows the place."""
        return self.site.lat is not None

    @property
    def district(self) -> str:
        """The district of the address, for a glance."""
        return district_of(self.site.address)

    @property
    def symptom(self) -> Text | None:
        """What a repair is about."""
        return SYMPTOMS[self.order.symptom].words if self.order.symptom else None


@dataclass(frozen=True)
class Overview:
    """The whole day."""

    of: DayOfBranch
    routes: tuple[RouteView, ...]
    queue: tuple[Waiting, ...]

    @property
    def stops(self) -> list[StopView]:
        """Every visit of the day."""
        return [stop for route in self.routes for stop in route.stops]

    @property
    def planned(self) -> int:
        """Visits that wait to be dispatched."""
        return sum(route.planned for route in self.routes)

    @property
    def sent(self) -> int:
        """Visits that were dispatched, whatever became of them."""
        return len(self.stops) - self.planned

    @property
    def waiting(self) -> int:
        """Vehicles without a visit."""
        return sum(len(entry.lines) for entry in self.queue)

    @property
    def distance_m(self) -> int:
        """Metres on the road of everybody together."""
        return sum(route.distance_m for route in self.routes)

    @property
    def travel_s(self) -> int:
        """Seconds on the road of everybody together."""
        return sum(route.travel_s for route in self.routes)

    @property
    def work_s(self) -> int:
        """Seconds on site of everybody together."""
        return sum(stop.end - stop.start for stop in self.stops)

    @property
    def hours(self) -> range:
        """The hours the time bars show."""
        first = min([FIRST_HOUR, *(r.shift[0] // 3600 for r in self.routes), *(s.start // 3600 for s in self.stops)])
        last = max([LAST_HOUR, *(-(-r.shift[1] // 3600) for r in self.routes), *(-(-s.end // 3600) for s in self.stops)])
        return range(max(first, 0), min(last, 24))


def overview(
    of: DayOfBranch,
    ways: Ways,
    *,
    team: Sequence[Person],
    visits: Sequence[Visit],
    bags: Mapping[int, Mapping[str, int]],
    lines: Sequence[OrderLine],
    told: Mapping[str, Any] | None,
) -> Overview:
    """The day from its parts; `told` is the outcome of the last planning run. A visitor from another team gets a route too."""
    people = {person.id: person for person in (*team, *(visit.technician for visit in visits))}
    by_person = {who: list(group) for who, group in groupby(sorted(visits, key=_by_time), key=lambda visit: visit.technician_id)}
    colours = {who: colour for colour, who in enumerate(who for who in people if who in by_person)}
    routes = (_route(p, by_person.get(p.id, []), colours.get(p.id), bags.get(p.id, {}), of, ways) for p in people.values())
    return Overview(of, tuple(routes), tuple(_queue(lines, told)))


def _by_time(visit: Visit) -> tuple[int, Any]:
    return visit.technician_id, visit.starts_at


def _route(
    person: Person, visits: Sequence[Visit], colour: int | None, bag: Mapping[str, int], of: DayOfBranch, ways: Ways
) -> RouteView:
    places = [home_of(person), *(place_of_visit(visit) for visit in visits), home_of(person)]
    ways_m = [_metres(a, b, ways) for a, b in pairwise(places)] if visits else [0]
    bare: list[StopView] = []
    for visit, road_m in zip(visits, ways_m, strict=False):
        bare.append(_stop(bare[-1] if bare else None, visit, road_m, of, ways))
    stops, lunch = _with_lunch(person, bare, _seconds(ways_m[-1], ways), of, ways)
    return RouteView(person, stops, colour, _seconds(ways_m[-1], ways), sum(ways_m), lunch, _short(visits, bag, ways))


def _metres(a: Coordinates | None, b: Coordinates | None, ways: Ways) -> int:
    return round(metres(a, b) * ways.travel.factor) if a and b else 0


def _seconds(road_m: int, ways: Ways) -> int:
    return travel_seconds(road_m, 1, ways.travel.speed_kmh)


def _stop(before: StopView | None, visit: Visit, road_m: int, of: DayOfBranch, ways: Ways) -> StopView:
    """The first drive of a day is spared nothing: whoever starts early leaves home early."""
    start, end = seconds_of(visit.starts_at, of.day, of.zone), seconds_of(visit.ends_at, of.day, of.zone)
    drive = _seconds(road_m, ways)
    spare = start - before.end - drive if before else 0
    return StopView(visit, before.number + 1 if before else 1, start, end, drive, road_m, spare)


def _with_lunch(
    person: Person, stops: Sequence[StopView], way_home_s: int, of: DayOfBranch, ways: Ways
) -> tuple[tuple[StopView, ...], tuple[int, int] | None]:
    """The stops, the one with or behind lunch marked; and when lunch is, if it lies between stops."""
    lunch = lunch_of(person)
    if lunch is None:
        return tuple(stops), None
    free = seconds_of_clock(person.shift_from)
    for place, stop in enumerate(stops):
        at = _lunch_before(max(free, lunch.earliest), free, stop, lunch.seconds)
        if at is not None and at <= lunch.latest:
            return (*stops[:place], replace(stop, lunch=True), *stops[place + 1 :]), (at, at + lunch.seconds)
        if has_lunch_within(person, stop.visit, of, ways):
            return (*stops[:place], replace(stop, lunch_within=True), *stops[place + 1 :]), None
        free = stop.end
    at = max(free, lunch.earliest)
    due = bool(stops) and at <= lunch.latest < at + lunch.seconds + way_home_s
    return tuple(stops), (at, at + lunch.seconds) if due else None


def _lunch_before(earliest: int, free: int, stop: StopView, seconds: int) -> int | None:
    """The start of a lunch that fits before a stop: before the drive, else on arrival."""
    if earliest + seconds + stop.travel_s <= stop.start:
        return earliest
    there = max(free + stop.travel_s, earliest)
    return there if there + seconds <= stop.start else None


def _short(visits: Iterable[Visit], bag: Mapping[str, int], ways: Ways) -> tuple[Text, ...]:
    """What the bag lacks for the visits still to be done."""
    lines = [row.line for visit in visits if visit.status in VISIT_LIVE for row in visit.visit_lines]
    lacking = {part: count - bag.get(part, 0) for part, count in parts_of_lines(lines, ways).items()}
    return tuple(say("%(count)s × %(part)s", count=n, part=part_words(part)) for part, n in sorted(lacking.items()) if n > 0)


def _queue(lines: Sequence[OrderLine], told: Mapping[str, Any] | None) -> Iterable[Waiting]:
    reasons = reasons_by_line(told)
    groups: dict[tuple[int, int], list[OrderLine]] = {}
    for line in lines:
        groups.setdefault((line.order_id, site_of_line(line).id), []).append(line)
    for waiting in groups.values():
        yield _waiting(waiting, reasons)


def _waiting(lines: Sequence[OrderLine], reasons: Mapping[int, Sequence[Mapping[str, Any]]]) -> Waiting:
    given = {str(reason["text"]): reason["text"] for line in lines for reason in reasons.get(line.id, ())}
    texts = [worded(text_from_json(text)) for text in given.values()]
    if place_of(lines[0]) is None:
        texts = [UNPLACED]
    site = site_of_line(lines[0])
    return Waiting(lines[0].order, site, tuple(lines), tuple(texts[:REASONS_SHOWN]), max(0, len(texts) - REASONS_SHOWN))
