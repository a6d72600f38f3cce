"""From a problem in the planner's words to the engine's puzzle of whole numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from dispatch.routing.day import Day, drive, is_past
from dispatch.routing.gateway import Puzzle, Task, Van
from dispatch.routing.insertion import Orders
from dispatch.routing.model import Id, Job, Span
from dispatch.routing.roads import Roads
from dispatch.routing.suits import may_come
from dispatch.routing.timetable import Ready, passable, walked

Pause = tuple[int, int, int]
"""A lunch for the engine: earliest and latest start, seconds."""
PINNED_PRIORITY = 100
"""Above every other: the engine lets an equal priority take a pinned job's place if that saves driving."""
HIGHEST_PRIORITY = 99
TOOL = "tool "
TRAINED, TAKES_MONEY = 1, 2
"""The skill numbers of the product training, which every job not pinned to a person asks for, and of collecting what is paid."""


@dataclass(frozen=True)
class Encoded:
    """A puzzle, and who and what its vans and tasks are. `past` holds the stops of each van that lie behind."""

    puzzle: Puzzle
    technicians: tuple[Id, ...]
    past: tuple[tuple[Job, ...], ...]
    jobs: tuple[Job, ...]

    def orders(self, found: Sequence[Sequence[int]]) -> Orders:
        """The engine's answer as jobs in order for each technician, the stops behind him first."""
        return {
            who: [*past, *(self.jobs[task] for task in tasks)]
            for who, past, tasks in zip(self.technicians, self.past, found, strict=True)
        }


def encoded(days: Mapping[Id, Day], orders: Orders, free: Sequence[Job], roads: Roads) -> Encoded:
    """`orders` holds what is pinned and stays; `free` are the jobs to give out."""
    plans = [start for who, day in days.items() if (start := _start(day, orders[who]))]
    pinned = [job for start in plans for job in start.coming]
    jobs = (*pinned, *(job for job in free if windows(job, _not_before(days)) or not _is_bounded(job)))
    codes = _Codes(days, [start.day for start in plans], [*(job for start in plans for job in start.past), *jobs])
    number = {job.id: place for place, job in enumerate(jobs)}
    vans = tuple(codes.van(home, start, number) for home, start in enumerate(plans))
    tasks = tuple(codes.task(job, _not_before(days)) for job in jobs)
    puzzle = Puzzle(codes.matrix(roads), vans, tasks)
    return Encoded(puzzle, tuple(start.day.technician.id for start in plans), tuple(start.past for start in plans), jobs)


def windows(job: Job, not_before: int) -> tuple[Span, ...]:
    """When the job may start, sorted, apart, and not before the moment given. Empty for a job that may start at any time."""
    if job.pinned_start is not None:
        return ((job.pinned_start, job.pinned_start),)
    clipped = sorted((max(opens, not_before), closes) for opens, closes in job.windows if closes >= max(opens, not_before))
    merged: list[Span] = []
    for opens, closes in clipped:
        if merged and opens <= merged[-1][1]:
            opens, closes = merged[-1][0], max(merged.pop()[1], closes)
        merged.append((opens, closes))
    return tuple(merged)


def _is_bounded(job: Job) -> bool:
    return bool(job.windows) or job.pinned_start is not None


def _not_before(days: Mapping[Id, Day]) -> int:
    return next((day.not_before for day in days.values()), 0)


@dataclass(frozen=True)
class _Start:
    """A technician from the moment of planning on: where he is free, from when, and the lunch that is still due."""

    day: Day
    past: tuple[Job, ...]
    coming: tuple[Job, ...]
    opens: int
    closes: int
    lunch: Pause | None


def _start(day: Day, pinned: Sequence[Job]) -> _Start | None:
    """None for a technician the engine cannot take: no time left, not trained, or settled jobs that break its rules."""
    day, pinned = _strictly(day), [replace(job, late_minutes=0) for job in pinned]
    past = tuple(_behind(day, pinned))
    if not (day.technician.product_trained or pinned) or not passable(day, pinned, strict=True):
        return None
    opens, lunch = _lunch_left(day, walked(day, past))
    closes = day.technician.shift[1]
    if lunch:
        fits = passable(day, pinned, strict=True, must_eat=True) is not None
        closes, lunch = _with_lunch(closes, lunch, fits=fits)
    return _Start(day, past, tuple(pinned[len(past) :]), opens, closes, lunch) if opens < closes else None


def _strictly(day: Day) -> Day:
    """The engine knows no overtime and one pace."""
    return replace(day, technician=replace(day.technician, overtime_minutes=0, pace=100, paces={}))


def _behind(day: Day, pinned: Sequence[Job]) -> Iterator[Job]:
    """The stops that have begun, and the one he is on the way to."""
    before = None
    for job in pinned:
        under_way = job.pinned_start is not None and job.pinned_start - drive(day, before, job) < day.not_before
        if not (is_past(day, job) or (job.settled and under_way)):
            return
        yield job
        before = job


def _with_lunch(closes: int, lunch: Pause, *, fits: bool) -> tuple[int, Pause | None]:
    """(home by, lunch): the engine insists on a lunch it is told of; where none fits, he must be home before one is due."""
    earliest, latest, seconds = lunch
    last = min(latest, closes - seconds)
    return (closes, (earliest, last, seconds)) if fits and earliest <= last else (min(closes, latest), None)


def _lunch_left(day: Day, ready: Ready) -> tuple[int, Pause | None]:
    """(free from, lunch still due). A lunch that could have been before the moment of planning has been."""
    hungry = ready.hungry if ready.hungry is not None else ready.fed or 0
    opens, lunch = max(hungry, day.not_before), day.lunch
    if lunch is None or day.technician.shift[1] <= lunch.latest or (ready.fed is not None and ready.fed <= opens):
        return opens, None
    ate = max(hungry, lunch.earliest) + lunch.seconds
    if ate <= day.not_before:
        return opens, None
    if max(opens, lunch.earliest) > lunch.latest:
        return max(opens, ate), None
    return opens, (max(opens, lunch.earliest), lunch.latest, lunch.seconds)


def _barred(job: Job, days: Mapping[Id, Day]) -> frozenset[Id]:
    """Who may not come, whatever he can do."""
    if not job.forbidden and job.branch is None:
        return frozenset()
    return frozenset(who for who, day in days.items() if not may_come(day.technician, job))


def _needs(job: Job) -> Iterator[tuple[str, int]]:
    """Skills by level; a tool is there or not. The engine knows no store."""
    yield from job.skills.items()
    yield from ((TOOL + tool, 1) for tool in job.tools)


class _Codes:
    """Numbers for skills at their levels, for persons, parts and places.

    A level becomes one number for each step up to it: "repair 2" asks for one number, "repair 3" can offer all below too.
    Homes have rows of their own even where a job is at the same place, since leaving home does not spare a job's set-up.
    """

    def __init__(self, days: Mapping[Id, Day], vans: Sequence[Day], jobs: Sequence[Job]) -> None:
        self.days = days
        asked = {need for job in jobs for need in _needs(job)}
        self.skills = {key: code for code, key in enumerate(sorted(asked), TAKES_MONEY + 1)}
        self.persons = {who: code for code, who in enumerate(days, TAKES_MONEY + 1 + len(self.skills))}
        self.parts = sorted({part for job in jobs for part in job.parts})
        self.homes = [van.home for van in vans]
        firsts = enumerate({_barred(job, days): None for job in jobs}, TAKES_MONEY + 1 + len(self.skills) + len(self.persons))
        self.barred = {barred: code for code, barred in firsts}
        self.places = {at: len(vans) + row for row, at in enumerate(dict.fromkeys(job.at for job in jobs))}

    def matrix(self, roads: Roads) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
        """Seconds between all rows."""
        rows = [*self.homes, *(roads.index[at] for at in self.places)]
        return roads.table[np.ix_(rows, rows)].astype(np.int64)

    def van(self, home: int, start: _Start, number: Mapping[Id, int]) -> Van:
        """A technician; `home` is its row, `number` the places of jobs among the tasks."""
        return Van(
            start=self.places[start.past[-1].at] if start.past else home,
            end=None if start.day.technician.open_end else home,
            opens=start.opens,
            closes=start.closes,
            skills=self._offered(start.day),
            capacity=self._left(start),
            lunch=start.lunch,
            first=tuple(number[job.id] for job in start.coming),
        )

    def task(self, job: Job, not_before: int) -> Task:
        """A job; one that is pinned asks for the person and nothing else."""
        pinned = job.pinned_to is not None
        return Task(
            place=self.places[job.at],
            seconds=job.minutes * 60,
            setup=job.setup_minutes * 60,
            load=self._load(job.parts),
            skills=self._asked(job),
            priority=PINNED_PRIORITY if pinned else max(1, min(HIGHEST_PRIORITY, job.priority)),
            windows=windows(job, not_before),
        )

    def _asked(self, job: Job) -> frozenset[int]:
        if job.pinned_to is not None:
            return frozenset({self.persons[job.pinned_to]})
        money = {TAKES_MONEY} if job.collects else set()
        skills = (self.skills[key] for key in _needs(job))
        return frozenset({TRAINED, *money, self.barred[_barred(job, self.days)], *skills})

    def _offered(self, day: Day) -> frozenset[int]:
        person = self.persons[day.technician.id]
        if not day.technician.product_trained:
            return frozenset({person})
        own = {**day.technician.skills, **{TOOL + tool: 1 for tool in day.tools}}
        able = (code for (skill, level), code in self.skills.items() if own.get(skill, 0) >= level)
        money = {TAKES_MONEY} if day.technician.takes_money else set()
        welcome = (code for barred, code in self.barred.items() if day.technician.id not in barred)
        return frozenset({TRAINED, person, *money, *welcome, *able})

    def _left(self, start: _Start) -> tuple[int, ...]:
        """The bag without what the stops behind have used."""
        used = (self._load(job.parts) for job in start.past)
        return tuple(max(0, have - sum(taken)) for have, *taken in zip(self._load(start.day.bag), *used, strict=True))

    def _load(self, parts: Mapping[str, int] | Iterable[tuple[str, int]]) -> tuple[int, ...]:
        counts = dict(parts)
        return tuple(counts.get(part, 0) for part in self.parts)
