"""The pages of an order of 5,000 vehicles against those of one of 43, in the same run.

    python -m tests.measure.large_orders [--vehicles 5000] [--rounds 20]

Builds a throwaway PostgreSQL with two installations at work: half of the vehicles are done (tested, charged,
with a sheet each), forty to a visit, with a history of all of it. Fetches each page of both in turn through the whole application and prints one
JSON line per page: kilobytes, queries and median milliseconds of both, and how many times as long the large one takes. Exits 1
when that is more than twice as long (and 50 ms), more than 300 kB, or more than 12 queries.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime

import sqlalchemy as sa
from flask.testing import FlaskClient

from dispatch import db
from dispatch.staff.operations import NewPerson, add_branch, add_person
from dispatch.staff.rules import SYSTEM
from tests.counting import queries
from tests.measure import fetching

MOST_TIMES, MOST_MORE_MS, MOST_KB, MOST_QUERIES = 2.0, 50, 300, 12
SMALL = 43
A_DAY = 40

FILL = (
    "INSERT INTO customer (branch_id, name, tier, created_at, search_text) VALUES (:branch, '大车队有限公司', 'b', now(), '大车队有限公司')",
    "INSERT INTO site (customer_id, address, lat, lon, source, accuracy_m) SELECT id, '深圳市宝安区工业路1号', 22.6, 113.9, 'pin', 20 FROM customer",
    "INSERT INTO vehicle (branch_id, customer_id, plate, plate_colour, vin, created_at, search_text) SELECT :branch, c.id, "
    "'粤B' || lpad(n::text, 5, '0'), 'yellow', 'LFW' || lpad(n::text, 14, '0'), now(), '粤b' || lpad(n::text, 5, '0') || '|lfw' || "
    "lpad(n::text, 14, '0') FROM generate_series(1, :vehicles + :small) n, customer c",
    "INSERT INTO driver (vehicle_id, name, phone, search_text) SELECT id, '司机' || id, '1380000' || lpad(id::text, 4, '0'), '司机' || id FROM vehicle",
    "INSERT INTO work_order (number, kind, status, approved, urgency, channel, branch_id, customer_id, site_id, contact_name, "
    "contact_phone, owner_id, created_by_id, created_at, received_at, product_model, search_text) SELECT number, 'installation', 'working', "
    "true, 'normal', 'phone', :branch, c.id, s.id, '王强', '13900001111', :desk, :desk, now() - interval '9 days', now() - interval '9 days', "
    "'BD-808A', lower(number) FROM customer c, site s, unnest(ARRAY['AZ-20261101-001', 'AZ-20261101-002']) number",
    "INSERT INTO order_line (order_id, position, vehicle_id, status, reason) SELECT o.id, row_number() OVER (PARTITION BY o.id ORDER BY v.id), "
    "v.id, CASE WHEN v.id % 2 = 0 THEN 'done' WHEN v.id % 25 = 0 THEN 'residual' ELSE 'open' END, "
    "CASE WHEN v.id % 2 = 1 AND v.id % 25 = 0 THEN '没来' END FROM vehicle v "
    "JOIN work_order o ON (v.id <= :small) = (o.number = 'AZ-20261101-002')",
    "INSERT INTO visit (order_id, branch_id, technician_id, status, starts_at, ends_at, dispatched_at, departed_at, arrived_at, finished_at) "
    "SELECT o.id, :branch, :technician, 'finished', day, day + interval '1 hour', day, day, day, day + interval '1 hour' FROM (SELECT order_id, "
    "timestamptz '2026-01-01' + interval '2 hours' * (order_id * 10000 + (position - 1) / :a_day) AS day FROM order_line GROUP BY 1, 2) o_day "
    "JOIN work_order o ON o.id = o_day.order_id ORDER BY day",
    "INSERT INTO visit_line (visit_id, line_id, order_id) SELECT v.id, l.id, l.order_id FROM order_line l JOIN visit v ON v.order_id = l.order_id "
    "AND v.starts_at = timestamptz '2026-01-01' + interval '2 hours' * (l.order_id * 10000 + (l.position - 1) / :a_day)",
    "INSERT INTO test_result (order_id, line_id, visit_id, item, result, by_id, by_name, at) SELECT l.order_id, l.id, v.visit_id, item, "
    "'passed', :technician, '苏杰', now() FROM order_line l JOIN visit_line v ON v.line_id = l.id, "
    "unnest(ARRAY['online', 'identity', 'firmware', 'iccid', 'fix', 'satellites', 'signal', 'acc', 'power']) item WHERE l.status = 'done'",
    "INSERT INTO charge (order_id, line_id, visit_id, code, name, category, quantity, unit_price, amount, tax_rate, rule, told, by_id, "
    "by_name, at) SELECT l.order_id, l.id, v.visit_id, 'S010', '移机', 'service', 1, 80, 80, 0.06, 'listed_price', "
    '\'{"msgid": "Visit", "params": {}}\', :technician, \'苏杰\', now() FROM order_line l JOIN visit_line v ON v.line_id = l.id '
    "WHERE l.status = 'done'",
    "INSERT INTO sheet (branch_id, order_id, line_id, kind, token, created_at) SELECT :branch, order_id, id, 'vehicle', 't' || lpad(id::text, 25, '0'), now() FROM order_line "
    "WHERE status = 'done'",
    "INSERT INTO audit_entry (subject_kind, subject_id, seq, at, by_id, by_name, action, detail, prev_hash, hash) SELECT 'order', "
    "order_id, row_number() OVER (PARTITION BY order_id ORDER BY kind, id), now(), :desk, '林晓', "
    "(ARRAY['order.take', 'line.complete', 'test.run', 'photo'])[kind], json_build_object('lines', 9, 'line', id)::jsonb, '', '' "
    "FROM order_line, generate_series(1, 4) kind WHERE kind > 1 OR position = 1",
    "INSERT INTO audit_head (subject_kind, subject_id, seq, hash) SELECT 'order', subject_id, max(seq), '' FROM audit_entry GROUP BY 2",
    "ANALYZE",
)


def _filled(url: str, vehicles: int) -> tuple[int, int]:
    """The two orders; returns the dispatcher and the technician."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    with db.transaction() as session:
        branch = add_branch(session, code="SZ", name="深圳", zone="Asia/Shanghai", by=SYSTEM, at=at)
        roles = frozenset({"specialist", "manager"})
        desk = add_person(session, branch=branch, new=NewPerson("D1", "林晓", roles), by=SYSTEM, at=at)
        person = add_person(session, branch=branch, new=NewPerson("T1", "苏杰", frozenset({"technician"})), by=SYSTEM, at=at)
        facts = {
            "branch": branch.id,
            "desk": desk.id,
            "technician": person.id,
            "vehicles": vehicles,
            "small": SMALL,
            "a_day": A_DAY,
        }
    fetching.fill(url, FILL, facts)
    return facts["desk"], facts["technician"]


def _addresses(number: str, visit: int) -> Mapping[str, str]:
    """Page -> its address for one of the two orders; those of the technician begin with /my-day."""
    order = f"/orders/{number}"
    return {
        "order page": order,
        "order page, its last vehicles by plate": f"{order}?sort=-vehicle",
        "order page, search by plate": f"{order}?q=粤B0002",
        "work on site": f"{order}/on-site",
        "money and papers": f"{order}/papers",
        "sheets": f"{order}/sheets",
        "left over": f"{order}/left-over",
        "history": f"{order}/history",
        "technician's list of vehicles": f"/my-day/visits/{visit}/vehicles",
        "technician's stop": f"/my-day/visits/{visit}",
    }


def _fetched(client: FlaskClient, address: str) -> tuple[float, float, int]:
    """Milliseconds, kilobytes and queries of one answer."""
    with queries() as seen:
        start = time.perf_counter()
        answer = client.get(address)
        spent = (time.perf_counter() - start) * 1000
    assert answer.status_code == 200, (address, answer.status)
    return spent, len(answer.data) / 1000, len(seen)


def _compared(client: FlaskClient, large: str, small: str, rounds: int) -> dict[str, float]:
    """Both in turn; the first rounds warm up and do not count."""
    both = [(_fetched(client, large), _fetched(client, small)) for _ in range(fetching.WARM_UP + rounds)]
    (_, kb, asked), (_, small_kb, small_asked) = both[-1]
    ms, small_ms = (statistics.median(one[side][0] for one in both[fetching.WARM_UP :]) for side in (0, 1))
    told = {"ms": ms, "small_ms": small_ms, "times": ms / small_ms, "kb": kb, "small_kb": small_kb}
    return {name: round(figure, 1) for name, figure in told.items()} | {"queries": asked, "small_queries": small_asked}


def _fits(told: Mapping[str, float]) -> bool:
    quick = told["times"] <= MOST_TIMES or told["ms"] - told["small_ms"] <= MOST_MORE_MS
    return quick and told["kb"] <= MOST_KB and told["queries"] <= MOST_QUERIES


def main() -> int:
    """Print a line for each page; 1 if one of them costs too much."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vehicles", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=20)
    options, broken = parser.parse_args(), 0
    with fetching.application() as (app, url):
        desk, technician = (fetching.sit_down(app, person) for person in _filled(url, options.vehicles))
        with db.transaction() as session:
            query = "SELECT o.number, min(v.id) FROM work_order o JOIN visit v ON v.order_id = o.id GROUP BY 1 ORDER BY 1"
            large, small = (_addresses(number, visit) for number, visit in session.execute(sa.text(query)))
        for name, address in large.items():
            told = _compared(technician if "/my-day" in address else desk, address, small[name], options.rounds)
            broken += not _fits(told)
            print(json.dumps({"page": name, **told, "fits": _fits(told)}), flush=True)
    return int(broken > 0)


if __name__ == "__main__":
    sys.exit(main())
