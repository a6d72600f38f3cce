"""The planning board as its reader meets it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from dispatch.board import jobs
from dispatch.board.models import PlanRun
from dispatch.board.operations.runs import ask_plan
from dispatch.board.pages import blueprint
from dispatch.config import Settings
from dispatch.db import transaction
from dispatch.orders.models import Visit
from tests.board.building import (
    MODEL,
    PLACES,
    TOMORROW,
    approved_order,
    at_clock,
    hire,
    moment,
    no_technicians,
    take,
    visit_at,
    visits_of,
)
from tests.conftest import AT, Cast, SignIn
from tests.counting import queries

DAY = TOMORROW.isoformat()
HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def fixed_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is 09:00 on the day before the planned one."""
    monkeypatch.setattr(blueprint, "now", lambda: AT)
    monkeypatch.setattr(jobs, "now", lambda: AT)


@pytest.fixture
def lin(as_person: SignIn, cast: Cast) -> FlaskClient:
    """The dispatcher's browser."""
    return as_person(cast.lin)


def planned(db: Session, cast: Cast, settings: Settings) -> None:
    """Have TOMORROW planned."""
    db.commit()
    with transaction() as session:
        run_id = ask_plan(session, branch_id=cast.sz, day=TOMORROW, by=cast.lin, at=AT).id
    jobs.carry_out(run_id, replace(settings, plan_seconds=1))
    db.expire_all()


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
    for query in ("", "?day=soon", "?day="):
        assert 'value="2026-12-02"' in lin.get(f"/plan{query}").text


def test_a_day_that_is_over_is_only_looked_at(db: Session, cast: Cast, lin: FlaskClient) -> None:
    approved_order(db, cast)
    db.commit()
    looked = lin.get("/plan?day=2026-12-01").text
    assert "Nobody was sent out on this day." in looked
    assert "Plan this day" not in looked and "Assign" not in looked
    page = lin.post("/plan/run", data={"day": "2026-12-01"}, follow_redirects=True)
    assert "This day is over" in page.text


def test_pressing_plan_asks_once_and_shows_progress(db: Session, cast: Cast, lin: FlaskClient) -> None:
    approved_order(db, cast)
    db.commit()
    first = lin.post("/plan/run", data={"day": DAY}, follow_redirects=True)
    assert "The day is being planned" in first.text
    second = lin.post("/plan/run", data={"day": DAY}, follow_redirects=True)
    assert "This day is being planned already. Wait for the result." in second.text
    assert db.scalar(sa.select(sa.func.count()).select_from(PlanRun)) == 1
    assert "The day is being planned" in lin.get(f"/plan/progress?day={DAY}", headers=HTMX).text


def test_the_result_stays_with_figures_routes_and_reasons(db: Session, cast: Cast, lin: FlaskClient, settings: Settings) -> None:
    served = approved_order(db, cast, lines=2, customer="恒通物流")
    left = approved_order(db, cast, symptom="fuel", customer="顺安运输")
    unplaced = approved_order(db, cast, place=None, customer="华鑫渣土")
    planned(db, cast, settings)
    page = lin.get(f"/plan?day={DAY}").text
    assert "2 of 4 vehicles found a technician" in page
    assert "Dispatch all 1" in page
    assert "恒通物流" in page and served.number in page
    assert "lack skill Fuel sensor 1" in page
    assert "no place on the map: set the pin" in page and f"/customers/{unplaced.customer_id}" in page
    assert f"/plan/orders/{left.number}/assign" in page
    assert lin.get(f"/plan/progress?day={DAY}", headers=HTMX).headers["HX-Refresh"] == "true"


def test_a_broken_run_is_told(
    db: Session, cast: Cast, lin: FlaskClient, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "plan", lambda *_: 1 / 0)
    approved_order(db, cast)
    planned(db, cast, settings)
    assert "The planner broke down" in lin.get(f"/plan?day={DAY}").text


def test_the_map_gets_routes_stops_and_what_is_left(db: Session, cast: Cast, lin: FlaskClient, settings: Settings) -> None:
    order = approved_order(db, cast, place=PLACES[1])
    approved_order(db, cast, symptom="fuel", place=PLACES[2])
    planned(db, cast, settings)
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


def test_the_assign_dialog_lists_who_could_go(db: Session, cast: Cast, lin: FlaskClient) -> None:
    order = approved_order(db, cast, symptom="power")
    db.commit()
    url = f"/plan/orders/{order.number}/assign?day={DAY}&site={order.site_id}"
    part, whole = lin.get(url, headers=HTMX).text, lin.get(url).text
    assert "<html" not in part and "<html" in whole
    for page in (part, whole):
        assert f'value="{cast.su.id}@' in page
        assert "lacks skill Vehicle electrics 1" in page
        assert "has not passed the product training" in page


def test_a_proposal_is_taken_with_one_press(db: Session, cast: Cast, lin: FlaskClient) -> None:
    order = approved_order(db, cast)
    db.commit()
    url = f"/plan/orders/{order.number}/assign"
    pick = re.search(r'name="pick" value="([^"]+)"', lin.get(f"{url}?day={DAY}", headers=HTMX).text)
    assert pick
    answer = lin.post(url, data={"day": DAY, "site": order.site_id, "pick": pick[1]}, headers=HTMX)
    assert (answer.status_code, answer.headers["HX-Refresh"]) == (204, "true")
    (made,) = visits_of(db, order.id)
    assert f"{made.technician_id}@" in pick[1] and made.by_hand


def test_what_speaks_against_a_choice_is_told_before_and_after(db: Session, cast: Cast, lin: FlaskClient) -> None:
    order = approved_order(db, cast)
    db.commit()
    choice = {"day": DAY, "site": order.site_id, "technician": cast.su.id, "start": "18:00"}
    told = lin.get(f"/plan/orders/{order.number}/against", query_string=choice, headers=HTMX).text
    assert "outside the shift" in told and "Do it anyway" in told
    hard = lin.get(f"/plan/orders/{order.number}/against", query_string={**choice, "technician": cast.zhou.id}, headers=HTMX).text
    assert "Not possible" in hard and "Do it anyway" not in hard
    refused = lin.post(f"/plan/orders/{order.number}/assign", data=choice, headers=HTMX)
    assert refused.status_code == 422
    assert "Tick the box" in refused.text and 'value="18:00"' in refused.text
    done = lin.post(f"/plan/orders/{order.number}/assign", data={**choice, "anyway": "1"})
    assert done.status_code == 303
    assert visits_of(db, order.id)[0].starts_at == moment("18:00")


def test_an_unfinished_choice_is_asked_for_again(db: Session, cast: Cast, lin: FlaskClient) -> None:
    order = approved_order(db, cast, lines=2)
    db.commit()
    refused = lin.post(f"/plan/orders/{order.number}/assign", data={"day": DAY, "start": "25:00", "count": "9"})
    assert refused.status_code == 422
    assert "Choose a number from 1 to 2." in refused.text
    refused = lin.post(f"/plan/orders/{order.number}/assign", data={"day": DAY, "start": "25:00"})
    assert "Choose a technician." in refused.text and "Give a time such as 14:30." in refused.text
    assert visits_of(db) == []


def test_a_second_press_finds_nothing_left_to_assign(db: Session, cast: Cast, lin: FlaskClient) -> None:
    order = approved_order(db, cast)
    db.commit()
    sent = {"day": DAY, "site": order.site_id, "pick": f"{cast.su.id}@{at_clock('10:00')}"}
    lin.post(f"/plan/orders/{order.number}/assign", data=sent)
    again = lin.post(f"/plan/orders/{order.number}/assign", data=sent, follow_redirects=True)
    assert "Nothing of this order waits for a visit any more." in again.text
    assert len(visits_of(db)) == 1


def test_a_visit_is_moved_recalled_and_taken_off(db: Session, cast: Cast, lin: FlaskClient) -> None:
    made = visit_at(db, cast, approved_order(db, cast), cast.su, "09:00")
    db.commit()
    dialog = lin.get(f"/plan/visits/{made.id}", headers=HTMX).text
    assert "Move to another person or time" in dialog and "Take it off the plan" in dialog
    sent = {"version": made.version, "technician": cast.wei.id, "start": "13:30"}
    assert "Nothing speaks against it." in lin.get(f"/plan/visits/{made.id}/against", query_string=sent, headers=HTMX).text
    assert lin.post(f"/plan/visits/{made.id}/move", data=sent).status_code == 303
    stale = lin.post(f"/plan/visits/{made.id}/move", data=sent, headers=HTMX)
    assert stale.status_code == 422 and "while you were looking" in stale.text
    lin.post("/plan/dispatch", data={"day": DAY})
    assert "Take it back from the phone" in lin.get(f"/plan/visits/{made.id}", headers=HTMX).text
    assert lin.post(f"/plan/visits/{made.id}/recall", data={"reason": ""}).status_code == 422
    assert lin.post(f"/plan/visits/{made.id}/recall", data={"reason": "等配件"}).status_code == 303
    assert lin.post(f"/plan/visits/{made.id}/take_off", data={"reason": "改期"}).status_code == 303
    (found,) = visits_of(db)
    assert (found.status, found.technician_id, found.reason) == ("abandoned", cast.wei.id, "改期")


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
