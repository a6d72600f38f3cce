"""Station 2: a spreadsheet is sent in, looked over, mended and taken in as one order."""

from __future__ import annotations

import re
import threading

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from dispatch.customers.models import Site, Vehicle
from dispatch.customers.operations import VehicleFacts, customer_named, vehicle_of
from dispatch.db import transaction
from tests.conftest import AT, Cast, SignIn
from tests.intake.building import HEAD, orders, preview_form, sent_in, table, take_in
from tests.tabular.files import xlsx


def test_lines_are_mended_left_out_and_checked_again(as_person: SignIn, cast: Cast) -> None:
    client = as_person(cast.lin)
    rows = [
        ["粤B11111", "黄", "", ""],
        ["无", "", "", ""],
        ["B22222", "蓝", "", ""],
        ["粤B33333", "蓝", "", ""],
        ["粤B33333", "蓝", "", ""],
    ]
    url = sent_in(client, "表.xlsx", table(*rows))
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
    assert take_in(client, url).status_code == 302
    (order,) = orders()
    assert [line.vehicle.plate for line in order.lines] == ["粤B11111", "粤B44444", "粤B22222", "粤B33333"]
    assert [line.source_row for line in order.lines] == [2, 3, 4, 5]


def test_leaving_out_the_first_of_two_frees_the_second(as_person: SignIn, cast: Cast) -> None:
    client = as_person(cast.lin)
    url = sent_in(client, "表.xlsx", table(["粤B33333", "蓝", "", ""], ["粤B33333", "蓝", "", ""]))
    assert take_in(client, url, **HEAD).status_code == 422
    assert take_in(client, url, leave=["1"]).status_code == 302
    assert [line.vehicle.plate for line in orders()[0].lines] == ["粤B33333"]


def test_a_plate_of_another_customer_is_moved_only_on_the_word(as_person: SignIn, cast: Cast) -> None:
    with transaction() as db:
        owner = customer_named(db, branch_id=cast.sz, name="恒通物流", by=cast.lin, at=AT)
        vehicle_of(db, customer=owner, facts=VehicleFacts("粤B11111", "yellow", None), by=cast.lin, at=AT)
    client = as_person(cast.lin)
    url = sent_in(client, "表.xlsx", table(["粤B11111", "黄", "", ""]))
    refused = take_in(client, url, **HEAD)
    assert refused.status_code == 422
    assert "on record under 恒通物流" in refused.text
    assert not orders()
    assert take_in(client, url, move=["0"]).status_code == 302
    with transaction() as db:
        assert db.scalars(sa.select(Vehicle)).one().customer.name == "平安旅游客运"
    assert [a["code"] for a in orders()[0].lines[0].attention] == ["other_owner"]


def test_a_second_press_and_a_later_look_find_the_same_order(as_person: SignIn, cast: Cast) -> None:
    client = as_person(cast.lin)
    url = sent_in(client, "install_request_1.xlsx")
    form = preview_form(client.get(url)) | {"then": "take"}
    first, second = client.post(url, data=form), client.post(url, data=form)
    assert first.location == second.location == client.get(url).location
    assert len(orders()) == 1


def test_two_confirm_at_once_and_one_order_comes_of_it(as_person: SignIn, app: Flask, cast: Cast) -> None:
    clients = [as_person(cast.lin), as_person(cast.wang)]
    url = sent_in(clients[0], "install_request_1.xlsx")
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
    url = sent_in(client, "install_request_1.xlsx")
    old = preview_form(client.get(url))
    client.post(url, data=old | {"then": "check", "contact": "李四"})
    late = client.post(url, data=old | {"then": "take"})
    assert late.status_code == 409
    assert "Somebody changed this while you were looking at it." in late.text
    assert not orders()


def test_another_branch_sees_nothing_of_it(as_person: SignIn, cast: Cast) -> None:
    url = sent_in(as_person(cast.lin), "install_request_1.xlsx")
    stranger = as_person(cast.he)
    assert stranger.get(url).status_code == 404
    assert stranger.post(url, data={"then": "take"}).status_code == 404
    assert "install_request_1.xlsx" not in stranger.get("/requests/new").text
    assert "install_request_1.xlsx" in as_person(cast.wang).get("/requests/new").text


def test_sites_of_lines_use_places_that_are_known(as_person: SignIn, cast: Cast) -> None:
    client = as_person(cast.lin)
    send = sent_in(client, "表.xlsx", table(["粤B11111", "黄", "", "甲路1号"], ["粤B22222", "黄", "", "乙路2号"]))
    assert take_in(client, send, **HEAD | {"address": "甲路1号", "place": "22.5, 113.9"}).status_code == 302
    (order,) = orders()
    assert (order.site.lat, order.lines[0].site_id) == (22.5, None)
    with transaction() as db:
        other = db.get_one(Site, order.lines[1].site_id)
    assert (other.address, other.lat) == ("乙路2号", None)


def test_a_similar_customer_is_asked_about(as_person: SignIn, cast: Cast) -> None:
    with transaction() as db:
        known = customer_named(db, branch_id=cast.sz, name="平安旅游客运有限公司", by=cast.lin, at=AT).id
    client = as_person(cast.lin)
    url = sent_in(client, "request.xlsx", table(["粤B12345", "黄", "", HEAD["address"]]))
    refused = take_in(client, url, **HEAD)
    assert refused.status_code == 422
    assert "Choose whether it is the same one." in refused.text and HEAD["contact"] in refused.text
    radios = re.findall(r'<input type="radio"[^>]*name="customer_is"[^>]*>', refused.text)
    assert len(radios) == 2 and not any(" checked" in radio for radio in radios)
    assert f'value="{known}:平安旅游客运"' in radios[0] and 'value="new:平安旅游客运"' in radios[1]
    assert not orders()
    assert take_in(client, url, customer_is="new:something else").status_code == 422, "the answer was for another name"
    assert take_in(client, url, customer_is=f"{known}:平安旅游客运").status_code == 302
    assert [order.customer_id for order in orders()] == [known]


def test_a_similar_customer_may_be_a_new_one(as_person: SignIn, cast: Cast) -> None:
    with transaction() as db:
        known = customer_named(db, branch_id=cast.sz, name="平安旅游客运有限公司", by=cast.lin, at=AT).id
    client = as_person(cast.lin)
    url = sent_in(client, "request.xlsx", table(["粤B12345", "黄", "", HEAD["address"]]))
    client.post(url, data=preview_form(client.get(url)) | {"then": "check", "customer_is": "new:平安旅游客运"} | HEAD)
    assert 'value="new:平安旅游客运" checked' in client.get(url).text
    assert take_in(client, url).status_code == 302
    assert [order.customer_id for order in orders()] != [known]


def driver_table(*rows: list[str]) -> bytes:
    return xlsx([["车牌号", "车牌颜色", "司机姓名", "司机电话", "终端型号"], *rows])


def test_a_wrong_phone_of_a_driver_is_mended_and_checked_again(as_person: SignIn, cast: Cast) -> None:
    client = as_person(cast.lin)
    rows = [["粤B11111", "黄", "赵六/李四", "1350000/13812345678", "BD-808A"], ["粤B22222", "黄", "王五", "13912345678", ""]]
    url = sent_in(client, "表.xlsx", driver_table(*rows))
    page = client.get(url)
    assert "1350000 is not a complete phone number" in page.text and "· 赵六" not in page.text.partition('id="lines"')[2]
    form = preview_form(page)
    assert (form["driver-0-0"], form["phone-0-0"], form["phone-0-1"]) == (["赵六"], ["1350000"], ["13812345678"])
    assert not any(name.startswith("phone-1-") for name in form), "only where something is wrong"
    again = client.post(url, data=form | HEAD | {"then": "check", "phone-0-0": "13500"}, follow_redirects=True)
    assert "13500 is not a complete phone number" in again.text
    mended = preview_form(again) | {"then": "check", "phone-0-0": "135-0000-1111", "driver-0-0": "赵六六"}
    checked = client.post(url, data=mended, follow_redirects=True)
    assert "fine now" in checked.text and preview_form(checked)["phone-0-0"] == ["13500001111"]
    assert take_in(client, url).status_code == 302
    drivers = [(d.name, d.phone) for d in orders()[0].lines[0].vehicle.drivers]
    assert sorted(drivers) == [("李四", "13812345678"), ("赵六六", "13500001111")]


def test_the_button_counts_what_will_be_taken(as_person: SignIn, cast: Cast) -> None:
    client = as_person(cast.lin)
    url = sent_in(client, "表.xlsx", table(["粤B11111", "黄", "", ""], ["无", "", "", ""], ["粤B33333", "蓝", "", ""]))
    assert "Take in: 2 vehicles" in client.get(url).text
    form = preview_form(client.get(url)) | {"then": "check", "leave": ["1", "2"]}
    page = client.post(url, data=form, follow_redirects=True).text
    assert ">Take in: 1 vehicle<" in page and 'data-many="Take in: {} vehicles"' in page
