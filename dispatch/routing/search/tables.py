"""A problem as tables of whole numbers, the only thing that compiled code reads."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from dispatch.routing.clockwork import NEVER
from dispatch.routing.model import Job, Lunch, Problem, Technician
from dispatch.routing.roads import Roads
from dispatch.routing.suits import is_skilled
from dispatch.routing.timetable import days_of

Ints = npt.NDArray[np.int64]
Roads32 = npt.NDArray[np.int32]
Flags = npt.NDArray[np.uint8]

NO_LUNCH = -1
UNPINNED = -1
MOST_NEIGHBOURS = 300
ROWS_AT_ONCE = 500


class Tables(NamedTuple):
    """Rows of `drive` and `place` are the jobs, then the homes; `toward[job]` is its column of `drive` as a row, for speed.

    Windows of job j: number first[j] to first[j + 1].

    `late` and `over`: how many seconds a promise or a shift may be overrun, at so much a second. `pinned`: the settled start, or
    UNPINNED. `work[pace[who], job]`: seconds of work. `able[who, job]`: whether training, skills and person allow it; the people
    are in `folk` too, from folk_first[job] on. `dear[who, job]`: what giving him the job costs beyond the way, as seconds on the
    road. All numbers are of one type, or a function would be compiled once for each.
    """

    drive: Roads32
    toward: Roads32
    place: Ints
    work: Ints
    setup: Ints
    first: Ints
    opens: Ints
    closes: Ints
    late: Ints
    late_price: Ints
    pinned: Ints
    parts: Ints
    priority: Ints
    near: Ints
    folk: Ints
    folk_first: Ints
    pace: Ints
    shift: Ints
    over: Ints
    over_price: Ints
    lunch: Ints
    bag: Ints
    able: Flags
    dear: Ints
    not_before: int

    @property
    def jobs(self) -> int:
        """How many jobs there are."""
        return len(self.priority)

    @property
    def people(self) -> int:
        """How many technicians there are."""
        return len(self.pace)


def tables_of(problem: Problem, roads: Roads, dear: Ints | None = None) -> Tables:
    """All of a problem; jobs and technicians keep their order. `dear`: a row for each person, nothing costs more if not given."""
    jobs, people = problem.jobs, problem.technicians
    places = [*(job.at for job in jobs), *(one.home for one in people)]
    rows = np.array([roads.index[place] for place in places], dtype=np.int64)
    drive = np.ascontiguousarray(roads.table[np.ix_(rows, rows)].astype(np.int32))
    kinds = sorted({part for job in jobs for part in job.parts})
    first, opens, closes = _windows(jobs)
    days = days_of(problem, roads)
    able, nothing = _able(people, jobs), np.zeros(len(jobs), dtype=np.int64)
    return Tables(
        drive=drive,
        toward=np.ascontiguousarray(drive[:, : len(jobs)].T),
        place=rows,
        work=_numbers(job.minutes * 60 for job in jobs).reshape(1, -1),
        setup=_numbers(job.setup_minutes * 60 for job in jobs),
        first=first,
        opens=opens,
        closes=closes,
        late=nothing,
        late_price=nothing,
        pinned=_numbers(job.pinned_start if job.settled and job.pinned_start is not None else UNPINNED for job in jobs),
        parts=_counts([job.parts for job in jobs], kinds),
        priority=_priorities(jobs),
        near=neighbours(drive, len(jobs)),
        folk=np.nonzero(able.T)[1].astype(np.int64),
        folk_first=np.concatenate([[0], able.sum(axis=0).cumsum()]).astype(np.int64),
        pace=np.zeros(len(people), dtype=np.int64),
        shift=_numbers(moment for one in people for moment in one.shift).reshape(-1, 2),
        over=np.zeros(len(people), dtype=np.int64),
        over_price=np.zeros(len(people), dtype=np.int64),
        lunch=_numbers(number for one in people for number in _lunch(days[one.id].lunch)).reshape(-1, 3),
        bag=_counts([days[one.id].bag for one in people], kinds),
        able=able,
        dear=np.zeros(able.shape, dtype=np.int64) if dear is None else np.ascontiguousarray(dear, dtype=np.int64),
        not_before=problem.not_before or 0,
    )


def _numbers(values: Iterable[int]) -> Ints:
    return np.fromiter(values, dtype=np.int64)


def _counts(of: Sequence[object], kinds: Sequence[str]) -> Ints:
    rows = [[dict(parts).get(kind, 0) for kind in kinds] for parts in of]  # type: ignore[call-overload]
    return np.array(rows, dtype=np.int64).reshape(len(of), len(kinds))


def _windows(jobs: Sequence[Job]) -> tuple[Ints, Ints, Ints]:
    """Where each job's windows begin, when they open and close; a settled start is a window of one moment."""
    spans = [((job.pinned_start, job.pinned_start),) if job.pinned_start is not None else job.windows for job in jobs]
    first = np.concatenate([[0], np.cumsum([len(windows) for windows in spans])]).astype(np.int64)
    flat = np.array([span for windows in spans for span in windows], dtype=np.int64).reshape(-1, 2)
    return first, np.ascontiguousarray(flat[:, 0]), np.ascontiguousarray(flat[:, 1])


def _priorities(jobs: Sequence[Job]) -> Ints:
    """What was given to a person before comes before everything else."""
    everything = sum(job.priority for job in jobs)
    return _numbers(job.priority + (everything if job.pinned_to is not None else 0) for job in jobs)


def _lunch(lunch: Lunch | None) -> tuple[int, int, int]:
    return (lunch.earliest, lunch.latest, lunch.seconds) if lunch else (NEVER, NO_LUNCH, NO_LUNCH)


def _able(people: Sequence[Technician], jobs: Sequence[Job]) -> Flags:
    kinds: dict[object, list[int]] = {}
    for number, job in enumerate(jobs):
        kinds.setdefault((job.pinned_to, job.collects, tuple(sorted(job.skills.items()))), []).append(number)
    able = np.zeros((len(people), len(jobs)), dtype=np.uint8)
    for numbers in kinds.values():
        fits = [is_skilled(one, jobs[numbers[0]]) for one in people]
        able[np.ix_(np.flatnonzero(fits), np.array(numbers))] = 1
    return able


def neighbours(drive: Roads32, jobs: int) -> Ints:
    """For each job the others, the nearest first: there and back counts. Of many jobs only the nearest."""
    many = min(jobs, MOST_NEIGHBOURS)
    near = np.zeros((jobs, many), dtype=np.int64)
    for begin in range(0, jobs, ROWS_AT_ONCE):
        rows = slice(begin, min(begin + ROWS_AT_ONCE, jobs))
        far = drive[rows, :jobs].astype(np.int64) + drive[:jobs, rows].T
        far[np.arange(far.shape[0]), np.arange(rows.start, rows.stop)] = -1  # oneself first
        some = np.sort(np.argpartition(far, many - 1, axis=1)[:, :many], axis=1)
        order = np.argsort(np.take_along_axis(far, some, axis=1), axis=1, kind="stable")
        near[rows] = np.take_along_axis(some, order, axis=1)
    return near
