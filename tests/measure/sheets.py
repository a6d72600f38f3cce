"""What one service sheet costs, and whether the process that makes them keeps its size.

    python -m tests.measure.sheets [--sheets 200] [--sheet usual]

Lays out, renders, signs and checks one of the sheets of tests/sheets/gallery.py, over and over in one process, as the worker's
child does, after a few to warm up. Prints a table: median and p95 of CPU seconds per sheet, and how far resident memory grew from
the first sheet after the warming up to the last. Exits 1 when a limit is broken.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

from dispatch.sheets import checking, signing
from tests.sheets.engine import AT
from tests.sheets.gallery import GALLERY, Sheet, drawn

CPU_LIMIT, GROWTH_LIMIT = 0.5, 20.0
WARM_UP = 10
SHEETS = {make.__name__: make for make in GALLERY}


def resident_mb() -> float:
    """Resident memory of this process, MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1_000_000


def measure(sheet: Sheet, times: int) -> dict[str, float]:
    """Make a sheet so many times, and give the figures."""
    check = checking.begin(signing.trusted())
    spent: list[float] = []
    before, pdf = 0.0, b""
    for number in range(times + WARM_UP):
        if number == WARM_UP:
            before = resident_mb()
        start = time.process_time()
        pdf = signing.sign(drawn(sheet), reason="完工", at=AT)
        found = check(pdf)
        spent.append(time.process_time() - start)
        assert found["whole"] and found["signatures"][0]["intact"]
    del spent[:WARM_UP]
    figures = {"median": statistics.median(spent), "p95": statistics.quantiles(spent, n=20)[-1]}
    return {**figures, "before": before, "after": resident_mb(), "kb": len(pdf) / 1000}


def main() -> None:
    """Run, print the table, and say by the exit code whether the limits hold."""
    parser = argparse.ArgumentParser(description="Cost of service sheets")
    parser.add_argument("--sheets", type=int, default=200, help="how many")
    parser.add_argument("--sheet", choices=sorted(SHEETS), default="usual", help="which one of the gallery")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        signing.configure(Path(folder))
        signing.check_key()
        figures = measure(SHEETS[asked.sheet](), asked.sheets)
    growth = figures["after"] - figures["before"]
    print(f"{asked.sheets} times the sheet '{asked.sheet}' of {figures['kb']:.0f} kB: laid out, rendered, signed and checked")
    print(f"{'figure':<28}{'measured':>12}{'limit':>10}")
    print(f"{'CPU per sheet, median, s':<28}{figures['median']:>12.3f}{CPU_LIMIT:>10.1f}")
    print(f"{'CPU per sheet, p95, s':<28}{figures['p95']:>12.3f}")
    print(f"{'memory at the start, MB':<28}{figures['before']:>12.1f}")
    print(f"{'memory at the end, MB':<28}{figures['after']:>12.1f}")
    print(f"{'growth, MB':<28}{growth:>12.1f}{GROWTH_LIMIT:>10.1f}")
    sys.exit(1 if figures["median"] > CPU_LIMIT or growth > GROWTH_LIMIT else 0)


if __name__ == "__main__":
    main()
