"""A problem as tables of whole numbers, the only thing that compiled code reads."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from dispatch.routing.clockwork import NEVER
from dispatch.routing.day import length
from dispatch.routing.model import Job, Lunch, Problem, Span, Technician
from dispatch.routing.prices import dear_for
from dispatch.routing.roads import Roads
from dispatch.routing.search.supplies import agreed, halves, supplies_of
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
    road. `most[who]`, `far[who]`: how many stops and seconds on the road he may have. `mate[job]`: the next of the jobs that go
    to the same person, in a ring. `fair`: `Prices.fair`; `worked[who]`: minutes in the week before; `priced`: whether a day can
    cost anything that depends on its hours. All numbers are of one type, or a function would be compiled once for each.

    The last `errands` of the jobs are stops at stores, which nobody is given and anybody able may put into his route; `near` has
    no rows for them. `parts` and `bag` have a column for each kind of part, and from `tools_from` on for each tool; behind the
    people `bag` has a row for what each store holds. `half[job]`: the other half of a visit of two people, or the job itself
    where there is none that could go astray. While both have somebody, `opens` and `closes` of both are the moment agreed on;
    `asked`: what they were before.
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
    most: Ints
    far: Ints
    mate: Ints
    worked: Ints
    fair: int
    priced: int
    not_before: int
    errands: int
    tools_from: int
    half: Ints
    teams: int
    asked: Ints

    @property
    def jobs(self) -> int:
        """How many jobs there are."""
        return len(self.priority)

    @property
    def people(self) -> int:
        """How many technicians there are."""
        return len(self.pace)


def tables_of(problem: Problem, roads: Roads, dear: Ints | None = None) -> Tables:
    """All of a problem; jobs and technicians keep their order. `dear`: a row for each person, added to what the problem says."""
    people = problem.technicians
    jobs: list[Job] = [*agreed(problem.jobs), *(store.errand() for store in problem.stores)]
    places = [*(job.at for job in jobs), *(one.home for one in people)]
    rows = np.array([roads.index[place] for place in places], dtype=np.int64)
    drive = _drive(roads, rows)
    drive[:, len(jobs) :][:, [one.open_end for one in people]] = 0
    supplies, half = supplies_of(problem, days := days_of(problem, roads)), halves(problem.jobs, len(jobs))
    first, opens, closes = _windows(jobs)
    able = np.hstack([_able(people, jobs[: len(problem.jobs)]), supplies.may_fetch])
    work, pace = _work(people, jobs)
    late = [job.late_minutes if job.pinned_start is None and job.together is None else 0 for job in jobs]
    priced = problem.prices.fair > 0 or any(late) or any(one.overtime_minutes for one in people)
    return Tables(
        drive=drive,
        toward=_toward(drive, len(jobs)),
        place=rows,
        work=work,
        setup=_numbers(job.setup_minutes * 60 if job.together is None else 0 for job in jobs),
        first=first,
        opens=opens,
        closes=closes,
        late=_numbers(minutes * 60 for minutes in late),
        late_price=_numbers(job.late_price for job in jobs),
        pinned=_numbers(job.pinned_start if job.settled and job.pinned_start is not None else UNPINNED for job in jobs),
        parts=supplies.needs,
        priority=_priorities(jobs),
        near=neighbours(drive, len(problem.jobs)),
        folk=np.nonzero(able.T)[1].astype(np.int64),
        folk_first=np.concatenate([[0], able.sum(axis=0).cumsum()]).astype(np.int64),
        pace=pace,
        shift=_numbers(moment for one in people for moment in one.shift).reshape(-1, 2),
        over=_numbers(one.overtime_minutes * 60 for one in people),
        over_price=_numbers(one.overtime_price for one in people),
        lunch=_numbers(number for one in people for number in _lunch(days[one.id].lunch)).reshape(-1, 3),
        bag=np.concatenate([supplies.bags, supplies.stock]),
        able=able,
        dear=_dear(problem, able, dear),
        most=_numbers(NEVER if (most := days[one.id].most_stops) is None else most for one in people),
        far=_numbers(NEVER if (far := days[one.id].most_road_s) is None else far for one in people),
        mate=_mates(jobs),
        worked=_numbers(one.worked_minutes for one in people),
        fair=problem.prices.fair,
        priced=int(priced),
        not_before=problem.not_before or 0,
        errands=len(problem.stores),
        tools_from=supplies.tools_from,
        half=half,
        teams=int((half != np.arange(len(jobs))).any()),
        asked=np.stack([opens, closes]),
    )


def settled_stops(a: Tables) -> dict[int, list[int]]:
    """Whoever has settled stops: these, by their start."""
    found: dict[int, list[int]] = {}
    for job in np.argsort(a.pinned, kind="stable").tolist():
        if is_settled(a, job):
            found.setdefault(int(a.folk[a.folk_first[job]]), []).append(job)
    return found


def is_settled(a: Tables, job: int) -> bool:
    """Whether person and start are decided, and the person is there."""
    return bool(a.pinned[job] >= 0 and a.folk_first[job] < a.folk_first[job + 1])


def _numbers(values: Iterable[int]) -> Ints:
    return np.fromiter(values, dtype=np.int64)


def _windows(jobs: Sequence[Job]) -> tuple[Ints, Ints, Ints]:
    """Where each job's windows begin, when they open and close; a settled start is a window of one moment."""
    spans = [((job.pinned_start, job.pinned_start),) if job.pinned_start is not None else _spans(job) for job in jobs]
    first = np.concatenate([[0], np.cumsum([len(windows) for windows in spans])]).astype(np.int64)
    flat = np.array([span for windows in spans for span in windows], dtype=np.int64).reshape(-1, 2)
    return first, np.ascontiguousarray(flat[:, 0]), np.ascontiguousarray(flat[:, 1])


def _spans(job: Job) -> tuple[Span, ...]:
    """A half has room for the moment agreed on."""
    return job.windows or (((0, NEVER),) if job.together is not None else ())


def _drive(roads: Roads, rows: Ints) -> Roads32:
    drive = np.empty((len(rows), len(rows)), dtype=np.int32)
    for begin in range(0, len(rows), ROWS_AT_ONCE):  # a copy of all at once would be a second table
        some = slice(begin, begin + ROWS_AT_ONCE)
        drive[some] = roads.table[np.ix_(rows[some], rows)]
    return drive


def _toward(drive: Roads32, jobs: int) -> Roads32:
    """Where every way is as long as the way back, the same table serves."""
    blocks = (slice(begin, begin + ROWS_AT_ONCE) for begin in range(0, jobs, ROWS_AT_ONCE))
    if all(np.array_equal(drive[some][: jobs - some.start], drive[:, some].T[: jobs - some.start]) for some in blocks):
        return drive[:jobs]
    return np.ascontiguousarray(drive[:, :jobs].T)


def _priorities(jobs: Sequence[Job]) -> Ints:
    """What was given to a person before comes before everything else."""
    everything = sum(job.priority for job in jobs)
    return _numbers(job.priority + (everything if job.pinned_to is not None else 0) for job in jobs)


def _lunch(lunch: Lunch | None) -> tuple[int, int, int]:
    return (lunch.earliest, lunch.latest, lunch.seconds) if lunch else (NEVER, NO_LUNCH, NO_LUNCH)


def _able(people: Sequence[Technician], jobs: Sequence[Job]) -> Flags:
    kinds: dict[object, list[int]] = {}
    for number, job in enumerate(jobs):
        who = (job.pinned_to, job.collects, job.branch, job.forbidden)
        kinds.setdefault((who, tuple(sorted(job.skills.items()))), []).append(number)
    able = np.zeros((len(people), len(jobs)), dtype=np.uint8)
    for numbers in kinds.values():
        fits = [is_skilled(one, jobs[numbers[0]]) for one in people]
        able[np.ix_(np.flatnonzero(fits), np.array(numbers))] = 1
    _keep_with_settled(able, people, jobs)
    return able


def _keep_with_settled(able: Flags, people: Sequence[Technician], jobs: Sequence[Job]) -> None:
    """What is linked to a settled job goes to the same person or nobody."""
    rows = {one.id: row for row, one in enumerate(people)}
    held: dict[str | None, set[int]] = {}
    for job in jobs:
        if job.settled and job.linked is not None and job.pinned_to in rows:
            held.setdefault(job.linked, set()).add(rows[job.pinned_to])
    for number, job in enumerate(jobs):
        for row in held.get(job.linked, ()) if not job.settled else ():
            able[:row, number] = able[row + 1 :, number] = 0


def _dear(problem: Problem, able: Flags, more: Ints | None) -> Ints:
    """A row for each person; where nothing has a price, no memory is taken before it is written to. No store costs anything."""
    dear = np.zeros(able.shape, dtype=np.int64)
    if more is not None:
        dear[:, : more.shape[1]] += more
    kinds: dict[object, list[int]] = {}
    for number, job in enumerate(problem.jobs):
        kinds.setdefault((job.pinned_to is None, job.branch, job.preferred, tuple(sorted(job.skills.items()))), []).append(number)
    for numbers in kinds.values():
        for row, one in enumerate(problem.technicians):
            price = dear_for(one, problem.jobs[numbers[0]], problem.prices)
            if price:
                dear[row, numbers] += price
    return dear


def _work(people: Sequence[Technician], jobs: Sequence[Job]) -> tuple[Ints, Ints]:
    """(seconds of work of each pace, who has which)."""
    paces = [(one.pace, tuple(sorted(one.paces.items()))) for one in people]
    kinds = {pace: (row, one) for row, (pace, one) in enumerate(dict(zip(paces, people, strict=True)).items())}
    rows = [[length(job, job, one) for job in jobs] for _, one in kinds.values()]
    work = np.array(rows, dtype=np.int64).reshape(len(rows), len(jobs)) if rows else np.zeros((1, len(jobs)), dtype=np.int64)
    return work, _numbers(kinds[pace][0] for pace in paces)


def _mates(jobs: Sequence[Job]) -> Ints:
    mates, groups = np.arange(len(jobs), dtype=np.int64), {}  # type: ignore[var-annotated]
    for number, job in enumerate(jobs):
        if job.linked is not None:
            groups.setdefault(job.linked, []).append(number)
    for numbers in groups.values():
        mates[numbers] = np.roll(numbers, -1)
    return mates


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
