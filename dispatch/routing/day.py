"""What is fixed about a technician's day, and what of it can be told without the clock: lengths, drives, limits, the bag."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from dispatch.routing.clockwork import NEVER, start_from
from dispatch.routing.model import Errand, Job, Lunch, Prices, Technician
from dispatch.routing.roads import Roads


@dataclass(frozen=True)
class Day:
    """What is fixed about one technician's day before any new job is given.

    `settled`: the settled jobs in order of start. `bag`: part -> how many may be used, at least what the settled jobs use.
    `lunch` is None where none is due or the settled jobs leave no room for it. `tools`: what he has, at least what the settled
    jobs need; `stores`: where he may fetch what lacks.
    """

    technician: Technician
    roads: Roads
    lunch: Lunch | None
    bag: Mapping[str, int]
    settled: tuple[Job, ...]
    not_before: int
    prices: Prices = Prices()
    tools: frozenset[str] = frozenset()
    stores: tuple[Errand, ...] = ()

    @property
    def home(self) -> int:
        """Row of the home in the tables."""
        return self.roads.index[self.technician.home]

    @property
    def most_stops(self) -> int | None:
        """How many stops he may have: never fewer than are settled."""
        most = self.technician.max_stops
        return None if most is None else max(most, len(self.settled))

    @property
    def most_road_s(self) -> int | None:
        """How long he may be on the road: never shorter than the settled stops take him."""
        most = self.technician.max_travel_minutes
        return None if most is None else max(most * 60, road_seconds(self, self.settled))


def parts_of(jobs: Sequence[Job]) -> dict[str, int]:
    """Part -> how many the jobs use together."""
    used: dict[str, int] = {}
    for job in jobs:
        for part, count in job.parts.items():
            used[part] = used.get(part, 0) + count
    return used


def opening(job: Job, at: int) -> int | None:
    """The first moment from `at` on when the job may start, late where a promise may be broken."""
    if job.pinned_start is not None:
        return job.pinned_start if at <= job.pinned_start else None
    if not job.windows:
        return at
    opens, closes = zip(*job.windows, strict=True)
    start = start_from(at, opens, closes, 0, len(opens), job.late_minutes * 60)
    return start if start < NEVER else None


def length(job: Job, before: Job | None, who: Technician | None = None) -> int:
    """Seconds of work, setup included unless the stop before was at the same place; two together begin and end at once."""
    here = before is not None and before.at == job.at and job.together is None
    setup = 0 if here else job.setup_minutes
    pace = 100 if who is None or job.has_own_pace else who.pace_of(job)
    return setup * 60 + (job.minutes * 60 * pace + 50) // 100


def drive(day: Day, a: Job | None, b: Job | None) -> int:
    """Seconds between two stops; None is home. Whose end is open needs no way home."""
    if b is None and day.technician.open_end:
        return 0
    index, seconds = day.roads.index, day.roads.seconds
    return seconds[index[a.at] if a else day.home][index[b.at] if b else day.home]


def visits(jobs: Sequence[Job]) -> list[Job]:
    """The jobs of an order, without the stop at a store."""
    return [job for job in jobs if not isinstance(job, Errand)]


def rows_of(day: Day, jobs: Sequence[Job]) -> list[int]:
    """Rows of the places from home to home, or to the last job where the end is open."""
    rows = [day.home, *(day.roads.index[job.at] for job in jobs)]
    return rows if day.technician.open_end else [*rows, day.home]


def road_seconds(day: Day, jobs: Sequence[Job]) -> int:
    """Seconds on the road from home to home."""
    seconds = day.roads.seconds
    return sum(seconds[a][b] for a, b in pairwise(rows_of(day, jobs)))


def within_limits(day: Day, jobs: Sequence[Job]) -> bool:
    """Whether a day has no more stops and no longer ways than this technician may have."""
    stops, road = day.most_stops, day.most_road_s
    return (stops is None or len(visits(jobs)) <= stops) and (road is None or road_seconds(day, jobs) <= road)


def is_past(day: Day, job: Job) -> bool:
    """Whether a settled job began before the moment of planning."""
    return job.settled and job.pinned_start is not None and job.pinned_start < day.not_before
