"""How good the search is on whole days, beside plain VROOM in the same run.

    python -m tests.measure.routing --checker CHECK.py [--seconds 10] [--cores 2] [--made 0] [FOLDER]

FOLDER holds days (*.json) as the checker's own text describes them; `--made 20` adds days that a generator makes by chance, so
that nothing is tuned to a file. All plans are written as JSON and judged by the checker. VROOM gets the same day through our own
encoding, each of its levels that is expected to end in time. Prints a table in Markdown: unserved priority / travel s / wall s.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from dispatch.routing import Plan, Problem, plan
from dispatch.routing.day_file import read_day
from dispatch.routing.improve import improved
from dispatch.routing.search.run import Effort
from dispatch.routing.search.warm import warm
from tests.measure.routing_day import judged
from tests.routing.days import day_by_chance

SIZES = ((60, 8), (200, 25), (500, 60))


def main() -> None:
    """A row for each day, with the mean over all at the end."""
    options = _options()
    warm()
    planners: dict[str, Callable[[Problem], Plan]] = {
        f"search {options.seconds:g} s": lambda day: improved(day, Effort(options.seconds), processes=options.cores).plan,
        f"VROOM within {options.seconds:g} s": lambda day: plan(day, options.seconds),
    }
    print(f"| day | {' | '.join(planners)} |\n|{' --- |' * (len(planners) + 1)}")
    sums: dict[str, list[float]] = {name: [0, 0, 0] for name in planners}
    days = 0
    for name, file in _days(options):
        cells = [_cell(planner, file, options.checker, sums[by]) for by, planner in planners.items()]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)
        days += 1
    means = (" / ".join(f"{number / max(1, days):.1f}" for number in sums[by]) for by in planners)
    print(f"| mean of {days} | {' | '.join(means)} |")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--checker", type=Path, required=True, help="called with the day and the plan, prints JSON")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--made", type=int, default=0, help="how many days to make by chance")
    parser.add_argument("--only", default="", help="only days whose names contain this")
    return parser.parse_args()


def _days(options: argparse.Namespace) -> Iterator[tuple[str, Path]]:
    given = sorted(options.folder.glob("*.json"), key=lambda file: file.stat().st_size) if options.folder else []
    yield from ((file.stem, file) for file in given if options.only in file.name)
    with tempfile.TemporaryDirectory() as room:
        for seed in range(options.made):
            jobs, people = SIZES[seed % len(SIZES)]
            file = Path(room) / f"made_{jobs}x{people}_{seed}.json"
            file.write_text(json.dumps(day_by_chance(jobs, people, seed=seed)))
            yield file.stem, file


def _cell(planner: Callable[[Problem], Plan], file: Path, checker: Path, sums: list[float]) -> str:
    began = time.perf_counter()
    made = planner(read_day(file.read_text(encoding="utf-8")))
    wall = time.perf_counter() - began
    verdict: dict[str, Any] = judged(made, file, checker)
    if not verdict["feasible"]:
        return f"**broken**: {verdict['errors'][:1]}"
    numbers = (verdict["unserved_priority"], verdict["travel_s"], wall)
    sums[:] = [old + new for old, new in zip(sums, numbers, strict=True)]
    return f"{numbers[0]} / {numbers[1]:,} / {wall:.1f}"


if __name__ == "__main__":
    main()
