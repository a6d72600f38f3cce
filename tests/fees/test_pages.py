"""The price list: today's, the next, the past; changing from a day on."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from dispatch.clock import local_day, now
from dispatch.db import transaction
from dispatch.devices.models import TerminalModel
from dispatch.fees.operations import NewPrice, set_prices
from dispatch.fees.price_queries import EVERYBODYS, prices_by_code, prices_of, prices_on
from tests.conftest import AT, Cast, SignIn
from tests.counting import queries


def today() -> date:
    return local_day(now(), "Asia/Shanghai")


@pytest.fixture
def listed(database: str, cast: Cast) -> None:
    """An antenna with a past, a present and a coming price; a service that starts in a week."""
    days = {-400: "40", -100: "45", 30: "48"}
    tax = Decimal("0.13")
    prices = [
        NewPrice("P003", "GNSS 天线", "part", Decimal(amount), tax, today() + timedelta(days=d)) for d, amount in days.items()
    ]
    prices.append(NewPrice("S003", "移机费", "service", Decimal(150), Decimal("0.06"), today() + timedelta(days=7)))
    with transaction() as db:
        set_prices(db, prices, by=cast.qian, at=AT)


def test_each_code_has_todays_and_the_next_price(listed: None, cast: Cast) -> None:
    with transaction() as db:
        found = prices_by_code(db, today(), EVERYBODYS, cast.qian).rows
        rows = {row.code: (row.valid and row.valid.amount, row.next and row.next.amount) for row in found}
        assert rows == {"P003": (Decimal(45), Decimal(48)), "S003": (None, Decimal(150))}
        assert [price.code for price in prices_on(db, today())] == ["P003"]


def test_pages_show_them_with_few_queries(listed: None, as_person: SignIn, cast: Cast) -> None:
    client = as_person(cast.lin)
    with queries() as asked:
        page = client.get("/prices").text
    assert "¥45.00" in page and "¥48.00" in page and "13 %" in page and len(asked) <= 12
    with queries() as asked:
        page = client.get("/prices/P003").text
    assert page.count("¥45.00") == 2 and "¥40.00" in page and "to come" in page and len(asked) <= 12
    assert "Change from a day on" not in page
    assert client.get("/prices/NONE").status_code == 404


def test_the_list_tells_what_it_has_no_part_for(listed: None, as_person: SignIn, cast: Cast) -> None:
    with transaction() as db:
        db.add_all([TerminalModel(name="BD-808A"), TerminalModel(name="BD-808")])
        set_prices(db, [NewPrice("P808", "BD-808A 主机", "part", Decimal(900), Decimal("0.13"), today())], by=cast.qian, at=AT)
    page = as_person(cast.lin).get("/prices").text
    assert "they cannot be charged: BD-808, SIM" in page


def test_an_empty_list_offers_the_import_to_those_who_may(as_person: SignIn, cast: Cast) -> None:
    assert "/import/prices" in as_person(cast.qian).get("/prices").text
    assert "/import/prices" not in as_person(cast.lin).get("/prices").text


def form(**more: Any) -> dict[str, Any]:
    return {
        "code": "x9",
        "name": "拆机费",
        "category": "service",
        "amount": "1,280.5",
        "tax_rate": "6%",
        "valid_from": today(),
        **more,
    }


def test_a_price_is_added_and_changed_from_a_day_on(as_person: SignIn, cast: Cast) -> None:
    client = as_person(cast.qian)
    assert client.post("/prices/new", data=form()).location == "/prices/X9"
    later = today() + timedelta(days=40)
    assert client.post("/prices/X9", data=form(amount="1300", valid_from=later)).status_code == 302
    with transaction() as db:
        assert [(price.amount, price.valid_from) for price in prices_of(db, "X9")] == [
            (Decimal(1300), later),
            (Decimal("1280.5"), today()),
        ]
    again = client.post("/prices/new", data=form())
    assert again.status_code == 422 and "in the list already" in again.text


WRONG = [
    ({"amount": "-1"}, "is no amount of money"),
    ({"amount": "1.234"}, "more than two decimals"),
    ({"tax_rate": "much"}, "is not a tax rate"),
    ({"valid_from": "2020-01-01"}, "the past stays as it was"),
    ({"category": "x"}, "Choose part or service"),
    ({"name": ""}, "Please fill this in"),
]


@pytest.mark.parametrize(("wrong", "sentence"), WRONG)
def test_a_wrong_price_is_refused_at_its_field(as_person: SignIn, cast: Cast, wrong: dict[str, str], sentence: str) -> None:
    answer = as_person(cast.qian).post("/prices/new", data=form(**wrong))
    assert answer.status_code == 422 and sentence in answer.text


def test_only_those_who_may_change_prices(listed: None, as_person: SignIn, cast: Cast) -> None:
    client = as_person(cast.lin)
    assert client.post("/prices/P003", data=form()).status_code == 404
    assert client.get("/prices/new").status_code == 404
    assert as_person(cast.su).get("/prices").status_code == 404
