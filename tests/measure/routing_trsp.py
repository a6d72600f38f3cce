"""How good the search is on technicians, tools, spare parts and a store (TRSP), against the best published working times.

    python -m tests.measure.routing_trsp --checker CHECK.py --best BEST.csv [--seconds 10] [--seeds 1,2,3] [--keep FOLDER] FOLDER

FOLDER holds instances (*.txt), BEST.csv a line `instance,working_time` for each. Every run is `./run route --trsp` in a process
of its own, so that seconds are counted as somebody counts them who waits; the checker judges what it wrote. Prints a table in
Markdown: the gap to the best published (mean, best and worst of the seeds), with the mean over all at the end. With `--keep`
tours better than those published, and than those kept before, stay there. PyVRP stands beside it where it is installed
(`requirements-measure.txt`), with the same seconds on one core: it knows no store, so that nobody gets what his bag lacks; what
it leaves over stands behind its gap.
"""

from __future__ import annotations

import argparse
import csv
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dispatch.routing.stores.file import read_instance, written_tours
from tests.measure.routing_pyvrp import tours_by_pyvrp


def main() -> None:
    """A row for each instance, with the means over all at the end."""
    options = _options()
    beside = importlib.util.find_spec("pyvrp") is not None
    heads = ["instance", "published", "mean gap %", "best", "worst", "wall s"] + ["PyVRP %", "left over"] * beside
    print(_row(heads) + "\n" + _row(["---"] * len(heads)))
    gaps: list[list[float]] = []
    for name, file, best in _instances(options):
        runs = list(_runs(options, file))
        found = [_gap(run["working_time"], best) if run["feasible"] else float("inf") for run in runs]
        _keep(options, name, best, runs)
        cells = [name, f"{best:.2f}", *(f"{gap:.2f}" for gap in (sum(found) / len(found), min(found), max(found)))]
        cells.append(f"{max(run['wall'] for run in runs):.1f}")
        print(_row(cells + (_pyvrp(options, file, best) if beside else [])), flush=True)
        gaps.append(found)
    means = [sum(found) / len(found) for found in gaps]
    if means:
        better = sum(min(found) < 0 for found in gaps)
        print(f"\nmean gap {sum(means) / len(means):.3f} %; better than published at least once: {better} of {len(gaps)}")
        print(f"load of the machine at the end: {os.getloadavg()[0]:.1f}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--checker", type=Path, required=True, help="called with the instance and the tours, prints JSON")
    parser.add_argument("--best", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--seeds", type=lambda text: [int(word) for word in text.split(",")], default=[1, 2, 3])
    parser.add_argument("--keep", type=Path, help="where tours better than those published are kept")
    parser.add_argument("--only", default="", help="only instances whose names begin with one of these, with commas")
    return parser.parse_args()


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _instances(options: argparse.Namespace) -> Iterator[tuple[str, Path, float]]:
    with options.best.open(encoding="utf-8", newline="") as lines:
        for line in csv.DictReader(lines):
            name = line["instance"]
            if name.startswith(tuple(options.only.split(","))):
                yield name, options.folder / f"{name}.txt", float(line["working_time"])


def _runs(options: argparse.Namespace, file: Path) -> Iterator[dict[str, Any]]:
    """The checker's verdict on each seed, with seed, wall seconds and tours."""
    for seed in options.seeds:
        with tempfile.TemporaryDirectory() as room:
            out = Path(room) / "tours.json"
            command = [sys.executable, "-m", "dispatch.cli", "route", str(file), "--trsp", "--seed", str(seed)]
            began = time.perf_counter()
            subprocess.run(
                [*command, "--seconds", str(options.seconds), "--cores", str(options.cores), "--out", str(out)],
                check=True,
                stdout=subprocess.DEVNULL,
            )
            wall = time.perf_counter() - began
            yield {**_judged(options, file, out), "wall": wall, "tours": out.read_text(encoding="utf-8")}


def _judged(options: argparse.Namespace, file: Path, out: Path) -> dict[str, Any]:
    done = subprocess.run([sys.executable, str(options.checker), str(file), str(out)], capture_output=True, check=False)
    verdict: dict[str, Any] = json.loads(done.stdout)
    return verdict


def _gap(time_found: float, best: float) -> float:
    return 100 * (time_found / best - 1)


def _keep(options: argparse.Namespace, name: str, best: float, runs: list[dict[str, Any]]) -> None:
    good = [run for run in runs if run["feasible"] and run["working_time"] < best]
    if not options.keep or not good:
        return
    options.keep.mkdir(parents=True, exist_ok=True)
    run = min(good, key=lambda run: run["working_time"])
    file = options.keep / f"{name}.json"
    if not file.exists() or json.loads(file.read_text("utf-8"))["working_time"] > run["working_time"]:
        file.write_text(json.dumps({"working_time": run["working_time"], **json.loads(run["tours"])}) + "\n", "utf-8")


def _pyvrp(options: argparse.Namespace, file: Path, best: float) -> list[str]:
    problem = read_instance(file.read_text("utf-8"))
    tours, left = tours_by_pyvrp(problem, options.seconds, options.seeds[0])
    with tempfile.TemporaryDirectory() as room:
        out = Path(room) / "tours.json"
        out.write_text(json.dumps(written_tours(tours)), "utf-8")
        told = _judged(options, file, out)
    lacks = [error for error in told["errors"] if "not served" not in error]
    return [f"{_gap(told['working_time'], best):.2f}" if not lacks else f"broken: {lacks[0]}", str(left)]


if __name__ == "__main__":
    main()
