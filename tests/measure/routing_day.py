"""How good and how fast the planner is on whole days, beside a plain greedy peer.

    python -m tests.measure.routing_day --checker CHECK.py [--seconds 30] DAY.json ...

DAY.json holds travel, technicians and jobs as the checker's own text describes them. Both plans are written as JSON and judged by
the checker, not by the planner. Prints one JSON line per day and planner: unserved priority, travel seconds, wall seconds.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dispatch.routing import Job, Lunch, Plan, Problem, Route, Technician, Travel, plan
from dispatch.routing.insertion import Orders, cheapest_of_all
from dispatch.routing.roads import roads_of
from dispatch.routing.timetable import days_of, timetable


def main() -> None:
    """Every day with both planners."""
    options = _options()
    for path in options.days:
        problem = read(json.loads(path.read_text(encoding="utf-8")))
        for name, planner in (("planner", lambda day: plan(day, options.seconds)), ("greedy", greedy)):
            print(json.dumps({"day": path.stem, "by": name, **measured(planner, problem, path, options.checker)}), flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("days", nargs="+", type=Path)
    parser.add_argument("--checker", type=Path, required=True, help="called with the day and the plan, prints JSON")
    parser.add_argument("--seconds", type=float, default=30, help="limit for the planner's engine")
    return parser.parse_args()


def measured(planner: Callable[[Problem], Plan], problem: Problem, day: Path, checker: Path) -> dict[str, Any]:
    """The checker's verdict and the wall seconds of one planner on one day."""
    began = time.perf_counter()
    made = planner(problem)
    wall = time.perf_counter() - began
    return {**judged(made, day, checker), "wall_s": round(wall, 2)}


def judged(made: Plan, day: Path, checker: Path) -> dict[str, Any]:
    """What the checker says of a plan."""
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
        json.dump({"routes": [_written(route) for route in made.routes]}, file)
        file.flush()
        command = [sys.executable, str(checker), str(day), file.name]
        answer = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    verdict: dict[str, Any] = json.loads(answer)
    return verdict


def _written(route: Route) -> dict[str, Any]:
    """A route in the checker's words: jobs and lunch by time, lunch before the job that starts at its end."""
    stops = [(stop.start, 1, {"job": stop.job, "start": stop.start}) for stop in route.stops]
    lunch = [] if route.lunch_at is None else [(route.lunch_at, 0, {"lunch": route.lunch_at})]
    return {"technician": route.technician, "stops": [step for _, _, step in sorted(lunch + stops, key=lambda item: item[:2])]}


def read(day: dict[str, Any]) -> Problem:
    """A problem from the day's JSON."""
    technicians = tuple(_technician(row) for row in day["technicians"])
    return Problem(technicians, tuple(_job(row) for row in day["jobs"]), Travel(**day["travel"]))


def _technician(row: dict[str, Any]) -> Technician:
    lunch = Lunch(**row["lunch"]) if row.get("lunch") else None
    return Technician(row["id"], tuple(row["home"]), tuple(row["shift"]), lunch, row["skills"], row.get("parts", {}))


def _job(row: dict[str, Any]) -> Job:
    windows = tuple((opens, closes) for opens, closes in row.get("windows", []))
    wants = {"skills": row.get("skills", {}), "parts": row.get("parts", {})}
    return Job(row["id"], tuple(row["at"]), row["minutes"], windows=windows, priority=row["priority"], **wants)


def greedy(problem: Problem) -> Plan:
    """The peer: jobs by priority, then by how soon their window closes, each where it costs the least way."""
    days = days_of(problem, roads_of(problem))
    orders: Orders = {who: [] for who in days}
    for job in sorted(problem.jobs, key=lambda job: (-job.priority, max((closes for _, closes in job.windows), default=86_400))):
        found = cheapest_of_all(days, orders, job)
        if found:
            orders[found.technician] = list(found.jobs)
    routes = (timetable(days[who], jobs) for who, jobs in orders.items() if jobs)
    return Plan(tuple(route for route in routes if route))


if __name__ == "__main__":
    main()
