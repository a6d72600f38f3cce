"""The words of the planner: what goes in (technicians, jobs, travel) and what comes out (routes, unserved jobs with reasons).

Times are seconds after local midnight, durations say their unit, places are (latitude, longitude) in WGS-84.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dispatch.geo.rules import Coordinates
from dispatch.words import Text

Id = int | str
Span = tuple[int, int]


@dataclass(frozen=True)
class Lunch:
    """A pause of `minutes` that starts between `earliest` and `latest`, between two jobs."""

    earliest: int
    latest: int
    minutes: int

    @property
    def seconds(self) -> int:
        """Length in seconds."""
        return self.minutes * 60


@dataclass(frozen=True)
class Technician:
    """Somebody to send: starts and ends the day at `home`, within `shift`; `parts` is what is in the bag. Who does not take money
    gets no job that collects any.

    The shift may be overrun by `overtime_minutes`, each second of which counts as `overtime_price` seconds on the road. Work
    takes `pace` per cent of its time, `paces` where a job asks for that skill (the slowest counts). With `open_end` there is no
    way home. Who is not `lent` works for his own `branch` only. `visit_price`: what each visit of a contractor costs, as seconds
    on the road. `worked_minutes`: what he worked in the week before this day. `tools`: what he has with him to work with.
    """

    id: Id
    home: Coordinates
    shift: Span
    lunch: Lunch | None = None
    skills: Mapping[str, int] = field(default_factory=dict)
    parts: Mapping[str, int] = field(default_factory=dict)
    product_trained: bool = True
    takes_money: bool = True
    overtime_minutes: int = 0
    overtime_price: int = 0
    pace: int = 100
    paces: Mapping[str, int] = field(default_factory=dict)
    max_stops: int | None = None
    max_travel_minutes: int | None = None
    open_end: bool = False
    branch: Id | None = None
    lent: bool = True
    visit_price: int = 0
    worked_minutes: int = 0
    tools: tuple[str, ...] = ()

    def pace_of(self, job: Job) -> int:
        """Per cent of a job's time that he takes for it."""
        return max((self.paces[skill] for skill in job.skills if skill in self.paces), default=self.pace)


@dataclass(frozen=True)
class Job:
    """Work at one place. `windows` bound its start (none: any time); `skills` are least levels; `parts` leave the bag.

    `setup_minutes` (parking, gate, finding the driver) count once when the stop before was elsewhere. With `pinned_to` the plan
    keeps the person; with `pinned_start` as well the visit is a settled fact: kept as it is, even where it breaks a rule.
    Where it `collects`, something is to be paid. The windows are a wall, or, with `late_minutes`, a promise that may be broken by
    so much after the last has closed, each second counting as `late_price` seconds on the road. Jobs that are `linked` by the
    same name go to the same person, whoever it is. `preferred`: others cost `Prices.not_preferred`.

    `tools` have to be there and are not used up. Two jobs that go `together` by the same name are one visit of two people, a half
    for each: both or none, at the same place from the same moment on, as long as the work takes at nobody's pace, never late.
    """

    id: Id
    at: Coordinates
    minutes: int
    setup_minutes: int = 0
    windows: tuple[Span, ...] = ()
    priority: int = 1
    skills: Mapping[str, int] = field(default_factory=dict)
    parts: Mapping[str, int] = field(default_factory=dict)
    pinned_to: Id | None = None
    pinned_start: int | None = None
    collects: bool = False
    late_minutes: int = 0
    late_price: int = 0
    preferred: tuple[Id, ...] = ()
    forbidden: tuple[Id, ...] = ()
    branch: Id | None = None
    linked: str | None = None
    tools: tuple[str, ...] = ()
    together: str | None = None

    @property
    def settled(self) -> bool:
        """Whether person and start are both given."""
        return self.pinned_to is not None and self.pinned_start is not None

    @property
    def has_own_pace(self) -> bool:
        """Whether it takes its time whoever does it."""
        return self.settled or self.together is not None


@dataclass(frozen=True)
class Store:
    """Where somebody fetches what his bag lacks: at most once on a route, before the first job that needs it.

    The stop takes `minutes` and begins within `windows` (none: at any time). `parts` lie there, the serialised ones by their
    number as well as the others; `tools` are lent for the day, so many of each. Who has a `branch` goes to no other branch's.
    """

    id: Id
    at: Coordinates
    minutes: int = 0
    windows: tuple[Span, ...] = ()
    parts: Mapping[str, int] = field(default_factory=dict)
    tools: Mapping[str, int] = field(default_factory=dict)
    branch: Id | None = None

    def errand(self) -> Errand:
        """The stop there, as one among the others of a route."""
        return Errand(self.id, self.at, self.minutes, windows=self.windows, priority=0, store=self)

    def serves(self, one: Technician) -> bool:
        """Whether he may fetch something here."""
        return self.branch is None or one.branch is None or self.branch == one.branch


@dataclass(frozen=True)
class Errand(Job):
    """A stop at a store, in an order of jobs."""

    store: Store = field(kw_only=True)

    @property
    def has_own_pace(self) -> bool:
        """Nobody is quicker at the counter."""
        return True


@dataclass(frozen=True)
class Prices:
    """What counts beside the way, all as seconds on the road.

    `not_preferred`: somebody else than was preferred. `too_skilled`: each level above what is asked for. `lent`: a job of another
    branch. `fair`: a minute of work, for each hour that the person has worked in the week before it.
    """

    not_preferred: int = 900
    too_skilled: int = 0
    lent: int = 0
    fair: int = 0


@dataclass(frozen=True)
class Travel:
    """Seconds on the road = great-circle metres * factor / speed.

    Where there is a `curve`, it says instead how many metres and seconds so many straight metres are, evenly between its points
    (straight metres, metres, seconds). `measured` is by how much the seconds of a road engine are multiplied, so far away.
    """

    factor: float = 1.3
    speed_kmh: float = 30
    curve: tuple[tuple[float, float, float], ...] = ()
    measured: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True)
class Problem:
    """One day of one team. `not_before`: the moment of planning during the day; nobody sets out to a new job earlier."""

    technicians: tuple[Technician, ...]
    jobs: tuple[Job, ...]
    travel: Travel = Travel()
    not_before: int | None = None
    prices: Prices = Prices()
    stores: tuple[Store, ...] = ()


@dataclass(frozen=True)
class Stop:
    """A visit in the plan: arrival, start and end of the work, and the seconds driven to get there."""

    job: Id
    arrive: int
    start: int
    end: int
    travel_s: int


@dataclass(frozen=True)
class StoreStop:
    """A stop at a store, before the visit number `before` of a route (the first is 0), and what is fetched there."""

    store: Id
    before: int
    arrive: int
    start: int
    end: int
    travel_s: int
    parts: Mapping[str, int] = field(default_factory=dict)
    tools: tuple[str, ...] = ()


@dataclass(frozen=True)
class Route:
    """A technician's day. `travel_s` and `distance_m` (on the road) include the way home; `lunch_at`: None where none is due.

    `store`: his stop at a store, if he has to fetch something.
    """

    technician: Id
    leave_at: int
    home_at: int
    stops: tuple[Stop, ...]
    lunch_at: int | None
    travel_s: int
    distance_m: int
    store: StoreStop | None = None


@dataclass(frozen=True)
class Reason:
    """Why these technicians do not serve a job (no technicians: why nobody can)."""

    text: Text
    technicians: tuple[Id, ...] = ()


@dataclass(frozen=True)
class Unserved:
    """A job left over, with the reasons, the technicians who came nearest first."""

    job: Id
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True)
class Plan:
    """Routes of the technicians who have stops, and the jobs nobody got."""

    routes: tuple[Route, ...] = ()
    unserved: tuple[Unserved, ...] = ()
