"""Server time and query counts of the lists of invoices, with 50,000 orders of which most are invoiced.

    python -m tests.measure.invoices [--orders 50000] [--rounds 20]

Prints one JSON line per page, like `tests.measure.pages`, whose company it takes. Exits 1 when a limit is broken.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from random import Random

from dispatch import db
from dispatch.staff.models import Person, PersonRole
from tests.measure import fetching, pages

FILL = (
    "INSERT INTO invoice (id, request_number, branch_id, customer_id, origin, kind, medium, state, number, gross, net, tax, "
    "asked_by_id, asked_by_name, asked_at, issued_by_name, issued_at, title, search_text) "
    "SELECT o.id, 'FPSZ' || o.id, o.branch_id, o.customer_id, CASE WHEN o.id % 500 = 0 THEN 'asked' ELSE 'site' END, 'ordinary', "
    "'electronic', CASE WHEN o.id % 500 = 0 THEN 'requested' ELSE 'issued' END, "
    "CASE WHEN o.id % 500 = 0 THEN NULL ELSE '2644' || lpad(o.id::text, 16, '0') END, 680, 601.77, 78.23, "
    ":desk, '林晓', o.created_at, '苏杰', o.created_at, '运输', '2644' || lpad(o.id::text, 16, '0') FROM work_order o "
    "WHERE EXISTS (SELECT FROM charge c WHERE c.order_id = o.id) AND o.id % 200 <> 1",
    "INSERT INTO invoice_line (invoice_id, order_id, code, name, quantity, unit_price, tax_rate, gross, net, tax) "
    "SELECT id, id, 'P001', 'BD-808A 主机', 1, 680, 0.13, 680, 601.77, 78.23 FROM invoice",
    "UPDATE receipt r SET invoice_number = i.number FROM invoice i WHERE i.id = r.order_id",
    "VACUUM ANALYZE",
)


def main() -> int:
    """Run it all."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--orders", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()
    with fetching.application() as (app, url):
        desk = pages.fill(url, orders=options.orders)
        with db.transaction() as session:
            session.add(PersonRole(person_id=session.get_one(Person, desk).id, role="finance"))
        fetching.fill(url, FILL, {"desk": desk})
        return _run(fetching.sit_down(app, desk), options)


def _run(client: fetching.FlaskClient, options: argparse.Namespace) -> int:
    random = Random(1)
    shown: dict[str, tuple[float, fetching.Make]] = {
        "to be issued": (150, lambda: "/invoices"),
        "issued, some page": (150, lambda: f"/invoices?which=issued&page={random.randrange(1, 200)}"),
        "all, by number": (150, lambda: f"/invoices?which=all&sort=number&page={random.randrange(1, 9)}"),
        "found by number": (150, lambda: f"/invoices?which=all&q={random.randrange(10_000, options.orders)}"),
    }
    for which in ("unbilled", "account", "unpaid", "red"):
        shown[f"orders, {which}"] = (150, lambda which=which: f"/invoices/orders?which={which}")  # type: ignore[misc]
    broken = fetching.hold_against_limits(client, shown, options.rounds)
    print(json.dumps({"orders": options.orders, "rounds": options.rounds, "cores": os.cpu_count(), "broken": broken}))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
