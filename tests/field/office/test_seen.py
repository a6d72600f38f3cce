"""The office sees the work on site on the order's page."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from dispatch.db import transaction
from tests.board.building import approved_order
from tests.conftest import Cast, SignIn
from tests.counting import queries
from tests.field.building import arrived, carrying, do, sent_out, shown_hash, take_photo
from tests.field.office.pages import FRAGMENT, page, words


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
            do(opened, visit, "line.install", cast.su, line=line.id, terminal=box.number, sim=card.number)
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


def test_how_far_from_the_site_he_was(app: object, cast: Cast, as_person: SignIn) -> None:
    with transaction() as db:
        order = approved_order(db, cast)
        visit = sent_out(db, cast, order, cast.su)
        do(db, visit, "visit.depart", cast.su)
        do(db, visit, "visit.arrive", cast.su, lat=(order.site.lat or 0) + 10, lon=order.site.lon, accuracy_m=12.5)
        number = order.number
    assert "1,112 km from the site (±12 m)" in words(page(as_person, cast.lin, number))
