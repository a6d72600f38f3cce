"""What acts on several orders of the list cost, and taking them back: 50, 100 and 200 orders at once.

    python -m tests.measure.several

Takes and approves 200 orders on a throwaway PostgreSQL (durable settings off) and presses through the whole application, as a
dispatcher does. Prints one JSON line per act and number: seconds, and milliseconds and statements for each order.
Exits 1 when 200 orders take longer than 20 s, or ask the database more often for each than 50 do.
"""

from __future__ import annotations

import json
import sys
import time
import uuid
from datetime import timedelta

import sqlalchemy as sa
from flask.testing import FlaskClient

from dispatch import db
from dispatch.clock import now
from dispatch.orders.models import Order
from tests.building import approved, repair_order
from tests.cast import hire
from tests.counting import queries
from tests.measure import fetching

NUMBERS = (50, 100, 200)
LIMIT_SECONDS = 20.0


def pressed(client: FlaskClient, kind: str, order_ids: list[int], **typed: str) -> tuple[str, dict[str, float]]:
    """Where the list tells of it, and what it cost."""
    with db.transaction() as session:
        versions = session.execute(sa.select(Order.id, Order.version).where(Order.id.in_(order_ids))).all()
    sent = {"ids": [f"{order_id}.{version}" for order_id, version in versions], "key": str(uuid.uuid4()), **typed}
    return _timed(client, f"/orders/many/{kind}", sent, len(order_ids))


def _timed(client: FlaskClient, path: str, sent: dict[str, object], count: int) -> tuple[str, dict[str, float]]:
    with queries() as seen:
        start = time.perf_counter()
        told = client.post(path, data=sent).location
        spent = time.perf_counter() - start
    return told, {"s": round(spent, 2), "ms_each": round(spent / count * 1000, 1), "queries_each": round(len(seen) / count, 1)}


def taken_back(client: FlaskClient, told: str, count: int) -> dict[str, float]:
    """What undoing costs."""
    return _timed(client, f"/orders/many/{told.rsplit('=', 1)[1]}/undo", {}, count)[1]


def measured(client: FlaskClient, order_ids: list[int]) -> list[dict[str, object]]:
    """Each act and its way back, by number of orders."""
    day = (now() + timedelta(days=3)).date().isoformat()
    acts = {"urgency": {"urgency": "urgent"}, "wait": {"why": "part", "next_on": day}}
    rows: list[dict[str, object]] = []
    for count in NUMBERS:
        for kind, typed in acts.items():
            told, cost = pressed(client, kind, order_ids[:count], **typed)
            rows.append({"act": kind, "orders": count, **cost})
            rows.append({"act": f"{kind}, taken back", "orders": count, **taken_back(client, told, count)})
    return rows


def main() -> int:
    """Build, press, print."""
    with fetching.application() as (app, _url):
        with db.transaction() as session:
            cast = hire(session)
            orders = [approved(session, cast, repair_order(session, cast)).id for _ in range(max(NUMBERS))]
        rows = measured(fetching.sit_down(app, cast.lin.id or 0), orders)
        with db.transaction() as session:
            left = session.scalars(sa.select(Order.status).where(Order.status != "approved")).all()
        assert not left, "taken back, all stand where they stood"
    for row in rows:
        print(json.dumps(row, ensure_ascii=False))
    slow = [row for row in rows if row["orders"] == max(NUMBERS) and float(str(row["s"])) > LIMIT_SECONDS]
    return 1 if slow or _grows(rows) else 0


def _grows(rows: list[dict[str, object]]) -> bool:
    each = {(row["act"], row["orders"]): float(str(row["queries_each"])) for row in rows}
    return any(each[act, max(NUMBERS)] > each[act, min(NUMBERS)] for act, _number in each)


if __name__ == "__main__":
    sys.exit(main())
