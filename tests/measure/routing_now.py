"""How fast an urgent job finds its takers and a caller his windows, and whether the answers are those of brute force.

    python -m tests.measure.routing_now [--technicians 1000] [--stops 5500] [--questions 500] [--cases 1000]

A day by chance, everybody with lunch, a third of the stops with one window or two, made by cheapest insertion; at ten o'clock
what has begun is settled. Then urgent jobs, one after the other, swaps included; and windows for jobs on five such days. Prints a
table in Markdown: milliseconds on the clock and of CPU (what counts while others use the machine).
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, timedelta
from random import Random

import numpy as np

from dispatch.routing import Job, Plan, Problem, Roads, Route, Stop
from dispatch.routing.day_file import read_day
from dispatch.routing.in_memory import CALM, RoutesInMemory
from dispatch.routing.promise import OpenDay, offers, windows_between
from dispatch.routing.roads import roads_of
from dispatch.routing.search.warm import warm
from dispatch.routing.urgent import fill, who_now
from tests.routing.days import WINDOWS, day_by_chance
from tests.routing.joining_reference import agrees

NOW = 36_000
DAYS = 5
TWO_HOURS = windows_between(30_600, 63_000, 7200)


def main() -> None:
    """Everything in one run."""
    warm()
    options = _options()
    chance = Random(options.seed)
    city = read_day(json.dumps(day_by_chance(options.stops + options.questions, options.technicians, seed=options.seed)))
    jobs, asked = city.jobs[: options.stops], city.jobs[options.stops :]
    city = replace(city, jobs=tuple(_with_windows(job, chance) for job in jobs))
    roads = roads_of(replace(city, jobs=(*jobs, *asked)))
    began = time.perf_counter()
    day = _at_ten(city, _planned(city, roads), roads)
    print(f"{len(day.days)} technicians, {int(day.lanes.many.sum())} stops, made in {time.perf_counter() - began:.1f} s\n")
    print("| question | p50 ms | p95 | p99 | CPU p50 | p95 | p99 | limit |\n| --- | --- | --- | --- | --- | --- | --- | --- |")
    urgent = [replace(job, priority=20, windows=chance.choice(((), *((one,) for one in WINDOWS[1:])))) for job in asked]
    _row("who can take it now", "p99 5", lambda job: who_now(day, job), urgent)
    days = [OpenDay(date(2026, 12, 7) + timedelta(days=n), _emptier(city, roads, 0.7 + n / 20), TWO_HOURS) for n in range(DAYS)]
    _row(f"three windows of {DAYS} days", "p95 100", lambda job: offers(days, job), asked[: options.questions // 5])
    same = sum(agrees(seed) for seed in range(options.cases))
    print(f"\nequal to brute force: {same} of {options.cases} cases")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, number in (("technicians", 1000), ("stops", 5500), ("questions", 500), ("cases", 1000), ("seed", 1)):
        parser.add_argument(f"--{name}", type=int, default=number)
    return parser.parse_args()


def _with_windows(job: Job, chance: Random) -> Job:
    """Half of those with a window may come in another, too."""
    return replace(job, windows=(*job.windows, chance.choice(WINDOWS))) if job.windows and chance.random() < 0.5 else job


def _planned(city: Problem, roads: Roads) -> RoutesInMemory:
    standing = RoutesInMemory(city, Plan(), roads, CALM)
    fill(standing, city.jobs)
    return standing


def _at_ten(city: Problem, planned: RoutesInMemory, roads: Roads) -> RoutesInMemory:
    """What has begun is settled."""
    routes, jobs = [], []
    for who, one in enumerate(city.technicians):
        starts = planned.starts_of(who)
        jobs += [_begun(job, one.id, starts) for job in planned.orders[who]]
        routes.append(Route(one.id, 0, 0, tuple(Stop(job, 0, start, 0, 0) for job, start in starts.items()), None, 0, 0))
    return RoutesInMemory(replace(city, jobs=tuple(jobs), not_before=NOW), Plan(tuple(routes)), roads)


def _begun(job: Job, who: object, starts: dict[object, int]) -> Job:
    return replace(job, pinned_to=who, pinned_start=starts[job.id]) if starts[job.id] < NOW else job  # type: ignore[arg-type]


def _emptier(city: Problem, roads: Roads, share: float) -> RoutesInMemory:
    """The same people on another day, with a part of the stops."""
    chance, some = Random(share), replace(city, not_before=None)
    return _planned(replace(some, jobs=tuple(job for job in city.jobs if chance.random() < share)), roads)


def _row(name: str, limit: str, ask: Callable[[Job], object], jobs: Iterable[Job]) -> None:
    took: list[tuple[float, float]] = []
    for job in jobs:
        began = time.perf_counter(), time.thread_time()
        ask(job)
        took.append((1000 * (time.perf_counter() - began[0]), 1000 * (time.thread_time() - began[1])))
    wall, cpu = (
        " | ".join(f"{number:.1f}" for number in np.percentile(times, [50, 95, 99])) for times in zip(*took, strict=True)
    )
    print(f"| {name} | {wall} | {cpu} | {limit} |", flush=True)


if __name__ == "__main__":
    main()
