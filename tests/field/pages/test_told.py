"""The test-run on the phone while the terminal reports: what it proves is proposed, what it contradicts does not simply pass."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from dispatch.devices.models import Unit
from dispatch.field.models import Arrival, TestResult
from dispatch.orders.models import Order, Visit
from tests.conftest import AT, Cast, SignIn
from tests.counting import queries
from tests.field.building import do, fitted_long_ago, fresh
from tests.field.phone import Phone, at
from tests.field.test_proving import HERE, tell

ARRIVED = AT + timedelta(hours=4)
"""After all that is done in the tests of a run."""


@pytest.fixture
def box(db: Session, cast: Cast, order: Order, on_site: Visit) -> Unit:
    """The terminal in the vehicle; Su has said where he is, and that he has just come."""
    found, _ = fitted_long_ago(db, cast, order.lines[0])
    assert found.terminal is not None
    found.terminal.phone_808, found.terminal.terminal_id = "013912344323", "4316102"
    on_site.arrived_at = ARRIVED
    arrival = db.get_one(Arrival, on_site.id)
    arrival.lat, arrival.lon = HERE
    db.commit()
    return found


def told(db: Session, unit: Unit, *facts: dict[str, Any]) -> None:
    """The terminal says these things."""
    for fact in facts:
        tell(db, unit, **fact)
    db.commit()


def lines(page: str) -> dict[str, str]:
    """What the page says of each point."""
    found = re.findall(r'<div class="told[^>]*id="told-(\w+)".*?<p>(.*?)</p>', page, re.S)
    return {item: re.sub(r"<[^>]+>|\s+", " ", text).strip() for item, text in found}


def checked(page: str) -> set[str]:
    return set(re.findall(r'name="result-(\w+)" value="passed" checked', page))


NEAR = {"positioned": True, "lat": HERE[0], "lon": HERE[1], "acc": True, "signal": 23}
SIM = {"kind": "properties", "iccid": "8986" + "9" * 16, "terminal_id": "4316102"}


def test_without_a_terminal_that_reports_the_page_is_as_it_was(db: Session, order: Order, phone: Phone, box: Unit) -> None:
    phone.open(f"{at(order)}/test")
    assert lines(phone.page) == {} and "evidence.js" not in phone.page and "All passed" in phone.big()


def test_what_the_terminal_says_stands_beside_each_point(db: Session, order: Order, phone: Phone, box: Unit) -> None:
    told(db, box, NEAR, SIM)
    phone.open(f"{at(order)}/test")
    said = lines(phone.page)
    assert said["online"] == "The terminal said so over JT/T 808 at 17:00: it has reported"
    assert said["identity"] == "The terminal said so over JT/T 808 at 17:00: its number is 4316102"
    assert said["iccid"].startswith("The terminal says otherwise, over JT/T 808 at 17:00: it has SIM 8986 9999")
    assert said["fix"] == "The terminal said so over JT/T 808 at 17:00: 0 m from the phone"
    assert said["acc"] == "ACC on was reported, off not yet." and said["power"] == "No such alarm has come yet."
    assert checked(phone.page) == {"online", "identity", "fix", "signal"}, "what is proven is proposed"
    assert not db.scalars(sa.select(TestResult)).all(), "and is still his to keep"


def test_the_same_in_chinese(db: Session, order: Order, phone: Phone, box: Unit, su: FlaskClient) -> None:
    told(db, box, NEAR, SIM)
    with su.session_transaction() as cookie:
        cookie["locale"] = "zh"
    said = lines(phone.open(f"{at(order)}/test"))
    assert said["online"] == "终端 17:00 经 JT/T 808 证实：已上报"
    assert "上报不符：SIM 卡为 8986 9999" in said["iccid"]
    assert said["acc"] == "已上报 ACC 开，尚未上报 ACC 关。"


def test_proposals_are_kept_as_proven_and_the_rest_as_judged_by_hand(
    db: Session, order: Order, phone: Phone, box: Unit, as_person: SignIn, cast: Cast
) -> None:
    told(db, box, NEAR)
    phone.open(f"{at(order)}/test")
    phone.press(f"{at(order)}/test", rest="passed")
    rows = {row.item: row.observation_id is not None for row in fresh(db).scalars(sa.select(TestResult))}
    assert {item for item, proven in rows.items() if proven} == {"online", "identity", "fix", "signal"} and len(rows) == 9
    said = lines(phone.page)
    assert said["signal"].endswith("strength 23 of 31") and said["power"].endswith("by eye: 苏杰")
    seen = as_person(cast.lin).get(f"/orders/{order.number}/on-site").text
    assert seen.count("by the terminal over JT/T 808, 17:00") == 4 and seen.count("by eye: 苏杰") == 5


def test_a_contradicted_point_does_not_pass_with_the_rest(db: Session, order: Order, phone: Phone, box: Unit) -> None:
    told(db, box, NEAR, SIM)
    phone.open(f"{at(order)}/test")
    phone.press(f"{at(order)}/test", status=422, rest="passed")
    assert "“Terminal reports the fitted SIM” did not pass, says the terminal: it has SIM 8986 9999" in phone.page
    assert 'id="result-iccid-error"' in phone.page and "let the dispatcher decide" not in phone.page
    assert not fresh(db).scalars(sa.select(TestResult)).all()
    phone.press(f"{at(order)}/test", rest="passed", **{"result-iccid": "overruled", "reason-iccid": "卡面印错"})
    row = fresh(db).scalars(sa.select(TestResult).where(TestResult.item == "iccid")).one()
    assert (row.result, row.reason, row.by_name, row.observation_id) == ("overruled", "卡面印错", "苏杰", None)


def test_what_was_kept_is_not_changed_by_what_comes_later(db: Session, order: Order, phone: Phone, box: Unit) -> None:
    phone.open(f"{at(order)}/test")
    phone.press(f"{at(order)}/test", **{"result-iccid": "passed", "result-fix": "failed"})
    told(db, box, NEAR, SIM)
    phone.open(f"{at(order)}/test")
    assert "says otherwise" in lines(phone.page)["iccid"] and lines(phone.page)["iccid"].endswith("by eye: 苏杰")
    assert 'name="result-fix" value="failed" checked' in phone.page, "proven, but he has said otherwise"
    phone.press(f"{at(order)}/test", rest="passed")
    rows = {row.item: row.result for row in fresh(db).scalars(sa.select(TestResult).order_by(TestResult.id))}
    assert (rows["iccid"], rows["fix"]) == ("passed", "failed") and len(rows) == 9


def test_an_open_page_hears_of_what_is_new_and_of_nothing_else(db: Session, order: Order, phone: Phone, box: Unit) -> None:
    told(db, box, {"kind": "heartbeat"})
    phone.open(f"{at(order)}/test")
    [(url, seen)] = re.findall(r'data-evidence="([^"]+)" data-seen="(\w+)"', phone.page)
    assert phone.client.get(f"{url}?seen={seen}").status_code == 204
    told(db, box, {"signal": 4})
    answer = phone.client.get(f"{url}?seen={seen}")
    assert answer.status_code == 200 and f'data-seen="{seen}"' not in answer.text
    assert lines(answer.text)["signal"].endswith("strength 4, and at least 10 is asked for")
    with queries() as statements:
        phone.client.get(f"{url}?seen={seen}")
    assert len(statements) <= 12, statements


def test_nobody_else_hears_it(db: Session, order: Order, visit: Visit, box: Unit, as_person: SignIn, cast: Cast) -> None:
    told(db, box, NEAR)
    url = f"/my-day/visits/{visit.id}/vehicles/{order.lines[0].id}/test/told"
    assert as_person(cast.wei).get(url).status_code == 404
    assert as_person(cast.lin).get(url).status_code == 404
    assert as_person(cast.su).get(f"/my-day/visits/{visit.id}/vehicles/0/test/told").status_code == 404


def test_when_he_has_left_nothing_more_is_asked(
    db: Session, cast: Cast, order: Order, phone: Phone, visit: Visit, box: Unit
) -> None:
    told(db, box, NEAR)
    phone.open(f"{at(order)}/test")
    phone.press(f"{at(order)}/test", rest="passed")
    do(db, visit, "visit.finish", cast.su)
    db.commit()
    phone.open(f"{at(order)}/test")
    assert "evidence.js" not in phone.page and phone.page.count("by the terminal over JT/T 808, 17:00") == 4
