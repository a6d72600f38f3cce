"""Prices of branches and customers: what an order costs with them, who may set them, their pages and their list."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.orm import Session

from dispatch.clock import local_day, now
from dispatch.customers.models import Customer
from dispatch.db import transaction
from dispatch.errors import Conflict, Invalid, NotFound
from dispatch.fees.operations import NewPrice, end_price, set_prices, withdraw_price
from dispatch.fees.price_queries import PriceFilter, price_on, prices_by_code, prices_of, whom_of
from dispatch.orders.models import Order
from dispatch.staff.rules import Actor
from tests.building import repair_order
from tests.conftest import AT, Cast, SignIn
from tests.counting import queries
from tests.fees.building import added, charged, price_list, repair, swapped, told
from tests.intake.test_imports import take, upload

TODAY = AT.date()


def priced(db: Session, by: Actor, amount: int, begins: int = -10, code: str = "S003", **whose: Any) -> None:
    """A price of the moving of a terminal, or of another thing, from a number of days before or after today on."""
    what = (code, "移机费", "service") if code == "S003" else (code, "主机", "part")
    first = TODAY + timedelta(days=begins)
    set_prices(db, [NewPrice(*what, Decimal(amount), Decimal("0.01"), first, **whose)], by=by, at=AT)


def elsewhere(cast: Cast) -> Actor:
    """The manager of the other branch."""
    return replace(cast.he, roles=frozenset({"manager"}))


def agreed(order: Order, contract: str | None = None) -> dict[str, Any]:
    return {"customer_id": order.customer_id, "contract": contract}


def test_an_order_costs_what_was_agreed_with_its_customer(db: Session, cast: Cast) -> None:
    price_list(db, cast)
    order = repair(db, cast)
    first = added(db, order, "S003", cast.su)
    priced(db, cast.wang, 140, branch_id=order.branch_id)
    second = added(db, order, "S003", cast.su)
    priced(db, cast.wang, 120, **agreed(order, "HT-9"))
    priced(db, cast.wang, 600, code="P001", **agreed(order))
    priced(db, cast.wang, 100, begins=20, **agreed(order))
    third = added(db, order, "S003", cast.su)
    assert [charge.unit_price for charge in (first, second, third)] == [150, 140, 120]
    since = TODAY - timedelta(days=10)
    assert told(second).endswith(f"Price of branch {order.branch.name} since {since}.")
    assert told(third).endswith(f"Agreed with {order.customer.name} since {since}, contract HT-9.")
    assert (third.tax_rate, third.rule) == (Decimal("0.06"), "listed_price"), "the tax rate is the list's"
    swapped(db, cast, order)
    (part,) = charged(db, cast, order)
    assert part.unit_price == 600 and part.tax_rate == Decimal("0.13") and "Agreed with" in told(part)
    assert added(db, order, "S001", cast.su).amount == 0  # free stays free

    (mine,) = (one for one in prices_of(db, "S003") if one.amount == 120)
    who = {"today": TODAY, "by": cast.wang, "at": AT}
    with pytest.raises(NotFound):
        end_price(db, mine.id, TODAY, **{**who, "by": elsewhere(cast)})
    with pytest.raises(Invalid):
        end_price(db, mine.id, TODAY - timedelta(days=1), **who)
    end_price(db, mine.id, TODAY, **who)
    tomorrow = price_on(db, "S003", TODAY + timedelta(days=1), whom_of(order))
    assert tomorrow and tomorrow.amount == 140
    with pytest.raises(Conflict):
        end_price(db, mine.id, TODAY + timedelta(days=9), **{**who, "today": TODAY + timedelta(days=5)})
    (coming,) = (one for one in prices_of(db, "S003") if one.amount == 100)
    withdraw_price(db, coming.id, **who)
    with pytest.raises(Conflict):
        withdraw_price(db, mine.id, **who)
    assert added(db, order, "S003", cast.su, at=AT + timedelta(days=30)).unit_price == 140
    assert [one.unit_price for one in (first, second, third)] == [150, 140, 120], "what is past stays"


def test_of_other_branches_nobody_sees_or_sets_anything(db: Session, cast: Cast) -> None:
    price_list(db, cast)
    order = repair_order(db, cast)
    priced(db, cast.wang, 120, **agreed(order))
    priced(db, cast.qian, 140, branch_id=order.branch_id)
    for whose in (agreed(order), {"branch_id": order.branch_id}):
        with pytest.raises(NotFound):
            priced(db, elsewhere(cast), 1, **whose)

    def shown(asked: PriceFilter, by: Actor) -> list[Decimal]:
        return [row.shown.amount for row in prices_by_code(db, TODAY, asked, by).rows if row.code == "S003"]

    all_ = PriceFilter("", words="移机")
    assert (shown(all_, cast.wang), shown(all_, elsewhere(cast))) == ([150, 120, 140], [150])
    assert shown(PriceFilter("customers"), cast.wang) == [120] == shown(PriceFilter(customer_id=order.customer_id), cast.qian)
    assert shown(PriceFilter("branches"), cast.wang) == [140] and shown(PriceFilter(), cast.wang) == [150]


@pytest.mark.usefixtures("database")
def test_the_pages_and_a_file_set_them(as_person: SignIn, cast: Cast) -> None:
    with transaction() as db:
        price_list(db, cast)
        order = repair_order(db, cast)
        customer_id, name, branch = order.customer_id, order.customer.name, order.branch.name
        db.add(Customer(branch_id=order.branch_id, name="同名车队", created_at=AT))
        db.add(Customer(branch_id=order.branch_id, name="同名车队", created_at=AT))
    client, today = as_person(cast.wang), local_day(now(), "Asia/Shanghai")
    page = client.get(f"/customers/{customer_id}").text
    assert f'href="/prices?customer={customer_id}"' in page
    assert name in client.get(f"/prices/new?customer={customer_id}").text
    sent = {
        "code": "s003",
        "amount": "120",
        "valid_from": today,
        "customer": name,
        "customer_id": customer_id,
        "contract": "HT-9",
    }
    for wrong, sentence in (
        ({"customer": "谁"}, "No customer is called"),
        ({"customer": "同名车队"}, "Several customers"),
        ({"branch": order.branch_id}, "not both"),
        ({"customer": ""}, "Whose contract"),
        ({"valid_to": today - timedelta(days=1)}, "later than the beginning"),
    ):
        refused = client.post("/prices/new", data={**sent, **wrong})
        assert refused.status_code == 422 and sentence in refused.text, sentence
    assert client.post("/prices/new", data=sent).location == "/prices/S003"
    assert "in the list already" in client.post("/prices/new", data=sent).text
    assert client.post("/prices/S003", data={**sent, "amount": "110", "valid_from": today + timedelta(days=5)}).status_code == 302
    with queries() as asked:
        page = client.get(f"/prices?customer={customer_id}").text
    assert "¥120.00" in page and "¥110.00" in page and "¥150.00" not in page and len(asked) <= 12
    page = client.get("/prices/S003").text
    assert name in page and "HT-9" in page and "to come" in page and "¥150.00" in page
    ids = [int(found) for found in re.findall(r"/prices/S003/(\d+)/(?:end|withdraw)", page)]
    assert client.post(f"/prices/S003/{ids[-1]}/end", data={"valid_to": "x"}).status_code == 422
    for id_, act in ((ids[-1], "end"), (ids[-2], "withdraw")):
        assert client.post(f"/prices/S003/{id_}/{act}", data={"valid_to": today}).status_code == 302, act
    assert as_person(cast.he).get(f"/prices?customer={customer_id}").status_code == 404

    heads = "编码,名称,类别,单价,税率,生效日期,截止日期,网点,客户,合同"
    rows = [f"S003,移机费,服务,99,6%,2026-01-01,2026-12-31,,{name},HT-10", f"S003,移机费,服务,133,6%,2026-01-01,,{branch},,"]
    odd = ["S003,移机费,服务,9,6%,2026-01-01,,,没有这家,", "S003,移机费,服务,9,6%,2026-01-01,,外星,,"]
    client = as_person(cast.wang)
    file = "\n".join([heads, *rows, *odd]).encode()
    take(client, upload(client, "prices", file), leave_out="1")
    with transaction() as db:
        amounts = {one.amount: (one.contract, one.valid_to, one.branch_id) for one in prices_of(db, "S003")}
    assert amounts[Decimal(99)][0] == "HT-10" and amounts[Decimal(133)][2] == order.branch_id and Decimal(9) not in amounts
