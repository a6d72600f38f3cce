"""Reading and keeping statements of 100,000 lines, and leafing through them.

    python -m tests.measure.statements [--lines 100000]

For each channel prints one JSON line: megabytes of the file, seconds to read it, and to read and keep it as the worker does; then
one for the list of its lines. Exits 1 when something takes longer than its limit.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from dispatch import db
from dispatch.finance.jobs import read_statement
from dispatch.finance.keeping import receive
from dispatch.finance.statements.reading import read_statement as read
from dispatch.staff.operations import NewPerson, add_branch, add_person
from dispatch.staff.queries import actor_of
from dispatch.staff.rules import SYSTEM, Actor
from tests.finance.months import month
from tests.measure import fetching

LIMIT_SECONDS = 20
SEED = {"wechat": 1, "alipay": 1, "bank": 0}
ZONE = ZoneInfo("Asia/Shanghai")


def _finance() -> Actor:
    with db.transaction() as session:
        branch = add_branch(session, code="SZ", name="深圳", zone="Asia/Shanghai", by=SYSTEM, at=datetime.now(UTC))
        new = NewPerson("C1", "钱敏", frozenset({"finance"}))
        return actor_of(add_person(session, branch=branch, new=new, by=SYSTEM, at=datetime.now(UTC)))


def main() -> int:
    """Print a line for each channel; 1 if one of them takes too long."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=100_000)
    lines, slow = parser.parse_args().lines, False
    with fetching.application() as (app, _url):
        by = _finance()
        client = fetching.sit_down(app, by.id or 0)
        for channel, seed in SEED.items():
            made = month(seed, channel, lines)
            began = time.monotonic()
            found = read(made.name, made.content, ZONE)
            done = time.monotonic()
            with db.transaction() as session:
                number = receive(session, made.name, made.content, by=by, at=datetime.now(UTC)).id
            read_statement(number)
            kept = time.monotonic()
            slow |= done - began > LIMIT_SECONDS
            told = {"channel": channel, "lines": len(found.lines), "mb": round(len(made.content) / 1e6, 1)}
            told |= {"read_s": round(done - began, 1), "read_and_kept_s": round(kept - done, 1)}
            print(json.dumps(told), flush=True)
            leaves = itertools.cycle(range(1, lines // 50, lines // 2_000 or 1))
            pages = {"lines of a statement": (150.0, _leaf(number, leaves))}
            slow |= fetching.hold_against_limits(client, pages, 40) > 0
    return int(slow)


def _leaf(number: int, leaves: Iterator[int]) -> fetching.Make:
    return lambda: f"/finance/statements/{number}?page={next(leaves)}"


if __name__ == "__main__":
    sys.exit(main())
