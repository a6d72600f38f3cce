"""What can be pressed on an order's page: its actions, the phone number, the place on the map."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from dispatch.audit.queries import history
from dispatch.clock import now
from dispatch.db import transaction
from dispatch.orders.models import Order
from tests.building import approved
from tests.conftest import Cast, SignIn
from tests.orders.building import stored

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

    def put_off(client: FlaskClient) -> int:
        day = (now() + timedelta(days=3)).date().isoformat()
        typed = {"version": str(stored(order).version), "why": "part", "words": "等主机", "next_on": day}
        return client.post(f"/orders/{order.number}/wait", data=typed).status_code

    assert press(wang, "reject", "地址不全") == 302 and stored(order).status == "rejected"
    assert press(lin, "rework") == 302 and press(lin, "submit") == 302 and press(wang, "approve") == 302
    assert press(lin, "hold", "等配件") == 404, "it waits by a form of its own"
    assert press(lin, "resume") == 422 and put_off(lin) == 302 and stored(order).waiting_reason == "等主机"
    assert "This order waits" in lin.get(f"/orders/{order.number}").text
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
