"""Station 1: a call is written down and saved in one step."""

from __future__ import annotations

import re
from datetime import date
from html import unescape

import sqlalchemy as sa

from dispatch.customers.models import Contact, Customer, Site, Vehicle
from dispatch.db import transaction
from tests.conftest import Cast, SignIn
from tests.counting import queries
from tests.intake.building import call_form, orders


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
        customer="",
        plate="",
        symptom_text="",
        place="somewhere",
        purchased_on="gestern",
        wanted_on="2027-02-29",
        window_from="10:00",
        note="备注甲",
    )
    page = as_person(cast.lin).post("/calls/new", data=wrong)
    assert page.status_code == 422
    marked = set(re.findall(r'id="f-(\w+)-error"', page.text))
    assert {"customer", "plate", "place", "purchased_on", "wanted_on", "window_to"} <= marked and "2027-02-29" in page.text
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


def test_a_full_page_makes_few_queries(as_person: SignIn, cast: Cast, known: int) -> None:
    client = as_person(cast.lin)
    client.post("/calls/new", data=call_form())
    with queries() as seen:
        assert client.get(f"/calls/new?vehicle_id={known}").status_code == 200
    assert len(seen) <= 12, "\n".join(seen)
