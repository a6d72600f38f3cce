"""The list of orders, as the cast sees it."""

from __future__ import annotations

import pytest

from dispatch.db import transaction
from dispatch.orders.models import Order
from tests.building import installation_order, repair_order
from tests.conftest import Cast, SignIn


def test_the_list_shows_the_own_branch_only(order: Order, cast: Cast, as_person: SignIn) -> None:
    assert order.number in as_person(cast.lin).get("/orders").text
    elsewhere = as_person(cast.he).get("/orders").text
    assert order.number not in elsewhere and "There are no orders yet." in elsewhere
    assert order.number in as_person(cast.chen).get("/orders").text


def test_technicians_have_no_list(order: Order, cast: Cast, as_person: SignIn) -> None:
    assert as_person(cast.su).get("/orders").status_code == 404


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q={number}", True),
        ("q=恒通", True),
        ("q=18886844318", True),
        ("q=nobody", False),
        ("status=awaiting_approval", True),
        ("status=closed", False),
        ("kind=repair", True),
        ("kind=installation", False),
        ("urgency=normal", True),
        ("urgency=emergency", False),
        ("mine=1", True),
        ("status=nonsense&sort=nonsense&page=minus", True),
        ("page=7", False),
    ],
)
def test_filters_stand_in_the_address(order: Order, cast: Cast, as_person: SignIn, query: str, found: bool) -> None:
    answer = as_person(cast.lin).get("/orders?" + query.format(number=order.number))
    assert answer.status_code == 200
    assert (f"/orders/{order.number}" in answer.text) is found


def test_mine_are_those_i_own(order: Order, cast: Cast, as_person: SignIn) -> None:
    assert order.number not in as_person(cast.wang).get("/orders?mine=1").text


def test_lists_can_be_sorted(order: Order, cast: Cast, as_person: SignIn) -> None:
    with transaction() as db:
        urgent = repair_order(db, cast, urgency="emergency")
    client = as_person(cast.lin)
    for sort, first in (("oldest", order), ("newest", urgent), ("urgent", urgent), ("not_urgent", order), ("wanted", order)):
        page = client.get(f"/orders?sort={sort}").text
        second = urgent if first is order else order
        assert page.index(f"/orders/{first.number}") < page.index(f"/orders/{second.number}")


def test_nothing_matches_offers_to_clear_the_filters(order: Order, cast: Cast, as_person: SignIn) -> None:
    assert "Clear the filters" in as_person(cast.lin).get("/orders?q=zzzz").text


def test_the_list_counts_vehicles(cast: Cast, as_person: SignIn) -> None:
    with transaction() as db:
        installation_order(db, cast, lines=43)
    assert "+42" in as_person(cast.lin).get("/orders").text
