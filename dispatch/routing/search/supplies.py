"""What a day needs beside people and hours, as tables of whole numbers: parts, tools and stores, and visits of two people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dispatch.routing.day import Day
from dispatch.routing.model import Id, Job, Problem

if TYPE_CHECKING:
    from dispatch.routing.search.tables import Flags, Ints


class Supplies(NamedTuple):
    """A column for each kind of part, from `tools_from` on for each tool. `may_fetch[who, store]`."""

    needs: Ints
    bags: Ints
    stock: Ints
    tools_from: int
    may_fetch: Flags


def supplies_of(problem: Problem, days: Mapping[Id, Day]) -> Supplies:
    """Of the jobs, with rows for the stores behind them; of the people; of the stores."""
    parts = sorted({part for job in problem.jobs for part in job.parts})
    tools = sorted({tool for job in problem.jobs for tool in job.tools})
    needs = [[*_counts(job.parts, parts), *(int(tool in job.tools) for tool in tools)] for job in problem.jobs]
    bags = [[*_counts(day.bag, parts), *(int(tool in day.tools) for tool in tools)] for day in _in_order(problem, days)]
    stock = [[*_counts(store.parts, parts), *_counts(store.tools, tools)] for store in problem.stores]
    kinds, people = len(parts) + len(tools), problem.technicians
    may = [[store.serves(one) for store in problem.stores] for one in people]
    return Supplies(
        needs=_table([*needs, *([0] * kinds for _ in problem.stores)], kinds),
        bags=_table(bags, kinds),
        stock=_table(stock, kinds),
        tools_from=len(parts),
        may_fetch=np.array(may, dtype=np.uint8).reshape(len(people), len(problem.stores)),
    )


def _in_order(problem: Problem, days: Mapping[Id, Day]) -> Iterable[Day]:
    return (days[one.id] for one in problem.technicians)


def _counts(held: Mapping[str, int], kinds: Sequence[str]) -> Iterable[int]:
    return (held.get(kind, 0) for kind in kinds)


def _table(rows: Sequence[Sequence[int]], kinds: int) -> Ints:
    return np.array(rows, dtype=np.int64).reshape(len(rows), kinds)


def agreed(jobs: Sequence[Job]) -> list[Job]:
    """A half whose other half somebody has settled begins when that does, and goes to somebody else."""
    settled = {job.together: job for job in jobs if job.settled and job.together is not None}
    return [_beside(job, settled[job.together]) if job.together in settled else job for job in jobs]


def _beside(job: Job, other: Job) -> Job:
    if job.settled or other.pinned_start is None or other.pinned_to is None:
        return job
    start, windows = other.pinned_start, job.windows
    kept = not windows or any(opens <= start <= closes for opens, closes in windows)
    nobody = ((0, -1),)
    return replace(job, windows=((start, start),) if kept else nobody, forbidden=(*job.forbidden, other.pinned_to))


def halves(jobs: Sequence[Job], rows: int) -> Ints:
    """For each row the other half, where neither is settled; else the row itself."""
    half, first = np.arange(rows, dtype=np.int64), {}  # type: ignore[var-annotated]
    for number, job in enumerate(jobs):
        if job.together is None or job.settled:
            continue
        other = first.setdefault(job.together, number)
        half[number], half[other] = other, number
    return half
