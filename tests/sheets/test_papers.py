"""What an order lacks before it can be closed: counted when it changes, shown without counting, and counted again to close."""

from __future__ import annotations

import pytest

from dispatch.db import transaction
from dispatch.orders.models import Order, OrderPapers
from dispatch.sheets.jobs import carry_out
from dispatch.words import text_from_json
from tests.conftest import Cast, SignIn
from tests.counting import queries
from tests.sheets.house import BASE, repaired, sheets

MOST_QUERIES = 12


def missing(order_id: int) -> list[str]:
    with transaction() as session:
        return [str(text_from_json(text)) for text in session.get_one(OrderPapers, order_id).missing]


@pytest.mark.usefixtures("house")
def test_the_page_of_an_order_that_is_done_names_what_is_missing(database: str, cast: Cast, as_person: SignIn) -> None:
    with transaction() as session:
        order = repaired(session, cast, days=30)
    owed = missing(order.id)
    assert owed == ["The office owes the sheet of this order as it is now."]
    client = as_person(cast.wang)
    client.get("/orders")
    with queries() as sent:
        page = client.get(f"/orders/{order.number}").text
    assert owed[0] in page
    assert len(sent) <= MOST_QUERIES


@pytest.mark.usefixtures("house")
def test_with_its_last_paper_it_can_be_closed(database: str, cast: Cast, as_person: SignIn) -> None:
    with transaction() as session:
        order = repaired(session, cast, days=30)
    client = as_person(cast.wang)
    refused = client.post(f"/orders/{order.number}/close", data={"version": version(order.id)})
    assert refused.status_code == 422 and "The office owes the sheet" in refused.text
    with transaction() as session:
        asked = [sheet.id for sheet in sheets(session, order)]
    for sheet_id in asked:
        carry_out(sheet_id, BASE)
    assert missing(order.id) == []
    assert client.post(f"/orders/{order.number}/close", data={"version": version(order.id)}).status_code == 302
    with transaction() as session:
        assert session.get_one(Order, order.id).status == "closed"


def version(order_id: int) -> int:
    with transaction() as session:
        return session.get_one(Order, order_id).version
