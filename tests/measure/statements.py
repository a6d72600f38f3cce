"""Reading and keeping statements of 100,000 lines, matching them with as many receipts, and leafing through them.

    python -m tests.measure.statements [--lines 100000]

For each channel prints a JSON line of reading it (and of reading and keeping it as the worker does), and of matching it with a
receipt for each of its payments, with what of that reading, proposing and writing took; then one for each list, its limit, and
whether it keeps that. Of the bank's payments half name no receipt. Exits 1 when something takes longer than its limit.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch import db
from dispatch.fees.models import ReceiptBlock
from dispatch.finance import matching_run
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
LISTS = {
    "proposals": "/finance/matching",
    "work list of lines": "/finance/matching/work-list",
    "work list of money": "/finance/matching/work-list?finding=missing",
    "explained": "/finance/matching/explained",
    "a line that is matched": "/finance/statement-lines/1",
}
ZONE = ZoneInfo("Asia/Shanghai")


def _finance() -> Actor:
    """A clerk of finance; an order that everybody pays for, and numbers for its receipts."""
    with db.transaction() as session:
        cast = hire(session)
        repair_order(session, cast)
        numbers = {"first": 1, "last": 999_999, "used": 999_999}
        session.add(ReceiptBlock(branch_id=cast.sz, person_id=cast.su.id or 0, device="x", leased_at=AT, **numbers))
        return cast.qian


RECEIPTS = (
    fetching.UNCHECKED,
    """CREATE TEMPORARY TABLE paid ON COMMIT DROP AS
    SELECT id, amount, at, nth, 'RSZ' || lpad(nth::text, 6, '0') AS number, channel <> 'bank' OR nth % 2 = 0 AS named
    FROM (SELECT id, amount, at, channel, row_number() OVER (ORDER BY id) + (SELECT count(*) FROM receipt) AS nth
        FROM statement_line WHERE statement_id = :statement AND kind = 'payment') x""",
    "ANALYZE paid, statement_line",
    """UPDATE statement_line l SET receipt = CASE WHEN named THEN number END, note = CASE WHEN named THEN number ELSE 'x' END
    FROM paid WHERE l.id = paid.id""",
    """INSERT INTO receipt (number, block_id, running, order_id, branch_id, channel, amount, by_id, by_name, at, recorded_at)
    SELECT paid.number, b.id, nth, o.id, b.branch_id, :way, amount, b.person_id, 'x', at - interval '5 minutes', at
    FROM paid, receipt_block b, work_order o""",
    """INSERT INTO match_item (kind, receipt_id, branch_id, channel, number, amount, at, by_id, by_name)
    SELECT 'receipt', id, branch_id, channel, number, amount, at, by_id, by_name FROM receipt WHERE channel = :way""",
    "ANALYZE receipt, match_item, statement_line",
)


UNSHOWN = (
    fetching.UNCHECKED,
    """INSERT INTO receipt (number, block_id, running, order_id, branch_id, channel, amount, by_id, by_name, at, recorded_at)
    SELECT 'X' || number, block_id, -running, order_id, branch_id, channel, amount, by_id, by_name, at, recorded_at
    FROM receipt WHERE channel = 'transfer'""",
    """INSERT INTO match_item (kind, receipt_id, branch_id, channel, number, amount, at, by_id, by_name)
    SELECT 'receipt', id, branch_id, channel, number, amount, at, by_id, by_name FROM receipt WHERE running < 0""",
    "ANALYZE",
)


def _receipts(session: Session, channel: str, statement_id: int) -> None:
    """A receipt for each payment of a statement, whose lines name them; of the bank's only every second does."""
    facts = {"statement": statement_id, "way": "transfer" if channel == "bank" else channel}
    for statement in RECEIPTS:
        session.execute(sa.text(statement), facts)


def main() -> int:
    """Print a line for each channel; 1 if one of them takes too long."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=100_000)
    lines, slow = parser.parse_args().lines, False
    with fetching.application() as (app, url):
        by = _finance()
        client = fetching.sit_down(app, by.id or 0)
        for channel, seed in SEED.items():
            number, broken = _read(channel, seed, lines, by)
            with db.transaction() as session:
                _receipts(session, channel, number)
            slow |= broken | _matched(channel, by)
            fetching.settled(url)
            leaves = itertools.cycle(range(1, lines // 50, lines // 2_000 or 1))
            pages = {"lines of a statement": (150.0, _leaf(f"/finance/statements/{number}", leaves))}
            slow |= fetching.hold_against_limits(client, pages, 40) > 0
        with db.transaction() as session:
            ours, open_line = _unmatched(session)
        fetching.settled(url)
        lists = LISTS | {"a line that is open": f"/finance/statement-lines/{open_line}"}
        near = itertools.cycle(range(1, lines // 500 or 2, lines // 20_000 or 1))
        print(f"money of ours that no line shows: {ours}", flush=True)
        slow |= fetching.hold_against_limits(client, {name: (150.0, _leaf(at, near)) for name, at in lists.items()}, 40) > 0
    return int(slow)


def _read(channel: str, seed: int, lines: int, by: Actor) -> tuple[int, bool]:
    """Read a statement, and read and keep it: its number, and whether that took too long."""
    made = month(seed, channel, lines)
    began = time.monotonic()
    found = read(made.name, made.content, ZONE)
    done = time.monotonic()
    with db.transaction() as session:
        number = receive(session, made.name, made.content, by=by, at=datetime.now(UTC)).id
    read_statement(number)
    facts = {
        "lines": len(found.lines),
        "mb": round(len(made.content) / 1e6, 1),
        "read_and_kept_s": round(time.monotonic() - done, 1),
    }
    return number, fetching.told(f"{channel}: read", done - began, LIMIT_SECONDS, **facts)


def _matched(channel: str, by: Actor) -> bool:
    """Match what is open: whether that took too long. Says what of it reading, proposing and writing took."""
    stages: dict[str, float] = {}
    with db.transaction() as session, _timed(stages):
        began = time.monotonic()
        came = match_branch(session, by.branch_id or 0, by=by, at=datetime.now(UTC))
        took = time.monotonic() - began
    parts = {"reading_s": stages["open_for"], "proposing_s": stages["propose"]}
    parts["writing_s"] = took - sum(parts.values())
    counts = {"sure": came.sure, "asked": came.asked, "left": came.left}
    return fetching.told(f"{channel}: matched", took, MATCH_SECONDS, **counts, **{name: round(s, 1) for name, s in parts.items()})


@contextmanager
def _timed(stages: dict[str, float]) -> Iterator[None]:
    """Note how long the stages of a run take."""

    def timed(name: str, stage: Callable[..., Any]) -> Callable[..., Any]:
        def run(*given: Any) -> Any:
            began = time.monotonic()
            found = stage(*given)
            stages[name] = time.monotonic() - began
            return found

        return run

    whole = {name: getattr(matching_run, name) for name in ("open_for", "propose")}
    with ExitStack() as stack:
        for name, stage in whole.items():
            stack.enter_context(patch.object(matching_run, name, timed(name, stage)))
        yield


def _unmatched(session: Session) -> tuple[int, int]:
    """Money of ours that no statement shows, as much again as a statement has; how much, and a line that is open."""
    for statement in UNSHOWN:
        session.execute(sa.text(statement))
    ours = session.scalar(sa.text("SELECT count(*) FROM match_item WHERE state = 'open'"))
    line = session.scalar(sa.text("SELECT min(id) FROM statement_line WHERE state = 'open' AND channel = 'bank' AND amount > 0"))
    return ours or 0, line or 0


def _leaf(address: str, leaves: Iterator[int]) -> fetching.Make:
    return lambda: f"{address}{'&' if '?' in address else '?'}page={next(leaves)}"


if __name__ == "__main__":
    sys.exit(main())
