"""The fenced engine: VROOM. Whole numbers in, orders of tasks out; nothing else in the product knows it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from dispatch.routing.model import Span

THREADS = 2
"""Independent searches side by side; the result does not depend on it."""

MOST_SEARCHES = 10
SECONDS_PER_WORK = {5: 3.2e-6, 4: 2.2e-6, 3: 1.1e-6, 2: 6e-7, 1: 2.6e-7}
"""Exploration level -> seconds for each unit of work (tasks squared times vans), measured on two cores, half as much added."""

LUNCH = 1


@dataclass(frozen=True)
class Van:
    """A technician for the engine. Places are rows of the matrix; `lunch` is (earliest, latest, seconds).

    `end` is None for who needs no way home. `first` are the tasks that must stay, in order.
    """

    start: int
    end: int | None
    opens: int
    closes: int
    skills: frozenset[int]
    capacity: tuple[int, ...]
    lunch: tuple[int, int, int] | None = None
    first: tuple[int, ...] = ()


@dataclass(frozen=True)
class Task:
    """A job for the engine; `setup` seconds fall away behind a task at the same place. Windows are sorted and apart."""

    place: int
    seconds: int
    setup: int
    load: tuple[int, ...]
    skills: frozenset[int]
    priority: int
    windows: tuple[Span, ...] = ()


@dataclass(frozen=True)
class Puzzle:
    """All the engine gets: `matrix` holds travel seconds, vans and tasks are known by their place in the tuple."""

    matrix: npt.NDArray[np.int64]
    vans: tuple[Van, ...]
    tasks: tuple[Task, ...] = field(default_factory=tuple)


def solved(puzzle: Puzzle, seconds_limit: float) -> list[list[int]]:
    """For each van its tasks in order, as positions in `puzzle.tasks`; tasks that fit nowhere are in none."""
    level = exploration_level(len(puzzle.tasks), len(puzzle.vans), seconds_limit)
    return solved_at(puzzle, level, timedelta(seconds=seconds_limit))


def solved_at(puzzle: Puzzle, level: int, timeout: timedelta | None = None) -> list[list[int]]:
    """The same at one of the engine's levels; without a timeout it takes the time that it takes."""
    if not puzzle.vans or not puzzle.tasks:
        return [[] for _ in puzzle.vans]
    import vroom  # it brings pandas: half a second and 60 MB that only planning should pay

    vans = [van if _can_start(vroom, puzzle, van) else replace(van, first=()) for van in puzzle.vans]
    problem = _input(vroom, puzzle, vans, range(len(puzzle.tasks)))
    found = problem.solve(level, nb_threads=THREADS, timeout=timeout)
    return _orders(found.routes, len(vans))


def _input(vroom: Any, puzzle: Puzzle, vans: Sequence[Van], tasks: Iterable[int]) -> Any:
    problem = vroom.Input()
    problem.set_durations_matrix("car", puzzle.matrix)
    problem.add_vehicle([_vehicle(vroom, number, van) for number, van in enumerate(vans, 1)])
    problem.add_job([_job(vroom, task + 1, puzzle.tasks[task]) for task in tasks])
    return problem


def _can_start(vroom: Any, puzzle: Puzzle, van: Van) -> bool:
    """Whether the engine accepts the van's first tasks as a start: it places lunch by itself, and gives up on some good orders.

    Without them as a start their priority and windows still hold them there, though only nearly always.
    """
    if not van.first or not van.lunch:
        return True
    try:
        _input(vroom, puzzle, [van], van.first).solve(0, nb_threads=1)
    except Exception:  # noqa: BLE001 - the engine's own exceptions have no public name
        return False
    return True


def searches(tasks: int, vans: int, seconds_limit: float) -> int:
    """How many thorough searches, each with the tasks in another order, fit into the time: small days get several."""
    thorough = SECONDS_PER_WORK[5] * max(1, tasks * tasks * vans)
    return max(1, min(MOST_SEARCHES, int(seconds_limit / thorough)))


def exploration_level(tasks: int, vans: int, seconds_limit: float) -> int:
    """How hard to search so that the engine comes to its own end in time: then equal input gives an equal plan.

    The time limit itself stays as a net.
    """
    work = tasks * tasks * vans
    return next((level for level, cost in SECONDS_PER_WORK.items() if work * cost <= seconds_limit), 0)


def _vehicle(vroom: Any, number: int, van: Van) -> Any:
    return vroom.Vehicle(
        number,
        start=van.start,
        end=van.end,
        skills=set(van.skills),
        capacity=list(van.capacity),
        time_window=vroom.TimeWindow(van.opens, van.closes),
        breaks=[vroom.Break(LUNCH, [vroom.TimeWindow(van.lunch[0], van.lunch[1])], service=van.lunch[2])] if van.lunch else [],
        # what the engine is given to start from it keeps, unless for tasks of equal or higher priority
        steps=[vroom.VehicleStep("single", task + 1) for task in van.first],
    )


def _job(vroom: Any, number: int, task: Task) -> Any:
    return vroom.Job(
        number,
        task.place,
        default_setup=task.setup,
        default_service=task.seconds,
        delivery=list(task.load),
        skills=set(task.skills),
        priority=task.priority,
        time_windows=[vroom.TimeWindow(*window) for window in task.windows],
    )


def _orders(steps: Any, vans: int) -> list[list[int]]:
    orders: list[list[int]] = [[] for _ in range(vans)]
    for van, kind, task in _rows(steps):
        if kind == "job":
            orders[van - 1].append(task - 1)
    return orders


def _rows(steps: Any) -> Sequence[tuple[int, str, int]]:
    """(vehicle, type, id) of each step; without any route the table has no such columns."""
    if not len(steps) or "id" not in steps:
        return []
    columns = zip(steps.vehicle_id, steps.type, steps.id.fillna(0), strict=True)
    return [(int(van), str(kind), int(task)) for van, kind, task in columns]
