"""How calm planning again is: one urgent job in a full day, beside a cold plan of equal effort.

    python -m tests.measure.routing_calm [--seeds 20] [--jobs 500] [--people 60] [--seconds 10] [--repair 1] [--wide 0]

For each seed a day is made by chance and planned; every technician has been told, and every customer who wants a time. Then an
urgent job comes in the middle of it. The proposal starts from the plan, searches near the job (and with --wide goes on in the
whole day), and is compared with a plan of the whole day from nothing. Prints a table.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from random import Random

from dispatch.routing import Plan
from dispatch.routing.calm import replanned
from dispatch.routing.day_file import read_day
from dispatch.routing.events import Urgent, happened
from dispatch.routing.improve import improved
from dispatch.routing.model import Id, Job, Problem
from dispatch.routing.roads import roads_of
from dispatch.routing.search.run import Effort
from dispatch.routing.search.warm import warm
from dispatch.routing.standing import Situation, Standing
from tests.routing.days import day_by_chance

URGENT = "J1"
"""Known to nobody before it comes."""


@dataclass(frozen=True)
class Row:
    """One day: who changes and what it costs, calm and cold."""

    first_s: float
    calm_moved: float
    cold_moved: float
    calm_lost: int
    cold_lost: int
    calm_travel: int
    cold_travel: int
    stood_travel: int
    is_served: bool


def main() -> None:
    """A row for each seed, and the mean of all."""
    options = _options()
    warm()
    print("| seed | proposal s | other technician: calm / cold | unserved priority | travel s: calm / cold | by | than stood |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    rows = []
    for seed in range(options.seeds):
        row = _row(options, seed)
        rows.append(row)
        print(f"| {seed}{'' if row.is_served else ' (nobody)'} | {_cells([row])} |", flush=True)
    print(f"| mean | {_cells(rows)} |")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--jobs", type=int, default=500)
    parser.add_argument("--people", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--repair", type=float, default=1)
    parser.add_argument("--wide", type=float, default=0, help="seconds of searching on in the whole day")
    parser.add_argument(
        "--rounds", type=int, help="so many rounds in place of --seconds and --wide: no matter how busy the machine"
    )
    parser.add_argument("--cores", type=int, default=1)
    return parser.parse_args()


def _row(options: argparse.Namespace, seed: int) -> Row:
    whole = read_day(json.dumps(day_by_chance(options.jobs + 1, options.people, seed=seed)))
    urgent = _made_urgent(whole, Random(seed))
    before = replace(whole, jobs=tuple(job for job in whole.jobs if job.id != urgent.id))
    after = replace(before, jobs=(*before.jobs, urgent))
    roads, effort = roads_of(whole), Effort(3600 if options.rounds else options.seconds, options.rounds, seed)
    plan = improved(before, effort, processes=options.cores, roads=roads).plan
    known = frozenset(stop.job for route in plan.routes for stop in route.stops)
    windows = frozenset(job.id for job in before.jobs if job.windows)
    of = happened(Situation(before, roads, Standing(plan, told=known, promised=known & windows)), Urgent(urgent))
    began = time.perf_counter()
    wide = Effort(3600 if options.rounds else options.wide, options.rounds, seed) if options.wide else None
    calm = replanned(of, Effort(options.repair, seed=seed), wide=wide)
    took = time.perf_counter() - began
    cold = improved(after, effort, processes=options.cores, roads=roads)
    priority = {job.id: job.priority for job in after.jobs}
    lost = sum(priority[one.job] for one in calm.plan.unserved)
    return Row(
        took,
        _moved(plan, calm.plan),
        _moved(plan, cold.plan),
        lost,
        cold.unserved_priority,
        calm.figures.travel_s,
        cold.travel_s,
        sum(route.travel_s for route in plan.routes),
        all(one.job != urgent.id for one in calm.plan.unserved),
    )


def _made_urgent(day: Problem, chance: Random) -> Job:
    """Somewhere in the city, before everything else, within the next hours."""
    opens = chance.choice((36_000, 39_600, 50_400))
    return replace(next(job for job in day.jobs if job.id == URGENT), priority=100, windows=((opens, opens + 7200),))


def _moved(before: Plan, after: Plan) -> float:
    """The share of the jobs served before that somebody else does now, or nobody."""
    old, new = _whose(before), _whose(after)
    return sum(new.get(job) != who for job, who in old.items()) / len(old)


def _whose(plan: Plan) -> Mapping[Id, Id]:
    return {stop.job: route.technician for route in plan.routes for stop in route.stops}


def _cells(rows: list[Row]) -> str:
    def mean(name: str) -> float:
        return sum(getattr(row, name) for row in rows) / len(rows)

    more = sum(row.calm_travel / row.cold_travel for row in rows) / len(rows) - 1
    stood = sum(row.calm_travel / row.stood_travel for row in rows) / len(rows) - 1
    moved = f"{mean('calm_moved'):.1%} / {mean('cold_moved'):.1%}"
    lost = f"{mean('calm_lost'):.1f} / {mean('cold_lost'):.1f}"
    travel = f"{mean('calm_travel'):,.0f} / {mean('cold_travel'):,.0f}"
    return f"{mean('first_s'):.1f} | {moved} | {lost} | {travel} | {more:+.2%} | {stood:+.2%}"


if __name__ == "__main__":
    main()
