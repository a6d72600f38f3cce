"""Pages of finance over 100,000 charges and receipts of two years, and closing a day of them.

    python -m tests.measure.days [--receipts 100000]

Closes the third day before today, with which the books begin, and prints the seconds that took; then a line of each page, with
its limit (150 ms at p95, 12 queries) and whether it keeps it. Exits 1 when something takes longer than its limit.
"""

from __future__ import annotations

import argparse
import sys
import time
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch import db
from dispatch.clock import local_day, now
from dispatch.fees.models import ReceiptBlock
from dispatch.finance.day_closing import close_day
from tests.building import repair_order
from tests.cast import AT, Cast, hire
from tests.measure import fetching

DAYS, CLOSE_SECONDS = 730, 5.0
LIMIT = 150.0

FILLED = (
    fetching.UNCHECKED,
    """INSERT INTO charge (order_id, code, name, category, quantity, unit_price, amount, tax_rate, rule, told, by_id, by_name, at)
    SELECT o.id, 'S003', 'x', 'service', 1, 150, 150, 0.06, 'listed_price', '{"msgid": "x"}', :su, 'x',
        date_trunc('day', now()) - ((:count - n) * :days / :count) * interval '1 day' + interval '2 hours'
    FROM generate_series(1, :count) n, work_order o""",
    """INSERT INTO receipt (number, block_id, running, order_id, branch_id, channel, amount, by_id, by_name, at, recorded_at)
    SELECT 'RSZ' || lpad(n::text, 6, '0'), b.id, n, o.id, b.branch_id, (ARRAY['cash', 'wechat', 'alipay', 'account'])[1 + n % 4],
        150, (ARRAY[:su, :wei, :wang, :qian])[1 + n / 4 % 4]::bigint, 'x', c.at, c.at
    FROM generate_series(1, :count) n, receipt_block b, work_order o,
        LATERAL (SELECT date_trunc('day', now()) - ((:count - n) * :days / :count) * interval '1 day' + interval '3 hours' AS at) c
    ORDER BY n""",
    """INSERT INTO match_item (kind, receipt_id, branch_id, channel, number, amount, at, by_id, by_name, state)
    SELECT 'receipt', id, branch_id, channel, number, amount, at, by_id, by_name,
        CASE WHEN at < now() - interval '1 day' THEN 'matched' ELSE 'open' END FROM receipt WHERE channel IN ('wechat', 'alipay')""",
    """INSERT INTO account (key, kind, person_id, branch_id, customer_id, channel, balance, seq, hash)
    SELECT kind || ':' || coalesce(channel, '') || coalesce(p, 0), kind, p, CASE WHEN p IS NULL AND NOT owed THEN :sz END,
        CASE WHEN owed THEN (SELECT id FROM customer ORDER BY id LIMIT 1) END, channel, 0, 0, ''
    FROM (VALUES ('receivable', NULL, NULL, true), ('on_account', NULL, NULL, true), ('income', NULL, NULL, false),
        ('cash_desk', NULL, NULL, false), ('clearing', 'wechat', NULL, false), ('clearing', 'alipay', NULL, false),
        ('cash_in_hand', NULL, :su, false), ('cash_in_hand', NULL, :wei, false),
        ('cash_in_hand', NULL, :wang, false), ('cash_in_hand', NULL, :qian, false)) AS a (kind, channel, p, owed)""",
    """INSERT INTO voucher (number, branch_id, year, running, kind, charge_id, receipt_id, order_id, by_name, at, recorded_at, booked_on)
    SELECT 'PZ-' || row_number() OVER (ORDER BY at), :sz, 2026, row_number() OVER (ORDER BY at), kind, charge, receipt, order_id, 'x', at, at, at::date
    FROM (SELECT 'charge' AS kind, id AS charge, NULL::bigint AS receipt, order_id, at FROM charge
        UNION ALL SELECT 'receipt', NULL, id, order_id, at FROM receipt ORDER BY at) x""",
    """INSERT INTO posting (voucher_id, line, account_id, seq, amount, balance_after, prev_hash, hash)
    SELECT v, line, a.id, row_number() OVER (PARTITION BY a.id ORDER BY v, line), amount, 0, '', ''
    FROM (SELECT id AS v, 1 AS line, 'receivable' AS kind, NULL AS channel, NULL::bigint AS p, 150 AS amount FROM voucher WHERE kind = 'charge'
        UNION ALL SELECT id, 2, 'income', NULL, NULL, -150 FROM voucher WHERE kind = 'charge'
        UNION ALL SELECT id, 2, 'receivable', NULL, NULL, -150 FROM voucher WHERE kind = 'receipt'
        UNION ALL SELECT v.id, 1, CASE channel WHEN 'cash' THEN 'cash_in_hand' WHEN 'account' THEN 'on_account' ELSE 'clearing' END,
            CASE WHEN channel IN ('wechat', 'alipay') THEN channel END, CASE channel WHEN 'cash' THEN r.by_id END, 150
        FROM voucher v JOIN receipt r ON r.id = v.receipt_id) x
    JOIN account a ON a.kind = x.kind AND a.channel IS NOT DISTINCT FROM x.channel AND a.person_id IS NOT DISTINCT FROM x.p""",
    """UPDATE account SET seq = s.seq, balance = s.sum FROM (SELECT account_id, max(seq) AS seq, sum(amount) AS sum FROM posting
        GROUP BY account_id) s WHERE s.account_id = account.id""",
    """INSERT INTO hand_in (number, person_id, person_name, branch_id, status, declared, handed_at, counts, counted, difference,
        confirmed_by_id, confirmed_by_name, confirmed_at)
    SELECT 'JK-' || by_id || '-' || at::date, by_id, 'x', :sz, 'confirmed', sum(amount), max(at), '{}', sum(amount), 0, CASE by_id WHEN :qian THEN :su ELSE :qian END, 'x', max(at)
    FROM receipt WHERE channel = 'cash' AND at < now() - interval '2 days' GROUP BY by_id, at::date""",
    """INSERT INTO hand_in_receipt (hand_in_id, receipt_id) SELECT h.id, r.id FROM hand_in h
    JOIN receipt r ON h.number = 'JK-' || r.by_id || '-' || r.at::date AND r.channel = 'cash'""",
    "ANALYZE",
)


def _fill(session: Session, cast: Cast, count: int) -> None:
    """So many charges, and a receipt for each; cash is handed in and channels are matched but for the last days."""
    repair_order(session, cast)
    numbers = {"first": 1, "last": 999_999, "used": 999_999}
    session.add(ReceiptBlock(branch_id=cast.sz, person_id=cast.su.id or 0, device="x", leased_at=AT, **numbers))
    session.flush()
    given = {
        "su": cast.su.id,
        "wei": cast.wei.id,
        "wang": cast.wang.id,
        "qian": cast.qian.id,
        "sz": cast.sz,
        "count": count,
        "days": DAYS,
    }
    for statement in FILLED:
        session.execute(sa.text(statement), given)


def main() -> int:
    """Print a line for each page; 1 if one of them takes too long."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--receipts", type=int, default=100_000)
    count = parser.parse_args().receipts
    with fetching.application() as (app, url):
        with db.transaction() as session:
            cast = hire(session)
            _fill(session, cast, count)
        fetching.settled(url)
        client, today = fetching.sit_down(app, cast.qian.id or 0), local_day(now(), "UTC")
        day, month = today - timedelta(days=3), f"{today:%Y-%m}"
        paths = {
            "finance": "/finance?branches=all",
            "days": "/finance/days",
            "a day that is open": f"/finance/days/{cast.sz}/{day + timedelta(days=1)}",
            "receipts of a day": f"/finance/day?day={day}",
            "ageing": "/finance/ageing",
            "a person's account": f"/finance/people/{cast.su.id}",
            "a person's account, a month": f"/finance/people/{cast.su.id}?from={today - timedelta(days=30)}",
            "month": f"/finance/months?month={month}",
        }
        began = time.monotonic()
        with db.transaction() as session:
            close_day(session, cast.sz, day, by=cast.qian, at=now())
        took = time.monotonic() - began
        fetching.told("closing two years' first day", took, CLOSE_SECONDS)
        pages = {name: (LIMIT, lambda path=path: path) for name, path in paths.items()}
        slow = fetching.hold_against_limits(client, pages, 30) > 0
        return int(slow or took > CLOSE_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
