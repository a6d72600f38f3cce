"""The technician's day on his phone."""

from __future__ import annotations

import itertools
import re
import uuid
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from dispatch.board.operations.sending import dispatch_visits
from dispatch.field.models import FieldFact
from dispatch.field.pages import day
from dispatch.orders.models import Order, Visit
from tests.board.building import TODAY, TOMORROW, approved_order, visit_at, visits_of
from tests.conftest import AT, Cast, SignIn


@pytest.fixture(autouse=True)
def fixed_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is 09:00 on TODAY, a second later each time somebody looks."""
    ticks = itertools.count()
    monkeypatch.setattr(day, "now", lambda: AT + timedelta(seconds=next(ticks)))


@pytest.fixture
def su(as_person: SignIn, cast: Cast) -> FlaskClient:
    """Su's phone."""
    return as_person(cast.su)


def sent_out(db: Session, cast: Cast, order: Order, start: str, **facts: object) -> Visit:
    """A dispatched visit of Su."""
    made = visit_at(db, cast, order, cast.su, start, **{"day": TODAY, **facts})
    dispatch_visits(db, [made.id], by=cast.lin, at=AT)
    return made


def button(page: str, made: Visit) -> tuple[str, dict[str, str]]:
    """Address and content of the form with a visit's next step."""
    found = re.search(rf'action="(/my-day/visits/{made.id}/\w+)"><input type="hidden" name="fact" value="([^"]+)"', page)
    assert found, page
    return found[1], {"fact": found[2]}


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
    assert "今天的" in page
    assert not any(name in page for name in ("没派的", "明天的", "别人的"))


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


def test_the_day_is_walked_stop_by_stop(db: Session, cast: Cast, su: FlaskClient) -> None:
    first, second = sent_out(db, cast, approved_order(db, cast), "10:00"), sent_out(db, cast, approved_order(db, cast), "13:00")
    db.commit()
    for made in (first, second):
        for word in ("Depart", "Arrived", "Finish"):
            page = su.get("/my-day").text
            big = page[page.index("phone-big") :]
            assert word in big
            url, content = button(big, made)
            assert su.post(url, data=content).status_code == 303
    page = su.get("/my-day").text
    assert "All visits of today are finished." in page and "2 / 2" in page
    assert {v.status for v in visits_of(db)} == {"finished"}
    assert {order.status for order in db.scalars(sa.select(Order).execution_options(populate_existing=True))} == {"done"}
    assert {fact.state for fact in db.scalars(sa.select(FieldFact))} == {"applied"}


def test_a_second_press_counts_once(db: Session, cast: Cast, su: FlaskClient) -> None:
    made = sent_out(db, cast, approved_order(db, cast), "10:00")
    db.commit()
    url, content = button(su.get("/my-day").text, made)
    for _ in range(2):
        assert su.post(url, data=content).status_code == 303
    assert db.scalar(sa.select(sa.func.count()).select_from(FieldFact)) == 1
    assert visits_of(db)[0].status == "on_the_way"


def test_the_same_fact_for_another_step_is_a_conflict(db: Session, cast: Cast, su: FlaskClient) -> None:
    made = sent_out(db, cast, approved_order(db, cast), "10:00")
    db.commit()
    url, content = button(su.get("/my-day").text, made)
    su.post(url, data=content)
    answer = su.post(url.replace("depart", "arrive"), data=content)
    assert answer.status_code == 409
    assert "sent before with another content" in answer.text
    assert visits_of(db)[0].status == "on_the_way"


def test_what_the_office_took_back_is_kept_as_disputed(db: Session, cast: Cast, su: FlaskClient) -> None:
    made = sent_out(db, cast, approved_order(db, cast), "10:00")
    db.commit()
    url, content = button(su.get("/my-day").text, made)
    made.status, made.reason = "abandoned", "客户取消"
    db.commit()
    page = su.post(url, data=content, follow_redirects=True).text
    assert "the dispatcher will sort it out" in page
    assert db.scalars(sa.select(FieldFact.state)).all() == ["disputed"]


def test_nonsense_and_other_peoples_pages(db: Session, cast: Cast, su: FlaskClient, as_person: SignIn) -> None:
    made = sent_out(db, cast, approved_order(db, cast), "10:00")
    db.commit()
    assert su.post(f"/my-day/visits/{made.id}/depart", data={"fact": "x"}).status_code == 404
    assert su.post("/my-day/visits/999999/depart", data={"fact": str(uuid.uuid4())}).status_code == 404
    assert su.post(f"/my-day/visits/{made.id}/vanish", data={"fact": str(uuid.uuid4())}).status_code == 404
    lin = as_person(cast.lin)
    assert lin.get("/my-day").status_code == 404
    assert lin.post(f"/my-day/visits/{made.id}/depart", data={"fact": str(uuid.uuid4())}).status_code == 404
