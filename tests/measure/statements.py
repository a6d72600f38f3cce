"""Reading and keeping statements of 100,000 lines, matching them with as many receipts, and leafing through them.

    python -m tests.measure.statements [--lines 100000]

For each channel prints one JSON line: megabytes of the file, seconds to read it, and to read and keep it as the worker does; one
for matching it with a receipt for each of its payments; then one for each list. Of the bank's payments half name no receipt.
Exits 1 when something takes longer than its limit.
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

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch import db
from dispatch.fees.models import ReceiptBlock
from dispatch.finance.jobs import read_statement
from dispatch.finance.keeping import receive
from dispatch.finance.matching_run import match_branch
from dispatch.finance.statements.reading import read_statement as read
from dispatch.staff.rules import Actor
from tests.building import repair_order
from tests.cast import AT, hire
from tests.finance.months import month
from tests.measure import fetching

LIMIT_SECONDS, MATCH_SECONDS = 20, 30
SEED = {"wechat": 1, "alipay": 1, "bank": 0}
ZONE = ZoneInfo("Asia/Shanghai")


def _finance() -> Actor:
    """A clerk of finance; an order that everybody pays for, and numbers for its receipts."""
    with db.transaction() as session:
        cast = hire(session)
        repair_order(session, cast)
        numbers = {"first": 1, "last": 999_999, "used": 999_999}
        session.add(ReceiptBlock(branch_id=cast.sz, person_id=cast.su.id or 0, device="x", leased_at=AT, **numbers))
        return cast.qian


RECEIPTS = """
WITH paid AS (
    SELECT id, amount, at, row_number() OVER (ORDER BY id) + (SELECT count(*) FROM receipt) AS nth
    FROM statement_line WHERE statement_id = :statement AND kind = 'payment'
), named AS (
    UPDATE statement_line l SET receipt = 'RSZ' || lpad(nth::text, 6, '0'), note = 'RSZ' || lpad(nth::text, 6, '0')
    FROM paid WHERE l.id = paid.id AND (l.channel <> 'bank' OR nth % 2 = 0)
), bare AS (
    UPDATE statement_line l SET receipt = NULL, note = 'x' FROM paid WHERE l.id = paid.id AND l.channel = 'bank' AND nth % 2 = 1
)
INSERT INTO receipt (number, block_id, running, order_id, branch_id, channel, amount, by_id, by_name, at, recorded_at)
SELECT 'RSZ' || lpad(nth::text, 6, '0'), b.id, nth, o.id, b.branch_id, :way, amount,
    b.person_id, 'x', at - interval '5 minutes', at
FROM paid, receipt_block b, work_order o
"""


def _receipts(session: Session, channel: str, statement_id: int) -> None:
    """A receipt for each payment of a statement, whose lines name them; of the bank's only every second does."""
    session.execute(sa.text(RECEIPTS), {"statement": statement_id, "way": "transfer" if channel == "bank" else channel})


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
            began = time.monotonic()
            with db.transaction() as session:
                _receipts(session, channel, number)
            made_s = time.monotonic() - began
            began = time.monotonic()
            with db.transaction() as session:
                came = match_branch(session, by.branch_id or 0, by=by, at=datetime.now(UTC))
            took = time.monotonic() - began
            slow |= took > MATCH_SECONDS
            told = {"channel": channel, "sure": came.sure, "asked": came.asked, "left": came.left}
            print(json.dumps(told | {"matched_s": round(took, 1), "receipts_written_s": round(made_s, 1)}), flush=True)
            leaves = itertools.cycle(range(1, lines // 50, lines // 2_000 or 1))
            pages = {"lines of a statement": (150.0, _leaf(number, leaves))}
            slow |= fetching.hold_against_limits(client, pages, 40) > 0
    return int(slow)


def _leaf(number: int, leaves: Iterator[int]) -> fetching.Make:
    return lambda: f"/finance/statements/{number}?page={next(leaves)}"


if __name__ == "__main__":
    sys.exit(main())
