"""A day in the words of its page: stops, routes, what waits. No query here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from dispatch.board.rules import district_of, part_words, shifts_over
from dispatch.board.work import DayOfBranch, site_of_line, wanted_of
from dispatch.customers.models import Site
from dispatch.fees.cash_queries import Held
from dispatch.orders.lifecycle import VISIT_LIVE
from dispatch.orders.models import Order, OrderLine, Visit
from dispatch.orders.presenting.clocks import DueMark, due_mark
from dispatch.orders.rules import SYMPTOMS
from dispatch.staff.models import Person
from dispatch.staff.roster_rules import KINDS, Leave, Presence
from dispatch.words import Text, say

FIRST_HOUR, LAST_HOUR = 8, 18
Parts = Mapping[str, int]


@dataclass(frozen=True)
class StopView:
    """A visit on a route. Times are seconds after midnight; `travel_s` and `distance_m` lead here from the stop before.

    `spare_s` is what is left between the stops beside the drive; below zero he cannot be there in time. `off_promise`: it is
    not when the customer wants somebody. `lunch_at` is the start of a lunch on the way here: before the drive, or after it where
    he `eats_there`. `leave`: he is away with approval at that time.
    """

    visit: Visit
    number: int
    start: int
    end: int
    travel_s: int
    distance_m: int
    spare_s: int
    off_promise: bool = False
    lunch_at: int | None = None
    eats_there: bool = False
    lunch_within: bool = False
    leave: Leave | None = None

    @property
    def arrive(self) -> int:
        """When the drive ends."""
        return self.lunch_at if self.eats_there and self.lunch_at is not None else self.start

    @property
    def wanted(self) -> str:
        """When the customer wants somebody, in figures."""
        return wanted_of(self.visit.order)

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


@dataclass(frozen=True)
class Elsewhere:
    """A time for which he helps another branch out, in seconds after midnight; nothing else is said of it here."""

    branch: str
    start: int
    end: int
    status: str


@dataclass(frozen=True)
class RouteView:
    """One technician's day. `colour` is None where there is nothing to draw; `lunch` is (start, end) where it can be told.

    `there`: when he is on duty; `elsewhere`: when he is at another branch.
    """

    person: Person
    stops: tuple[StopView, ...]
    colour: int | None
    way_home_s: int
    distance_m: int
    lunch: tuple[int, int] | None
    lacking: Parts
    there: Presence
    elsewhere: tuple[Elsewhere, ...] = ()

    @property
    def rows(self) -> list[StopView | Elsewhere]:
        """His stops and what he does for other branches, by time."""
        return sorted([*self.stops, *self.elsewhere], key=lambda row: row.start)

    @property
    def short(self) -> list[Text]:
        """What the bag lacks for the visits still to be done, in words."""
        return [say("%(count)s × %(part)s", count=n, part=part_words(part)) for part, n in self.lacking.items()]

    @property
    def travel_s(self) -> int:
        """Seconds on the road, the way home included."""
        return sum(stop.travel_s for stop in self.stops) + self.way_home_s

    @property
    def busy_s(self) -> int:
        """Seconds on the road and at work."""
        return self.travel_s + sum(stop.end - stop.start for stop in self.stops)

    @property
    def away(self) -> list[Text]:
        """What keeps him away on this day: his leaves, or that he is off; nothing for who is there all his hours."""
        if self.there.away:
            return [KINDS[leave.kind] for leave in self.there.away]
        return [] if self.there.spans else [say("off duty")]

    @property
    def planned(self) -> int:
        """How many visits wait to be dispatched."""
        return sum(stop.visit.status == "planned" for stop in self.stops)

    @property
    def loose(self) -> int:
        """How many planned visits a new plan may give out anew: nobody has locked them."""
        return sum(stop.visit.status == "planned" and not stop.visit.by_hand for stop in self.stops)

    @property
    def vehicles(self) -> int:
        """How many vehicles are served."""
        return sum(len(stop.visit.visit_lines) for stop in self.stops)


@dataclass(frozen=True)
class Why:
    """Why vehicles found nobody; where parts are missing, how many of which, and in whose bag if it is only one's."""

    text: Text
    lacking: Parts
    technician_id: int | None


@dataclass(frozen=True)
class Waiting:
    """Vehicles of one order at one place that nobody has been given, and why."""

    order: Order
    site: Site
    lines: tuple[OrderLine, ...]
    reasons: tuple[Why, ...]
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
    def wanted(self) -> str:
        """When the customer wants somebody, in figures."""
        return wanted_of(self.order)

    def due(self, at: datetime) -> DueMark | None:
        """What of its order is due next."""
        return due_mark(self.order.clocks, at)

    @property
    def symptom(self) -> Text | None:
        """What a repair is about."""
        return SYMPTOMS[self.order.symptom].words if self.order.symptom else None


@dataclass(frozen=True)
class Overview:
    """The whole day; `held` is what its technicians hold in cash, by person."""

    of: DayOfBranch
    routes: tuple[RouteView, ...]
    queue: tuple[Waiting, ...]
    held: Mapping[int, Held] = field(default_factory=dict)

    @property
    def much_cash(self) -> list[Held]:
        """Who is over his limit of cash in hand, or near it."""
        found = (one for one in self.held.values() if one.standing.state != "fine")
        return sorted(found, key=lambda one: (not one.standing.over, -one.cash))

    @property
    def stops(self) -> list[StopView]:
        """Every visit of the day."""
        return [stop for route in self.routes for stop in route.stops]

    @property
    def idle(self) -> bool:
        """Whether nobody does anything on this day, here or elsewhere."""
        return not any(route.rows for route in self.routes)

    @property
    def planned(self) -> int:
        """Visits that wait to be dispatched."""
        return sum(route.planned for route in self.routes)

    @property
    def sent(self) -> int:
        """Visits that were dispatched, whatever became of them."""
        return len(self.stops) - self.planned

    @property
    def loose(self) -> int:
        """Planned visits that a new plan may give out anew: nobody has locked them."""
        return sum(route.loose for route in self.routes)

    @property
    def shifts_over(self) -> bool:
        """Whether it is so late that nobody has time left on this day."""
        return shifts_over([end for route in self._own if (end := route.there.ends) is not None], self.of.not_before)

    @property
    def nobody(self) -> bool:
        """Whether none of the branch's own is on duty on this day."""
        return bool(self._own) and not any(route.there.spans for route in self._own)

    @property
    def in_leave(self) -> list[StopView]:
        """Visits still to be made that lie in somebody's leave."""
        return [stop for stop in self.stops if stop.leave and stop.visit.status in VISIT_LIVE]

    @property
    def _own(self) -> list[RouteView]:
        return [route for route in self.routes if route.person.branch_id == self.of.branch_id]

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
        spans = [span for route in self.routes for span in route.there.spans]
        spans += [(row.start, row.end) for route in self.routes for row in route.rows]
        first = min([FIRST_HOUR, *(opens // 3600 for opens, _ in spans)])
        last = max([LAST_HOUR, *(-(-closes // 3600) for _, closes in spans)])
        return range(max(first, 0), min(last, 24))
