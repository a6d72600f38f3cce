"""Station 1: a call is found, written down and saved in one step."""

from __future__ import annotations

import json
import re
from datetime import date
from html import unescape

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from dispatch.audit.models import AuditEntry
from dispatch.customers.models import Contact, Customer, Site, Vehicle
from dispatch.customers.operations import Pin, VehicleFacts, contact_of, customer_named, site_of, vehicle_of
from dispatch.db import transaction
from dispatch.devices.models import Unit
from dispatch.devices.operations import NewSim, NewTerminal, move_units, receive_sims, receive_terminals, slot_of, store_named
from dispatch.intake.wording import starting_field
from dispatch.orders.models import Order
from tests.building import approved, visit
from tests.conftest import AT, Cast, SignIn
from tests.counting import queries
from tests.intake.building import ADDRESS, call_form


def orders() -> list[Order]:
    with transaction() as db:
        return list(db.scalars(sa.select(Order).options(selectinload(Order.lines)).order_by(Order.id)))


def filled(page: str) -> dict[str, str]:
    """What a fragment puts into the call's fields."""
    data = re.search(r'data-fill="([^"]+)"', page)
    assert data
    values: dict[str, str] = json.loads(unescape(data[1]))
    return values


@pytest.fixture
def known(database: str, cast: Cast) -> int:
    """A vehicle with driver, terminal and SIM, of a customer with a contact and a site; the vehicle's id."""
    with transaction() as db:
        owner = customer_named(db, branch_id=cast.sz, name="恒通物流有限公司", by=cast.lin, at=AT)
        contact_of(db, customer=owner, name="张超敏", phone="0755-26556565转801")
        site_of(db, customer=owner, address=ADDRESS, pin=Pin(22.639, 113.811, "file", 100), by=cast.lin, at=AT)
        facts = VehicleFacts("粤B5Q8JF", "yellow", "LSGPC52U6AF102554", drivers=(("李磊涛", "13899603082", None),))
        vehicle = vehicle_of(db, customer=owner, facts=facts, by=cast.lin, at=AT)
        store = store_named(db, branch_id=cast.sz, name="主库")
        receive_terminals(db, [NewTerminal("SN100200300", "BD-808A", warranty_months=24)], store=store, by=cast.wang, at=AT)
        receive_sims(db, [NewSim("89860619000012345678", "8986061900001234567")], store=store, by=cast.wang, at=AT)
        slot = slot_of(db, vehicle_id=vehicle.id, branch_id=cast.sz)
        move_units(db, list(db.scalars(sa.select(Unit.id))), to=slot, reason="fit", by=cast.wang, at=AT)
        return vehicle.id


def test_a_call_of_a_new_customer_becomes_a_whole_order(as_person: SignIn, cast: Cast) -> None:
    client = as_person(cast.lin)
    sent = client.post(
        "/calls/new", data=call_form(purchased_on="不详", wanted_on="2026-12-03", window_from="9:00", window_to="11:30")
    )
    (order,) = orders()
    assert sent.status_code == 302
    assert sent.location == f"/orders/{order.number}"
    assert (order.kind, order.status, order.symptom, order.urgency) == ("repair", "awaiting_approval", "offline", "urgent")
    assert (order.contact_name, order.contact_phone, order.purchased_on) == ("华丽", "13350921198", None)
    assert (order.wanted_on, str(order.window_from), str(order.window_to)) == (date(2026, 12, 3), "09:00:00", "11:30:00")
    with transaction() as db:
        vehicle = db.get_one(Vehicle, order.lines[0].vehicle_id)
        site = db.get_one(Site, order.site_id)
    assert (vehicle.plate, vehicle.plate_colour) == ("粤B5Q8JF", "blue")
    assert (site.lat, site.lon, site.source) == (22.639, 113.811, "pin")


def test_save_and_next_leads_to_an_empty_call_that_names_the_order(as_person: SignIn, cast: Cast) -> None:
    sent = as_person(cast.lin).post("/calls/new", data=call_form(then="next"), follow_redirects=True)
    assert sent.request.path == "/calls/new"
    assert f'href="/orders/{orders()[0].number}"' in sent.text


def test_a_known_vehicle_keeps_its_colour_and_its_place_its_source(as_person: SignIn, cast: Cast, known: int) -> None:
    as_person(cast.lin).post("/calls/new", data=call_form())
    (order,) = orders()
    assert order.lines[0].vehicle_id == known
    with transaction() as db:
        site = db.get_one(Site, order.site_id)
        assert (site.source, site.accuracy_m) == ("file", 100)
        assert db.scalar(sa.select(sa.func.count()).select_from(Customer)) == 1


def test_a_second_press_finds_the_same_order(as_person: SignIn, cast: Cast) -> None:
    client, form = as_person(cast.lin), call_form()
    first, second = client.post("/calls/new", data=form), client.post("/calls/new", data=form)
    assert first.location == second.location
    assert len(orders()) == 1


def test_another_customers_plate_is_said_beside_it_and_moved_only_on_the_word(as_person: SignIn, cast: Cast, known: int) -> None:
    client, form = as_person(cast.lin), call_form(customer="平安旅游客运", plate="粤B5Q8JF")
    refused = client.post("/calls/new", data=form)
    assert refused.status_code == 422
    assert "粤B·5Q8JF is on record under 恒通物流有限公司." in refused.text
    assert not orders()
    box = re.search(r'name="take_over" value="([^"]+)"', refused.text)
    assert box
    elsewhere = client.post("/calls/new", data=form | {"take_over": box[1], "customer": "顺安运输"})
    assert elsewhere.status_code == 422, "the word was given for another customer"
    assert client.post("/calls/new", data=form | {"take_over": unescape(box[1])}).status_code == 302
    with transaction() as db:
        assert db.get_one(Vehicle, known).customer.name == "平安旅游客运"


def test_a_number_with_extension_is_understood(as_person: SignIn, cast: Cast) -> None:
    as_person(cast.lin).post("/calls/new", data=call_form(phone="0755-26556565转801"))
    with transaction() as db:
        contact = db.scalars(sa.select(Contact)).one()
    assert (orders()[0].contact_phone, contact.phone_digits) == ("075526556565-801", "075526556565")


def test_an_unplated_vehicle_is_taken_by_its_vin(as_person: SignIn, cast: Cast) -> None:
    as_person(cast.lin).post("/calls/new", data=call_form(plate="无牌", vin="lsgpc52u6af102554"))
    with transaction() as db:
        vehicle = db.scalars(sa.select(Vehicle)).one()
    assert (vehicle.plate, vehicle.plate_colour, vehicle.vin) == (None, None, "LSGPC52U6AF102554")


def test_errors_stand_beside_their_fields_and_all_that_was_typed_stays(as_person: SignIn, cast: Cast) -> None:
    wrong = call_form(
        customer="", plate="", symptom_text="", place="somewhere", purchased_on="gestern", window_from="10:00", note="备注甲"
    )
    page = as_person(cast.lin).post("/calls/new", data=wrong)
    assert page.status_code == 422
    marked = set(re.findall(r'id="f-(\w+)-error"', page.text))
    assert {"customer", "plate", "place", "purchased_on", "window_to"} <= marked
    assert "Choose a symptom" in page.text
    for kept in ("华丽", "133 5092 1198", "gestern", "somewhere", "备注甲", wrong["request_key"]):
        assert kept in page.text
    assert not orders()


def test_what_only_looks_wrong_can_be_confirmed_and_stays_confirmed(as_person: SignIn, cast: Cast) -> None:
    client, form = as_person(cast.lin), call_form(plate="B5Q8JF", phone="12345")
    asked = client.post("/calls/new", data=form)
    assert asked.status_code == 422
    assert "plate lacks the province" in asked.text
    once = client.post("/calls/new", data=form | {"sure_plate": "B5Q8JF"})
    assert '<input type="hidden" name="sure_plate" value="B5Q8JF">' in once.text
    assert 'name="sure_phone" value="12345"' in once.text
    assert client.post("/calls/new", data=form | {"sure_plate": "B5Q8JF", "sure_phone": "12345"}).status_code == 302
    other = client.post("/calls/new", data=call_form(plate="B5Q8JX", sure_plate="B5Q8JF"))
    assert other.status_code == 422, "another plate has to be confirmed anew"


@pytest.mark.parametrize(
    ("words", "hit"),
    [
        ("5q8jf", "found-v"),
        ("138 9960 3082", "found-d"),
        ("0755-26556565转801", "found-c"),
        ("恒通", "found-k"),
        ("6565", "found-c"),
    ],
)
def test_a_caller_is_found_by_plate_phone_or_name(as_person: SignIn, cast: Cast, known: int, words: str, hit: str) -> None:
    assert f'id="{hit}' in as_person(cast.lin).get("/calls/find", query_string={"q": words}, headers={"HX-Request": "true"}).text


def test_another_branch_finds_nothing_and_may_not_ask(as_person: SignIn, cast: Cast, known: int) -> None:
    client = as_person(cast.he)
    found = client.get("/calls/find", query_string={"q": "5q8jf"}).text
    assert "found-v" not in found
    assert client.get(f"/calls/known?vehicle_id={known}").status_code == 404
    assert "data-fill" not in client.get("/calls/known?plate=粤B5Q8JF").text


@pytest.mark.parametrize("asked", ["vehicle_id={known}", "plate=粤b5q8jf", "vin=LSGPC52U6AF102554", "customer=恒通物流有限公司"])
def test_what_is_known_fills_the_call(as_person: SignIn, cast: Cast, known: int, asked: str) -> None:
    page = as_person(cast.lin).get(f"/calls/known?{asked.format(known=known)}", headers={"HX-Request": "true"}).text
    values = filled(page)
    assert values["contact"] == "张超敏"
    assert values["plate"] == "粤B5Q8JF"
    assert (values["colour"], values["model"], values["address"], values["place"]) == (
        "yellow",
        "BD-808A",
        ADDRESS,
        "22.639, 113.811",
    )
    assert "In warranty until 2028-12-02" in page
    assert "24 months from installation on 2026-12-02" in page


def test_a_driver_who_calls_is_the_contact(as_person: SignIn, cast: Cast, known: int) -> None:
    client = as_person(cast.lin)
    found = client.get("/calls/find?q=13899603082").text
    address = re.search(r'id="found-d\d+"[^>]*data-known="([^"]+)"', found)
    assert address
    values = filled(client.get(unescape(address[1])).text)
    assert (values["contact"], values["phone"]) == ("李磊涛", "13899603082")


def test_that_a_number_was_shown_is_written_down(as_person: SignIn, cast: Cast, known: int) -> None:
    as_person(cast.lin).get(f"/calls/known?vehicle_id={known}")
    with transaction() as db:
        (entry,) = db.scalars(sa.select(AuditEntry).where(AuditEntry.action == "phone.reveal"))
    assert (entry.by_id, entry.detail) == (cast.lin.id, {"name": "张超敏"})


def test_an_open_order_of_the_vehicle_is_shown(as_person: SignIn, cast: Cast, known: int) -> None:
    client = as_person(cast.lin)
    client.post("/calls/new", data=call_form())
    assert f'href="/orders/{orders()[0].number}"' in client.get(f"/calls/known?vehicle_id={known}").text


def test_warranty_from_a_purchase_date_that_was_only_named(as_person: SignIn, cast: Cast, known: int) -> None:
    text = as_person(cast.lin).get("/calls/warranty", query_string={"purchased_on": "2023/12/02", "model": "BD-808A 主机"}).text
    assert "24 months from purchase on 2023-12-02" in text


def test_the_place_of_an_address_is_remembered(as_person: SignIn, cast: Cast, known: int) -> None:
    client = as_person(cast.lin)
    assert client.get("/calls/place", query_string={"address": ADDRESS}).json == {"place": "22.639, 113.811"}
    assert client.get("/calls/place", query_string={"address": "别处"}).json == {"place": ""}


def test_a_technician_has_no_such_page(as_person: SignIn, cast: Cast) -> None:
    client = as_person(cast.su)
    assert client.get("/calls/new").status_code == 404
    assert client.post("/calls/new", data=call_form()).status_code == 404


def test_nonsense_never_breaks_the_page(as_person: SignIn, cast: Cast) -> None:
    client = as_person(cast.lin)
    assert client.get("/calls/find", query_string={"q": "\x00'%_\\" * 40}).status_code == 200
    assert client.get("/calls/known?vehicle_id=99999999999999999999&contact_id=abc").status_code == 200
    assert client.get("/calls/known?vehicle_id=999999").status_code == 404
    assert client.post("/calls/new", data=call_form(note="\x00" + "长" * 5000, request_key="nonsense")).status_code == 422


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ("13826551234", "phone"),
        ("2655 1234", "phone"),
        ("粤B·12345", "plate"),
        ("LSGPC52U6AF102554", "vin"),
        ("恒通物流", "customer"),
        ("1", ""),
    ],
)
def test_what_nobody_has_goes_into_the_field_it_belongs_to(words: str, field: str) -> None:
    assert starting_field(words) == field


def test_a_full_page_makes_few_queries(as_person: SignIn, cast: Cast, known: int) -> None:
    client = as_person(cast.lin)
    client.post("/calls/new", data=call_form())
    with queries() as seen:
        assert client.get(f"/calls/new?vehicle_id={known}").status_code == 200
    assert len(seen) <= 12, "\n".join(seen)


def test_the_start_of_a_number_finds_contact_and_driver(as_person: SignIn, cast: Cast, known: int) -> None:
    client = as_person(cast.lin)
    with transaction() as db:
        owner = customer_named(db, branch_id=cast.sz, name="恒通物流有限公司", by=cast.lin, at=AT)
        contact_of(db, customer=owner, name="范健平", phone="13350921198")
    assert "范健平" in client.get("/calls/find?q=1335092").text
    assert "范健平" in client.get("/search?q=1335092", headers={"HX-Request": "true"}).text
    for words in ("1389960", "138-9960", "+86 1389960", "13899603082"):
        assert "李磊涛" in client.get("/calls/find", query_string={"q": words}).text, words
        assert "李磊涛" in client.get("/search", query_string={"q": words}, headers={"HX-Request": "true"}).text, words
    assert "李磊涛" not in client.get("/calls/find?q=9960308").text
    assert "李磊涛" not in as_person(cast.he).get("/calls/find?q=1389960").text


def test_an_open_order_says_what_it_is_about_and_when_somebody_comes(as_person: SignIn, cast: Cast, known: int) -> None:
    client = as_person(cast.lin)
    client.post("/calls/new", data=call_form(symptom="offline"))
    page = client.get(f"/calls/known?vehicle_id={known}").text
    assert "Is it about one of these?" in page and "终端不上线三天" in page and "No visit planned yet" in page
    with transaction() as db:
        order = approved(db, cast, db.scalars(sa.select(Order)).one())
        visit(db, cast, order, cast.su, starts_at=AT, minutes=60)
    page = client.get(f"/calls/known?vehicle_id={known}").text
    assert "No visit planned yet" not in page and "Planned" in page


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("恒通物流公司", True),
        ("深圳市恒通物流有限公司", True),
        ("恒通物流", True),
        ("平安旅游客运", False),
        ("恒通物流有限公司", False),
    ],
)
def test_a_customer_of_a_similar_name_is_shown(as_person: SignIn, cast: Cast, known: int, name: str, asked: bool) -> None:
    page = as_person(cast.lin).get("/calls/known", query_string={"customer": name}).text
    assert ("A new customer, or one of these?" in page) is asked
