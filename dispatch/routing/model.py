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
    gets no job that collects any."""

    id: Id
    home: Coordinates
    shift: Span
    lunch: Lunch | None = None
    skills: Mapping[str, int] = field(default_factory=dict)
    parts: Mapping[str, int] = field(default_factory=dict)
    product_trained: bool = True
    takes_money: bool = True


@dataclass(frozen=True)
class Job:
    """Work at one place. `windows` bound its start (none: any time); `skills` are least levels; `parts` leave the bag.

    `setup_minutes` (parking, gate, finding the driver) count once when the stop before was elsewhere. With `pinned_to` the plan
    keeps the person; with `pinned_start` as well the visit is a settled fact: kept as it is, even where it breaks a rule.
    Where it `collects`, something is to be paid.
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

    @property
    def settled(self) -> bool:
        """Whether person and start are both given."""
        return self.pinned_to is not None and self.pinned_start is not None


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


@dataclass(frozen=True)
class Stop:
    """A visit in the plan: arrival, start and end of the work, and the seconds driven to get there."""

    job: Id
    arrive: int
    start: int
    end: int
    travel_s: int


@dataclass(frozen=True)
class Route:
    """A technician's day. `travel_s` and `distance_m` (on the road) include the way home; `lunch_at`: None where none is due."""

    technician: Id
    leave_at: int
    home_at: int
    stops: tuple[Stop, ...]
    lunch_at: int | None
    travel_s: int
    distance_m: int


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
