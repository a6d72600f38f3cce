"""An open order page hears of what happens to the order, and does not keep anybody signed in by asking."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from dispatch.audit.operations import record
from dispatch.clock import now
from dispatch.db import transaction
from dispatch.orders.models import Order
from dispatch.staff.models import LoginSession
from tests.conftest import AT, Cast, SignIn
from tests.counting import queries

WATCHING = {"Dispatch-Watching": "1"}


def seen_on(page: str) -> str:
    """The entry that a page of an order ends with."""
    return page.split('data-seen="')[1].split('"')[0]


def test_the_page_hears_of_what_happens(order: Order, cast: Cast, as_person: SignIn) -> None:
    client = as_person(cast.wang)
    seen = seen_on(client.get(f"/orders/{order.number}").text)
    quiet = client.get(f"/orders/{order.number}/news?seen={seen}", headers=WATCHING)
    assert (quiet.status_code, quiet.data) == (204, b"")
    with transaction() as db:
        record(db, ("order", order.id), "phone.reveal", by=cast.lin, at=AT, detail={"name": "张"})
    with queries() as sent:
        heard = client.get(f"/orders/{order.number}/news?seen={seen}", headers=WATCHING)
    assert (heard.status_code, heard.text) == (200, str(int(seen) + 1))
    assert len(sent) <= 3
    for odd in ("", "?seen=", "?seen=x", "?seen=-1", "?seen=99999999999999999999"):
        assert client.get(f"/orders/{order.number}/news{odd}").status_code == 200


def test_strangers_hear_nothing(order: Order, cast: Cast, as_person: SignIn) -> None:
    for stranger in (cast.he, cast.su):
        assert as_person(stranger).get(f"/orders/{order.number}/news").status_code == 404
    assert as_person(cast.lin).get("/orders/none/news").status_code == 404


def test_without_a_sign_in_the_page_is_sent_away(app: object, order: Order, cast: Cast, as_person: SignIn) -> None:
    client = as_person(cast.lin)
    with transaction() as db:
        db.execute(sa.update(LoginSession).values(revoked_at=now()))
    assert client.get(f"/orders/{order.number}/news", headers=WATCHING).status_code == 302


def test_watching_keeps_nobody_signed_in(order: Order, cast: Cast, as_person: SignIn) -> None:
    client = as_person(cast.lin)
    long_ago = now() - timedelta(minutes=10)
    with transaction() as db:
        db.execute(sa.update(LoginSession).values(seen_at=long_ago))

    def seen_at() -> object:
        with transaction() as db:
            return db.scalars(sa.select(LoginSession.seen_at)).one()

    client.get(f"/orders/{order.number}/news", headers=WATCHING)
    client.get(f"/orders/{order.number}", headers=WATCHING)
    assert seen_at() == long_ago
    client.get(f"/orders/{order.number}")
    assert seen_at() != long_ago
