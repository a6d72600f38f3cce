"""The page of one order, short or long, and what orders' pages cost."""

from __future__ import annotations

from sqlalchemy.orm import Session

from dispatch.customers.models import Driver, Vehicle
from dispatch.db import transaction
from dispatch.orders.models import Order
from dispatch.words import say, text_to_json
from tests.building import approved, installation_order, repair_order, visit
from tests.conftest import AT, Cast, SignIn
from tests.counting import queries
from tests.orders.building import dispatched, fit, stored

# --- one order


def test_somebody_elses_order_by_typed_address(order: Order, cast: Cast, as_person: SignIn) -> None:
    client = as_person(cast.he)
    assert client.get(f"/orders/{order.number}").status_code == 404
    assert client.post(f"/orders/{order.number}/cancel", data={"version": "1", "reason": "x"}).status_code == 404
    assert client.post(f"/orders/{order.number}/phone").status_code == 404
    assert client.post(f"/orders/{order.number}/pin", data={"place": "22.6, 113.8", "accuracy_m": "20"}).status_code == 404
    assert stored(order).status == "awaiting_approval"
    assert as_person(cast.lin).get("/orders/WX-20990101-001").status_code == 404


def test_a_technician_sees_the_orders_he_is_sent_to(order: Order, cast: Cast, as_person: SignIn) -> None:
    with transaction() as db:
        kept = db.get_one(Order, order.id)
        approved(db, cast, kept)
        made = visit(db, cast, kept, cast.su, hour=1)
    su = as_person(cast.su)
    assert su.get(f"/orders/{order.number}").status_code == 404
    with transaction() as db:
        other = repair_order(db, cast)
        dispatched(db, cast, other, cast.su, hour=4)
    page = su.get(f"/orders/{other.number}")
    assert page.status_code == 200 and "18886844318" not in page.text
    assert as_person(cast.wei).get(f"/orders/{other.number}").status_code == 404
    assert made.status == "planned"


def test_the_page_tells_what_is_known(order: Order, cast: Cast, as_person: SignIn) -> None:
    with transaction() as db:
        fit(db, cast, order.lines[0].vehicle_id)
    page = as_person(cast.lin).get(f"/orders/{order.number}").text
    for told in (
        "恒通物流有限公司",
        "终端不上线三天",
        "188****4318",
        "12 months from installation on 2026-12-02",
        "Order taken: one vehicle",
    ):
        assert told in page
    assert "18886844318" not in page


def test_forty_five_lines_with_their_history(cast: Cast, as_person: SignIn) -> None:
    with transaction() as db:
        large = installation_order(db, cast, lines=45)
        dispatched(db, cast, large, cast.su)
        for line in large.lines:
            fit(db, cast, line.vehicle_id, order_id=large.id)
    page = as_person(cast.lin).get(f"/orders/{large.number}").text
    assert "45 vehicles" in page and "Visit planned: 苏杰, 12-02 10:00" in page and "苏杰 is sent" in page
    assert "Approved</del>" in page and "Dispatched</ins>" in page


def test_doubts_kept_with_a_line_are_shown(order: Order, cast: Cast, as_person: SignIn) -> None:
    with transaction() as db:
        line = db.get_one(Order, order.id).lines[0]
        line.attention = [{"code": "vin", "msgid": "%(n)s characters are missing", "params": {"n": 2}}, "odd"]
    assert "2 characters are missing" in as_person(cast.lin).get(f"/orders/{order.number}").text


# --- a long order


def test_what_comes_next_stands_before_the_vehicles(cast: Cast, as_person: SignIn) -> None:
    with transaction() as db:
        large = installation_order(db, cast, lines=43)
    page = as_person(cast.lin).get(f"/orders/{large.number}").text
    places = [page.index(f"<h2>{head}</h2>") for head in ("Facts", "Visits", "Approvals", "What can be done", "43 vehicles")]
    assert places == sorted(places)


def test_a_long_list_is_folded_and_a_short_one_is_not(cast: Cast, as_person: SignIn) -> None:
    with transaction() as db:
        large, small = installation_order(db, cast, lines=43), installation_order(db, cast, lines=12)
    client = as_person(cast.lin)
    page = client.get(f"/orders/{large.number}").text
    assert page.count('class="line-later"') == 31 and "Show all 43 vehicles" in page
    page = client.get(f"/orders/{small.number}").text
    assert "line-later" not in page and "show-all" not in page


def test_a_line_that_wants_a_look_is_never_folded_away(cast: Cast, as_person: SignIn) -> None:
    with transaction() as db:
        large = installation_order(db, cast, lines=20)
        db.refresh(large, ["lines"])
        large.lines[18].attention = [text_to_json(say("VIN has 16 characters"))]
    page = as_person(cast.lin).get(f"/orders/{large.number}").text
    assert page.count('class="line-later"') == 7 and "VIN has 16 characters" in page


def test_a_line_tells_vin_and_drivers(order: Order, cast: Cast, as_person: SignIn) -> None:
    with transaction() as db:
        vehicle = db.get_one(Vehicle, order.lines[0].vehicle_id)
        vehicle.vin = "LFW9PCF45SB252353"
        vehicle.drivers = [Driver(name="李磊涛", shift="day"), Driver(name="王强", shift="night")]
    page = as_person(cast.lin).get(f"/orders/{order.number}").text
    assert "…SB252353" in page and "李磊涛 / 王强" in page


# --- cost


def test_no_page_asks_the_database_much(db: Session, cast: Cast, as_person: SignIn) -> None:
    with transaction() as opened:
        repair = repair_order(opened, cast, purchased_on=AT.date())
        large = installation_order(opened, cast, lines=45)
        made = dispatched(opened, cast, large, cast.su)
        fit(opened, cast, repair.lines[0].vehicle_id)
    assert made.id
    for person in (cast.lin, cast.wang, cast.chen):
        client = as_person(person)
        client.get("/orders")
        for url in ("/orders", "/orders?q=恒通", f"/orders/{repair.number}", f"/orders/{large.number}", "/approvals"):
            with queries() as sent:
                answer = client.get(url)
            assert len(sent) <= 12, (person.name, url, len(sent))
            assert answer.status_code == (404 if url == "/approvals" and person is cast.lin else 200)
