"""The pages of orders, as the cast sees them."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from dispatch.audit.queries import history
from dispatch.customers.models import Driver, Vehicle
from dispatch.db import transaction
from dispatch.orders.models import Order
from dispatch.words import say, text_to_json
from tests.building import approved, installation_order, repair_order, visit
from tests.conftest import AT, Cast, SignIn
from tests.counting import queries
from tests.orders.building import dispatched, fit, stored

# --- the list


def test_the_list_shows_the_own_branch_only(order: Order, cast: Cast, as_person: SignIn) -> None:
    assert order.number in as_person(cast.lin).get("/orders").text
    elsewhere = as_person(cast.he).get("/orders").text
    assert order.number not in elsewhere and "There are no orders yet." in elsewhere
    assert order.number in as_person(cast.chen).get("/orders").text


def test_technicians_have_no_list(order: Order, cast: Cast, as_person: SignIn) -> None:
    assert as_person(cast.su).get("/orders").status_code == 404


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q={number}", True),
        ("q=恒通", True),
        ("q=18886844318", True),
        ("q=nobody", False),
        ("status=awaiting_approval", True),
        ("status=closed", False),
        ("kind=repair", True),
        ("kind=installation", False),
        ("urgency=normal", True),
        ("urgency=emergency", False),
        ("mine=1", True),
        ("status=nonsense&sort=nonsense&page=minus", True),
        ("page=7", False),
    ],
)
def test_filters_stand_in_the_address(order: Order, cast: Cast, as_person: SignIn, query: str, found: bool) -> None:
    answer = as_person(cast.lin).get("/orders?" + query.format(number=order.number))
    assert answer.status_code == 200
    assert (f"/orders/{order.number}" in answer.text) is found


def test_mine_are_those_i_own(order: Order, cast: Cast, as_person: SignIn) -> None:
    assert order.number not in as_person(cast.wang).get("/orders?mine=1").text


def test_lists_can_be_sorted(order: Order, cast: Cast, as_person: SignIn) -> None:
    with transaction() as db:
        urgent = repair_order(db, cast, urgency="emergency")
    client = as_person(cast.lin)
    for sort, first in (("oldest", order), ("newest", urgent), ("urgent", urgent), ("not_urgent", order), ("wanted", order)):
        page = client.get(f"/orders?sort={sort}").text
        second = urgent if first is order else order
        assert page.index(f"/orders/{first.number}") < page.index(f"/orders/{second.number}")


def test_nothing_matches_offers_to_clear_the_filters(order: Order, cast: Cast, as_person: SignIn) -> None:
    assert "Clear the filters" in as_person(cast.lin).get("/orders?q=zzzz").text


def test_the_list_counts_vehicles(cast: Cast, as_person: SignIn) -> None:
    with transaction() as db:
        installation_order(db, cast, lines=43)
    assert "+42" in as_person(cast.lin).get("/orders").text


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


# --- actions


def test_buttons_come_from_the_lifecycle(order: Order, cast: Cast, as_person: SignIn) -> None:
    own = as_person(cast.lin).get(f"/orders/{order.number}").text
    assert f"/orders/{order.number}/cancel" in own and f"/orders/{order.number}/approve" not in own
    assert "Not possible while it is Awaiting approval." in own
    assert f"/orders/{order.number}/approve" in as_person(cast.wang).get(f"/orders/{order.number}").text


def test_cancelling_asks_for_a_reason(order: Order, cast: Cast, as_person: SignIn) -> None:
    client, url = as_person(cast.lin), f"/orders/{order.number}/cancel"
    refused = client.post(url, data={"version": str(order.version), "reason": "  "})
    assert refused.status_code == 422 and "Please give a reason." in refused.text
    done = client.post(url, data={"version": str(order.version), "reason": "客户取消了"})
    assert done.status_code == 302 and stored(order).status == "cancelled"
    page = client.get(f"/orders/{order.number}").text
    assert "The order is now: Cancelled." in page and "客户取消了" in page and "Withdrawn" in page


def test_a_stale_page_keeps_the_reason_and_offers_it_again(order: Order, cast: Cast, as_person: SignIn) -> None:
    old = order.version
    with transaction() as db:
        approved(db, cast, db.get_one(Order, order.id))
    client = as_person(cast.lin)
    answer = client.post(f"/orders/{order.number}/cancel", data={"version": str(old), "reason": "客户不要了"})
    page = answer.text
    assert answer.status_code == 409 and "Somebody changed this while you were looking at it." in page
    assert "客户不要了</textarea>" in page and f'name="version" value="{stored(order).version}"' in page
    assert stored(order).status == "approved"


@pytest.mark.parametrize("version", ["", "x", "-1", "99999999999999999999"])
def test_a_press_without_a_proper_version_is_stale(order: Order, cast: Cast, as_person: SignIn, version: str) -> None:
    answer = as_person(cast.lin).post(f"/orders/{order.number}/cancel", data={"version": version, "reason": "x"})
    assert answer.status_code == 409 and stored(order).status == "awaiting_approval"


@pytest.mark.parametrize("action", ["follow", "take", "nonsense"])
def test_nobody_presses_what_is_no_button(order: Order, cast: Cast, as_person: SignIn, action: str) -> None:
    assert as_person(cast.wang).post(f"/orders/{order.number}/{action}", data={"version": "1"}).status_code == 404


def test_what_a_role_may_not_do_is_refused_on_the_page(order: Order, cast: Cast, as_person: SignIn) -> None:
    answer = as_person(cast.qian).post(f"/orders/{order.number}/cancel", data={"version": str(order.version), "reason": "x"})
    assert answer.status_code == 403 and "Your role does not allow this." in answer.text


def test_hold_resume_and_rework(order: Order, cast: Cast, as_person: SignIn) -> None:
    wang, lin = as_person(cast.wang), as_person(cast.lin)

    def press(client: FlaskClient, action: str, reason: str = "") -> int:
        answer = client.post(f"/orders/{order.number}/{action}", data={"version": str(stored(order).version), "reason": reason})
        return answer.status_code

    assert press(wang, "reject", "地址不全") == 302 and stored(order).status == "rejected"
    assert press(lin, "rework") == 302 and press(lin, "submit") == 302 and press(wang, "approve") == 302
    assert press(lin, "hold") == 422
    assert press(lin, "hold", "等配件") == 302 and stored(order).waiting_reason == "等配件"
    assert "This order waits: 等配件" in lin.get(f"/orders/{order.number}").text
    assert press(lin, "resume") == 302 and stored(order).status == "approved"


# --- phone and place


def test_asking_for_a_phone_number_is_logged(order: Order, cast: Cast, as_person: SignIn) -> None:
    lin, url = as_person(cast.lin), f"/orders/{order.number}/phone"
    part = lin.post(url, headers={"HX-Request": "true"})
    assert "tel:18886844318" in part.text.replace("-", "") and "<html" not in part.text
    assert "tel:18886844318" in lin.post(url).text
    with transaction() as db:
        entries = history(db, ("order", order.id))
    assert [entry.action for entry in entries[:2]] == ["phone.reveal", "phone.reveal"] and entries[0].by_id == cast.lin.id
    page = lin.get(f"/orders/{order.number}").text
    assert "Asked for the phone number of 张超敏" in page and "tel:" not in page


def test_a_pin_is_read_as_maps_copy_it(order: Order, cast: Cast, as_person: SignIn) -> None:
    lin, url = as_person(cast.lin), f"/orders/{order.number}/pin"
    assert lin.post(url, data={"place": "113.9，22.5", "datum": "wgs84", "accuracy_m": "30"}).status_code == 302
    with transaction() as db:
        site = db.get_one(Order, order.id).site
        assert (site.lat, site.lon, site.accuracy_m, site.source) == (22.5, 113.9, 30, "pin")
    assert lin.post(url, data={"place": "22.5, 113.9", "datum": "gcj02", "accuracy_m": "30"}).status_code == 302
    with transaction() as db:
        site = db.get_one(Order, order.id).site
        assert site.lon is not None and 0.004 < 113.9 - site.lon < 0.006


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"place": "there", "accuracy_m": "20"}, "Write the place as latitude, longitude"),
        ({"place": "0, 0", "accuracy_m": "20"}, "There is no such place on earth."),
        ({"place": "22.5, 113.9", "accuracy_m": "0"}, "Write whole metres"),
        ({"place": "22.5, 113.9", "accuracy_m": "20", "datum": "mars"}, "Choose one of the maps."),
    ],
)
def test_a_wrong_pin_keeps_what_was_typed(
    order: Order, cast: Cast, as_person: SignIn, typed: dict[str, str], sentence: str
) -> None:
    answer = as_person(cast.lin).post(f"/orders/{order.number}/pin", data=typed)
    assert answer.status_code == 422 and sentence in answer.text and f'value="{typed["place"]}"' in answer.text


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
