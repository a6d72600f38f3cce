"""The pages of customers and vehicles, as the cast sees them."""

from __future__ import annotations

import pytest

from dispatch.audit.queries import history
from dispatch.customers.models import Customer, Driver, Vehicle
from dispatch.customers.operations import contact_of
from dispatch.db import transaction
from dispatch.devices.fitting import swap
from dispatch.orders.models import Order
from tests.building import repair_order
from tests.building import vehicle as make_vehicle
from tests.conftest import AT, Cast, SignIn
from tests.counting import queries
from tests.devices.building import carried, work
from tests.orders.building import fit


@pytest.fixture
def order(app: object, cast: Cast) -> Order:
    """A repair order, with its customer, site, contact and vehicle."""
    with transaction() as db:
        made = repair_order(db, cast)
        contact_of(db, customer=made.customer, name="张超敏", phone="18886844318")
        return made


def vehicle_of(order: Order) -> Vehicle:
    with transaction() as db:
        return db.get_one(Vehicle, order.lines[0].vehicle_id)


def customer_of(order: Order) -> Customer:
    with transaction() as db:
        return db.get_one(Customer, order.customer_id)


def test_customers_are_found_by_name_phone_and_plate(order: Order, cast: Cast, as_person: SignIn) -> None:
    lin = as_person(cast.lin)
    for words in ("", "恒通", "18886844318", vehicle_of(order).plate or "", "188 8684 4318".replace(" ", "")):
        assert f"/customers/{order.customer_id}" in lin.get("/customers", query_string={"q": words}).text
    assert "No customer matches." in lin.get("/customers?q=zzz").text
    assert f"/customers/{order.customer_id}" not in as_person(cast.he).get("/customers").text


def test_what_is_not_the_readers_is_not_there(order: Order, cast: Cast, as_person: SignIn) -> None:
    vehicle = vehicle_of(order)
    for person in (cast.he, cast.su):
        client = as_person(person)
        assert client.get(f"/customers/{order.customer_id}").status_code == 404
        assert client.get(f"/vehicles/{vehicle.id}").status_code == 404
    he = as_person(cast.he)
    assert he.post(f"/customers/{order.customer_id}/edit", data={"name": "x", "tier": "c", "version": "1"}).status_code == 404
    assert (
        he.post(f"/vehicles/{vehicle.id}/edit", data={"plate": "粤B1", "plate_colour": "blue", "version": "1"}).status_code == 404
    )
    assert (
        he.post(
            f"/customers/{order.customer_id}/sites/{order.site_id}/pin", data={"place": "1, 2", "accuracy_m": "9"}
        ).status_code
        == 404
    )
    assert as_person(cast.lin).get("/customers/999999").status_code == 404


def test_a_customer_is_shown_with_masked_numbers(order: Order, cast: Cast, as_person: SignIn) -> None:
    with transaction() as db:
        terminal, _sim = fit(db, cast, order.lines[0].vehicle_id)
    page = as_person(cast.lin).get(f"/customers/{order.customer_id}").text
    assert order.number in page and "188****4318" in page and "18886844318" not in page and f"/units/{terminal.id}" in page


def test_asking_for_a_contacts_number_is_logged(order: Order, cast: Cast, as_person: SignIn) -> None:
    with transaction() as db:
        contact = db.get_one(Customer, order.customer_id).contacts[0]
    url = f"/customers/{order.customer_id}/contacts/{contact.id}/phone"
    assert "tel:18886844318" in as_person(cast.lin).post(url, headers={"HX-Request": "true"}).text.replace("-", "")
    with transaction() as db:
        newest = history(db, ("customer", order.customer_id))[0]
    assert newest.action == "phone.reveal" and newest.by_id == cast.lin.id and newest.detail["contact"] == contact.id
    assert as_person(cast.lin).post(f"/customers/{order.customer_id}/contacts/999999/phone").status_code == 404


def test_a_drivers_number_is_logged_too(order: Order, cast: Cast, as_person: SignIn) -> None:
    with transaction() as db:
        vehicle = db.get_one(Vehicle, order.lines[0].vehicle_id)
        vehicle.drivers.append(Driver(name="李师傅", phone="13912345678"))
        db.flush()
        driver_id = vehicle.drivers[0].id
    client = as_person(cast.lin)
    page = client.get(f"/vehicles/{vehicle.id}").text
    assert "139****5678" in page and "13912345678" not in page
    assert "tel:13912345678" in client.post(f"/vehicles/{vehicle.id}/drivers/{driver_id}/phone").text.replace("-", "")
    with transaction() as db:
        assert history(db, ("vehicle", vehicle.id))[0].action == "phone.reveal"


def test_a_new_customer_with_a_contact(app: object, cast: Cast, as_person: SignIn) -> None:
    lin = as_person(cast.lin)
    typed = {"name": "南方冷链", "tier": "a", "contact_name": "陈小姐", "contact_phone": "0755-26556565转801"}
    answer = lin.post("/customers/new", data=typed)
    assert answer.status_code == 302
    assert "陈小姐" in lin.get(answer.location).text
    again = lin.post("/customers/new", data=typed)
    assert (
        again.status_code == 422
        and "A customer of this name is already on record." in again.text
        and "0755-26556565转801" in again.text
    )


def test_a_new_customer_says_all_that_is_wrong(app: object, cast: Cast, as_person: SignIn) -> None:
    answer = as_person(cast.lin).post("/customers/new", data={"name": "", "tier": "z", "contact_phone": "12"})
    assert answer.status_code == 422
    for sentence in ("Please fill this in.", "Choose one of the tiers.", "is not a complete phone number"):
        assert sentence in answer.text
    assert as_person(cast.qian).get("/customers/new").status_code == 404


def test_a_new_name_finds_the_old_orders(order: Order, cast: Cast, as_person: SignIn) -> None:
    lin, version = as_person(cast.lin), customer_of(order).version
    typed = {"name": "顺达运输", "tier": "vip", "note": "月结", "version": str(version)}
    assert lin.post(f"/customers/{order.customer_id}/edit", data=typed).status_code == 302
    assert order.number in lin.get("/orders?q=顺达").text and order.number not in lin.get("/orders?q=恒通").text
    with transaction() as db:
        changed = history(db, ("customer", order.customer_id))[0]
    assert changed.action == "customer.change" and changed.detail["name"] == ["恒通物流有限公司", "顺达运输"]
    stale = lin.post(f"/customers/{order.customer_id}/edit", data=typed | {"name": "别的"})
    assert stale.status_code == 409 and 'value="别的"' in stale.text


def test_a_plate_is_corrected_and_orders_are_found_by_it(order: Order, cast: Cast, as_person: SignIn) -> None:
    lin, vehicle = as_person(cast.lin), vehicle_of(order)
    typed = {"plate": "粤b·7K2M9", "plate_colour": "yellow", "version": str(vehicle.version), "make": "解放"}
    assert lin.post(f"/vehicles/{vehicle.id}/edit", data=typed).status_code == 302
    assert (vehicle_of(order).plate, vehicle_of(order).make) == ("粤B7K2M9", "解放")
    assert order.number in lin.get("/orders?q=粤B7K2M9").text


def test_a_plate_of_another_vehicle_is_refused(order: Order, cast: Cast, as_person: SignIn) -> None:
    with transaction() as db:
        other = make_vehicle(db, cast, customer="顺达运输")
    lin, vehicle = as_person(cast.lin), vehicle_of(order)
    answer = lin.post(
        f"/vehicles/{vehicle.id}/edit", data={"plate": other.plate, "plate_colour": "yellow", "version": str(vehicle.version)}
    )
    assert answer.status_code == 422 and "is on record under 顺达运输." in answer.text and f'value="{other.plate}"' in answer.text


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"plate": "", "vin": ""}, "A vehicle needs a plate or a VIN."),
        ({"plate": "粤B12345", "plate_colour": ""}, "Choose the colour of the plate."),
        ({"plate": "粤B12345", "plate_colour": "blue", "purchased_on": "soon"}, "is not a date"),
    ],
)
def test_wrong_vehicle_facts(order: Order, cast: Cast, as_person: SignIn, typed: dict[str, str], sentence: str) -> None:
    vehicle = vehicle_of(order)
    answer = as_person(cast.lin).post(f"/vehicles/{vehicle.id}/edit", data=typed | {"version": str(vehicle.version)})
    assert answer.status_code == 422 and sentence in answer.text


def test_a_strange_plate_is_taken_when_it_is_said_to_be_right(order: Order, cast: Cast, as_person: SignIn) -> None:
    lin, vehicle = as_person(cast.lin), vehicle_of(order)
    typed = {"plate": "ZZ99", "plate_colour": "blue", "version": str(vehicle.version)}
    asked = lin.post(f"/vehicles/{vehicle.id}/edit", data=typed)
    assert asked.status_code == 422 and "It is right as typed" in asked.text
    assert lin.post(f"/vehicles/{vehicle.id}/edit", data=typed | {"sure": "1"}).status_code == 302
    assert vehicle_of(order).plate == "ZZ99"


def test_contacts_and_pins_are_added_on_the_customers_page(order: Order, cast: Cast, as_person: SignIn) -> None:
    lin, url = as_person(cast.lin), f"/customers/{order.customer_id}"
    assert lin.post(f"{url}/contacts", data={"contact_name": "李娜", "contact_phone": "139 1234 5678"}).status_code == 302
    half = lin.post(f"{url}/contacts", data={"contact_name": "李娜"})
    assert half.status_code == 422 and 'value="李娜"' in half.text
    assert lin.post(f"{url}/sites/{order.site_id}/pin", data={"place": "22.7,113.9", "accuracy_m": "50"}).status_code == 302
    wrong = lin.post(f"{url}/sites/{order.site_id}/pin", data={"place": "?", "accuracy_m": "50"})
    assert wrong.status_code == 422 and "Write the place as latitude, longitude" in wrong.text
    assert "李娜" in lin.get(url).text


def test_the_life_of_a_vehicle_tells_a_swap(order: Order, cast: Cast, as_person: SignIn) -> None:
    vehicle_id = order.lines[0].vehicle_id
    with transaction() as db:
        old, _sim = fit(db, cast, vehicle_id)
        [new, card] = carried(db, cast, cast.su, boxes=1, cards=1)
        for unit in (new, card):
            swap(db, work(order), unit.id, by=cast.su, at=AT)
    page = as_person(cast.lin).get(f"/vehicles/{vehicle_id}").text
    assert "Terminal swapped" in page and "SIM swapped" in page
    assert page.count(f"/units/{new.id}") >= 2 and page.count(f"/units/{old.id}") >= 2 and order.number in page


def test_no_page_asks_the_database_much(order: Order, cast: Cast, as_person: SignIn) -> None:
    with transaction() as db:
        fit(db, cast, order.lines[0].vehicle_id, order_id=order.id)
    for person in (cast.lin, cast.wang, cast.chen):
        client = as_person(person)
        client.get("/customers")
        for url in (
            "/customers",
            "/customers?q=恒通",
            f"/customers/{order.customer_id}",
            f"/vehicles/{order.lines[0].vehicle_id}",
        ):
            with queries() as sent:
                assert client.get(url).status_code == 200
            assert len(sent) <= 12, (person.name, url, len(sent))
