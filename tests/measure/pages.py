"""Server time and query counts of the pages people live in, with 50,000 orders on record.

    python -m tests.measure.pages [--orders 50000] [--rounds 30]

Builds a throwaway PostgreSQL with realistic volumes (durable settings off, so only reads are measured), signs a dispatcher in
and fetches each page through the whole application. Prints one JSON line per page: median and p95 in milliseconds, the most
queries one request made, and the limit it is held against. Exits 1 when a limit is broken.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from datetime import UTC, datetime
from random import Random

import sqlalchemy as sa
from flask.testing import FlaskClient

from dispatch import db
from dispatch.staff.operations import NewPerson, add_branch, add_person
from dispatch.staff.rules import SYSTEM
from tests.measure import fetching

SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨"

FILL = (
    "INSERT INTO customer (branch_id, name, tier, created_at, search_text) "
    "SELECT :branch, '运输' || n || '有限公司', 'b', now(), '运输' || n || '有限公司' FROM generate_series(1, :customers) n",
    "INSERT INTO contact (customer_id, name, phone, phone_digits, search_text) "
    "SELECT id, '联系' || id, '1390000' || lpad(id::text, 4, '0'), '1390000' || lpad(id::text, 4, '0'), "
    "'联系' || id || '|1390000' || lpad(id::text, 4, '0') FROM customer",
    "INSERT INTO site (customer_id, address, lat, lon, source, accuracy_m) "
    "SELECT id, '广东省深圳市宝安区工业路' || id || '号', 22.5 + (id % 300) / 1000.0, 113.8 + (id % 500) / 1000.0, 'pin', 20 FROM customer",
    "INSERT INTO vehicle (branch_id, customer_id, plate, plate_colour, vin, created_at, search_text) "
    "SELECT :branch, 1 + n % :customers, '粤B' || upper(lpad(to_hex(n), 5, '0')), 'yellow', 'LFW' || lpad(n::text, 14, '0'), now(), "
    "'粤b' || lpad(to_hex(n), 5, '0') || '|lfw' || lpad(n::text, 14, '0') FROM generate_series(1, :vehicles) n",
    "INSERT INTO work_order (number, kind, status, approved, urgency, channel, branch_id, customer_id, site_id, contact_name, "
    "contact_phone, owner_id, created_by_id, created_at, received_at, symptom, symptom_text, search_text) "
    "SELECT 'WX-' || to_char(day, 'YYYYMMDD') || '-' || lpad((n % 1000)::text, 3, '0') || '-' || n, 'repair', status, "
    "status NOT IN ('awaiting_approval', 'rejected', 'cancelled'), 'normal', 'phone', :branch, c.id, s.id, k.name, k.phone, :desk, :desk, "
    "day, day, 'drift', '定位漂移', "
    "'wx' || to_char(day, 'YYYYMMDD') || lpad((n % 1000)::text, 3, '0') || n || '|' || c.name || '|' || k.name || '|' || k.phone_digits "
    "|| '|' || s.address || '|' || v.search_text "
    "FROM (SELECT n, timestamptz '2026-12-02' - (:orders - n) * interval '12 minutes' AS day, 1 + (n * 7) % :vehicles AS vehicle, "
    "CASE WHEN n > :orders - 40 THEN 'awaiting_approval' WHEN n > :orders - 300 THEN 'approved' WHEN n % 40 = 0 THEN 'cancelled' "
    "WHEN n % 50 = 0 THEN 'done' ELSE 'closed' END AS status FROM generate_series(1, :orders) n) o "
    "JOIN vehicle v ON v.id = o.vehicle JOIN customer c ON c.id = v.customer_id JOIN site s ON s.customer_id = c.id "
    "JOIN contact k ON k.customer_id = c.id ORDER BY n",
    "INSERT INTO order_line (order_id, position, vehicle_id, status) "
    "SELECT o.id, 1, 1 + (o.id * 7) % :vehicles, CASE WHEN o.status IN ('closed', 'done') THEN 'done' ELSE 'open' END FROM work_order o",
    "INSERT INTO owned_contact (branch_id, customer_id, order_id, owner_id, opened_at, touched_at, confirmed_at, confirmed_how) "
    "SELECT branch_id, customer_id, id, owner_id, created_at, created_at, "
    "CASE WHEN status IN ('closed', 'cancelled') THEN created_at END, CASE WHEN status IN ('closed', 'cancelled') THEN 'earlier' END "
    "FROM work_order",
    "INSERT INTO visit (order_id, branch_id, technician_id, status, starts_at, ends_at) "
    "SELECT o.id, :branch, :technician, 'finished', o.created_at + interval '1 hour', o.created_at + interval '2 hours' "
    "FROM work_order o WHERE o.status IN ('closed', 'done')",
    "INSERT INTO visit_line (visit_id, line_id, order_id) SELECT v.id, l.id, v.order_id FROM visit v JOIN order_line l USING (order_id)",
    "INSERT INTO approval (order_id, step, permission, requested_by_id, requested_at) "
    "SELECT id, 1, 'order.approve', :desk, created_at FROM work_order WHERE status = 'awaiting_approval'",
    "INSERT INTO audit_entry (subject_kind, subject_id, seq, at, by_id, by_name, action, detail, prev_hash, hash) "
    "SELECT 'order', o.id, s, o.created_at + s * interval '10 minutes', :desk, '林晓', "
    "(ARRAY['order.take', 'order.submit', 'order.approve', 'visit.plan', 'visit.dispatch', 'visit.arrive', 'line.complete', 'order.close'])[s], "
    '\'{"from": "approved", "to": "planned"}\', \'\', \'\' FROM work_order o, generate_series(1, 8) s',
    "INSERT INTO audit_head (subject_kind, subject_id, seq, hash) SELECT 'order', id, 8, '' FROM work_order",
    'INSERT INTO order_papers (order_id, missing, at) SELECT id, CASE WHEN id % 3 = 0 THEN \'[]\' ELSE \'[{"msgid": "x", '
    '"owes": "office", "params": {}}]\' END::jsonb, now() FROM work_order WHERE status IN (\'done\', \'closed\')',
    "INSERT INTO test_result (order_id, line_id, visit_id, item, result, by_id, by_name, at) "
    "SELECT l.order_id, l.id, l.visit_id, item, 'passed', :technician, '苏杰', now() FROM (SELECT l.order_id, l.id, v.id AS visit_id "
    "FROM order_line l JOIN visit v USING (order_id)) l, "
    "unnest(ARRAY['online', 'identity', 'firmware', 'iccid', 'fix', 'satellites', 'signal', 'acc', 'power']) item",
    "INSERT INTO charge (order_id, line_id, visit_id, code, name, category, quantity, unit_price, amount, tax_rate, rule, told, by_id, "
    "by_name, at) SELECT l.order_id, l.id, v.id, 'P001', 'BD-808A 主机', 'part', 1, 680, 680, 0.13, 'part_out_of_warranty', "
    '\'{"msgid": "Visit", "params": {}}\', :technician, \'苏杰\', now() FROM order_line l JOIN visit v USING (order_id)',
    "INSERT INTO receipt_block (branch_id, person_id, device, first, last, used, leased_at) "
    "VALUES (:branch, :technician, 'measure', 1, :orders, :orders, now())",
    "INSERT INTO receipt (number, block_id, running, order_id, visit_id, branch_id, channel, amount, by_id, by_name, at, recorded_at) "
    "SELECT 'RSZ' || lpad(v.id::text, 6, '0'), b.id, v.id, v.order_id, v.id, :branch, 'cash', 680, :technician, '苏杰', now(), now() "
    "FROM visit v, receipt_block b",
    "ANALYZE",
)


def fill(url: str, *, orders: int) -> int:
    """A branch with its people and `orders` orders; returns the dispatcher's id."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    with db.transaction() as session:
        branch = add_branch(session, code="SZ", name="深圳", zone="Asia/Shanghai", by=SYSTEM, at=at)
        desk = add_person(
            session, branch=branch, new=NewPerson("D1", "林晓", frozenset({"specialist", "manager"})), by=SYSTEM, at=at
        )
        person = add_person(session, branch=branch, new=NewPerson("T1", "苏杰", frozenset({"technician"})), by=SYSTEM, at=at)
        facts = {"branch": branch.id, "desk": desk.id, "technician": person.id}
    fetching.fill(url, FILL, facts | {"orders": orders, "customers": max(1, orders // 25), "vehicles": max(10, orders // 2)})
    return desk.id


def addresses(random: Random, orders: int) -> dict[str, tuple[float, fetching.Make]]:
    """Page -> its limit in milliseconds and a maker of one address."""

    def vehicle() -> int:
        return random.randrange(1, orders // 2)

    def customer() -> int:
        return random.randrange(1, orders // 25)

    words = {
        "plate": lambda: f"粤B{vehicle():05x}".upper(),
        "part of a plate": lambda: f"{vehicle():05x}"[-4:].upper(),
        "phone": lambda: f"1390000{customer():04d}",
        "last four of a phone": lambda: f"{customer():04d}",
        "customer": lambda: f"运输{customer()}",
        "two letters that match everything": lambda: "运输",
        "two digits": lambda: f"{random.randrange(10, 99)}",
        "nothing": lambda: "火星车队",
        "two words": lambda: f"运输 粤B{vehicle():05x}"[:9],
    }
    pages: dict[str, tuple[float, fetching.Make]] = {
        "order list": (150, lambda: f"/orders?page={random.randrange(1, 6)}"),
        "order list, one status": (150, lambda: "/orders?status=approved"),
        "order list, oldest first": (150, lambda: "/orders?sort=oldest"),
        "order list, not planned yet": (150, lambda: "/orders?unplanned=1"),
        "order list, a paper is missing": (150, lambda: "/orders?papers=1"),
        "approvals": (150, lambda: "/approvals"),
        "closing": (150, lambda: f"/closing?page={random.randrange(1, 6)}"),
        "figures of a day": (150, lambda: f"/figures?day=2026-11-{random.randrange(1, 28):02d}"),
        "customer": (150, lambda: f"/customers/{customer()}"),
        "vehicle": (150, lambda: f"/vehicles/{vehicle()}"),
    }
    pages |= {f"order list, search: {kind}": (150, lambda make=make: f"/orders?q={make()}") for kind, make in words.items()}
    pages |= {
        f"search everything: {kind}": (150, lambda make=words[kind]: f"/search?q={make()}")
        for kind in ("plate", "phone", "customer")
    }
    return pages


def main() -> int:
    """Run it all."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--orders", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=30)
    options = parser.parse_args()
    with fetching.application() as (app, url):
        return _run(fetching.sit_down(app, fill(url, orders=options.orders)), options)


def _run(client: FlaskClient, options: argparse.Namespace) -> int:
    with db.transaction() as session:
        numbers = session.scalars(sa.text("SELECT number FROM work_order ORDER BY random() LIMIT 500")).all()
    random = Random(1)
    pages = addresses(random, options.orders) | {
        "order page": (100, lambda: f"/orders/{random.choice(numbers)}"),
        "order page: work on site": (100, lambda: f"/orders/{random.choice(numbers)}/on-site"),
        "order page: money and papers": (100, lambda: f"/orders/{random.choice(numbers)}/papers"),
        "order page: any news?": (50, lambda: f"/orders/{random.choice(numbers)}/news?seen=0"),
    }
    broken = fetching.hold_against_limits(client, pages, options.rounds)
    print(json.dumps({"orders": options.orders, "rounds": options.rounds, "cores": os.cpu_count(), "broken": broken}))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
