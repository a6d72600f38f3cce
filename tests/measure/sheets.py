"""What one service sheet costs, and whether the process that makes them keeps its size.

    python -m tests.measure.sheets [--sheets 200] [--html FILE.html] [--files FOLDER]

Renders and signs the same two-page page in one process, as the worker's child does, after a few to warm up. Prints a table:
median and p95 of CPU seconds per sheet (rendering, signing, checking), and the growth of resident memory from the first sheet
after the warming up to the last. Exits 1 when a limit is broken. `--html` takes a page of your own; the pictures that it names
`file:NAME` come from `--files`.
"""

from __future__ import annotations

import argparse
import io
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

from PIL import Image

from dispatch.sheets import checking, gateway, signing
from tests.sheets.engine import AT, TITLE

CPU_LIMIT, GROWTH_LIMIT = 0.5, 20.0
WARM_UP = 10
CHECKS = ("上线", "身份", "ICCID", "定位", "卫星数", "信号强度", "ACC 开", "ACC 关", "断电报警", "位置相符")


def photo(seed: int) -> bytes:
    """A JPEG of 1024 × 768 that does not compress well, as photos do not."""
    noise = Image.frombytes("RGB", (128, 96), Random(seed).randbytes(128 * 96 * 3)).resize((1024, 768))
    out = io.BytesIO()
    noise.save(out, "JPEG", quality=80)
    return out.getvalue()


def sample_page(number: int) -> str:
    """A sheet as a repair with four vehicles would give: facts, swaps, test-runs, charges, four photos, signature."""
    swaps = "".join(
        f"<tr><td>粤B·{number % 100_000:05d}{i}</td><td><s>8612345678901{i}</s> → <b>8612345678909{i}</b></td>"
        f"<td><s>8986042011123456789{i}</s> → <b>8986042011123450000{i}</b></td><td>12-02 14:0{i}</td></tr>"
        for i in range(4)
    )
    tests = "".join(f"<tr><td>{item} {line}</td><td>通过 passed</td><td>12-02 14:1{line}</td></tr>" for line in range(4) for item in CHECKS)
    fees = "".join(f"<tr><td>{name}</td><td>1</td><td>¥{price}</td></tr>" for name, price in (("车载终端", "680.00"), ("上门费", "80.00")))
    photos = "".join(f"<img src='file:{i}.jpg' width=160>" for i in range(4))
    strokes = "".join(f"<path d='M{x} 20 Q{x + 10} {x % 40} {x + 20} 25' stroke='black' fill='none'/>" for x in range(0, 200, 10))
    table = "<table style='width:100%%;border-collapse:collapse'>%s</table>"
    return (
        f"<!DOCTYPE html><html lang=zh><body><h1>维修服务单 WX-20261202-{number:04d}</h1><p>恒通物流有限公司 · 深圳市宝安区凤凰工业区</p>"
        f"{table % swaps}{table % tests}<h2>费用</h2>{table % fees}{photos}<svg width=200 height=50>{strokes}</svg></body></html>"
    )


def resident_mb() -> float:
    """Resident memory of this process, MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1_000_000


def measure(page: Callable[[int], str], files: dict[str, bytes], sheets: int) -> dict[str, float]:
    """Make `sheets` of them, and give the figures."""
    check = checking.begin(signing.trusted())
    spent: list[float] = []
    before, size = 0.0, 0
    for number in range(sheets + WARM_UP):
        if number == WARM_UP:
            before = resident_mb()
        facts = json.dumps({"format": "gps-dispatch/sheet/1", "number": number}).encode()
        start = time.process_time()
        pdf = gateway.render(
            page(number), title=TITLE, language="zh-CN", created=AT, attachment=("sheet.json", facts), files=files
        )
        found = check(signing.sign(pdf, reason="完工", at=AT))
        if number >= WARM_UP:
            spent.append(time.process_time() - start)
        assert found["whole"] and found["signatures"][0]["intact"]
        size = len(pdf)
    return {
        "cpu_median_s": statistics.median(spent),
        "cpu_p95_s": statistics.quantiles(spent, n=20)[-1],
        "rss_start_mb": before,
        "rss_end_mb": resident_mb(),
        "pdf_kb": size / 1000,
    }


def main() -> None:
    """Run, print the table, and say by the exit code whether the limits hold."""
    parser = argparse.ArgumentParser(description="Cost of service sheets")
    parser.add_argument("--sheets", type=int, default=200)
    parser.add_argument("--html", type=Path)
    parser.add_argument("--files", type=Path)
    asked = parser.parse_args()
    files = {f"{i}.jpg": photo(i) for i in range(4)}
    if asked.files:
        files = {file.name: file.read_bytes() for file in asked.files.iterdir()}
    own = asked.html.read_text("utf-8") if asked.html else None
    with tempfile.TemporaryDirectory() as folder:
        signing.configure(Path(folder))
        signing.check_key()
        figures = measure(lambda number: own or sample_page(number), files, asked.sheets)
    growth = figures["rss_end_mb"] - figures["rss_start_mb"]
    print(f"{asked.sheets} sheets, rendered, signed and checked, {figures['pdf_kb']:.0f} kB each")
    print(f"{'figure':<28}{'measured':>12}{'limit':>10}")
    print(f"{'CPU per sheet, median, s':<28}{figures['cpu_median_s']:>12.3f}{CPU_LIMIT:>10.1f}")
    print(f"{'CPU per sheet, p95, s':<28}{figures['cpu_p95_s']:>12.3f}{'':>10}")
    print(f"{'memory at the start, MB':<28}{figures['rss_start_mb']:>12.1f}{'':>10}")
    print(f"{'memory at the end, MB':<28}{figures['rss_end_mb']:>12.1f}{'':>10}")
    print(f"{'growth, MB':<28}{growth:>12.1f}{GROWTH_LIMIT:>10.1f}")
    sys.exit(1 if figures["cpu_median_s"] > CPU_LIMIT or growth > GROWTH_LIMIT else 0)


if __name__ == "__main__":
    main()
