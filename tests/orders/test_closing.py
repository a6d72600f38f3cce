"""Closing: who owes what, all that is complete closed at once, and by rule after a while."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.queries import history
from dispatch.db import transaction
from dispatch.orders.jobs import close_all, count
from dispatch.orders.models import Order, OrderLine, OrderPapers
from dispatch.orders.operations.moves import locked_order, move_line, move_order
from dispatch.orders.outstanding import Wanted, groups, outstanding, owing_orders
from dispatch.words import say, text_to_json
from tests.building import approved, repair_order
from tests.conftest import AT, Cast, SignIn
from tests.counting import queries

MOST_QUERIES = 12
INVOICE = say("%(who)s: receipt %(number)s has no invoice number.", who="苏杰", number="RSZ000001")
SHEET = say("The office owes the sheet of this order as it is now.")
DUE = say("The customer owes ¥%(amount)s: neither paid nor put on account.", amount="145.00")
OWED = {"technician": INVOICE, "office": SHEET, "finance": DUE}


def finished(session: Session, cast: Cast, *owes: str, at: datetime = AT) -> Order:
    """An order of which the vehicle was given up, so that it is done; with these papers missing as counted last."""
    order = approved(session, cast, repair_order(session, cast))
    line = session.scalars(sa.select(OrderLine).where(OrderLine.order_id == order.id)).one()
    move_line(session, line, "give_up", by=cast.lin, at=at, reason="车已报废")
    papers = session.get_one(OrderPapers, order.id, populate_existing=True)
    papers.missing = [{**text_to_json(OWED[one]), "owes": one, "place": "papers"} for one in owes]
    papers.at = at
    session.flush()
    return order


def status(order: Order) -> str:
    with transaction() as session:
        return session.get_one(Order, order.id).status


@pytest.fixture
def no_papers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is ever missing when it is counted."""
    monkeypatch.setattr("dispatch.orders.facts._missing_readers", [])


def test_each_order_stands_with_everybody_who_owes_it_something(db: Session, cast: Cast) -> None:
    late = finished(db, cast, "technician", "finance", at=AT + timedelta(hours=1))
    early, whole = finished(db, cast, "technician"), finished(db, cast)
    assert [(g.owes, g.who, g.orders) for g in groups(db, cast.wang)] == [
        ("complete", None, 1),
        ("technician", "苏杰", 2),
        ("finance", None, 1),
    ]
    owed = outstanding(db, cast.wang, Wanted())
    assert [(each.order.id, each.owes) for each in owed] == [
        (whole.id, "complete"),
        (early.id, "technician"),
        (late.id, "technician"),
        (late.id, "finance"),
    ]
    assert [len(each.papers) for each in owed] == [0, 1, 1, 1]
    assert [each.order.id for each in outstanding(db, cast.wang, Wanted("technician", "苏杰"))] == [early.id, late.id]
    assert owing_orders(db, cast.wang) == {None: 3, "complete": 1, "technician": 2, "finance": 1}, "one that two owe is one order"
    assert groups(db, cast.he) == [] and owing_orders(db, cast.he) == {None: 0}, "another branch's orders"


def test_the_page_names_what_is_missing_and_leads_to_where_it_is_mended(app: object, cast: Cast, as_person: SignIn) -> None:
    with transaction() as session:
        order = finished(session, cast, "technician", "office")
    page = as_person(cast.qian).get("/closing").text
    assert str(INVOICE) in page and str(SHEET) in page and f"/orders/{order.number}#papers" in page
    assert "/closing/close" not in page
    only = as_person(cast.lin).get("/closing?owes=office").text
    assert str(SHEET) in only and str(INVOICE) not in only
    assert "Nobody owes anything here." in as_person(cast.lin).get("/closing?owes=finance").text
    assert as_person(cast.su).get("/closing").status_code == 404
    assert "Everything that is done is closed." in as_person(cast.he).get("/closing?owes=nonsense").text


@pytest.mark.usefixtures("no_papers")
def test_all_that_is_complete_is_closed_and_the_rest_said_why(
    app: object, cast: Cast, as_person: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    with transaction() as session:
        whole, lacking, stale = finished(session, cast), finished(session, cast, "office"), finished(session, cast)
        stale_id = stale.id
    reader = (lambda _session, order: [SHEET] if order.id == stale_id else [], "office", "papers")
    monkeypatch.setattr("dispatch.orders.facts._missing_readers", [reader])
    wang = as_person(cast.wang)
    assert "Close all 2 complete orders" in wang.get("/closing").text
    page = wang.post("/closing/close").text
    assert "1 order was closed." in page and "1 order was not closed" in page and whole.number in page
    assert [status(one) for one in (whole, lacking, stale)] == ["closed", "done", "done"]
    with transaction() as session:
        assert session.get_one(OrderPapers, stale_id).missing[0]["owes"] == "office", "counted anew"
    assert "1 order was closed." not in wang.post("/closing/close").text
    assert as_person(cast.lin).post("/closing/close").status_code == 404


@pytest.mark.usefixtures("no_papers")
def test_by_rule_what_was_complete_for_long_enough_is_closed_once(app: object, cast: Cast) -> None:
    with transaction() as session:
        old, fresh = finished(session, cast), finished(session, cast, at=AT + timedelta(hours=20))
        lacking = finished(session, cast, "finance")
    later = AT + timedelta(hours=24)
    assert close_all(0, later) == 0
    assert close_all(24, later) == 1 and close_all(24, later) == 0
    assert [status(one) for one in (old, fresh, lacking)] == ["closed", "done", "done"]
    with transaction() as session:
        newest = history(session, ("order", old.id))[0]
        assert (newest.action, newest.by_id, newest.detail["to"]) == ("order.auto_close", None, "closed")


@pytest.mark.usefixtures("no_papers")
def test_a_reopened_order_waits_its_hours_again(app: object, cast: Cast) -> None:
    with transaction() as session:
        order = finished(session, cast)
    assert close_all(1, AT + timedelta(hours=2)) == 1
    with transaction() as session:
        locked = locked_order(session, order.id)
        move_order(session, locked, "reopen", by=cast.wang, at=AT + timedelta(hours=3), reason="发票开错")
    assert close_all(1, AT + timedelta(hours=3, minutes=30)) == 0 and status(order) == "done"
    assert close_all(1, AT + timedelta(hours=4)) == 1


def test_what_was_counted_wrongly_is_counted_by_the_worker(app: object, cast: Cast) -> None:
    with transaction() as session:
        order = finished(session, cast, "finance")
    count(order.id)
    with transaction() as session:
        texts = [paper["msgid"] for paper in session.get_one(OrderPapers, order.id).missing]
    assert texts == [str(SHEET)]


def test_five_hundred_orders_are_a_page_of_few_statements(app: object, cast: Cast, as_person: SignIn) -> None:
    with transaction() as session:
        first = finished(session, cast, "technician", "office")
        columns = [c.name for c in Order.__table__.columns if c.name not in ("id", "number", "request_key")]
        names = ", ".join(columns)
        session.execute(
            sa.text(
                f"INSERT INTO work_order (number, {names}) SELECT 'T' || n, {names} FROM work_order, generate_series(1, 499) n"
            )
        )
        session.execute(
            sa.text(
                "INSERT INTO order_papers SELECT o.id, p.missing, p.at FROM work_order o, order_papers p WHERE o.id <> p.order_id"
            )
        )
    wang = as_person(cast.wang)
    wang.get("/orders")
    with queries() as sent:
        page = wang.get("/closing?page=2").text
    assert "Page 2 of 20" in page and "1000 in all" in page and first.number
    assert len(sent) <= MOST_QUERIES
