"""Who can take it now, from the page to the plan: put off, make room, nothing half-done when the day has changed."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from dispatch.board.pages import blueprint
from tests.board.building import TODAY, approved_order, moment, visit_at, visits_of, window
from tests.conftest import Cast

HTMX = {"HX-Request": "true"}


@pytest.fixture
def at_ten(monkeypatch):
    """It is ten o'clock."""
    monkeypatch.setattr(blueprint, "now", lambda: moment("10:00", TODAY))


def taken_back(lin: FlaskClient, page: str) -> str:
    assert "An order was given to somebody at once" in page
    (change,) = re.findall(r"/plan/changes/(\d+)/undo", page)
    return lin.post(f"/plan/changes/{change}/undo", data={"day": TODAY.isoformat()}, follow_redirects=True).text


def picks(page: str) -> list[str]:
    return re.findall(r'name="pick" value="([^"]+)"', page)


def test_the_urgent_joins_a_day_under_way(db: Session, cast: Cast, lin: FlaskClient, at_ten: None) -> None:
    promised = approved_order(db, cast, wanted_on=TODAY, **window("10:00", "10:45"))
    made = visit_at(db, cast, promised, cast.su, "10:40", day=TODAY)
    order = approved_order(db, cast, urgency="urgent")
    db.commit()
    url = f"/plan/orders/{order.number}/now"
    page = lin.get(url, headers=HTMX).text
    assert "Who can take it now" in page and f"{promised.number} begins at" in page
    pick = next(one for one in picks(page) if one.startswith(f"{cast.su.id}@"))
    stale = lin.post(url, data={"pick": f"{cast.su.id}@{int(pick.split('@')[1]) - 3600}"}, headers=HTMX)
    assert stale.status_code == 422 and "The day has changed while you were looking" in stale.text
    done = lin.post(url, data={"pick": pick}, follow_redirects=True)
    assert f"{order.number} was assigned to {cast.su.name}" in done.text
    (new,) = visits_of(db, order.id)
    db.refresh(made)
    assert "Nobody else could take it as the day stands." in lin.get(f"/plan/visits/{made.id}", headers=HTMX).text
    assert new.ends_at <= made.starts_at and made.starts_at > moment("10:40", TODAY)
    again = lin.post(url, data={"pick": pick}, follow_redirects=True)
    assert "Nothing of this order waits for a visit any more." in again.text
    assert lin.get(url).status_code == 404
    told = taken_back(lin, again.text)
    db.refresh(made)
    assert "2 visits were taken back" in told and visits_of(db, order.id)[0].status == "abandoned"
    assert (made.starts_at, made.by_hand) == (moment("10:40", TODAY), False)


def test_the_less_urgent_makes_room(db: Session, cast: Cast, lin: FlaskClient, at_ten: None) -> None:
    for who in (cast.su, cast.wei):
        visit_at(db, cast, approved_order(db, cast), who, "10:00", day=TODAY, minutes=440)
    order = approved_order(db, cast, urgency="emergency")
    db.commit()
    url = f"/plan/orders/{order.number}/now"
    page = lin.get(url, headers=HTMX).text
    assert "If somebody makes room" in page and "makes room and waits to be planned again" in page
    (swap,) = re.findall(r'name="swap" value="1">.*?value="(\d+@\d+)"', page, re.S)
    assert swap not in picks(page)[:-1]
    lin.post(url, data={"pick": swap, "swap": "1"})
    (new,) = visits_of(db, order.id)
    db.expire_all()
    (gone,) = (one for one in visits_of(db) if one.status == "abandoned")
    assert gone.technician_id == new.technician_id == int(swap.split("@")[0])
    assert gone.reason == "made room for an urgent order"
    assert "2 visits were taken back" in taken_back(lin, lin.get(f"/plan?day={TODAY.isoformat()}").text)
    (again,) = (one for one in visits_of(db, gone.order_id) if one.status == "planned")
    assert (again.technician_id, again.starts_at) == (gone.technician_id, gone.starts_at)
    assert {one.status for one in visits_of(db, order.id)} == {"abandoned"}
