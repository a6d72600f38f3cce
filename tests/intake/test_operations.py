"""What becomes of lines and lists: vehicles against the record, models, a list of calls taken row by row."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from dispatch.customers.models import Site
from dispatch.customers.operations import VehicleFacts, customer_named, vehicle_of
from dispatch.db import transaction
from dispatch.errors import Invalid, NotAllowed
from dispatch.intake.doubts import Doubtful
from dispatch.intake.forms import read_call
from dispatch.intake.lines import RequestLine, check_lines
from dispatch.intake.operations import take_call
from dispatch.intake.rules import OnRecord, Register, Settled, colour_of, model_of, settle
from dispatch.orders.models import Order, OrderLine
from dispatch.orders.queries import lines_of_vehicle
from tests.conftest import AT, Cast, SignIn
from tests.intake.building import call_form, send_file

VIN, OTHER_VIN = "LFW9PCF45SB252353", "LSVEDP840R2614006"
MODELS = ("BD-808", "BD-808A", "GT06N")


@pytest.mark.parametrize(
    ("wording", "model"),
    [
        ("BD-808A 部标一体机", "BD-808A"),
        ("bd-808a", "BD-808A"),
        ("BD-808AX", "BD-808AX"),
        ("BD-808主机", "BD-808"),
        ("TK-310 无线定位器", "TK-310"),
        ("北斗终端", "北斗终端"),
        ("", ""),
    ],
)
def test_a_wording_names_a_model(wording: str, model: str) -> None:
    assert model_of(wording, MODELS) == model


@pytest.mark.parametrize(
    ("plate", "given", "recorded", "colour"),
    [
        ("粤B12345", "yellow", ["blue"], "yellow"),
        ("粤B12345", "", ["yellow"], "yellow"),
        ("粤B12345", "", ["yellow", "blue"], "blue"),
        ("粤BD12345", "", [], "green"),
        ("粤B12345", "红", [], "blue"),
        ("", "yellow", [], ""),
    ],
)
def test_the_colour_of_a_plate(plate: str, given: str, recorded: list[str], colour: str) -> None:
    assert colour_of(plate, given, recorded) == colour


# --- lines against the record


def line(row: int, plate: str = "", vin: str = "", colour: str = "yellow") -> RequestLine:
    return RequestLine(row, plate, colour if plate else "", vin)


def settled(*lines: RequestLine, record: tuple[OnRecord, ...] = (), **choices: tuple[int, ...]) -> tuple[Settled, ...]:
    return settle(check_lines(lines), Register(record), **choices)


def codes(one: Settled) -> list[str]:
    return [problem.code for problem in one.problems]


def test_a_new_vehicle_is_taken_as_it_is() -> None:
    (one,) = settled(line(2, "粤B11111", VIN))
    assert (one.plate, one.colour, one.vin, one.problems, one.blocks) == ("粤B11111", "yellow", VIN, (), False)


def test_a_plate_twice_keeps_the_second_by_its_vin() -> None:
    _, second = settled(line(2, "粤B11111", VIN), line(3, "粤B11111", OTHER_VIN))
    assert (second.plate, second.vin, second.remark, second.blocks) == ("", OTHER_VIN, "粤B·11111", False)


def test_a_vin_twice_keeps_the_second_by_its_plate() -> None:
    _, second = settled(line(2, "粤B11111", VIN), line(3, "粤B22222", VIN))
    assert (second.plate, second.vin, second.remark, second.blocks) == ("粤B22222", "", f"VIN {VIN}", False)


def test_the_same_vehicle_twice_blocks_until_left_out() -> None:
    twice = (line(2, "粤B11111", VIN), line(3, "粤B11111", VIN))
    assert settled(*twice)[1].blocks
    assert not settled(*twice, left_out=(1,))[1].blocks


def test_a_vin_of_another_vehicle_on_record_is_only_a_remark() -> None:
    record = (OnRecord(1, "粤B11111", "yellow", None), OnRecord(2, "粤B99999", "blue", VIN))
    (one,) = settled(line(2, "粤B11111", VIN), record=record)
    assert (one.vehicle_id, one.vin, one.remark, codes(one)) == (1, "", f"VIN {VIN}", ["vin_elsewhere"])


def test_a_vehicle_on_record_with_another_vin_or_plate_is_marked() -> None:
    (by_plate,) = settled(line(2, "粤B11111", VIN), record=(OnRecord(1, "粤B11111", "yellow", OTHER_VIN),))
    (by_vin,) = settled(line(2, "粤B11111", VIN), record=(OnRecord(1, "粤B99999", "yellow", VIN),))
    assert (codes(by_plate), by_plate.vin) == (["vin_differs"], "")
    assert (codes(by_vin), by_vin.vehicle_id) == (["plate_differs"], 1)


def test_two_lines_that_mean_one_vehicle_on_record_block() -> None:
    _, second = settled(line(2, "粤B11111"), line(3, "", VIN), record=(OnRecord(1, "粤B11111", "yellow", VIN),))
    assert codes(second) == ["unplated", "twice"]
    assert second.blocks


def test_another_customers_vehicle_blocks_until_it_is_moved() -> None:
    record = (OnRecord(1, "粤B11111", "yellow", None, owner="恒通物流"),)
    assert settled(line(2, "粤B11111"), record=record)[0].blocks
    assert not settled(line(2, "粤B11111"), record=record, moved=(0,))[0].blocks


def test_a_line_without_colour_takes_the_recorded_one() -> None:
    (one,) = settled(replace(line(2, "粤B11111"), colour=""), record=(OnRecord(1, "粤B11111", "yellow", None),))
    assert (one.colour, one.vehicle_id) == ("yellow", 1)


# --- one call


def test_nobody_without_the_right_takes_a_call(db: Session, cast: Cast) -> None:
    with pytest.raises(NotAllowed):
        take_call(db, read_call(call_form()), by=cast.qian, at=AT)


def test_a_call_needs_its_full_record() -> None:
    with pytest.raises(Invalid) as refused:
        read_call({})
    assert set(refused.value.fields) == {"customer", "contact", "phone", "address", "model", "symptom", "plate"}


def test_a_refused_call_leaves_no_order(db: Session, cast: Cast) -> None:
    owner = customer_named(db, branch_id=cast.sz, name="甲", by=cast.lin, at=AT)
    vehicle_of(db, customer=owner, facts=VehicleFacts("粤B5Q8JF", "blue", None), by=cast.lin, at=AT)
    with pytest.raises(Doubtful) as refused:
        take_call(db, read_call(call_form()), by=cast.lin, at=AT)
    assert refused.value.confirms["plate"].name == "take_over"
    assert db.scalar(sa.select(sa.func.count()).select_from(Order)) == 0


# --- a list of calls


def page_of(client: FlaskClient, name: str = "repair_calls.csv", content: bytes | None = None) -> str:
    return str(send_file(client, "/calls/import", name, content).location)


def test_the_sixty_sample_calls(as_person: SignIn, cast: Cast) -> None:
    client = as_person(cast.lin)
    url = page_of(client)
    rows = re.findall(r'name="rows" value="(\d+)"', client.get(url).text)
    assert len(rows) == 60
    done = client.post(url, data={"rows": rows}, follow_redirects=True)
    assert "60 calls were taken in and wait for approval." in done.text
    with transaction() as db:
        taken = db.scalars(sa.select(Order).order_by(Order.id)).all()
        assert len(taken) == 60
        assert taken[0].received_at == datetime(2026, 12, 2, 0, 5, tzinfo=UTC)
        assert taken[0].symptom == "drift"
        assert db.get_one(Site, taken[0].site_id).source == "file"
    client.post(url, data={"rows": rows})
    again = page_of(client)
    assert 'name="rows"' not in client.get(again).text, "the same file again: all are taken"
    client.post(again, data={"rows": rows})
    with transaction() as db:
        assert db.scalar(sa.select(sa.func.count()).select_from(Order)) == 60


def test_of_the_chosen_calls_all_are_taken_or_none_and_what_is_wrong_is_mended_there(as_person: SignIn, cast: Cast) -> None:
    with transaction() as db:
        owner = customer_named(db, branch_id=cast.sz, name="甲", by=cast.lin, at=AT)
        vehicle_of(db, customer=owner, facts=VehicleFacts("粤B11111", "blue", None), by=cast.lin, at=AT)
    head = "来电时间,客户名称,来电人,来电号码,车牌号,产品型号,地址,故障现象\n"
    body = (
        "2026-12-02 08:05,乙,王,13803552010,粤B11111,GT06N,乙路1号,离线\n"
        "2026-12-02 08:06,乙,,13803552010,粤B22222,GT06N,,离线\n"
        "2026-12-02 08:07,乙,王,13803552010,B33333,GT06N,乙路1号,离线\n"
        "gestern,乙,王,13803552010,粤B44444,GT06N,乙路1号,离线\n"
    )
    client = as_person(cast.lin)
    url = page_of(client, "list.csv", (head + body).encode())
    page = client.get(url).text
    assert "粤B·11111 is on record under 甲." in page and "is not a date" in page
    assert "the caller&#39;s name is missing" in page and "the address is missing" in page
    assert "plate lacks the province" in page
    assert re.findall(r'name="rows" value="(\d+)" data-check checked', page) == ["4"], "only what can be taken is chosen"
    refused = client.post(url, data={"rows": ["2", "3", "4"]})
    assert refused.status_code == 422 and "2 of the chosen calls cannot be taken as they are" in refused.text
    mends = {"cell-3-caller": "李", "was-3-caller": "", "cell-5-at": "2026-12-02 08:08", "was-5-at": "gestern", "then": "take"}
    mended = client.post(url, data={"rows": ["4"], **mends}, follow_redirects=True).text
    assert "What you typed was checked first" in mended and "the address is missing" in mended and "fine now" in mended
    with transaction() as db:
        assert not db.scalars(sa.select(Order)).all()
    done = client.post(url, data={"rows": ["4", "5"]}, follow_redirects=True).text
    assert "2 calls were taken in" in done
    with transaction() as db:
        kept = db.scalars(sa.select(OrderLine).order_by(OrderLine.id)).all()
        assert [[a["code"] for a in line.attention] for line in kept] == [["plate_province"], []]
    by_hand = client.get(url.replace("/calls/import/", "/calls/new?row=2&upload=")).text
    assert 'value="粤B11111"' in by_hand
    key = re.search(r'name="request_key" value="([^"]+)"', by_hand)
    assert key
    client.post("/calls/new", data=call_form(request_key=key[1], plate="粤B55555"))
    assert len(re.findall(r'href="/orders/WX-', client.get(url).text)) == 3, "the list knows what was taken by hand"


def test_a_list_is_its_own_branchs_and_so_are_its_orders(as_person: SignIn, cast: Cast) -> None:
    url = page_of(as_person(cast.lin))
    as_person(cast.lin).post(url, data={"rows": ["2"]})
    stranger = as_person(cast.he)
    assert stranger.get(url).status_code == 404
    assert stranger.post(url, data={"rows": ["3"]}).status_code == 404
    assert stranger.get(url.replace("/calls/import/", "/calls/new?row=2&upload=")).status_code == 404
    own = page_of(stranger)
    assert len(re.findall(r'name="rows"', stranger.get(own).text)) == 60


# --- another branch's vehicle


def elsewhere(db: Session, cast: Cast) -> None:
    owner = customer_named(db, branch_id=cast.gz, name="广州甲", by=cast.he, at=AT)
    vehicle_of(db, customer=owner, facts=VehicleFacts("粤B5Q8JF", "blue", None), by=cast.he, at=AT)


def test_another_branchs_customer_is_not_named_and_his_vehicle_not_taken_over(db: Session, cast: Cast) -> None:
    elsewhere(db, cast)
    for agreed in ("", "粤B·5Q8JF→恒通物流有限公司"):
        with pytest.raises(Invalid) as refused:
            take_call(db, read_call(call_form()), by=cast.lin, at=AT, take_over=agreed)
        assert not isinstance(refused.value, Doubtful)
        assert "on record at another branch" in str(refused.value.fields["plate"]) and "甲" not in str(refused.value.fields)


def test_a_line_of_another_branchs_vehicle_blocks_for_good() -> None:
    record = (OnRecord(1, "粤B11111", "yellow", None, branch="广州"),)
    for moved in ((), (0,)):
        (one,) = settled(line(2, "粤B11111"), record=record, moved=moved)
        assert (one.blocks, one.owner, codes(one)) == (True, None, ["other_branch"])


def test_orders_of_a_vehicle_are_those_one_may_see(db: Session, cast: Cast) -> None:
    order = take_call(db, read_call(call_form()), by=cast.lin, at=AT)
    vehicle_id = order.lines[0].vehicle_id
    assert len(lines_of_vehicle(db, vehicle_id, cast.lin)) == 1 and not lines_of_vehicle(db, vehicle_id, cast.he)
