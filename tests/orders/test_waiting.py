"""Orders that wait: for a reason, until a day, and wake by themselves."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.queries import history
from dispatch.clock import now
from dispatch.db import transaction
from dispatch.errors import Invalid, RuleBroken
from dispatch.orders.jobs import wake_due
from dispatch.orders.models import Order, OrderWait
from dispatch.orders.operations.moves import move_order, move_visit
from dispatch.orders.operations.putting_off import put_off
from dispatch.orders.operations.visits import cancel_order
from dispatch.orders.waiting_rules import WaitFor
from tests.building import approved, repair_order, visit
from tests.conftest import AT, Cast, SignIn

LEAP = datetime(2028, 2, 28, 1, 0, tzinfo=UTC)


def test_an_order_wakes_on_its_day_by_the_branchs_clock(db: Session, cast: Cast) -> None:
    """Put off on 28 February of a leap year until the 29th, which begins eight hours earlier in Shenzhen than in Greenwich."""
    order = approved(db, cast, repair_order(db, cast, at=LEAP), at=LEAP)
    trip = visit(db, cast, order, cast.su, starts_at=LEAP + timedelta(hours=3))
    version = order.version
    put_off(db, order.id, WaitFor("part", date(2028, 2, 29)), version=version, by=cast.lin, at=LEAP)
    assert (order.status, order.wakes_on, trip.status) == ("waiting", date(2028, 2, 29), "abandoned")
    db.commit()
    assert wake_due(datetime(2028, 2, 28, 15, 59, tzinfo=UTC)) == 0
    midnight = datetime(2028, 2, 28, 16, 0, tzinfo=UTC)
    assert wake_due(midnight) == 1 and wake_due(midnight) == 0
    db.expire_all()
    assert (order.status, order.waiting_why, order.wakes_on) == ("approved", None, None)
    row = db.scalars(sa.select(OrderWait)).one()
    assert (row.since, row.until, row.pauses) == (LEAP, midnight, True)
    assert history(db, ("order", order.id))[0].action == "order.wake"


def test_what_cannot_wait_says_why(db: Session, cast: Cast) -> None:
    order = approved(db, cast, repair_order(db, cast))
    with pytest.raises(Invalid) as wrong:
        put_off(db, order.id, WaitFor("other", AT.date()), version=order.version, by=cast.lin, at=AT)
    assert set(wrong.value.fields) == {"words", "next_on"}
    with pytest.raises(RuleBroken):
        move_order(db, order, "hold", by=cast.lin, at=AT, reason="because")
    trip = visit(db, cast, order, cast.su)
    for action, by in (("dispatch", cast.lin), ("depart", cast.su)):
        move_visit(db, trip, action, by=by, at=AT)
    with pytest.raises(RuleBroken), db.begin_nested():
        put_off(db, order.id, WaitFor("customer", date(2026, 12, 9)), version=order.version, by=cast.lin, at=AT)
    move_visit(db, trip, "abandon", by=cast.su, at=AT, reason="nobody there")
    put_off(db, order.id, WaitFor("other", date(2026, 12, 9), "春节后"), version=order.version, by=cast.lin, at=AT)
    assert not db.scalars(sa.select(OrderWait)).one().pauses, "only what the setting names stops the clocks"
    cancel_order(db, order.id, version=None, by=cast.lin, at=AT, reason="gone")
    assert order.waiting_why is None and db.scalars(sa.select(OrderWait)).one().until == AT


def test_the_form_and_what_the_pages_say(cast: Cast, as_person: SignIn) -> None:
    with transaction() as db:
        order = approved(db, cast, repair_order(db, cast))
        visit(db, cast, order, cast.su, starts_at=now() + timedelta(hours=2))
    lin, url = as_person(cast.lin), f"/orders/{order.number}/wait"
    assert "is taken off the plan" in lin.get(url).text and as_person(cast.qian).get(url).status_code == 404
    assert as_person(cast.he).get(url).status_code == 404, "another branch's"
    day = (now() + timedelta(days=4)).date().isoformat()
    typed = {"version": str(stored_version(order)), "why": "vehicle", "words": "去了外地", "next_on": day}
    refused = lin.post(url, data=typed | {"next_on": "2020-02-30"})
    assert refused.status_code == 422 and "去了外地" in refused.text
    assert lin.post(url, data=typed | {"version": "1"}).status_code == 409
    assert lin.post(url, data=typed).status_code == 302
    page = lin.get(f"/orders/{order.number}").text
    assert (
        f"This order waits until {day}: The vehicle is away: 去了外地" in page
        and f"until {day}" in page
        and "stands still" in page
    )
    assert lin.post(url, data=typed).status_code == 302 and lin.get(url).status_code == 302, "a second press is only told"
    assert order.number in lin.get("/orders?status=waiting&why=vehicle").text
    assert order.number not in lin.get("/orders?status=waiting&why=part").text


def stored_version(order: Order) -> int:
    with transaction() as db:
        return db.get_one(Order, order.id).version
