"""What the desk says of one vehicle: it cannot be done, it did not come, it is taken up again."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from dispatch.db import transaction
from dispatch.errors import NotFound
from dispatch.orders.models import Order
from dispatch.orders.operations.acting import act_on_line
from tests.building import approved, installation_order
from tests.conftest import AT, Cast, SignIn
from tests.orders.building import dispatched, stored


@pytest.fixture
def fleet(app: object, cast: Cast) -> Order:
    """An approved installation of two vehicles."""
    with transaction() as db:
        return approved(db, cast, installation_order(db, cast, lines=2))


def press(client: FlaskClient, order: Order, position: int, action: str, reason: str = "客户卖车了") -> int:
    """Press an action of a vehicle on a fresh page."""
    sent = {"version": str(stored(order).version), "reason": reason}
    return client.post(f"/orders/{order.number}/lines/{position}/{action}", data=sent).status_code


def lines(order: Order) -> list[str]:
    """The status of each vehicle."""
    with transaction() as db:
        return [line.status for line in db.get_one(Order, order.id).lines]


def test_the_page_offers_what_the_table_allows(fleet: Order, order: Order, cast: Cast, as_person: SignIn) -> None:
    lin = as_person(cast.lin)
    page = lin.get(f"/orders/{fleet.number}").text
    for action, offered in (("give_up", True), ("leave_over", True), ("take_up", False), ("complete", False)):
        assert (f"/orders/{fleet.number}/lines/1/{action}" in page) is offered
    assert "/lines/1/" not in lin.get(f"/orders/{order.number}").text
    assert "/lines/1/" not in as_person(cast.chen).get(f"/orders/{fleet.number}").text


def test_vehicles_are_given_up_left_over_and_taken_up(fleet: Order, cast: Cast, as_person: SignIn) -> None:
    lin = as_person(cast.lin)
    assert press(lin, fleet, 1, "leave_over", "没来") == 302 and lines(fleet) == ["residual", "open"]
    assert press(lin, fleet, 1, "give_up") == 302 and press(lin, fleet, 2, "give_up") == 302
    assert stored(fleet).status == "done"
    page = lin.get(f"/orders/{fleet.number}").text
    assert "Vehicle no. 2 is now: Not done." in page and "客户卖车了" in page
    assert press(lin, fleet, 2, "take_up", "又买回来了") == 302
    assert lines(fleet) == ["not_done", "open"] and stored(fleet).status == "approved"


def test_a_refused_press_keeps_the_reason(fleet: Order, cast: Cast, as_person: SignIn) -> None:
    lin, url = as_person(cast.lin), f"/orders/{fleet.number}/lines/2/give_up"
    assert press(lin, fleet, 2, "give_up", " ") == 422
    stale = lin.post(url, data={"version": str(stored(fleet).version - 1), "reason": "卖了"})
    assert stale.status_code == 409 and "卖了</textarea>" in stale.text and "for vehicle no. 2" in stale.text
    assert press(lin, fleet, 2, "take_up") == 422
    assert lines(fleet) == ["open", "open"]


def test_what_is_not_there_and_not_ones_own(fleet: Order, cast: Cast, as_person: SignIn) -> None:
    lin = as_person(cast.lin)
    for position, action in ((3, "give_up"), (1, "complete"), (1, "nonsense")):
        assert press(lin, fleet, position, action) == 404
    for person in (cast.he, cast.su, cast.qian, cast.chen):
        assert press(as_person(person), fleet, 1, "give_up") == 404
    assert lines(fleet) == ["open", "open"]


def test_a_visit_with_nothing_left_to_do_is_taken_off(db: Session, cast: Cast) -> None:
    order = approved(db, cast, installation_order(db, cast, lines=2))
    made = dispatched(db, cast, order, cast.su)
    for position, status in ((1, "dispatched"), (2, "abandoned")):
        act_on_line(db, order.id, position, "give_up", version=order.version, reason="卖车", by=cast.lin, at=AT)
        assert made.status == status
    assert order.status == "done"
    with pytest.raises(NotFound):
        act_on_line(db, order.id, 9, "give_up", version=order.version, reason="x", by=cast.lin, at=AT)
