"""How many hard labels the phone's scanner reads: python -m tests.measure.barcodes [--seed N] [--keep FOLDER]

Pictures out of a seed are read in Chromium by the modules of the page itself: once plainly, as the reader comes, and once with
all looks, two equal reads and the choice of the wanted number. A wrong number is worse than none: it ends with 1 if there is any.
"""

from __future__ import annotations

import argparse
import base64
import functools
import http.server
import io
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from dispatch import paths
from tests.browser.conftest import QUIET
from tests.conftest import browser_program
from tests.measure.labels import CODES, DIFFICULTIES, EACH, Shot, shots

READ = """
async ([shot, wanted]) => {
  const [choice, tries, reader] = await Promise.all(["choice", "tries", "reader"].map((name) => import(`/web/scan/${name}.js`)));
  const read = await reader.openReader({ script: "/vendor/zxing/zxing_reader.js", wasm: "/vendor/zxing/zxing_reader.wasm" });
  const picture = await createImageBitmap(await (await fetch(shot)).blob());
  const choose = (texts) => choice.choose(wanted, texts);
  const plain = choose(await read(tries.look(picture)));
  const begun = performance.now();
  const ours = await tries.search(picture, { read, choose, tally: choice.createTally() });
  return { plain: plain?.number ?? "", ours: ours?.number ?? "", took: performance.now() - begun };
}
"""


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_args: Any) -> None:
        """Nobody wants to know."""

    def do_GET(self) -> None:
        """Static files, and an empty page."""
        if self.path == "/":
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
        else:
            super().do_GET()


@contextmanager
def static_served() -> Iterator[str]:
    """The static files on a port of this machine."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(paths.STATIC)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


def read(page: Page, shot: Shot) -> dict[str, Any]:
    """What the page read: plainly, and with all it can."""
    out = io.BytesIO()
    shot.picture.save(out, "JPEG", quality=88)
    address = "data:image/jpeg;base64," + base64.b64encode(out.getvalue()).decode()
    told: dict[str, Any] = page.evaluate(READ, [address, shot.wanted])
    return told


def table(found: list[tuple[Shot, dict[str, Any]]]) -> str:
    """Kinds of difficulty down, what was read across; a wrong number is counted apart."""
    lines = [f"{'':<10}{'images':>8}{'plain':>8}{'wrong':>8}{'ours':>8}{'wrong':>8}   by code, ours"]
    for kind in (*DIFFICULTIES, ""):
        own = [(shot, told) for shot, told in found if kind in ("", shot.difficulty)]
        right = {way: sum(told[way] == shot.number for shot, told in own) for way in ("plain", "ours")}
        wrong = {way: sum(told[way] not in ("", shot.number) for shot, told in own) for way in ("plain", "ours")}
        codes = Counter(shot.code for shot, told in own if told["ours"] == shot.number)
        by_code = ", ".join(f"{code} {codes[code]}" for code in CODES)
        figures = (len(own), right["plain"], wrong["plain"], right["ours"], wrong["ours"])
        lines.append(f"{kind or 'all':<10}" + "".join(f"{figure:>8}" for figure in figures) + f"   {by_code}")
    return "\n".join(lines)


def main() -> int:
    """Make, read, count."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--each", type=int, default=EACH)
    asked.add_argument("--keep", type=Path)
    given = asked.parse_args()
    found: list[tuple[Shot, dict[str, Any]]] = []
    begun = time.monotonic()
    with static_served() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_program(), args=QUIET)
        page = browser.new_page()
        page.goto(address)
        for shot in shots(given.seed, given.each):
            found.append((shot, read(page, shot)))
            if given.keep:
                given.keep.mkdir(parents=True, exist_ok=True)
                shot.picture.save(given.keep / f"{shot.name}.png")
        browser.close()
    print(table(found))
    took = sorted(told["took"] for _shot, told in found)
    print(f"{time.monotonic() - begun:.0f} s; a picture took {took[len(took) // 2]:.0f} ms, at most {took[-1]:.0f} ms")
    wrong = [(shot.name, shot.number, told["ours"]) for shot, told in found if told["ours"] not in ("", shot.number)]
    for name, number, ours in wrong:
        print(f"wrong: {name}: {ours} instead of {number}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
