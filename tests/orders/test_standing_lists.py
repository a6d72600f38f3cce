"""The standing lists of the order list: each shows the right orders, and its chip counts exactly them."""

from __future__ import annotations

import re
from datetime import timedelta

import sqlalchemy as sa

from dispatch.clock import now
from dispatch.db import transaction
from dispatch.orders.clock_models import OrderClock
from dispatch.orders.forms import read_filter
from dispatch.orders.models import Order, OrderPapers
from dispatch.orders.operations.moves import locked_order, move_line
from dispatch.orders.operations.putting_off import put_off
from dispatch.orders.pages.listing import MARKS
from dispatch.orders.queries import Filter, counts_of, orders_page
from dispatch.orders.waiting_rules import WaitFor
from tests.building import approved, installation_order, repair_order, visit
from tests.conftest import Cast, SignIn


def test_each_list_shows_what_it_says_and_counts_it(app: object, cast: Cast, as_person: SignIn) -> None:
    """One order for each of them, and others that are in none."""
    gone = now() - timedelta(hours=1)
    with transaction() as db:
        asked = repair_order(db, cast)
        half, whole, late, part, away, papers = (approved(db, cast, installation_order(db, cast, lines=2)) for _ in range(6))
        visit(db, cast, half, cast.su, line_ids=(half.lines[0].id,))
        visit(db, cast, whole, cast.wei)
        visit(db, cast, late, cast.su, hour=3)
        db.execute(sa.update(OrderClock).values(due_at=now() + timedelta(days=9), warn_at=now() + timedelta(days=8)))
        db.execute(sa.update(OrderClock).where(OrderClock.order_id == late.id).values(due_at=gone, warn_at=gone))
        for order, why in ((part, "part"), (away, "vehicle")):
            wait = WaitFor(why, now().date() + timedelta(days=3))
            put_off(db, order.id, wait, version=order.version, by=cast.lin, at=now())
        for line in locked_order(db, papers.id).lines:
            move_line(db, line, "give_up", by=cast.lin, at=now(), reason="车已售出")
        paper = {"msgid": "x", "params": {}, "owes": "office"}
        db.execute(sa.update(OrderPapers).where(OrderPapers.order_id == papers.id).values(missing=[paper]))
    expected = {"unplanned": [half], "overdue": [late], "part": [part], "backfill": [], "papers": [papers], "told": []}
    page = as_person(cast.lin).get("/orders?status=approved").text
    with transaction() as db:
        counts = counts_of(db, cast.lin, Filter(), at=now())
        assert counts.marks == {name: len(orders) for name, orders in expected.items()}
        for name, orders in expected.items():
            place, value, _word = MARKS[name]
            found = orders_page(db, read_filter({place: value}, cast.lin.id), cast.lin, at=now())
            assert [order.number for order in found.orders] == [order.number for order in orders], name
            shown = re.search(rf'href="/orders\?{place}={value}">[^<]+<span class="count">(\d+)<', page)
            assert (int(shown[1]) if shown else 0) == len(orders), "its chip leads there, whatever status was looked at"
    assert asked.number not in as_person(cast.lin).get("/orders?unplanned=1").text


def test_a_list_that_was_chosen_stays_and_can_be_left(order: Order, cast: Cast, as_person: SignIn) -> None:
    page = as_person(cast.lin).get("/orders?papers=1&kind=repair").text
    assert "No orders match these filters." in page
    assert 'href="/orders?kind=repair" aria-current="true">A paper is missing' in page
