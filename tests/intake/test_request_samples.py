"""The three sample requests, taken in as a clerk would: every line, driver and address arrives."""

from __future__ import annotations

from collections import Counter
from datetime import date

import sqlalchemy as sa

from dispatch.customers.models import Driver, Vehicle
from dispatch.db import transaction
from dispatch.orders.models import OrderLine
from tests.conftest import Cast, SignIn
from tests.counting import queries
from tests.intake.building import HEAD, orders, sent_in, take_in
from tests.tabular.files import expected


def test_the_first_sample_line_by_line(as_person: SignIn, cast: Cast) -> None:
    client, truth = as_person(cast.lin), expected("install_request_1.xlsx")
    url = sent_in(client, "install_request_1.xlsx")
    page = client.get(url).text
    for row, why in truth["needs_attention"]:
        assert why in page
        assert f"Plate of row {row}" in page
    assert "unplated: identified by its VIN" in page
    assert "Take in: 43 vehicles" in page
    taken = take_in(client, url)
    (order,) = orders()
    assert taken.location == f"/orders/{order.number}"
    assert (order.kind, order.status, order.customer.name) == ("installation", "awaiting_approval", "深圳市南方冷链物流有限公司")
    assert (order.contact_name, order.contact_phone, order.wanted_on) == ("张超敏", "18886844318", date(2026, 12, 1))
    assert (order.product_model, order.site.address, order.note) == ("BD-808A", truth["address"], "业务员：赵超")
    assert [(line.source_row, line.vehicle.vin) for line in order.lines] == [(one["row"], one["vin"]) for one in truth["lines"]]
    marked = {line.source_row: [a["code"] for a in line.attention] for line in order.lines if line.attention}
    assert marked == {25: ["plate_repeats"], 28: ["vin_length"], 31: ["unplated"], 34: ["plate_province"]}
    second = next(line for line in order.lines if line.source_row == 25)
    assert second.vehicle.plate is None
    assert "粤B·YLH7D" in (second.remark or "")
    assert sum(len(line.vehicle.drivers) for line in order.lines) == 43


def test_the_second_sample_keeps_an_address_for_each_vehicle(as_person: SignIn, cast: Cast) -> None:
    client = as_person(cast.lin)
    url = sent_in(client, "install_request_2.csv")
    assert "2 blank lines were skipped" in client.get(url).text
    refused = take_in(client, url)
    assert refused.status_code == 422
    assert 'id="f-customer-error"' in refused.text
    assert take_in(client, url, customer="平安旅游客运", contact="张超敏", phone="18886844318").status_code == 302
    (order,) = orders()
    assert len(order.lines) == expected("install_request_2.csv")["vehicles"]
    assert order.site.address == "广东省深圳市罗湖区清水河仓库区红岗路"
    where = Counter(line.own_site.address if line.own_site else order.site.address for line in order.lines)
    assert len(where) == 13
    assert {line.model for line in order.lines} == {"BD-808A", "GT06N", "BD-809V", "TK-310"}


def test_the_third_sample_with_220_vehicles_and_294_drivers(as_person: SignIn, cast: Cast) -> None:
    client, truth = as_person(cast.lin), expected("install_request_3.xlsx")
    url = sent_in(client, "install_request_3.xlsx")
    with queries() as seen:
        assert "the file gives no plate colours" in client.get(url).text
    assert len(seen) <= 12
    assert take_in(client, url, **HEAD).status_code == 302
    with transaction() as db:
        assert db.scalar(sa.select(sa.func.count()).select_from(OrderLine)) == truth["vehicles"]
        assert db.scalar(sa.select(sa.func.count()).select_from(Driver)) == truth["drivers"]
        assert set(db.scalars(sa.select(Vehicle.plate_colour))) == {"green", "blue"}
