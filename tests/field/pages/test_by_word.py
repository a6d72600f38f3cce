"""The exception one tap away on the stop's page: somebody approved something by word."""

from __future__ import annotations

import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from dispatch.orders.models import Order, Visit
from dispatch.orders.operations.verbal import refuse_word
from dispatch.orders.verbal_models import VerbalApproval
from tests.conftest import AT, Cast, SignIn
from tests.counting import queries
from tests.field.building import fresh, sent_out
from tests.field.phone import Phone

MOST_QUERIES = 12


def test_it_is_written_down_and_shown(db: Session, cast: Cast, order: Order, visit: Visit, phone: Phone) -> None:
    assert "Somebody approved something by word" in phone.open()
    page = phone.open("/by-word")
    assert "王建国 (Manager)" in page and "陈立 (Director)" in page
    phone.press("/by-word", approver=str(cast.wang.id), channel="wechat", what_for="先装兼容天线")
    assert "Recorded. Go on" in phone.page and "先装兼容天线" in phone.page and "To be backfilled" in phone.page
    [row] = fresh(db).scalars(sa.select(VerbalApproval)).all()
    assert (row.approver_id, row.channel, row.recorded_by_id) == (cast.wang.id, "wechat", cast.su.id)
    refuse_word(db, row.id, reason="no", by=cast.wang, at=AT)
    db.commit()
    assert "Refused afterwards" in phone.open()


def test_what_was_typed_stays(visit: Visit, phone: Phone) -> None:
    phone.open("/by-word")
    phone.press("/by-word", status=422, channel="phone", what_for="先装兼容天线")
    assert "Please fill this in." in phone.page and "先装兼容天线" in phone.page


def test_it_is_there_only_on_site_and_only_for_him(
    db: Session, cast: Cast, order: Order, su: FlaskClient, as_person: SignIn
) -> None:
    visit = sent_out(db, cast, order, cast.su)
    db.commit()
    assert "Somebody approved something" not in su.get(f"/my-day/visits/{visit.id}").text
    told = {"fact": "7b0b7d3c-6d2c-4c3f-9d55-0f3c3f0e5a11", "approver": "1", "channel": "phone", "what_for": "x"}
    assert "Press “Arrived” first" in su.get(f"/my-day/visits/{visit.id}/by-word").text
    assert as_person(cast.wei).get(f"/my-day/visits/{visit.id}/by-word").status_code == 404
    assert as_person(cast.wei).post(f"/my-day/visits/{visit.id}/by-word", data=told).status_code == 404


def test_the_stop_asks_little_of_the_database(db: Session, cast: Cast, visit: Visit, phone: Phone) -> None:
    phone.open("/by-word")
    phone.press("/by-word", approver=str(cast.wang.id), channel="phone", what_for="先装兼容天线")
    for path in ("", "/by-word"):
        with queries() as seen:
            phone.open(path)
        assert len(seen) <= MOST_QUERIES
