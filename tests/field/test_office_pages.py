"""The office sees the work on site and corrects it on the order's page."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from sqlalchemy.orm import Session

from dispatch.db import transaction
from dispatch.devices.fitted import fittings_of, slot_units, unit_name
from dispatch.errors import NotFound
from dispatch.fees.queries import account_of, charges_of, receipts_of
from dispatch.field import correcting
from dispatch.field.models import DepartureCheck
from dispatch.field.queries import photo
from dispatch.field.rules import TEST_ITEMS
from dispatch.field.summary import standing
from dispatch.staff.rules import Actor
from tests.board.building import approved_order
from tests.conftest import AT, Cast, SignIn
from tests.counting import queries
from tests.field.building import arrived, carrying, do, fitted_long_ago, shown_hash, sign, take_photo

FRAGMENT = {"HX-Request": "true"}


@pytest.fixture
def done(app: object, db: Session, cast: Cast, prices: None) -> dict[str, Any]:
    """A repair with everything on it, committed: numbers and ids by name."""
    db.commit()  # the price list
    with transaction() as opened:
        order = approved_order(opened, cast)
        line = order.lines[0]
        visit = arrived(opened, cast, order, cast.su)
        opened.add(
            DepartureCheck(
                visit_id=visit.id, item="parts", ok=False, note="缺一张SIM卡", by_id=cast.su.id or 0, at=visit.starts_at
            )
        )
        old, _ = fitted_long_ago(opened, cast, line)
        boxes, _ = carrying(opened, cast, cast.su, 2)
        do(opened, visit, "line.swap", cast.su, line=line.id, terminal=unit_name(boxes[0]))
        results = {"online": {"result": "passed"}, "fix": {"result": "failed", "reason": "地下车库"}}
        do(opened, visit, "test.run", cast.su, line=line.id, results=results)
        photo = take_photo(opened, visit, cast.su, line=line.id)
        do(opened, visit, "payment.take", cast.su, amount="600.00", channel="wechat", payer="张超敏")
        sign(opened, visit, cast.su)
        do(opened, visit, "line.swap", cast.su, insist=True, line=line.id, terminal="T-UNKNOWN-9")
        do(opened, visit, "visit.finish", cast.su)
        [charge], [receipt], [fitting] = (
            standing(charges_of(opened, order.id)),
            receipts_of(opened, order.id),
            fittings_of(opened, order.id),
        )
        names = {"old": unit_name(old), "new": unit_name(boxes[0]), "right": unit_name(boxes[1])}
        ids = {
            "order_itself": 0,
            "line": line.id,
            "vehicle": line.vehicle_id,
            "charge": charge.id,
            "receipt": receipt.id,
            "fitting": fitting.id,
        }
        return {
            "number": order.number,
            "order": order.id,
            "photo": photo,
            "receipt_number": receipt.number,
            "order_itself": 0,
            **names,
            **ids,
        }


def page(as_person: SignIn, who: Actor, number: str, section: str = "on-site", **headers: str) -> str:
    answer = as_person(who).get(f"/orders/{number}/{section}", headers=headers or FRAGMENT)
    assert answer.status_code == 200
    return str(answer.text)


def words(html: str) -> str:
    """What a reader reads, codes without their gaps."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", html))


def test_the_order_page_asks_for_its_sections(done: dict[str, Any], cast: Cast, as_person: SignIn) -> None:
    whole = as_person(cast.lin).get(f"/orders/{done['number']}").text
    for section in ("on-site", "papers"):
        assert f'hx-get="/orders/{done["number"]}/{section}"' in whole
        assert f'<a href="/orders/{done["number"]}/{section}">' in whole
    assert "Something new has come in." in whole
    assert "A message of 苏杰 does not fit what the office knows" in whole


def test_an_order_that_nobody_was_sent_for_asks_for_nothing(app: object, cast: Cast, as_person: SignIn) -> None:
    with transaction() as db:
        number = approved_order(db, cast).number
    assert "/on-site" not in as_person(cast.lin).get(f"/orders/{number}").text


def test_everything_on_site_is_seen(done: dict[str, Any], cast: Cast, as_person: SignIn) -> None:
    html = page(as_person, cast.lin, done["number"])
    text = words(html)
    for part in (done["old"], done["new"], "Position is right", "Failed", "地下车库", "缺一张SIM卡", "苏杰", "1 failed"):
        assert str(part) in text, part
    assert f"/photos/{done['photo']}?small=1" in html
    assert "T-UNKNOWN-9" in text and "not on record" in text and f"Terminal in the vehicle: {done['new']}" in text
    assert "/field-messages" in html
    assert "/corrections/" not in html, "a dispatcher corrects nothing"


def test_money_signature_and_receipt_are_seen(done: dict[str, Any], cast: Cast, as_person: SignIn) -> None:
    html = page(as_person, cast.lin, done["number"], "papers")
    text = words(html)
    money = (done["receipt_number"], "¥680.00", "¥600.00", "¥80.00", "WeChat Pay")
    for part in (*money, "张超敏", "188****4318", "the part is charged"):
        assert str(part) in text, part
    assert "<svg" in html and "<path" in html


def test_strangers_see_nothing_and_the_technician_his_own(done: dict[str, Any], cast: Cast, as_person: SignIn) -> None:
    for section in ("on-site", "papers"):
        for stranger in (cast.he, cast.wei):
            assert as_person(stranger).get(f"/orders/{done['number']}/{section}").status_code == 404
        assert as_person(cast.su).get(f"/orders/{done['number']}/{section}").status_code == 200


def test_without_scripts_a_section_is_a_page(done: dict[str, Any], cast: Cast, as_person: SignIn) -> None:
    for section, title in (("on-site", "Work on site"), ("papers", "Money and papers")):
        answer = as_person(cast.wang).get(f"/orders/{done['number']}/{section}").text
        assert f"<h1>{title}</h1>" in answer and f'href="/orders/{done["number"]}"' in answer


def test_a_refusal_shows_reason_and_photo(app: object, cast: Cast, as_person: SignIn) -> None:
    with transaction() as db:
        order = approved_order(db, cast)
        visit = arrived(db, cast, order, cast.su)
        photo = take_photo(db, visit, cast.su, kind="refusal")
        do(db, visit, "sign.refuse", cast.su, signer="李四", reason="嫌贵", photo=str(photo), summary_hash=shown_hash(db, visit))
        number = order.number
    html = page(as_person, cast.lin, number, "papers")
    assert "嫌贵" in html and f"/photos/{photo}?small=1" in html


def test_the_sections_cost_little_however_many_vehicles(
    app: object, db: Session, cast: Cast, prices: None, as_person: SignIn
) -> None:
    db.commit()  # the price list
    with transaction() as opened:
        order = approved_order(opened, cast, lines=43, kind="installation", symptom=None)
        visit = arrived(opened, cast, order, cast.su)
        boxes, cards = carrying(opened, cast, cast.su, 43)
        for line, box, card in zip(order.lines, boxes, cards, strict=True):
            do(opened, visit, "line.install", cast.su, line=line.id, terminal=unit_name(box), sim=unit_name(card))
            do(opened, visit, "test.run", cast.su, line=line.id, results={"online": {"result": "passed"}})
        do(opened, visit, "line.install", cast.su, insist=True, line=order.lines[0].id, terminal="NONE-1")
        number = order.number
    client = as_person(cast.wang)
    client.get("/orders")
    for section in ("on-site", "papers"):
        for headers in (FRAGMENT, {}):
            with queries() as sent:
                answer = client.get(f"/orders/{number}/{section}", headers=headers)
            assert answer.status_code == 200
            assert len(sent) <= 12, (section, headers, len(sent))
    assert page(as_person, cast.wang, number).count('class="seen-vehicle"') == 43
    assert "× 43" in page(as_person, cast.wang, number, "papers")


# --- corrections


CASES = [
    ("take-back", "fitting", {"reason": "没有更换"}, "units are where they were before"),
    ("replace", "fitting", {"reason": "看错", "number": "{right}"}, "names the right unit now"),
    ("overrule", "line", {"reason": "地下车库", "item": "fix"}, "counts as passed now"),
    ("fail", "line", {"reason": "平台离线", "item": "online"}, "counts as failed now"),
    ("drop-charge", "charge", {"reason": "商定免费"}, "charge is taken back"),
    ("refund", "receipt", {"reason": "多收", "amount": "20"}, "The money is given back"),
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
    assert unit_name(slot_units(db, done["vehicle"])["terminal"]) == done["right"]


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
    refused = as_person(cast.wang).post(url, data={"amount": "1000", "reason": "原话"})
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
