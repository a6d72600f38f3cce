"""How good the search is on whole days, beside plain VROOM in the same run.

    python -m tests.measure.routing --checker CHECK.py [--seconds 10,60] [--made 20] [--large] [--only PART] [--kept FILE] [DAYS]

DAYS is a folder of days (*.json) as the checker's own text describes them; `--made 20` adds days that a generator makes by
chance, so that nothing is tuned to a file, and `--large` three large ones. All plans are written as JSON and judged by the
checker. VROOM gets the same day through our own encoding, at its levels 1 and 5 with two threads; a level not expected to end
within `--vroom-seconds` is left out. Each plan is made in processes of its own; the peak is what all of them held together.

What was measured is kept in FILE, a line of JSON each: a run that was broken off goes on there. Prints a table in Markdown:
unserved priority / travel s / wall s / peak MB.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from dispatch.routing import Plan, Problem, plan
from dispatch.routing.day_file import read_day
from dispatch.routing.gateway import SECONDS_PER_WORK, Puzzle, solved_at
from dispatch.routing.improve import improved
from dispatch.routing.search.run import Effort
from dispatch.routing.search.warm import warm
from tests.measure.memory import Peak
from tests.measure.routing_day import judged
from tests.routing.days import day_by_chance

SIZES = ((60, 8), (200, 25), (500, 60), (120, 12), (350, 45))
LARGE = ((2000, 250), (3000, 375), (10_000, 1250))
LEVELS = (1, 5)
FIGURES = ("unserved_priority", "travel_s", "wall_s", "peak_mb")
Verdict = Mapping[str, Any]


def main() -> None:
    """A row for each day, with the mean over those of which all planners made a plan."""
    options = _options()
    if options.one:
        print(json.dumps(_made(options.one, options.folder, options)))
        return
    warm()
    planners = [f"search {seconds} s" for seconds in options.seconds.split(",")] + [f"VROOM {level}" for level in LEVELS]
    kept = _kept(options.kept)
    print(f"| day | {' | '.join(planners)} |\n|{' --- |' * (len(planners) + 1)}")
    rows = [_row(name, file, planners, kept, options) for name, file in _days(options)]
    whole = [row for row in rows if all(verdict and verdict["feasible"] for verdict in row)]
    means = (_cell(_mean([row[nth] for row in whole])) for nth in range(len(planners)))
    print(f"| mean of {len(whole)} | {' | '.join(means)} |")


def _mean(verdicts: Sequence[Verdict | None]) -> Verdict | None:
    known = [verdict for verdict in verdicts if verdict]
    return {figure: sum(one[figure] for one in known) / len(known) for figure in FIGURES} if known else None


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--checker", type=Path, required=True, help="called with the day and the plan, prints JSON")
    parser.add_argument("--seconds", default="10", help="for the search, as in 10,60: a column each")
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--made", type=int, default=0, help="how many days to make by chance")
    parser.add_argument("--large", action="store_true", help="2,000, 3,000 and 10,000 jobs, too")
    parser.add_argument("--only", default="", help="only days whose names contain this")
    parser.add_argument("--vroom-seconds", type=float, default=180, help="VROOM is left out where it is expected to take longer")
    parser.add_argument("--kept", type=Path, help="where results are kept and looked for")
    parser.add_argument("--one", default="", help=argparse.SUPPRESS)
    return parser.parse_args()


def _days(options: argparse.Namespace) -> Iterator[tuple[str, Path]]:
    given = sorted(options.folder.glob("*.json"), key=lambda file: file.stat().st_size) if options.folder else []
    yield from ((file.stem, file) for file in given if options.only in file.name)
    sizes = [(*SIZES[seed % len(SIZES)], seed) for seed in range(options.made)]
    sizes += [(jobs, people, 0) for jobs, people in LARGE if options.large]
    with tempfile.TemporaryDirectory() as room:
        for jobs, people, seed in sizes:
            file = Path(room) / f"made_{jobs}x{people}_{seed}.json"
            if options.only in file.name:
                file.write_text(json.dumps(day_by_chance(jobs, people, seed=seed)))
                yield file.stem, file


def _kept(file: Path | None) -> dict[tuple[str, str, int], Verdict]:
    """Results of runs before, by day, planner and seed; a line that was broken off counts as none."""
    found: dict[tuple[str, str, int], Verdict] = {}
    for line in file.read_text(encoding="utf-8").splitlines() if file and file.exists() else ():
        try:
            row = json.loads(line)
            found[row["day"], row["by"], row["seed"]] = row
        except (ValueError, KeyError):
            continue
    return found


def _row(
    name: str, file: Path, planners: Sequence[str], kept: Mapping[tuple[str, str, int], Verdict], options: argparse.Namespace
) -> list[Verdict | None]:
    """What each planner makes of a day; printed as a row."""
    row = [kept.get((name, planner, options.seed)) or _measured(name, file, planner, options) for planner in planners]
    print(f"| {name} | {' | '.join(map(_cell, row))} |", flush=True)
    return row


def _measured(name: str, file: Path, planner: str, options: argparse.Namespace) -> Verdict | None:
    """One plan, made in a process of its own; None where the planner would take too long."""
    if planner.startswith("VROOM") and _expected(file, int(planner.split()[1])) > options.vroom_seconds:
        return None
    command = [sys.executable, "-m", "tests.measure.routing", str(file), "--one", planner, "--checker", str(options.checker)]
    command += ["--cores", str(options.cores), "--seed", str(options.seed)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child, Peak(child.pid) as peak:
        answer, _ = child.communicate()
    if child.returncode:
        return {"feasible": False, "errors": [f"ended with {child.returncode}"]}
    verdict = {"day": name, "by": planner, "seed": options.seed, **json.loads(answer), "peak_mb": round(peak.mb)}
    if options.kept:
        with options.kept.open("a", encoding="utf-8") as lines:
            lines.write("\n" + json.dumps(verdict))
    return verdict


def _expected(file: Path, level: int) -> float:
    """Seconds that VROOM is expected to take."""
    day = json.loads(file.read_text(encoding="utf-8"))
    return SECONDS_PER_WORK[level] * len(day["jobs"]) ** 2 * len(day["technicians"])


def _made(planner: str, file: Path, options: argparse.Namespace) -> Verdict:
    """The checker's verdict on a plan that is made here and now, reading the day included."""
    began = time.perf_counter()
    made = _planner(planner, options)(read_day(file.read_text(encoding="utf-8")))
    wall = time.perf_counter() - began
    return {**judged(made, file, options.checker), "wall_s": round(wall, 1)}


def _planner(name: str, options: argparse.Namespace) -> Callable[[Problem], Plan]:
    kind, figure = name.split()[:2]
    if kind == "search":
        effort = Effort(float(figure), seed=options.seed)
        return lambda day: improved(day, effort, processes=options.cores).plan

    def vroom(puzzle: Puzzle, _seconds: float) -> list[list[int]]:
        return solved_at(puzzle, int(figure))

    return lambda day: plan(day, 0, seed=options.seed, engine=vroom)


def _cell(verdict: Verdict | None) -> str:
    if verdict is None:
        return "–"
    if not verdict.get("feasible", True):
        return f"**broken**: {verdict['errors'][:1]}"
    unserved, travel, wall, peak = (verdict[figure] for figure in FIGURES)
    return f"{unserved:.4g} / {travel:,.0f} / {wall:.1f} / {peak:.0f}"


if __name__ == "__main__":
    main()
