"""Station 2: a spreadsheet is sent in, looked over and taken in as one order."""

from __future__ import annotations

import io
import re
import threading
import time
from collections import Counter
from datetime import date

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import joinedload, selectinload
from werkzeug.test import TestResponse

from dispatch.customers.models import Driver, Site, Vehicle
from dispatch.customers.operations import VehicleFacts, customer_named, vehicle_of
from dispatch.db import transaction
from dispatch.intake.models import Upload
from dispatch.intake.requests import read_request
from dispatch.intake.template import template_csv
from dispatch.orders.models import Order, OrderLine
from dispatch.tabular.tables import read
from tests.conftest import AT, Cast, SignIn
from tests.counting import queries
from tests.intake.building import SAMPLES, preview_form, send_file
from tests.tabular.files import expected, ole, xlsx

HEAD = {"customer": "平安旅游客运", "contact": "张超敏", "phone": "18886844318", "address": "广东省深圳市南山区科技园南路8号"}


def sent(client: FlaskClient, name: str, content: bytes | None = None) -> str:
    """Send a request in; the address of its preview."""
    answer = send_file(client, "/requests/new", name, content)
    assert answer.status_code == 302, answer.text
    return str(answer.location)


def take(client: FlaskClient, url: str, **changes: str | list[str]) -> TestResponse:
    """Press “Take in” with what the preview shows and these changes."""
    return client.post(url, data=preview_form(client.get(url)) | {"then": "take"} | changes)


def orders() -> list[Order]:
    lines = selectinload(Order.lines).options(
        joinedload(OrderLine.vehicle).selectinload(Vehicle.drivers), joinedload(OrderLine.own_site)
    )
    with transaction() as db:
        return list(
            db.scalars(sa.select(Order).options(lines, joinedload(Order.customer), joinedload(Order.site)).order_by(Order.id))
        )


def table(*rows: list[str]) -> bytes:
    return xlsx([["车牌号", "车牌颜色", "车架号", "安装地址"], *rows])


def test_the_first_sample_line_by_line(as_person: SignIn, cast: Cast) -> None:
    client, truth = as_person(cast.lin), expected("install_request_1.xlsx")
    url = sent(client, "install_request_1.xlsx")
    page = client.get(url).text
    for row, why in truth["needs_attention"]:
        assert why in page
        assert f"Plate of row {row}" in page
    assert "unplated: identified by its VIN" in page
    assert "Take in: 43 vehicles" in page
    taken = take(client, url)
    (order,) = orders()
    assert taken.location == f"/orders/{order.number}"
    assert (order.kind, order.status, order.customer.name) == ("installation", "awaiting_approval", "深圳市南方冷链物流有限公司")
    assert (order.contact_name, order.contact_phone, order.wanted_on) == ("张超敏", "18886844318", date(2026, 12, 1))
    assert (order.product_model, order.site.address, order.note) == ("BD-808A", truth["address"], "Salesman: 赵超")
    assert [(line.source_row, line.vehicle.vin) for line in order.lines] == [(one["row"], one["vin"]) for one in truth["lines"]]
    marked = {line.source_row: [a["code"] for a in line.attention] for line in order.lines if line.attention}
    assert marked == {25: ["plate_repeats"], 28: ["vin_length"], 31: ["unplated"], 34: ["plate_province"]}
    second = next(line for line in order.lines if line.source_row == 25)
    assert second.vehicle.plate is None
    assert "粤B·YLH7D" in (second.remark or "")
    assert sum(len(line.vehicle.drivers) for line in order.lines) == 43


def test_the_second_sample_keeps_an_address_for_each_vehicle(as_person: SignIn, cast: Cast) -> None:
    client = as_person(cast.lin)
    url = sent(client, "install_request_2.csv")
    assert "2 blank lines were skipped" in client.get(url).text
    refused = take(client, url)
    assert refused.status_code == 422
    assert 'id="f-customer-error"' in refused.text
    assert take(client, url, customer="平安旅游客运", contact="张超敏", phone="18886844318").status_code == 302
    (order,) = orders()
    assert len(order.lines) == expected("install_request_2.csv")["vehicles"]
    assert order.site.address == "广东省深圳市罗湖区清水河仓库区红岗路"
    where = Counter(line.own_site.address if line.own_site else order.site.address for line in order.lines)
    assert len(where) == 13
    assert {line.model for line in order.lines} == {"BD-808A", "GT06N", "BD-809V", "TK-310"}


def test_the_third_sample_with_220_vehicles_and_294_drivers_takes_under_3_seconds(as_person: SignIn, cast: Cast) -> None:
    client, truth = as_person(cast.lin), expected("install_request_3.xlsx")
    url = sent(client, "install_request_3.xlsx")
    with queries() as seen:
        assert "the file gives no plate colours" in client.get(url).text
    assert len(seen) <= 12
    start = time.perf_counter()
    assert take(client, url, **HEAD).status_code == 302
    assert time.perf_counter() - start < 3
    with transaction() as db:
        assert db.scalar(sa.select(sa.func.count()).select_from(OrderLine)) == truth["vehicles"]
        assert db.scalar(sa.select(sa.func.count()).select_from(Driver)) == truth["drivers"]
        assert set(db.scalars(sa.select(Vehicle.plate_colour))) == {"green", "blue"}


def test_lines_are_mended_left_out_and_checked_again(as_person: SignIn, cast: Cast) -> None:
    client = as_person(cast.lin)
    rows = [
        ["粤B11111", "黄", "", ""],
        ["无", "", "", ""],
        ["B22222", "蓝", "", ""],
        ["粤B33333", "蓝", "", ""],
        ["粤B33333", "蓝", "", ""],
    ]
    url = sent(client, "表.xlsx", table(*rows))
    form = preview_form(client.get(url)) | {"then": "take"} | HEAD
    refused = client.post(url, data=form)
    assert refused.status_code == 422
    assert "2 lines cannot be taken in as they are" in refused.text
    assert "平安旅游客运" in refused.text, "what was typed stays"
    form = preview_form(refused) | {
        "then": "check",
        "plate-1": "粤b·44444",
        "colour-1": "blue",
        "plate-2": "粤B22222",
        "leave": ["4"],
    }
    checked = client.post(url, data=form, follow_redirects=True)
    assert checked.text.count("fine now") == 2
    assert "Take in: 4 vehicles" in checked.text
    assert take(client, url).status_code == 302
    (order,) = orders()
    assert [line.vehicle.plate for line in order.lines] == ["粤B11111", "粤B44444", "粤B22222", "粤B33333"]
    assert [line.source_row for line in order.lines] == [2, 3, 4, 5]


def test_leaving_out_the_first_of_two_frees_the_second(as_person: SignIn, cast: Cast) -> None:
    client = as_person(cast.lin)
    url = sent(client, "表.xlsx", table(["粤B33333", "蓝", "", ""], ["粤B33333", "蓝", "", ""]))
    assert take(client, url, **HEAD).status_code == 422
    assert take(client, url, leave=["1"]).status_code == 302
    assert [line.vehicle.plate for line in orders()[0].lines] == ["粤B33333"]


def test_a_plate_of_another_customer_is_moved_only_on_the_word(as_person: SignIn, cast: Cast) -> None:
    with transaction() as db:
        owner = customer_named(db, branch_id=cast.sz, name="恒通物流", by=cast.lin, at=AT)
        vehicle_of(db, customer=owner, facts=VehicleFacts("粤B11111", "yellow", None), by=cast.lin, at=AT)
    client = as_person(cast.lin)
    url = sent(client, "表.xlsx", table(["粤B11111", "黄", "", ""]))
    refused = take(client, url, **HEAD)
    assert refused.status_code == 422
    assert "on record under 恒通物流" in refused.text
    assert not orders()
    assert take(client, url, move=["0"]).status_code == 302
    with transaction() as db:
        assert db.scalars(sa.select(Vehicle)).one().customer.name == "平安旅游客运"
    assert [a["code"] for a in orders()[0].lines[0].attention] == ["other_owner"]


def test_a_second_press_and_a_later_look_find_the_same_order(as_person: SignIn, cast: Cast) -> None:
    client = as_person(cast.lin)
    url = sent(client, "install_request_1.xlsx")
    form = preview_form(client.get(url)) | {"then": "take"}
    first, second = client.post(url, data=form), client.post(url, data=form)
    assert first.location == second.location == client.get(url).location
    assert len(orders()) == 1


def test_two_confirm_at_once_and_one_order_comes_of_it(as_person: SignIn, app: Flask, cast: Cast) -> None:
    clients = [as_person(cast.lin), as_person(cast.wang)]
    url = sent(clients[0], "install_request_1.xlsx")
    form = preview_form(clients[0].get(url)) | {"then": "take"}
    gate, answers = threading.Barrier(2), []

    def press(client: FlaskClient) -> None:
        gate.wait()
        answers.append(client.post(url, data=form).location)

    threads = [threading.Thread(target=press, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (order,) = orders()
    assert answers == [f"/orders/{order.number}"] * 2
    assert len(order.lines) == 43


def test_a_stale_preview_is_told_so(as_person: SignIn, cast: Cast) -> None:
    client = as_person(cast.lin)
    url = sent(client, "install_request_1.xlsx")
    old = preview_form(client.get(url))
    client.post(url, data=old | {"then": "check", "contact": "李四"})
    late = client.post(url, data=old | {"then": "take"})
    assert late.status_code == 409
    assert "Somebody changed this while you were looking at it." in late.text
    assert not orders()


def test_another_branch_sees_nothing_of_it(as_person: SignIn, cast: Cast) -> None:
    url = sent(as_person(cast.lin), "install_request_1.xlsx")
    stranger = as_person(cast.he)
    assert stranger.get(url).status_code == 404
    assert stranger.post(url, data={"then": "take"}).status_code == 404
    assert "install_request_1.xlsx" not in stranger.get("/requests/new").text
    assert "install_request_1.xlsx" in as_person(cast.wang).get("/requests/new").text


def test_the_same_file_again_is_noticed(as_person: SignIn, cast: Cast) -> None:
    client = as_person(cast.lin)
    take(client, sent(client, "install_request_1.xlsx"))
    again = client.get(sent(client, "install_request_1.xlsx")).text
    assert "The very same file was taken in before." in again
    assert orders()[0].number in again


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("leer.xlsx", b"", "The file is empty."),
        ("locked.xlsx", ole({"EncryptedPackage": b"x" * 5000}), "protected with a password"),
        ("kaputt.xlsx", (SAMPLES / "install_request_1.xlsx").read_bytes()[:3000], "damaged"),
        ("bild.xlsx", b"\x89PNG\r\n\x1a\n" + b"0" * 100, "This is a picture"),
        ("preise.csv", (SAMPLES / "prices.csv").read_bytes(), "No row of headings was found"),
        ("kopf.csv", "车牌号,车架号\n".encode(), "headings and no lines"),
    ],
)
def test_a_file_that_is_no_request_is_refused_in_words(
    as_person: SignIn, cast: Cast, name: str, content: bytes, sentence: str
) -> None:
    answer = send_file(as_person(cast.lin), "/requests/new", name, content)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert 'id="f-file-error"' in answer.text
    with transaction() as db:
        assert db.scalar(sa.select(sa.func.count()).select_from(Upload)) == 0


def test_sixty_megabytes_are_refused_on_the_page(as_person: SignIn, cast: Cast) -> None:
    answer = send_file(as_person(cast.lin), "/requests/new", "big.xlsx", b"x" * (60 * 1024 * 1024))
    assert answer.status_code == 413
    assert "The file is larger than 20 MB." in answer.text
    assert as_person(cast.lin).post("/requests/new", data={"file": (io.BytesIO(b""), "")}).status_code == 422


@pytest.mark.parametrize("locale", ["zh", "en"])
def test_the_template_is_understood_when_filled_in(locale: str) -> None:
    lines = template_csv(locale).splitlines()
    lines[0] = lines[0].replace(",,", ",平安旅游客运,", 1)
    lines.append("粤B11111,黄,LFW9PCF45SB252353,,,李磊涛,13899603082,,")
    found = read_request(read("template.csv", "\n".join(lines).encode()))
    assert (found.header.customer, len(found.lines), found.attention) == ("平安旅游客运", 1, ())
    assert found.lines[0].drivers[0].name == "李磊涛"


def test_the_template_can_be_fetched(as_person: SignIn, cast: Cast) -> None:
    answer = as_person(cast.lin).get("/requests/template.csv")
    assert answer.status_code == 200
    assert "attachment" in answer.headers["Content-Disposition"]


def test_sites_of_lines_use_places_that_are_known(as_person: SignIn, cast: Cast) -> None:
    client = as_person(cast.lin)
    send = sent(client, "表.xlsx", table(["粤B11111", "黄", "", "甲路1号"], ["粤B22222", "黄", "", "乙路2号"]))
    assert take(client, send, **HEAD | {"address": "甲路1号", "place": "22.5, 113.9"}).status_code == 302
    (order,) = orders()
    assert (order.site.lat, order.lines[0].site_id) == (22.5, None)
    with transaction() as db:
        other = db.get_one(Site, order.lines[1].site_id)
    assert (other.address, other.lat) == ("乙路2号", None)


def test_a_similar_customer_is_asked_about(as_person: SignIn, cast: Cast) -> None:
    with transaction() as db:
        known = customer_named(db, branch_id=cast.sz, name="平安旅游客运有限公司", by=cast.lin, at=AT).id
    client = as_person(cast.lin)
    url = sent(client, "request.xlsx", table(["粤B12345", "黄", "", HEAD["address"]]))
    refused = take(client, url, **HEAD)
    assert refused.status_code == 422
    assert "Choose whether it is the same one." in refused.text and HEAD["contact"] in refused.text
    radios = re.findall(r'<input type="radio"[^>]*name="customer_is"[^>]*>', refused.text)
    assert len(radios) == 2 and not any(" checked" in radio for radio in radios)
    assert f'value="{known}:平安旅游客运"' in radios[0] and 'value="new:平安旅游客运"' in radios[1]
    assert not orders()
    assert take(client, url, customer_is="new:something else").status_code == 422, "the answer was for another name"
    assert take(client, url, customer_is=f"{known}:平安旅游客运").status_code == 302
    assert [order.customer_id for order in orders()] == [known]


def test_a_similar_customer_may_be_a_new_one(as_person: SignIn, cast: Cast) -> None:
    with transaction() as db:
        known = customer_named(db, branch_id=cast.sz, name="平安旅游客运有限公司", by=cast.lin, at=AT).id
    client = as_person(cast.lin)
    url = sent(client, "request.xlsx", table(["粤B12345", "黄", "", HEAD["address"]]))
    client.post(url, data=preview_form(client.get(url)) | {"then": "check", "customer_is": "new:平安旅游客运"} | HEAD)
    assert 'value="new:平安旅游客运" checked' in client.get(url).text
    assert take(client, url).status_code == 302
    assert [order.customer_id for order in orders()] != [known]


def test_a_file_taken_before_leads_to_its_order_first(as_person: SignIn, cast: Cast) -> None:
    client, file = as_person(cast.lin), table(["粤B12345", "黄", "", HEAD["address"]])
    take(client, sent(client, "request.xlsx", file), **HEAD)
    (order,) = orders()
    page = client.get(sent(client, "request.xlsx", file)).text
    assert f'class="btn btn-primary" href="/orders/{order.number}"' in page
    assert 'class="btn btn-quiet" name="then" value="take"' in page
