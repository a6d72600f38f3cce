"""The technician's day on his phone."""

from __future__ import annotations

import uuid
from datetime import timedelta

import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from dispatch.board.operations.sending import dispatch_visits
from dispatch.clock import local_day
from dispatch.devices.operations import bag_of
from dispatch.devices.tooling import NewTool, receive_tool
from dispatch.field.models import Arrival, DepartureCheck, FieldFact
from dispatch.field.rules import DEPARTURE_ITEMS
from dispatch.orders.models import Order, Visit
from dispatch.staff.person_papers import Paper, keep_paper
from tests.board.building import TODAY, TOMORROW, approved_order, visit_at, visits_of
from tests.conftest import AT, Cast, SignIn
from tests.devices.building import carry, store
from tests.field.phone import Phone


def sent_out(db: Session, cast: Cast, order: Order, start: str, **facts: object) -> Visit:
    """A dispatched visit of Su."""
    made = visit_at(db, cast, order, cast.su, start, **{"day": TODAY, **facts})
    dispatch_visits(db, [made.id], by=cast.lin, at=AT)
    return made


def opened(db: Session, su: FlaskClient, made: Visit) -> Phone:
    """A visit on Su's phone."""
    db.commit()
    phone = Phone(su, made.id)
    phone.open()
    return phone


def test_an_empty_day(su: FlaskClient) -> None:
    assert "Nothing was dispatched to you for today yet." in su.get("/my-day").text


def test_only_what_was_dispatched_for_today_is_shown(db: Session, cast: Cast, su: FlaskClient) -> None:
    sent_out(db, cast, approved_order(db, cast, customer="今天的"), "10:00")
    visit_at(db, cast, approved_order(db, cast, customer="没派的"), cast.su, "11:00", day=TODAY)
    sent_out(db, cast, approved_order(db, cast, customer="明天的"), "10:00", day=TOMORROW)
    other = visit_at(db, cast, approved_order(db, cast, customer="别人的"), cast.wei, "10:00", day=TODAY)
    dispatch_visits(db, [other.id], by=cast.lin, at=AT)
    db.commit()
    page = su.get("/my-day").text
    today, later = page.split("After today")
    assert "今天的" in today and "明天的" not in today and "明天的" in later
    assert not any(name in page for name in ("没派的", "别人的"))


def test_who_does_a_visit_a_day_early_has_it_before_him(db: Session, cast: Cast, su: FlaskClient) -> None:
    early = sent_out(db, cast, approved_order(db, cast, customer="明天的"), "10:00", day=TOMORROW)
    db.commit()
    phone = opened(db, su, early)
    phone.press("/depart", **CHECKED)
    page = su.get("/my-day").text
    assert "After today" not in page and "明天的" in page
    assert f'href="/my-day/visits/{early.id}">Arrived' in page[page.index("phone-big") :]


def test_a_stop_says_what_is_needed_there(db: Session, cast: Cast, su: FlaskClient) -> None:
    order = approved_order(db, cast, symptom="drift", symptom_text="跑到海里")
    sent_out(db, cast, order, "10:00")
    db.commit()
    page = su.get("/my-day").text
    for words in (
        "10:00–10:55",
        "Position drifts",
        "跑到海里",
        order.site.address,
        'href="tel:18886844318"',
        order.lines[0].vehicle.plate[2:],
    ):
        assert words in page


CHECKED = {f"check-{item}": "1" for item in DEPARTURE_ITEMS}


def test_the_day_is_walked_stop_by_stop(db: Session, cast: Cast, su: FlaskClient) -> None:
    first, second = sent_out(db, cast, approved_order(db, cast), "10:00"), sent_out(db, cast, approved_order(db, cast), "13:00")
    db.commit()
    for made in (first, second):
        phone = Phone(su, made.id)
        day = su.get("/my-day").text
        assert f'href="{phone.root}">Get ready to depart' in day[day.index("phone-big") :]
        phone.open()
        assert "Depart" in phone.big()
        phone.press("/depart", **CHECKED)
        assert "Arrived" in phone.big()
        day = su.get("/my-day").text
        assert f'href="{phone.root}">Arrived' in day[day.index("phone-big") :]
        phone.press("/arrive", lat="22.5", lon="113.9", accuracy_m="12")
        assert "Photo before the work" in phone.big()
        phone.open("/finish")
        assert "Finish all the same" in phone.big()
        phone.press("/finish")
    page = su.get("/my-day").text
    assert "All visits of today are finished." in page and "2 / 2" in page
    assert {v.status for v in visits_of(db)} == {"finished"}
    assert {order.status for order in db.scalars(sa.select(Order).execution_options(populate_existing=True))} == {"done"}
    assert {fact.state for fact in db.scalars(sa.select(FieldFact))} == {"applied"}
    assert {place.accuracy_m for place in db.scalars(sa.select(Arrival))} == {12}


def test_setting_out_asks_for_four_ticks_or_a_word(db: Session, cast: Cast, su: FlaskClient) -> None:
    phone = opened(db, su, sent_out(db, cast, approved_order(db, cast), "10:00"))
    phone.press("/depart", status=422, **{"check-facts": "1", "check-tools": "1"})
    assert "Tick all four, or write what is missing." in phone.page
    assert phone.form("/depart")["check-tools"] == "1"
    phone.press("/depart", note="缺一张SIM卡")
    assert "缺一张SIM卡" in phone.page
    rows = {row.item: row.ok for row in db.scalars(sa.select(DepartureCheck))}
    assert rows == {"facts": True, "tools": True, "parts": False, "papers": False}


def test_what_has_ended_cannot_be_ticked(db: Session, cast: Cast, su: FlaskClient) -> None:
    until = local_day(AT, cast.su.zone) - timedelta(days=1)
    new = NewTool("WYB-01", "万用表", until)
    tool_id = receive_tool(db, new, store=store(db, cast), by=cast.lin, at=AT)
    bag = bag_of(db, person_id=cast.su.id or 0, branch_id=cast.sz)
    carry(db, cast, [tool_id], bag)
    keep_paper(db, cast.su.id or 0, Paper("驾驶证", until), by=cast.wang, at=AT)
    phone = opened(db, su, sent_out(db, cast, approved_order(db, cast), "10:00"))
    assert f"万用表 WYB-01: calibration ended on {until}" in phone.page and f"驾驶证: ended on {until}" in phone.page
    assert 'name="check-tools"' not in phone.page and 'name="check-papers"' not in phone.page
    phone.press("/depart", status=422, **CHECKED)  # from a page that is older than the calibration's end
    assert "Leave it unticked, and write what you do about it." in phone.page and visits_of(db)[0].status == "dispatched"
    phone.press("/depart", **{"check-facts": "1", "check-parts": "1"}, note="借用周新的万用表")
    rows = {row.item: row.ok for row in db.scalars(sa.select(DepartureCheck))}
    assert rows == {"facts": True, "tools": False, "parts": True, "papers": False}


def test_a_second_press_counts_once(db: Session, cast: Cast, su: FlaskClient) -> None:
    phone = opened(db, su, sent_out(db, cast, approved_order(db, cast), "10:00"))
    content = phone.form("/depart") | CHECKED
    for _ in range(2):
        assert su.post(f"{phone.root}/depart", data=content).status_code == 303
    assert db.scalar(sa.select(sa.func.count()).select_from(FieldFact)) == 1
    assert visits_of(db)[0].status == "on_the_way"


def test_the_same_fact_for_another_step_is_a_conflict(db: Session, cast: Cast, su: FlaskClient) -> None:
    phone = opened(db, su, sent_out(db, cast, approved_order(db, cast), "10:00"))
    content = phone.form("/depart") | CHECKED
    su.post(f"{phone.root}/depart", data=content)
    answer = su.post(f"{phone.root}/arrive", data=content)
    assert answer.status_code == 409
    assert "sent before with another content" in answer.text
    assert visits_of(db)[0].status == "on_the_way"


def test_what_the_office_took_back_goes_to_the_dispatcher_if_he_insists(db: Session, cast: Cast, su: FlaskClient) -> None:
    made = sent_out(db, cast, approved_order(db, cast), "10:00")
    phone = opened(db, su, made)
    content = phone.form("/depart") | CHECKED
    made.status, made.reason = "abandoned", "客户取消"
    db.commit()
    refused = su.post(f"{phone.root}/depart", data=content)
    assert refused.status_code == 422 and "Not possible while it is Abandoned." in refused.text
    assert "It is so: let the dispatcher decide" in refused.text
    phone.page = refused.text
    phone.press("/depart", insist="1")
    assert "the dispatcher will sort it out" in phone.page
    assert db.scalars(sa.select(FieldFact.state)).all() == ["disputed"]


def test_nonsense_and_other_peoples_pages(db: Session, cast: Cast, su: FlaskClient, as_person: SignIn) -> None:
    made = sent_out(db, cast, approved_order(db, cast), "10:00")
    db.commit()
    root, content = f"/my-day/visits/{made.id}", {"fact": str(uuid.uuid4()), **CHECKED}
    assert su.post(f"{root}/depart", data={"fact": "x"}).status_code == 404
    assert su.post("/my-day/visits/999999/depart", data=content).status_code == 404
    assert su.post(f"{root}/vanish", data=content).status_code == 404
    lin, wei = as_person(cast.lin), as_person(cast.wei)
    assert lin.get("/my-day").status_code == 404
    assert lin.post(f"{root}/depart", data=content).status_code == 404
    assert wei.get(root).status_code == 404
    assert wei.post(f"{root}/depart", data=content).status_code == 404
