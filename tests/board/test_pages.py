"""The planning board as its reader meets it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from dispatch.board import jobs
from dispatch.board.models import PlanRun
from dispatch.board.pages import day
from dispatch.board.queries import visits_on
from dispatch.orders.models import Order, Visit
from dispatch.staff.calendar_forms import Entry
from dispatch.staff.rostering import set_days
from tests.board.building import (
    MODEL,
    PLACES,
    TOMORROW,
    approved_order,
    hire,
    no_technicians,
    take,
    visit_at,
    visits_of,
)
from tests.conftest import AT, Cast, SignIn
from tests.counting import queries

DAY = TOMORROW.isoformat()
HTMX = {"HX-Request": "true"}


def test_nobody_to_send(db: Session, cast: Cast, lin: FlaskClient) -> None:
    no_technicians(db, cast)
    db.commit()
    page = lin.get(f"/plan?day={DAY}").text
    assert "This branch has no technicians yet" in page
    assert "Plan this day" not in page


def test_nothing_approved_yet(db: Session, cast: Cast, lin: FlaskClient) -> None:
    take(db, cast)
    db.commit()
    assert "Nothing approved is waiting for this day." in lin.get(f"/plan?day={DAY}").text


def test_without_a_day_it_is_today_and_nonsense_is_today_too(lin: FlaskClient) -> None:
    for query in ("", "?day=soon", "?day=", "?day=2027-02-29"):
        assert 'value="2026-12-02"' in lin.get(f"/plan{query}").text


def test_a_day_of_a_leap_year_whose_calendar_is_not_published_says_so(db: Session, cast: Cast, lin: FlaskClient) -> None:
    approved_order(db, cast)
    set_days(db, [Entry(date(2026, 10, 1), "holiday", "国庆节")], branch_id=None, by=cast.chen, at=AT)
    db.commit()
    page = lin.get("/plan?day=2028-02-29").text
    assert 'value="2028-02-29"' in page and "The calendar of 2028 is not published yet" in page


def test_a_day_that_is_over_is_only_looked_at(db: Session, cast: Cast, lin: FlaskClient) -> None:
    approved_order(db, cast)
    db.commit()
    looked = lin.get("/plan?day=2026-12-01").text
    assert "Nobody was sent out on this day." in looked
    assert "Plan this day" not in looked and "Assign" not in looked
    page = lin.post("/plan/run", data={"day": "2026-12-01"}, follow_redirects=True)
    assert "This day is over" in page.text


def test_a_run_that_ends_while_the_page_is_put_together_is_looked_at_again(
    db: Session, cast: Cast, lin: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    approved_order(db, cast)
    db.commit()
    lin.post("/plan/run", data={"day": DAY})

    def ends_meanwhile(session: Session, *which: Any, lent: bool) -> Sequence[Visit]:
        found = visits_on(session, *which, lent=lent)
        session.execute(sa.update(PlanRun).values(state="done", ended_at=AT, outcome={"served": 1, "lines": 1, "seconds": 0}))
        return found

    monkeypatch.setattr(day, "visits_on", ends_meanwhile)
    assert "The day is being planned" in lin.get(f"/plan?day={DAY}").text


def test_pressing_plan_asks_once_and_shows_progress(db: Session, cast: Cast, lin: FlaskClient) -> None:
    approved_order(db, cast)
    db.commit()
    first = lin.post("/plan/run", data={"day": DAY}, follow_redirects=True)
    assert "The day is being planned" in first.text
    second = lin.post("/plan/run", data={"day": DAY}, follow_redirects=True)
    assert "This day is being planned already. Wait for the result." in second.text
    assert db.scalar(sa.select(sa.func.count()).select_from(PlanRun)) == 1
    assert "The day is being planned" in lin.get(f"/plan/progress?day={DAY}", headers=HTMX).text


def test_the_result_stays_with_figures_routes_and_reasons(
    db: Session, cast: Cast, lin: FlaskClient, carried_out: Callable[..., PlanRun]
) -> None:
    served = approved_order(db, cast, lines=2, customer="恒通物流")
    left = approved_order(db, cast, symptom="fuel", customer="顺安运输")
    unplaced = approved_order(db, cast, place=None, customer="华鑫渣土")
    carried_out()
    page = lin.get(f"/plan?day={DAY}").text
    assert "2 of 4 vehicles found a technician" in page
    assert "Dispatch all 1" in page
    assert "恒通物流" in page and served.number in page
    assert "lack skill Fuel sensor 1" in page
    assert "no place on the map: set the pin" in page and f"/customers/{unplaced.customer_id}" in page
    assert f"/plan/orders/{left.number}/assign" in page
    assert lin.get(f"/plan/progress?day={DAY}", headers=HTMX).headers["HX-Refresh"] == "true"


def test_a_broken_run_is_told(
    db: Session, cast: Cast, lin: FlaskClient, carried_out: Callable[..., PlanRun], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "plan", lambda *_: 1 / 0)
    approved_order(db, cast)
    carried_out()
    assert "The planner broke down" in lin.get(f"/plan?day={DAY}").text


def test_the_map_gets_routes_stops_and_what_is_left(
    db: Session, cast: Cast, lin: FlaskClient, carried_out: Callable[..., PlanRun]
) -> None:
    order = approved_order(db, cast, place=PLACES[1])
    approved_order(db, cast, symptom="fuel", place=PLACES[2])
    carried_out()
    told = lin.get(f"/plan/map.json?day={DAY}").json
    assert told is not None
    served, left = told["stops"]
    assert (served["lat"], served["lon"], served["seq"]) == (*PLACES[1], 1)
    assert (left["route"], left["seq"], left["lat"]) == (None, None, PLACES[2][0])
    assert [len(route["points"]) for route in told["routes"]] == [3]
    assert {person["id"] for person in told["technicians"]} == {cast.su.id, cast.wei.id, cast.zhou.id}
    assert order.number in served["url"]
    assert told["tiles"] is None


def test_sending_out_the_day(db: Session, cast: Cast, lin: FlaskClient) -> None:
    visit_at(db, cast, approved_order(db, cast), cast.su, "09:00")
    visit_at(db, cast, approved_order(db, cast), cast.wei, "09:00")
    db.commit()
    one = lin.post("/plan/dispatch", data={"day": DAY, "technician": cast.su.id}, follow_redirects=True)
    assert "1 visit was dispatched." in one.text
    rest = lin.post("/plan/dispatch", data={"day": DAY}, follow_redirects=True)
    assert "1 visit was dispatched." in rest.text
    none = lin.post("/plan/dispatch", data={"day": DAY}, follow_redirects=True)
    assert "There was nothing to dispatch." in none.text
    assert {v.status for v in visits_of(db)} == {"dispatched"}


def test_the_board_is_the_planners_and_of_his_branch(db: Session, cast: Cast, as_person: SignIn) -> None:
    order = approved_order(db, cast, customer="恒通物流")
    made = visit_at(db, cast, order, cast.su, "09:00")
    db.commit()
    for person in (cast.su, cast.qian):
        assert as_person(person).get("/plan").status_code == 404
    he = as_person(cast.he)
    assert "恒通物流" not in he.get(f"/plan?day={DAY}").text
    for path in (f"/plan/orders/{order.number}/assign", f"/plan/visits/{made.id}"):
        assert he.get(path).status_code == 404
    assert he.post(f"/plan/visits/{made.id}/take_off", data={"reason": "…"}).status_code == 404
    he.post("/plan/dispatch", data={"day": DAY})
    assert visits_of(db)[0].status == "planned"


def test_who_is_lent_to_another_branch_is_drawn_as_away_and_only_there_is_said_for_whom(
    db: Session, cast: Cast, lin: FlaskClient
) -> None:
    for start in ("13:00", "23:30"):
        visit_at(db, cast, approved_order(db, cast, customer="羊城物流"), cast.su, start)
    for table in (Visit, Order):
        db.execute(sa.update(table).values(branch_id=cast.gz))
    db.commit()
    page = lin.get(f"/plan?day={DAY}").text
    assert page.count("at the branch 广州") == 5 and "羊城物流" not in page and "Nothing approved" not in page
    assert "13:00–13:55 广州" in page and "23:30–24:25 广州" in page and "Dispatch this route" not in page


def test_a_full_day_takes_few_queries(db: Session, cast: Cast, as_person: SignIn) -> None:
    people = [*hire(db, cast, 5)]
    for number, person in enumerate(people):
        for hour in range(9, 13):
            actor = replace(cast.su, id=person.id)
            visit_at(
                db,
                cast,
                approved_order(db, cast, place=PLACES[number], lines=2, kind="installation", model=MODEL),
                actor,
                f"{hour:02d}:00",
            )
    for _ in range(5):
        approved_order(db, cast)
    db.commit()
    wang = as_person(cast.wang)
    wang.get(f"/plan?day={DAY}")
    with queries() as seen:
        page = wang.get(f"/plan?day={DAY}").text
    assert page.count('class="stop tone-planned') == 20
    assert len(seen) <= 12, "\n".join(seen)


def test_lunch_bag_and_promise_are_told(db: Session, cast: Cast, lin: FlaskClient) -> None:
    late = approved_order(
        db, cast, symptom="restart", product_model=MODEL, window_from=datetime(2026, 1, 1, 9).time(), window_to=None
    )
    late.window_to = (datetime(2026, 1, 1, 9) + timedelta(hours=1)).time()
    visit_at(db, cast, late, cast.su, "10:30")
    visit_at(db, cast, approved_order(db, cast), cast.su, "13:30")
    db.commit()
    page = lin.get(f"/plan?day={DAY}").text
    assert "Missing in the bag:" in page and f"1 × terminal {MODEL}" in page
    assert "Lunch 11:30–12:00" in page
    assert "edge-risk" in page


def test_a_drive_that_cannot_be_made_in_time_is_marked(db: Session, cast: Cast, lin: FlaskClient) -> None:
    visit_at(db, cast, approved_order(db, cast, place=PLACES[0]), cast.su, "09:00")
    visit_at(db, cast, approved_order(db, cast, place=PLACES[4]), cast.su, "10:00")
    db.commit()
    assert "min too little time" in lin.get(f"/plan?day={DAY}").text


def test_visits_table_is_what_it_was(db: Session, cast: Cast, lin: FlaskClient) -> None:
    """Looking changes nothing."""
    visit_at(db, cast, approved_order(db, cast), cast.su, "09:00")
    db.commit()
    before = db.execute(sa.select(Visit.id, Visit.version)).all()
    for path in (f"/plan?day={DAY}", f"/plan/map.json?day={DAY}", f"/plan/visits/{before[0].id}"):
        assert lin.get(path).status_code == 200
    assert db.execute(sa.select(Visit.id, Visit.version)).all() == before


def test_who_waits_for_parts_is_led_to_the_store(
    db: Session, cast: Cast, lin: FlaskClient, carried_out: Callable[..., PlanRun]
) -> None:
    approved_order(db, cast, lines=2, symptom="restart", product_model=MODEL)
    carried_out()
    page = lin.get(f"/plan?day={DAY}").text
    assert f"no terminal {MODEL} in the bag" in page and f'href="/stock/issue?count-{MODEL}=2"' in page


def test_lunch_stands_where_it_is_in_time(db: Session, cast: Cast, lin: FlaskClient) -> None:
    """He is free at 10:40 and there before lunch time: were lunch before the drive, he would be late at 12:10."""
    visit_at(db, cast, approved_order(db, cast, place=PLACES[0], lines=2), cast.su, "09:00", minutes=100)
    visit_at(db, cast, approved_order(db, cast, place=PLACES[5]), cast.su, "12:10")
    db.commit()
    page = lin.get(f"/plan?day={DAY}").text
    route = page[page.index(f'id="route-{cast.su.id}"') :]
    route = route[route.index("10:40</span>") :]
    places = [route.index(word) for word in ("min drive", "Lunch 11:30", "<b>12:10</b>", "min home")]
    assert places == sorted(places)
