"""Visits that did not go as planned: ended by the desk, left over from earlier days, sent on a day that is over."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from dispatch.board.operations import changes
from dispatch.board.operations.sending import dispatch_day, dispatch_visits
from dispatch.errors import Conflict, Invalid, NotAllowed, NotFound, RuleBroken
from dispatch.orders.models import Visit
from dispatch.orders.operations.moves import move_visit
from tests.board.building import TODAY, TOMORROW, approved_order, of_day, visit_at, visits_of
from tests.conftest import AT, Cast

YESTERDAY = date(2026, 12, 1)
THEN = AT - timedelta(days=1)
HTMX = {"HX-Request": "true"}


def under_way(db: Session, cast: Cast, *steps: str, day: date = TODAY, at: datetime = AT) -> Visit:
    """A dispatched visit of Su that went through these steps."""
    made = visit_at(db, cast, approved_order(db, cast, customer="恒通物流"), cast.su, "09:00", day=day)
    dispatch_visits(db, [made.id], by=cast.lin, at=at)
    for step in steps:
        move_visit(db, made, step, by=cast.su, at=at)
    return made


@pytest.mark.parametrize("steps", [(), ("depart",), ("depart", "arrive")])
def test_the_desk_ends_a_visit_that_is_under_way(db: Session, cast: Cast, lin: FlaskClient, steps: tuple[str, ...]) -> None:
    made = under_way(db, cast, *steps)
    db.commit()
    assert f"/plan/visits/{made.id}" in lin.get(f"/plan?day={TODAY}").text
    dialog = lin.get(f"/plan/visits/{made.id}", headers=HTMX).text
    assert f"/plan/visits/{made.id}/abandon" in dialog
    assert (f"/plan/visits/{made.id}/move" in dialog) is (steps == ())
    refused = lin.post(f"/plan/visits/{made.id}/abandon", data={"version": made.version, "reason": " "}, headers=HTMX)
    assert refused.status_code == 422 and refused.text.count('class="field-error"') == 1
    assert lin.post(f"/plan/visits/{made.id}/abandon", data={"version": made.version, "reason": "车坏了"}).status_code == 303
    (found,) = visits_of(db)
    assert (found.status, found.reason, found.order.status) == ("abandoned", "车坏了", "approved")
    assert "This visit is over." in lin.get(f"/plan/visits/{made.id}", headers=HTMX).text


def test_who_may_end_a_visit(db: Session, cast: Cast) -> None:
    made = under_way(db, cast, "depart")
    given: dict[str, Any] = {"visit_id": made.id, "reason": "x", "at": AT}
    with pytest.raises(NotAllowed):
        changes.abandon(db, version=None, by=cast.qian, **given)
    with pytest.raises(NotFound):
        changes.abandon(db, version=None, by=cast.he, **given)
    with pytest.raises(Conflict):
        changes.abandon(db, version=made.version - 1, by=cast.lin, **given)
    with pytest.raises(Invalid):
        changes.abandon(db, version=None, by=cast.lin, **{**given, "reason": " "})
    assert made.status == "on_the_way"


def test_what_was_left_over_is_told_today_and_taken_off(db: Session, cast: Cast, lin: FlaskClient) -> None:
    planned = visit_at(db, cast, approved_order(db, cast), cast.su, "14:00", day=YESTERDAY, by_hand=True)
    sent = under_way(db, cast, day=YESTERDAY, at=THEN)
    visit_at(db, cast, approved_order(db, cast), cast.su, "14:00", day=TODAY)
    db.commit()
    assert "Left over" not in lin.get(f"/plan?day={TOMORROW}").text
    page = lin.get("/plan").text
    group = page[page.index("Left over from earlier days") : page.index("</section>")]
    for made in (planned, sent):
        assert made.order.number in group and "2026-12-01" in group and f"/plan/visits/{made.id}" in group
        lin.post(f"/plan/visits/{made.id}/abandon", data={"version": made.version, "reason": "客户改期"})
    assert "Left over from earlier days" not in lin.get("/plan").text
    assert [v.status for v in visits_of(db)] == ["abandoned", "abandoned", "planned"]


@pytest.mark.parametrize("status", ["planned", "dispatched"])
def test_what_was_left_over_is_moved_to_today(db: Session, cast: Cast, lin: FlaskClient, status: str) -> None:
    made = visit_at(db, cast, approved_order(db, cast), cast.su, "14:00", day=YESTERDAY)
    if status == "dispatched":
        dispatch_visits(db, [made.id], by=cast.lin, at=THEN)
    db.commit()
    dialog = lin.get(f"/plan/visits/{made.id}", headers=HTMX).text
    assert 'name="day" value="2026-12-02"' in dialog
    sent = {"version": made.version, "technician": cast.wei.id, "start": "13:30"}
    assert lin.post(f"/plan/visits/{made.id}/move", data=sent).headers["Location"] == "/plan?day=2026-12-02"
    (found,) = visits_of(db)
    assert (found.status, found.technician_id, found.starts_at) == (status, cast.wei.id, AT.replace(hour=5, minute=30))


def test_a_day_that_is_over_is_not_dispatched(db: Session, cast: Cast, lin: FlaskClient) -> None:
    left = visit_at(db, cast, approved_order(db, cast), cast.su, "14:00", day=YESTERDAY)
    visit_at(db, cast, approved_order(db, cast), cast.su, "14:00", day=TODAY)
    db.commit()
    assert "Dispatch this route" not in lin.get(f"/plan?day={YESTERDAY}").text
    refused = lin.post("/plan/dispatch", data={"day": YESTERDAY.isoformat()}, follow_redirects=True)
    assert "This day is over. Choose today or a later day." in refused.text
    assert "1 visit was dispatched." in lin.post("/plan/dispatch", data={"day": TODAY.isoformat()}, follow_redirects=True).text
    assert [v.status for v in visits_of(db)] == ["planned", "dispatched"]
    with pytest.raises(RuleBroken):
        dispatch_day(db, of_day(cast, YESTERDAY), technician_id=None, by=cast.lin)
    kept = dispatch_visits(db, [left.id], by=cast.lin, at=AT)
    assert (kept.count, kept.kept_back[0][0]) == (0, left.order.number)
