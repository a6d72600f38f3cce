"""An order with more vehicles than fit on a page: all its parts page in the database, and a press comes back to where it was."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from dispatch.db import transaction
from dispatch.orders.models import Order
from dispatch.orders.standing import Standing
from tests.building import installation_order
from tests.conftest import Cast, SignIn
from tests.counting import queries
from tests.orders.building import dispatched, stored


def test_standing_counts_as_the_order_names_them() -> None:
    lines = [("open", "甲", 2), ("done", None, 3), ("open", None, 1), ("residual", "乙", 3)]
    standing = Standing(lines, [("planned", False, 2), ("dispatched", True, 1), ("planned", True, 1)])
    assert standing.total == 9 and list(standing.by_status.items()) == [("open", 3), ("done", 3), ("residual", 3)]
    assert standing.models("乙") == [("乙", 7), ("甲", 2)] and standing.models(None) == [("乙", 3), ("甲", 2)]
    assert standing.visits_that_are("planned") == 3 and standing.visits_in_all == 4 and standing.under_way
    assert set(standing.visit_statuses) == {"planned", "dispatched"} and not Standing([], []).under_way


@pytest.fixture
def large(app: object, cast: Cast) -> Order:
    """Sixty vehicles, all with Su."""
    with transaction() as db:
        order = installation_order(db, cast, lines=60)
        dispatched(db, cast, order, cast.su)
        return order


def positions(page: str) -> list[int]:
    return [int(number) for number in re.findall(r'<tr id="line-(\d+)"', page)]


def plates(order: Order) -> list[str]:
    """The number of each vehicle's plate, as it stands on pages: all five digits, for fewer are part of several."""
    with transaction() as db:
        return [(line.vehicle.plate or "")[-5:] for line in db.get_one(Order, order.id).lines]


def seen(client: FlaskClient, address: str) -> str:
    """A page, which costs little."""
    with queries() as asked:
        answer = client.get(address)
    assert answer.status_code == 200 and len(asked) <= 12, address
    return answer.text


def test_its_pages_show_a_part_and_find_the_rest(large: Order, cast: Cast, as_person: SignIn) -> None:
    lin, url = as_person(cast.lin), f"/orders/{large.number}"
    first, last = seen(lin, url), seen(lin, f"{url}?page=2&sort=-position")
    assert positions(first) == list(range(1, 51)) and positions(last) == list(range(10, 0, -1))
    assert "60 vehicles" in first and "Page 1 of 2" in first and "line-later" not in first and 'page=2#vehicles"' in first
    assert "+59" in last, "whatever is shown, the first vehicle stands for the order"
    assert "There is no such page" in seen(lin, f"{url}?page=3")
    plate = plates(large)[54]
    assert positions(seen(lin, f"{url}?q={plate}")) == [55]
    assert "No vehicle of this order is called so" in seen(lin, f"{url}?q=zzz")

    pressed = {"version": str(stored(large).version), "reason": "没来"}
    action = re.search(rf'formaction="({url}/lines/55/leave_over[^"]*)"', seen(lin, f"{url}?page=2"))
    assert action and action[1].endswith("?page=2")
    assert lin.post(action[1], data=pressed).location == f"{url}?page=2#vehicles"
    refused = lin.post(action[1], data=pressed)
    assert refused.status_code == 422 and 55 in positions(refused.text) and 'value="没来"' not in first
    assert positions(seen(lin, f"{url}?line=residual")) == [55] and '">Left over<span class="count">1</span>' in seen(lin, url)
    assert plate in seen(lin, f"{url}/left-over") and "Order taken" in seen(lin, f"{url}/history")
    assert "There is no such page" in seen(lin, f"{url}/history?page=9")


def test_on_site_and_on_the_phone(large: Order, cast: Cast, as_person: SignIn) -> None:
    with transaction() as db:
        for line in db.get_one(Order, large.id).lines[:30]:
            line.status = "done"
        visit_id = db.get_one(Order, large.id).visits[0].id
    named, lin, su = plates(large), as_person(cast.lin), as_person(cast.su)
    shown = seen(lin, f"/orders/{large.number}/on-site?page=2")
    assert re.findall(r'id="seen-(\d+)"', shown) == ["26", "27", "28", "29", "30"] and "30 vehicles have not been" in shown
    assert re.findall(r'id="seen-(\d+)"', seen(lin, f"/orders/{large.number}/on-site?q={named[3]}")) == ["4"]
    assert seen(lin, f"/orders/{large.number}/papers") and seen(lin, f"/orders/{large.number}/sheets")

    own = f"/my-day/visits/{visit_id}/vehicles"
    first, last = seen(su, own), seen(su, f"{own}?page=2")
    assert "30 of 60 done" in first and "30 by me" in first and "30 of 60 done" in last
    assert first.count('class="step"') == 50 and last.count('class="step"') == 10
    found = seen(su, f"{own}?q={named[58]}")
    assert found.count('class="step"') == 1 and "30 of 60 done" in found
    assert "No vehicle of this order is called so" in seen(su, f"{own}?q=zzz")
