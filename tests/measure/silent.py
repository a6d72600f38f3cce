"""Finding the terminals that fell silent, among 100,000 that are watched and have reported all day.

    python -m tests.measure.silent [--units 260000] [--reports 10] [--rounds 5]

Builds the stock of `tests.measure.custody` on a throwaway PostgreSQL; 39 of 100 units are terminals in vehicles, all of them watched.
Each has told its position so many times, and been heard otherwise as often; one in a hundred fell silent two days ago. Prints one JSON
line per step of what the worker does every ten minutes (median seconds, limit). Exits 1 when a limit is broken.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch import db
from dispatch.clock import now
from dispatch.intake.outages import find_outages
from dispatch.intake.silence_rules import Together
from dispatch.intake.silences import left_out, let_go, missed, propose, renew_keys
from dispatch.staff.rules import Actor
from tests.measure import custody, fetching

LIMIT_SECONDS = 1.0
DIRECTOR = Actor(id=1, name="何总", roles=frozenset({"director"}), branch_id=None)

FILL = (
    "SET session_replication_role = replica",
    "UPDATE customer SET silent_hours = 24",
    "UPDATE custody_position SET since = now() - interval '100 days'",
    # the last report of most was within the last hour
    "CREATE TEMP TABLE fitted AS SELECT unit_id, CASE WHEN unit_id % 198 = 0 THEN interval '2 days' ELSE unit_id % 3600 * interval '1 s' END "
    "AS ago FROM custody_position WHERE unit_kind = 'terminal' AND holder_kind = 'slot'",
    "INSERT INTO observation (unit_id, kind, phone, serial, received_at, device_time, late, whole, positioned, lat, lon, raw) "
    "SELECT unit_id, kind, '1440', n, now() - ago - n * interval '30 min', now() - ago - n * interval '30 min', false, true, "
    "kind = 'position', 22 + unit_id % 1000 * 0.001, 113 + unit_id % 999 * 0.001, '' "
    "FROM generate_series(0, :reports - 1) n, fitted, unnest(ARRAY['position', 'heartbeat']) kind",
    # every customer buys on account; one in twenty has left what is oldest unpaid
    "INSERT INTO work_order (number, kind, status, approved, branch_id, customer_id, site_id, contact_name, contact_phone, channel, urgency, owner_id, "
    "created_by_id, received_at, created_at, search_text) SELECT 'WX-' || c.id || '-' || n, 'repair', 'closed', true, c.branch_id, c.id, 1, '', '', "
    "'phone', 'normal', 1, 1, now(), now(), '' FROM customer c, generate_series(1, 20) n",
    "INSERT INTO receipt (number, block_id, running, order_id, branch_id, channel, amount, by_id, by_name, at, recorded_at) "
    "SELECT 'R' || id, 1, id, id, branch_id, 'account', 300, 1, '林晓', now() - id % 97 * interval '1 day', now() FROM work_order",
    "INSERT INTO account_payment (receipt_id, channel, amount, by_id, by_name, at) SELECT r.id, 'transfer', 300, 1, '林晓', now() "
    "FROM receipt r JOIN work_order o ON o.id = r.order_id WHERE o.customer_id % 20 <> 0 OR r.at > now() - interval '80 days'",
    "INSERT INTO account (key, kind, customer_id, balance, seq, hash) SELECT 'on_account:' || o.customer_id, 'on_account', o.customer_id, "
    "sum(r.amount) - coalesce(sum(p.amount), 0), 1, '' FROM work_order o JOIN receipt r ON r.order_id = o.id "
    "LEFT JOIN account_payment p ON p.receipt_id = r.id GROUP BY o.customer_id",
    "ANALYZE",
)


def timed(step: Callable[[Session], object], rounds: int) -> tuple[float, int]:
    """The median of so many rounds of a step that is taken back each time, in seconds, and what it found."""
    spent, found = [], 0
    for _ in range(rounds):
        with db.transaction() as session:
            start = time.perf_counter()
            answer = step(session)
            spent.append(time.perf_counter() - start)
            found = len(answer) if isinstance(answer, list) else int(answer or 0)  # type: ignore[call-overload]
            session.rollback()
    return statistics.median(spent), found


def main() -> int:
    """Run it all."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--units", type=int, default=260_000)
    parser.add_argument("--reports", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with fetching.application() as (_, url):
        custody.fill(url, units=options.units)
        fetching.fill(url, FILL, {"reports": options.reports})
        at = now() + timedelta(seconds=1)
        with db.transaction() as session:
            watched = session.scalar(
                sa.text("SELECT count(*) FROM custody_position WHERE unit_kind = 'terminal' AND holder_kind = 'slot'")
            )
            told = session.scalar(sa.text("SELECT count(*) FROM observation"))
        steps: dict[str, Callable[[Session], object]] = {
            "missed": lambda session: missed(session, at=at),
            "left out as they owe": lambda session: left_out(session, DIRECTOR, at=at),
            "let go": lambda session: let_go(session, at=at),
            "renew keys": lambda session: renew_keys(session) or 0,
            "find outages": lambda session: find_outages(session, Together(), at=at),
        }
        broken = 0
        for name, step in steps.items():
            if name == "let go":  # now that they are on the list
                with db.transaction() as session:
                    propose(session, missed(session, at=at), at=at)
            seconds, found = timed(step, options.rounds)
            broken += seconds > LIMIT_SECONDS
            print(
                json.dumps({"step": name, "seconds": round(seconds, 3), "limit_seconds": LIMIT_SECONDS, "found": found}),
                flush=True,
            )
    print(json.dumps({"watched": watched, "observations": told, "cores": os.cpu_count(), "broken": broken}))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
