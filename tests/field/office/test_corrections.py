"""The office corrects the work on site on the order's page."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from sqlalchemy.orm import Session

from dispatch.db import transaction
from dispatch.devices.fitted import slot_units
from dispatch.errors import NotFound
from dispatch.fees.queries import account_of, receipts_of
from dispatch.field import correcting
from dispatch.field.queries import photo
from dispatch.field.rules import TEST_ITEMS
from tests.board.building import approved_order
from tests.conftest import AT, Cast, SignIn
from tests.field.building import arrived, do
from tests.field.office.pages import FRAGMENT, page

CASES = [
    ("take-back", "fitting", {"reason": "没有更换"}, "units are where they were before"),
    ("replace", "fitting", {"reason": "看错", "number": "{right}"}, "names the right unit now"),
    ("overrule", "line", {"reason": "地下车库", "item": "fix"}, "counts as passed now"),
    ("fail", "line", {"reason": "平台离线", "item": "online"}, "counts as failed now"),
    ("drop-charge", "charge", {"reason": "商定免费", "key": str(uuid.uuid4())}, "Whoever decides sees it"),
    ("refund", "receipt", {"reason": "多收", "amount": "20", "key": str(uuid.uuid4())}, "Whoever decides sees it"),
    ("payment", "order_itself", {"amount": "80", "channel": "account", "key": str(uuid.uuid4())}, "The money is taken"),
    ("invoice", "receipt", {"invoice_number": "2544 2000 0000 1234 5678"}, "invoice number is noted"),
]


@pytest.mark.parametrize(("action", "about", "typed", "told"), CASES)
def test_a_correction_is_made(
    done: dict[str, Any], cast: Cast, as_person: SignIn, action: str, about: str, typed: dict[str, str], told: str
) -> None:
    client = as_person(cast.wang)
    url = f"/orders/{done['number']}/corrections/{action}/{done[about]}"
    asked = client.get(url + "?item=fix")
    assert asked.status_code == 200 and "<h1>" in asked.text
    inside = client.get(url + "?item=fix", headers=FRAGMENT)
    assert "<h1>" not in inside.text and f'hx-post="{url}"' in inside.text
    made = client.post(url, data={name: text.format(**done) for name, text in typed.items()})
    assert (made.status_code, made.location) == (303, f"/orders/{done['number']}")
    assert told in client.get(made.location).text


def test_money_that_came_later_is_taken_once(done: dict[str, Any], db: Session, cast: Cast, as_person: SignIn) -> None:
    url, client = f"/orders/{done['number']}/corrections/payment/0", as_person(cast.wang)
    typed = {"amount": "80", "channel": "account", "key": str(uuid.uuid4())}
    for _ in range(2):
        assert client.post(url, data=typed).status_code == 303
    assert account_of(db, done["order"]).due == 0 and len(receipts_of(db, done["order"])) == 2
    assert client.get(url).status_code == 404


def test_the_right_unit_is_in_the_vehicle_afterwards(done: dict[str, Any], db: Session, cast: Cast, as_person: SignIn) -> None:
    url = f"/orders/{done['number']}/corrections/replace/{done['fitting']}"
    client = as_person(cast.wang)
    assert f'<option value="{done["right"]}">' in client.get(url).text
    made = client.post(url, data={"number": done["right"], "reason": "看错"}, headers=FRAGMENT)
    assert (made.status_code, made.headers["HX-Refresh"]) == (204, "true")
    assert slot_units(db, done["vehicle"])["terminal"].number == done["right"]


@pytest.mark.parametrize(
    ("action", "about", "typed", "field"),
    [
        ("replace", "fitting", {"number": "ZZ-404-404", "reason": "原话"}, "number"),
        ("take-back", "fitting", {"reason": " "}, "reason"),
        ("overrule", "line", {"reason": "", "item": "fix"}, "reason"),
        ("refund", "receipt", {"amount": "viel", "reason": "原话"}, "amount"),
        ("invoice", "receipt", {"invoice_number": ""}, "invoice_number"),
        ("payment", "order_itself", {"amount": "80"}, "channel"),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_typing_stays(
    done: dict[str, Any], cast: Cast, as_person: SignIn, action: str, about: str, typed: dict[str, str], field: str
) -> None:
    for headers in ({}, FRAGMENT):
        url = f"/orders/{done['number']}/corrections/{action}/{done[about]}"
        refused = as_person(cast.wang).post(url, data=typed, headers=headers)
        assert refused.status_code == 422
        assert f'id="correct-{field}-error"' in refused.text
        for text in typed.values():
            assert text.strip() in refused.text
        if "item" in typed:
            assert '<input type="hidden" name="item" value="fix">' in refused.text


def test_a_wrong_photo_is_withdrawn(done: dict[str, Any], cast: Cast, as_person: SignIn) -> None:
    client, url = as_person(cast.wang), f"/orders/{done['number']}/corrections/withdraw-photo/0"
    about = f"?item={done['photo']}"
    assert f'href="{url}{about}"' in page(as_person, cast.wang, done["number"])
    assert f'href="{url}' not in page(as_person, cast.lin, done["number"])
    assert f"/photos/{done['photo']}?small=1" in client.get(url + about).text
    refused = client.post(url, data={"item": done["photo"], "reason": " "})
    assert refused.status_code == 422 and 'id="correct-reason-error"' in refused.text
    made = client.post(url, data={"item": done["photo"], "reason": "别的车"})
    assert made.status_code == 303
    order = client.get(made.location).text
    assert "The photo is withdrawn" in order and "Photo withdrawn:" in order and "别的车" in order
    for person in (cast.wang, cast.su):
        assert str(done["photo"]) not in page(as_person, person, done["number"])
    for wrong in ("", "?item=nonsense", f"?item={uuid.uuid4()}"):
        assert client.get(url + wrong).status_code == 404
    assert client.get(f"{url[:-1]}7{about}").status_code == 404
    assert as_person(cast.su).get(url + about).status_code == 404


def test_who_sees_a_withdrawn_photo(done: dict[str, Any], db: Session, cast: Cast) -> None:
    correcting.withdraw_photo(db, done["order"], done["photo"], reason="别的车", by=cast.wang, at=AT)
    assert photo(db, done["photo"], cast.wang).id == done["photo"]
    for nobody in (cast.lin, cast.su):
        with pytest.raises(NotFound):
            photo(db, done["photo"], nobody)


def test_a_point_that_passed_can_be_corrected_however_many_vehicles_there_are(
    app: object, cast: Cast, prices: None, db: Session, as_person: SignIn
) -> None:
    db.commit()  # the price list
    with transaction() as opened:
        order = approved_order(opened, cast, lines=5, kind="installation", symptom=None)
        visit = arrived(opened, cast, order, cast.su)
        for line in order.lines:
            results = {item: {"result": "passed"} for item in TEST_ITEMS}
            do(opened, visit, "test.run", cast.su, line=line.id, results=results)
        number, line_id = order.number, order.lines[4].id
    assert f"/corrections/fail/{line_id}?item=fix" in page(as_person, cast.wang, number)
    assert "/corrections/" not in page(as_person, cast.lin, number)


def test_a_refusal_of_the_whole_says_why(done: dict[str, Any], cast: Cast, as_person: SignIn) -> None:
    url = f"/orders/{done['number']}/corrections/refund/{done['receipt']}"
    refused = as_person(cast.wang).post(url, data={"amount": "1000", "reason": "原话", "key": str(uuid.uuid4())})
    assert refused.status_code == 422 and "is more than what is left" in refused.text and "原话" in refused.text


def test_only_who_may_is_asked(done: dict[str, Any], cast: Cast, as_person: SignIn) -> None:
    allowed = {action: {cast.wang.id} for action, *_ in CASES}
    allowed["refund"] = allowed["payment"] = {cast.wang.id, cast.qian.id}
    allowed["invoice"] = {cast.wang.id, cast.qian.id, cast.su.id}
    for action, about, typed, _told in CASES:
        url = f"/orders/{done['number']}/corrections/{action}/{done[about]}?item=fix"
        for person in (cast.wang, cast.qian, cast.su, cast.lin, cast.chen, cast.he):
            expected = 200 if person.id in allowed[action] else 404
            assert as_person(person).get(url).status_code == expected, (action, person.name)
            if expected == 404:
                assert as_person(person).post(url, data=typed).status_code == 404
    assert as_person(cast.wang).get(f"/orders/{done['number']}/corrections/nonsense/1").status_code == 404
    assert as_person(cast.wang).get(f"/orders/{done['number']}/corrections/refund/999999").status_code == 404
