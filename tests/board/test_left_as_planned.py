"""Planning again never takes a planned visit away for nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from dispatch.board import jobs
from dispatch.board.models import PlanRun
from dispatch.board.operations.runs import ask_plan
from dispatch.board.pages import blueprint
from dispatch.config import Settings
from dispatch.db import transaction
from dispatch.errors import RuleBroken
from dispatch.orders.models import Visit
from dispatch.orders.operations.moves import move_visit
from dispatch.staff.models import Person
from tests.board.building import (
    PLACES,
    TODAY,
    TOMORROW,
    approved_order,
    covered,
    line_ids,
    live,
    moment,
    no_technicians,
    set_skill,
    visit_at,
    visits_of,
    window,
)
from tests.conftest import AT, Cast

DAY = TOMORROW.isoformat()
AFTER_WORK = moment("17:30", TODAY)


def run_at(db: Session, cast: Cast, settings: Settings, monkeypatch: pytest.MonkeyPatch, clock: str) -> PlanRun:
    """TODAY's plan, asked for and carried out at this time."""
    db.commit()
    at = moment(clock, TODAY)
    monkeypatch.setattr(jobs, "now", lambda: at)
    with transaction() as session:
        run_id = ask_plan(session, branch_id=cast.sz, day=TODAY, by=cast.lin, at=at).id
    jobs.carry_out(run_id, settings)
    db.expire_all()
    return db.get_one(PlanRun, run_id)


def standing(db: Session) -> list[int]:
    """The visits that are still to come."""
    return [visit.id for visit in live(db)]


def test_when_time_has_run_out_what_was_planned_stays(
    db: Session, cast: Cast, settings: Settings, monkeypatch: pytest.MonkeyPatch, lin: FlaskClient
) -> None:
    orders = [approved_order(db, cast, place=PLACES[i]) for i in range(2)]
    kept = [
        visit_at(db, cast, orders[0], cast.su, "14:00", day=TODAY),
        visit_at(db, cast, orders[1], cast.wei, "16:00", day=TODAY),
    ]
    waits = approved_order(db, cast)
    run = run_at(db, cast, settings, monkeypatch, "17:20")
    assert sorted(standing(db)) == [visit.id for visit in kept]
    assert {order.status for order in orders} == {"planned"} and waits.status == "approved"
    assert (run.outcome["served"], run.outcome["left"]) == (0, 2)
    assert "2 planned visits stay as they were, because nobody was found for them anew." in lin.get("/plan").text


def test_what_something_stands_in_the_place_of_goes(db: Session, cast: Cast, carried_out: Callable[..., PlanRun]) -> None:
    """Only Su knows electrics, and both customers want him at ten: the urgent one gets him."""
    promised = {"wanted_on": TOMORROW, "symptom": "power", **window("10:00", "10:10")}
    late = approved_order(db, cast, **promised)
    gone = visit_at(db, cast, late, cast.su, "10:00")
    urgent = approved_order(db, cast, urgency="urgent", **promised)
    run = carried_out()
    assert covered(live(db)) == list(line_ids(urgent))
    assert (db.get_one(Visit, gone.id).status, late.status, run.outcome["left"]) == ("abandoned", "approved", 0)


def test_what_nobody_may_do_any_more_goes(db: Session, cast: Cast, carried_out: Callable[..., PlanRun]) -> None:
    order = approved_order(db, cast, symptom="power")
    visit_at(db, cast, order, cast.su, "10:00")
    set_skill(db, cast.su, "electrics", 1, expires_on=TODAY)
    run = carried_out()
    assert (standing(db), order.status, run.outcome["left"]) == ([], "approved", 0)


def test_whoever_left_keeps_no_visit(db: Session, cast: Cast, carried_out: Callable[..., PlanRun]) -> None:
    visit_at(db, cast, approved_order(db, cast), cast.su, "10:00")
    no_technicians(db, cast)
    assert (carried_out().outcome["left"], standing(db)) == (0, [])


def test_a_visit_of_which_one_vehicle_found_nobody_stays_whole(
    db: Session, cast: Cast, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = approved_order(db, cast, lines=6)
    made = visit_at(db, cast, order, cast.su, "11:00", day=TODAY, minutes=280)
    sent = visit_at(db, cast, approved_order(db, cast), cast.wei, "15:00", day=TODAY)
    move_visit(db, sent, "dispatch", by=cast.lin, at=AT)
    run = run_at(db, cast, settings, monkeypatch, "14:30")
    assert run.outcome["unserved"] and run.outcome["technicians"]  # some of the six found time, some did not
    assert sorted(standing(db)) == [made.id, sent.id]
    assert covered([made]) == sorted(line_ids(order))
    assert (run.outcome["served"], run.outcome["left"], run.outcome["skipped"]) == (0, 1, [])


def test_what_is_left_over_from_yesterday_waits_again(db: Session, cast: Cast, carried_out: Callable[..., PlanRun]) -> None:
    order = approved_order(db, cast, symptom="power", wanted_on=TOMORROW, **window("05:00", "05:10"))
    visit_at(db, cast, order, cast.su, "14:00", day=TODAY - timedelta(days=1))
    run = carried_out()
    assert (standing(db), order.status, run.outcome["left"]) == ([], "approved", 0)


def test_nothing_is_planned_anew_when_all_shifts_are_over(
    db: Session, cast: Cast, lin: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = visit_at(db, cast, approved_order(db, cast), cast.su, "14:00", day=TODAY)
    db.commit()
    with pytest.raises(RuleBroken, match=r"Today's shifts are over\. Plan 12-03 instead\."):
        ask_plan(db, branch_id=cast.sz, day=TODAY, by=cast.lin, at=AFTER_WORK)
    ask_plan(db, branch_id=cast.sz, day=TODAY, by=cast.lin, at=AFTER_WORK - timedelta(minutes=1))
    ask_plan(db, branch_id=cast.sz, day=TOMORROW, by=cast.lin, at=AFTER_WORK)
    db.rollback()
    monkeypatch.setattr(blueprint, "now", lambda: AFTER_WORK)
    page = lin.get("/plan").text
    assert "Plan this day" not in page and "are over." in page
    assert f'href="/plan?day={DAY}">Plan 12-03</a>' in page
    assert "are over. Plan 12-03 instead." in lin.post("/plan/run", follow_redirects=True).text
    assert visits_of(db)[0].id == made.id and "Plan this day" in lin.get(f"/plan?day={DAY}").text


def test_one_who_works_late_can_still_be_planned(
    db: Session, cast: Cast, lin: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    db.get_one(Person, cast.wei.id).shift_to = time(20)
    approved_order(db, cast)
    db.commit()
    monkeypatch.setattr(blueprint, "now", lambda: AFTER_WORK)
    assert "Plan this day" in lin.get("/plan").text
    assert ask_plan(db, branch_id=cast.sz, day=TODAY, by=cast.lin, at=AFTER_WORK).state == "asked"


def test_before_visits_are_planned_anew_it_is_said(db: Session, cast: Cast, lin: FlaskClient) -> None:
    question = "1 planned visit will be planned anew."
    first = approved_order(db, cast)
    visit_at(db, cast, approved_order(db, cast), cast.wei, "09:00", by_hand=True)
    db.commit()
    assert "planned anew" not in lin.get(f"/plan?day={DAY}").text
    visit_at(db, cast, first, cast.su, "09:00")
    db.commit()
    page = lin.get(f"/plan?day={DAY}").text
    assert question in page and 'data-ask="plan-again"' in page and '<dialog id="plan-again"' in page
