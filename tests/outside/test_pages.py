"""The pages: an order goes outside, a contractor opens his link on a phone and works, and the link says so once it is over."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from dispatch.clock import now
from dispatch.db import transaction
from dispatch.devices.contracting import new_contractor
from dispatch.devices.contractor_workers import actor_of_worker
from dispatch.field.rules import DEPARTURE_ITEMS
from dispatch.lists import Cut
from dispatch.orders.models import Order, OrderLine, Visit
from dispatch.orders.operations.visits import change_visit
from dispatch.outside.list_queries import asked_page
from dispatch.outside.models import OutsideOffer
from dispatch.outside.presenting import asked_of
from dispatch.outside.rules import MOST_TRIES, STAGES
from dispatch.staff.models import Branch, Person
from tests.board.building import approved_order
from tests.building import ZONE
from tests.building import visit as planned
from tests.conftest import AT, SAME_SITE, Cast, SignIn
from tests.fees.building import price_list
from tests.field.building import do, fitted_long_ago
from tests.field.phone import Phone, jpeg

LINK = re.compile(r"<code>[^<]*(/c/[\w-]+)</code>.*?<b class=\"tnum\">(\d{6})</b>", re.S)


def a_phone(app: Flask) -> FlaskClient:
    """Nobody is signed in on it."""
    phone = app.test_client()
    phone.environ_base |= SAME_SITE
    return phone


def typed(hours: float) -> str:
    """So many hours from now, as a field shows it."""
    return (now() + timedelta(hours=hours)).astimezone(ZoneInfo(ZONE)).strftime("%Y-%m-%dT%H:%M")


def key_on(page: str) -> str:
    found = re.search(r'name="key" value="([\w-]+)"', page)
    assert found
    return found[1]


def an_order(cast: Cast) -> Order:
    """Approved, with a unit in its vehicle, and two contractors who could take it."""
    with transaction() as db:
        order = approved_order(db, cast, customer="恒通物流有限公司", contact_name="张超敏")
        fitted_long_ago(db, cast, order.lines[0])
        for name in ("深圳快修", "龙岗老周"):
            new_contractor(db, name, by=cast.lin, at=AT)
        return order


def made(cast: Cast, as_person: SignIn, order: Order) -> list[tuple[str, str]]:
    """What is asked for and approved on the pages; the links and PINs."""
    lin, wang, url = as_person(cast.lin), as_person(cast.wang), f"/orders/{order.number}/outside"
    assert url in lin.get(f"/orders/{order.number}").text
    sent = {"key": key_on(lin.get(url).text), "whom": "contractor", "until": typed(4), "minutes": "60"}
    missing = lin.post(url, data=sent | {"reason": "全员外出", "ceiling": "二百"})
    assert missing.status_code == 422 and "is not a number" in missing.text and "全员外出" in missing.text
    asked = lin.post(url, data=sent | {"reason": "全员外出", "ceiling": "200"}, follow_redirects=True).text
    assert "Asked. A manager decides." in asked and 'value="approve"' not in asked
    [decide] = set(re.findall(r"/outside/requests/\d+/decision", wang.get(url).text))
    assert wang.post(decide, data={"decision": "perhaps"}).status_code == 404
    refused = wang.post(decide, data={"decision": "reject", "why_not": ""})
    assert refused.status_code == 422 and "Please give a reason" in refused.text
    assert "Approved." in wang.post(decide, data={"decision": "approve"}, follow_redirects=True).text
    offers = decide.replace("decision", "offers")
    none = lin.post(offers, data={"hours": "2"})
    assert none.status_code == 422 and "at least one contractor" in none.text
    page = lin.get(url).text
    ids = re.findall(r'name="contractors"[^>]*value="(\d+)"', page)
    shown = lin.post(offers, data={"hours": "2", "contractors": ids})
    assert shown.status_code == 200
    links = LINK.findall(shown.text)
    assert len(links) == 2 and links[0][0] not in lin.get(url).text, "shown once"
    return [(path, pin) for path, pin in links]


def plate_of(order: Order) -> str | None:
    with transaction() as db:
        return db.get_one(OrderLine, order.lines[0].id).vehicle.plate


def opened(phone: FlaskClient, path: str, pin: str) -> str:
    """The page behind the PIN."""
    return phone.post(f"{path}/pin", data={"pin": pin}, follow_redirects=True).text


def accepted(on: FlaskClient, path: str, **instead: str) -> TestResponse:
    said = {"worker": "张师傅", "phone": "13900001111", "starts_at": typed(0.5), "price": "150"}
    return on.post(f"{path}/accept", data=said | instead, follow_redirects=True)


@pytest.fixture(autouse=True)
def list_and_page_agree(app: Flask, cast: Cast) -> Iterator[None]:
    """However far a story has come: the list says by SQL what the page of the order says by the rules."""
    yield
    agree(cast)


def agree(cast: Cast, *stages: str) -> None:
    at = now()
    with transaction() as db:
        told = {}
        for stage in STAGES:
            page = asked_page(db, cast.wang, at=at, stage=stage, cut=Cut(1, "-until"))
            told |= {one.id: (stage, asked_of(one, at).stage) for one in page.part.rows}
            assert page.part.total == len(page.part.rows) == page.counts.get(stage, 0)
        everything = asked_page(db, cast.wang, at=at, stage="", cut=Cut(1, "stage"))
        ranks = [STAGES.index(asked_of(one, at).stage) for one in everything.part.rows]
    assert ranks == sorted(ranks) and len(ranks) == len(told)
    assert [by_sql for by_sql, by_rule in told.values() if by_sql != by_rule] == []
    assert {by_sql for by_sql, _ in told.values()} >= set(stages)


def test_from_asking_to_work(app: Flask, cast: Cast, as_person: SignIn) -> None:
    order, phone, second = an_order(cast), a_phone(app), a_phone(app)
    (path, pin), (other, other_pin) = made(cast, as_person, order)
    closed = phone.get(path).text
    secrets = ("恒通物流", "张超敏", "18886844318", order.number, str(plate_of(order)))
    assert "PIN" in closed and "***" not in closed and not any(secret in closed for secret in secrets)
    assert accepted(phone, path).status_code == 200, "without the PIN it only asks for it"
    wrong = phone.post(f"{path}/pin", data={"pin": "x"})
    assert wrong.status_code == 422 and f"tries are left: {MOST_TRIES - 1}" in wrong.text
    agree(cast, "offered")
    masked = opened(phone, path, pin)
    assert "宝安区***" in masked and "¥200.00" in masked and not any(secret in masked for secret in secrets)
    for field, text in (("price", "200.01"), ("phone", "123"), ("worker", " "), ("starts_at", typed(9))):
        bad = accepted(phone, path, **{field: text})
        assert bad.status_code == 422 and 'class="field-error"' in bad.text
        assert "张师傅" in bad.text or field == "worker", "what was typed is kept"
    opened(second, other, other_pin)
    mine = accepted(phone, path).text
    agree(cast, "accepted")
    assert "恒通物流" in mine and order.number in mine and "To the visit" in mine
    assert "before you" in second.get(other).text and "before you" in accepted(second, other).text
    lin = as_person(cast.lin)
    [again] = set(re.findall(r"/outside/offers/\d+/renew", lin.get(f"/orders/{order.number}/outside").text))
    [(newer, pin)] = LINK.findall(lin.post(again).text)
    assert "has made a newer link" in phone.get(path).text and phone.post(f"{path}/pin", data={"pin": pin}).status_code == 404
    path = newer
    assert "To the visit" in opened(phone, path, pin)
    works_on_the_phones_own_pages(app, cast, phone, path)
    assert "Work to be accepted" in lin.get("/outside?stage=to_check&sort=-customer").text
    assert "There is no such page of this list." in lin.get("/outside?page=2").text
    agree(cast, "to_check")
    history = lin.get(f"/orders/{order.number}").text
    assert "The contractor 深圳快修 has accepted, for ¥150.00" in history and "张师傅" in history
    somebody_of_ours_accepts_and_pays(cast, as_person, order)
    assert "Your work was accepted" in phone.get(path).text


def works_on_the_phones_own_pages(app: Flask, cast: Cast, client: FlaskClient, path: str) -> None:
    """Depart, arrive, a photo, no signature without a reason, and the end; nothing else of the house opens."""
    with transaction() as db:
        visit = db.scalars(sa.select(Visit)).one()
        other = approved_order(db, cast)
        db.refresh(other, ["lines"])
        elsewhere = planned(db, cast, other, cast.su).id
    phone = Phone(client, visit.id)
    page = phone.open()
    assert "张师傅" not in page or "/account" not in page
    assert "/orders/" not in page and "by-word" not in page
    phone.press("/depart", **{f"check-{item}": "1" for item in DEPARTURE_ITEMS})
    phone.press("/arrive")
    line = visit_line(visit.id)
    sent = client.post(
        f"{phone.root}/photos?kind=condition&line={line}",
        data={"fact": str(uuid.uuid4()), "photo": jpeg()},
        headers={"X-Photo": "1"},
    )
    assert sent.status_code == 201 and client.get(sent.json["url"]).status_code == 200  # type: ignore[index]
    for kept_out in ("/orders", "/my-bag", "/account", f"/my-day/visits/{elsewhere}", "/stock"):
        answer = client.get(kept_out)
        assert answer.status_code in (302, 404) and "恒通" not in answer.text, kept_out
    assert client.get("/my-day").location.endswith(path), "back is the page of his link"
    with transaction() as db:
        price_list(db, cast)
        there, worker = db.get_one(Visit, visit.id), actor_of_worker(technician_of(db, visit.id), db.get_one(Branch, cast.sz))
        do(db, there, "charge.add", worker, code="S003", quantity=1, line=line)
        do(db, there, "payment.take", worker, amount="150.00", channel="cash", payer="张超敏")
    phone.open("/finish")
    phone.press("/finish")
    shown = client.get(path).text
    assert "The visit is finished" in shown and "You have ¥150.00 of the customer" in shown
    assert client.get(f"{phone.root}/by-word").location.endswith(path), "whom ours listen to is none of his business"
    handed = client.post(f"{path}/hand-in", follow_redirects=True).text
    assert "of the customer" not in handed
    assert client.post(f"{path}/hand-in").status_code == 422, "twice: nothing is left"
    stranger = a_phone(app)
    assert "/signin" in stranger.get(phone.root).location


def technician_of(db: Session, visit_id: int) -> Person:
    """Who goes there."""
    return db.get_one(Visit, visit_id).technician


def visit_line(visit_id: int) -> int:
    with transaction() as db:
        return db.get_one(Visit, visit_id).visit_lines[0].line_id


def somebody_of_ours_accepts_and_pays(cast: Cast, as_person: SignIn, order: Order) -> None:
    url, wang, qian = f"/orders/{order.number}/outside", as_person(cast.wang), as_person(cast.qian)
    [work] = set(re.findall(r"/outside/offers/\d+/work", wang.get(url).text))
    less = wang.post(work, data={"verdict": "accept", "amount": "100", "note": "", "offer": work.split("/")[3]})
    assert less.status_code == 422 and "Say why it is less" in less.text
    assert "Written down" in wang.post(work, data={"verdict": "object", "note": "线没扎好"}, follow_redirects=True).text
    told = wang.post(work, data={"verdict": "accept", "amount": "150", "note": ""}, follow_redirects=True).text
    assert "The work is accepted" in told and as_person(cast.lin).post(work).status_code == 404
    with transaction() as db:
        offer = db.scalars(sa.select(OutsideOffer).where(OutsideOffer.amount == Decimal(150))).one()
    assert f"/finance/contractors/{offer.contractor_id}" in qian.get(url).text, "it is paid with his settlement"


def test_a_link_that_is_over_says_so_at_once(app: Flask, cast: Cast, as_person: SignIn) -> None:
    order, phone, lin = an_order(cast), a_phone(app), as_person(cast.lin)
    (path, pin), (other, other_pin) = made(cast, as_person, order)
    inside = lin.get(path)
    assert "you are signed in as 林晓" in inside.text and order.number not in inside.text
    assert lin.post(f"{path}/pin", data={"pin": pin}).status_code == 422
    assert "You have declined" in declined(phone, other, other_pin)
    opened(phone, path, pin)
    accepted(phone, path)
    with transaction() as db:
        visit = db.scalars(sa.select(Visit)).one()
        change_visit(db, visit, technician_id=cast.su.id or 0, starts_at=visit.starts_at, by=cast.lin, at=AT)
    root = f"/my-day/visits/{visit.id}"
    late = phone.post(f"{root}/depart", data={"fact": str(uuid.uuid4())})
    assert late.status_code == 303 and late.location.endswith(path)
    page = phone.get(path).text
    assert "The office has given this order to somebody else meanwhile." in page and "恒通物流" not in page
    [back] = set(re.findall(r"/outside/offers/\d+/take-back", lin.get(f"/orders/{order.number}/outside").text))
    assert "Please give a reason" in lin.post(back, data={"back_reason": "", "offer": back.split("/")[3]}).text
    assert "Taken back from 深圳快修" in lin.post(back, data={"back_reason": "改派苏杰"}, follow_redirects=True).text
    assert "The office has taken this order back" in phone.get(path).text
    assert as_person(cast.he).post(back, data={"back_reason": "x"}).status_code == 404


def declined(phone: FlaskClient, path: str, pin: str) -> str:
    opened(phone, path, pin)
    missing = phone.post(f"{path}/decline", data={"reason": ""})
    assert missing.status_code == 422 and "Please give a reason" in missing.text
    return phone.post(f"{path}/decline", data={"reason": "太远"}, follow_redirects=True).text


def test_guessed_links_are_limited(app: Flask) -> None:
    phone, most = a_phone(app), app.extensions["settings"].login_attempts
    paths = [f"/c/{n}" for n in range(most - 1)]
    assert [phone.get(path).status_code for path in paths] == [404] * (most - 1)
    assert [phone.post("/c/nowhere/pin", data={"pin": "1"}).status_code for _ in range(2)] == [404, 429]
