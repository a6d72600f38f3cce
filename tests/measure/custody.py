"""Life pages, “who holds what” and looking back with a million ledger entries on record; and taking in a large delivery.

    python -m tests.measure.custody [--units 300000] [--rounds 30] [--delivery 10000]

Builds a throwaway PostgreSQL with half terminals and half SIMs: 78 of 100 fitted in vehicles, 18 swapped out again and back in a
store, the rest in bags; in ten branches. Prints one JSON line per page (median and p95 in milliseconds, queries, limit), then one for a
delivery that is imported from a file, preview and all. Exits 1 when a limit is broken.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import re
import sys
import time
from datetime import UTC, datetime
from random import Random

import sqlalchemy as sa
from flask.testing import FlaskClient

from dispatch import db
from dispatch.staff.operations import NewPerson, add_branch, add_person
from dispatch.staff.rules import SYSTEM
from tests.intake.building import work_off
from tests.measure import fetching

LIMIT_MS, SEARCH_MS = 100, 150
DELIVERY_SECONDS = 20
BRANCHES, STORES, TECHNICIANS = 10, 20, 200
"""Store and bag number n belong to branch 1 + n % 10, and so do the units that go through them."""

# A unit's kind is its number's parity; units / 2 pairs, of which the first are fitted, one pair a vehicle.
FILL = (
    "SET session_replication_role = replica",
    "INSERT INTO customer (branch_id, name, tier, created_at, search_text) "
    "SELECT 1 + n % 10, '运输' || n || '有限公司', 'b', now(), '运输' || n FROM generate_series(1, 2000) n",
    "INSERT INTO vehicle (branch_id, customer_id, plate, plate_colour, created_at, search_text) "
    "SELECT 1 + n % 10, 1 + n % 2000, '粤B' || upper(lpad(to_hex(n), 5, '0')), 'yellow', now(), '粤b' || lpad(to_hex(n), 5, '0') "
    "FROM generate_series(1, :fitted) n",
    "INSERT INTO terminal_model (name, warranty_months) SELECT 'BD-' || n, 24 FROM generate_series(1, 8) n",
    "INSERT INTO holder (kind, branch_id, name) SELECT 'store', 1 + n % 10, '仓库' || n FROM generate_series(1, :stores) n",
    "INSERT INTO holder (kind, branch_id, person_id) SELECT 'bag', 1 + (:stores + row_number() OVER (ORDER BY id)) % 10, id "
    "FROM person WHERE staff_no LIKE 'T%' ORDER BY id",
    "INSERT INTO holder (kind, branch_id, vehicle_id, role) SELECT 'slot', branch_id, id, 'main' FROM vehicle ORDER BY id",
    "INSERT INTO unit (kind, branch_id, created_at, search_text) SELECT CASE n % 2 WHEN 0 THEN 'terminal' ELSE 'sim' END, 1 + (n + 1) / 2 % 10, now(), "
    "CASE n % 2 WHEN 0 THEN 'sn' || lpad(n::text, 8, '0') ELSE '898606' || lpad(n::text, 13, '0') END FROM generate_series(1, :units) n",
    "INSERT INTO terminal (unit_id, serial, model, imei, warranty_months) SELECT id, 'SN' || lpad(id::text, 8, '0'), 'BD-' || 1 + id % 8, "
    "'86' || lpad(id::text, 13, '0'), 24 FROM unit WHERE kind = 'terminal'",
    "INSERT INTO sim (unit_id, iccid, iccid_key, msisdn) SELECT id, '898606' || lpad(id::text, 13, '0') || '0', "
    "'898606' || lpad(id::text, 13, '0'), '1440' || lpad(id::text, 9, '0') FROM unit WHERE kind = 'sim'",
    # where each unit goes: store -> bag -> slot (the fitted), and out and back again (the returned)
    "CREATE TEMP TABLE way AS SELECT unit_id, pair, 1 + (pair + 9) % :stores AS store, :stores + 1 + (pair + 9) % :technicians AS bag "
    "FROM (SELECT id AS unit_id, (id + 1) / 2 AS pair FROM unit) u",
    "CREATE TEMP TABLE move AS SELECT unit_id, s AS seq, CASE s WHEN 2 THEN store WHEN 3 THEN bag WHEN 4 THEN slot WHEN 5 THEN bag END AS origin, "
    "CASE s WHEN 1 THEN store WHEN 2 THEN bag WHEN 3 THEN slot WHEN 4 THEN bag ELSE store END AS target, "
    "(ARRAY['receive', 'issue', 'install', 'swap_out', 'return'])[s] AS reason FROM (SELECT way.*, "
    ":stores + :technicians + 1 + (pair - 1) % :fitted AS slot FROM way) w, generate_series(1, 5) s "
    "WHERE s <= CASE WHEN pair <= :fitted THEN 3 WHEN pair <= :returned THEN 5 ELSE 2 END",
    "INSERT INTO custody_entry (unit_id, seq, from_holder_id, to_holder_id, reason, by_id, by_name, at, prev_hash, hash) "
    "SELECT unit_id, seq, origin, target, reason, :desk, '林晓', timestamptz '2026-01-01' + seq * interval '20 days' "
    "+ unit_id % 1000 * interval '10 minutes', '', '' FROM move ORDER BY unit_id, seq",
    "INSERT INTO custody_position (unit_id, unit_kind, holder_id, holder_kind, seq, hash, since) "
    "SELECT DISTINCT ON (m.unit_id) m.unit_id, u.kind, m.target, h.kind, m.seq, '', now() FROM move m JOIN unit u ON u.id = m.unit_id "
    "JOIN holder h ON h.id = m.target ORDER BY m.unit_id, m.seq DESC",
    "VACUUM ANALYZE",  # as PostgreSQL does by itself soon after so many rows
    "CHECKPOINT",  # else it writes them all out while pages are measured
)


def fill(url: str, *, units: int) -> int:
    """A branch with stores, bags, vehicles and `units` units; returns the storekeeper's id."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    with db.transaction() as session:
        names = [f"B{number}" for number in range(BRANCHES)]
        branches = [add_branch(session, code=name, name=name, zone="Asia/Shanghai", by=SYSTEM, at=at) for name in names]
        new = NewPerson("D1", "林晓", frozenset({"specialist", "manager"}))
        desk = add_person(session, branch=branches[0], new=new, by=SYSTEM, at=at)
        for number in range(TECHNICIANS):
            new = NewPerson(f"T{number}", f"技术员{number}", frozenset({"technician"}))
            branch = branches[(STORES + 1 + number) % BRANCHES]  # that of his bag
            add_person(session, branch=branch, new=new, by=SYSTEM, at=at)
        facts = {"desk": desk.id, "units": units, "stores": STORES, "technicians": TECHNICIANS}
    fetching.fill(url, FILL, facts | {"fitted": fitted_pairs(units), "returned": units * 48 // 100})
    return desk.id


def fitted_pairs(units: int) -> int:
    """How many vehicles carry a terminal and a SIM."""
    return units * 39 // 100


def addresses(random: Random, units: int) -> dict[str, tuple[float, fetching.Make]]:
    """Page -> its limit in milliseconds and a maker of one address."""

    def own(most: int) -> int:
        return BRANCHES * random.randrange(1, most // BRANCHES)

    def fitted() -> int:
        return own(fitted_pairs(units))

    def serial() -> str:
        return f"SN{2 * fitted():08d}"

    pages: dict[str, fetching.Make] = {
        "life of a unit": lambda: f"/units/{2 * own(units // 2)}",
        "life of a vehicle": lambda: f"/vehicles/{fitted()}",
        "who holds what": lambda: "/stock",
        "a store, some page": lambda: f"/stock/{random.choice([10, 20])}?page={random.randrange(1, 20)}",
        "a bag": lambda: f"/stock/{STORES + own(TECHNICIANS)}",
        "stock, search by serial": lambda: f"/stock?q=SN{2 * own(units // 2) // 100:06d}",
        "what was where, by serial": lambda: f"/stock/past?number={serial()}&at=2026-03-0{random.randrange(1, 9)}",
        "what was where, by plate": lambda: f"/stock/past?number=粤B{fitted():05X}&at=2026-03-0{random.randrange(1, 9)}",
        "the same, for a program": lambda: f"/api/v1/fitted?number={serial()}&at=2026-03-05T10:00:00Z",
    }
    return {name: (SEARCH_MS if "search" in name else LIMIT_MS, make) for name, make in pages.items()}


def take_delivery(client: FlaskClient, count: int) -> float:
    """Import a file of so many new terminals: send it, look at the preview, take all in, with what the worker does. Seconds."""
    rows = "".join(f"NEW{n:08d},BD-1,,,B99,2026-11-20,仓库1,24\n" for n in range(count))
    file = io.BytesIO(("序列号,型号,IMEI,终端ID(808),批次,入库日期,仓库,质保月数\n" + rows).encode("utf-8-sig"))
    start = time.perf_counter()
    preview = client.post("/import/terminals", data={"file": (file, "delivery.csv")}).location
    work_off()
    page = client.get(preview).text
    typed = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))
    done = client.post(preview, data=typed)
    work_off()
    spent = time.perf_counter() - start
    assert done.status_code in (302, 303), done.text
    with db.transaction() as session:
        taken = session.scalar(sa.text("SELECT count(*) FROM terminal WHERE batch = 'B99'"))
    assert taken == count, taken
    return spent


def main() -> int:
    """Run it all."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--units", type=int, default=300_000)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--delivery", type=int, default=10_000)
    options = parser.parse_args()
    with fetching.application() as (app, url):
        client = fetching.sit_down(app, fill(url, units=options.units))
        with db.transaction() as session:
            entries = session.scalar(sa.text("SELECT count(*) FROM custody_entry"))
        broken = fetching.hold_against_limits(client, addresses(Random(1), options.units), options.rounds)
        seconds = take_delivery(client, options.delivery)
    fits = seconds <= DELIVERY_SECONDS
    told = {"delivery": options.delivery, "seconds": round(seconds, 1), "limit_seconds": DELIVERY_SECONDS, "fits": fits}
    print(json.dumps(told))
    print(json.dumps({"units": options.units, "entries": entries, "cores": os.cpu_count(), "broken": broken + (not fits)}))
    return 1 if broken or not fits else 0


if __name__ == "__main__":
    sys.exit(main())
