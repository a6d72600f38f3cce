"""Planning runs: asked for, carried out between two transactions, safe to be carried out again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch import db as database_module
from dispatch.audit.queries import broken_chains
from dispatch.board import jobs
from dispatch.board.models import PlanRun
from dispatch.board.operations import runs
from dispatch.board.operations.runs import ask_plan, begin_run, finish_run
from dispatch.board.outcome import reasons_by_line
from dispatch.config import Settings
from dispatch.db import transaction
from dispatch.errors import Conflict, NotAllowed, NotFound, RuleBroken
from dispatch.orders.lifecycle import VISIT_LIVE
from dispatch.orders.models import Order, OrderLine, Visit
from dispatch.orders.operations.moves import move_visit
from dispatch.orders.operations.visits import cancel_order
from dispatch.routing import plan
from dispatch.staff.models import PersonRole
from dispatch.words import text_from_json
from tests.board.building import (
    MODEL,
    PLACES,
    TODAY,
    TOMORROW,
    WAYS,
    approved_order,
    fill_bag,
    hire,
    line_ids,
    moment,
    no_technicians,
    visit_at,
    visits_of,
    window,
)
from tests.conftest import AT, Cast


@pytest.fixture(autouse=True)
def fixed_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs run at AT: 09:00 on the day before the planned one."""
    monkeypatch.setattr(jobs, "now", lambda: AT)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """As in every test, but the planner gets one second."""
    return replace(settings, plan_seconds=1)


@pytest.fixture
def carried_out(db: Session, cast: Cast, settings: Settings) -> Callable[..., PlanRun]:
    """Commit what was built, ask for TOMORROW's plan and carry it out; gives the run as it ended."""

    def run() -> PlanRun:
        db.commit()
        with transaction() as session:
            run_id = ask_plan(session, branch_id=cast.sz, day=TOMORROW, by=cast.lin, at=AT).id
        jobs.carry_out(run_id, settings)
        db.expire_all()
        return db.get_one(PlanRun, run_id)

    return run


def live(db: Session) -> list[Visit]:
    """Visits that are still to come, by technician and time."""
    db.expire_all()
    found = db.scalars(sa.select(Visit).where(Visit.status.in_(VISIT_LIVE)).order_by(Visit.technician_id, Visit.starts_at))
    return list(found)


def covered(visits: list[Visit]) -> list[int]:
    return sorted(row.line_id for v in visits for row in v.visit_lines)


def reasons(run: PlanRun, line_id: int) -> list[str]:
    return [str(text_from_json(reason["text"])) for reason in reasons_by_line(run.outcome)[line_id]]


def test_forty_three_vehicles_over_several_technicians(db: Session, cast: Cast, carried_out: Callable[..., PlanRun]) -> None:
    for owner in (cast.su, *hire(db, cast, 3)):
        fill_bag(db, cast, owner, terminals=20, sims=20)
    order = approved_order(db, cast, lines=43, kind="installation", symptom=None, model=MODEL)
    run = carried_out()
    assert (run.state, run.outcome["served"], run.outcome["unserved"]) == ("done", 43, [])
    visits = live(db)
    assert covered(visits) == sorted(line_ids(order))
    assert 3 <= len(visits) <= 8  # one trip each, at most two where something lies between
    assert {v.technician_id for v in visits}.isdisjoint({cast.wei.id, cast.zhou.id})
    by_person: dict[int, list[Visit]] = {}
    for v in visits:
        by_person.setdefault(v.technician_id, []).append(v)
    for theirs in by_person.values():
        assert all(a.ends_at <= b.starts_at for a, b in pairwise(theirs))
    assert db.get_one(Order, order.id).status == "planned"
    assert list(broken_chains(db)) == []


def test_why_orders_found_no_one_is_kept(db: Session, cast: Cast, carried_out: Callable[..., PlanRun]) -> None:
    no_part = approved_order(db, cast, symptom="restart", product_model=MODEL)
    no_skill = approved_order(db, cast, symptom="fuel")
    unplaced = approved_order(db, cast, place=None)
    served = approved_order(db, cast)
    run = carried_out()
    assert covered(live(db)) == list(line_ids(served))
    assert any("bag" in r for r in reasons(run, no_part.lines[0].id))
    assert any("oil-sensor" in r for r in reasons(run, no_skill.lines[0].id))
    assert reasons(run, unplaced.lines[0].id) == ["no place on the map: set the pin"]
    assert (run.outcome["lines"], run.outcome["served"]) == (4, 1)


def test_planning_anew_keeps_what_was_sent_or_set_by_hand(db: Session, cast: Cast, carried_out: Callable[..., PlanRun]) -> None:
    orders = [approved_order(db, cast, place=PLACES[i]) for i in range(4)]
    by_hand = visit_at(db, cast, orders[0], cast.wei, "14:00", by_hand=True)
    sent = visit_at(db, cast, orders[1], cast.su, "15:00")
    move_visit(db, sent, "dispatch", by=cast.lin, at=AT)
    loose = visit_at(db, cast, orders[2], cast.su, "16:20")
    carried_out()
    assert [(v.status, v.starts_at) for v in visits_of(db, orders[0].id)] == [("planned", by_hand.starts_at)]
    assert [(v.status, v.starts_at) for v in visits_of(db, orders[1].id)] == [("dispatched", sent.starts_at)]
    before = db.get_one(Visit, loose.id)
    assert (before.status, before.reason) == ("abandoned", "planned anew")
    assert covered(live(db)) == sorted(i for order in orders for i in line_ids(order))


def test_planning_anew_leaves_what_comes_out_the_same(db: Session, cast: Cast, carried_out: Callable[..., PlanRun]) -> None:
    for i in range(4):
        approved_order(db, cast, place=PLACES[i])
    carried_out()
    first = [v.id for v in live(db)]
    carried_out()
    assert [v.id for v in live(db)] == first


def test_a_day_is_planned_once_at_a_time(db: Session, cast: Cast) -> None:
    db.commit()
    with transaction() as session:
        ask_plan(session, branch_id=cast.sz, day=TOMORROW, by=cast.lin, at=AT)
    with pytest.raises(Conflict, match="being planned already"), transaction() as session:
        ask_plan(session, branch_id=cast.sz, day=TOMORROW, by=cast.wang, at=AT)
    with transaction() as session:
        ask_plan(session, branch_id=cast.sz, day=TODAY, by=cast.lin, at=AT)


def test_a_lost_run_makes_room(db: Session, cast: Cast) -> None:
    lost = ask_plan(db, branch_id=cast.sz, day=TOMORROW, by=cast.lin, at=AT)
    ask_plan(db, branch_id=cast.sz, day=TOMORROW, by=cast.lin, at=AT + timedelta(hours=1))
    assert (lost.state, lost.outcome["failure"]["msgid"][:21]) == ("failed", "The planning run was ")


def test_who_may_ask_for_what(db: Session, cast: Cast) -> None:
    with pytest.raises(NotAllowed):
        ask_plan(db, branch_id=cast.sz, day=TOMORROW, by=cast.su, at=AT)
    with pytest.raises(NotFound):
        ask_plan(db, branch_id=cast.sz, day=TOMORROW, by=cast.he, at=AT)
    with pytest.raises(RuleBroken, match="over"):
        ask_plan(db, branch_id=cast.sz, day=TODAY - timedelta(days=1), by=cast.lin, at=AT)


def test_asking_and_its_job_are_one(db: Session, cast: Cast) -> None:
    run = ask_plan(db, branch_id=cast.sz, day=TOMORROW, by=cast.lin, at=AT)
    asked = db.execute(sa.text("SELECT task_name, args FROM procrastinate_jobs")).one()
    assert tuple(asked) == ("board.plan", {"run_id": run.id})


def test_a_run_that_ended_is_left_alone(db: Session, cast: Cast, settings: Settings, carried_out: Callable[..., PlanRun]) -> None:
    approved_order(db, cast)
    run = carried_out()
    told, visits = dict(run.outcome), [v.id for v in visits_of(db)]
    jobs.carry_out(run.id, settings)
    db.expire_all()
    assert (run.outcome, [v.id for v in visits_of(db)]) == (told, visits)


def test_a_run_whose_worker_was_killed_is_begun_again(db: Session, cast: Cast, settings: Settings) -> None:
    order = approved_order(db, cast)
    run = ask_plan(db, branch_id=cast.sz, day=TOMORROW, by=cast.lin, at=AT)
    db.commit()
    with transaction() as session:
        begin_run(session, run.id, WAYS, at=AT)  # and then the power went
    jobs.carry_out(run.id, settings)
    db.expire_all()
    assert run.state == "done"
    assert covered(live(db)) == list(line_ids(order))


def test_two_workers_on_one_run_write_it_once(db: Session, cast: Cast) -> None:
    approved_order(db, cast)
    run = ask_plan(db, branch_id=cast.sz, day=TOMORROW, by=cast.lin, at=AT)
    db.commit()
    with transaction() as session:
        first = begin_run(session, run.id, WAYS, at=AT)
    with transaction() as session:
        second = begin_run(session, run.id, WAYS, at=AT)
    assert first and second
    for begun in (first, second):
        with transaction() as session:
            finish_run(session, run.id, begun, plan(begun.made.problem, 1), at=AT, seconds=0)
    assert len(visits_of(db)) == 1


def begun_with(cast: Cast, meanwhile: Callable[[Session], Any]) -> PlanRun:
    """A run during whose solving `meanwhile` happens."""
    with transaction() as session:
        run = ask_plan(session, branch_id=cast.sz, day=TOMORROW, by=cast.lin, at=AT)
    with transaction() as session:
        begun = begin_run(session, run.id, WAYS, at=AT)
    assert begun
    found = plan(begun.made.problem, 1)
    with transaction() as session:
        meanwhile(session)
    with transaction() as session:
        finish_run(session, run.id, begun, found, at=AT, seconds=1)
    return run


def test_an_order_cancelled_while_planning_is_skipped(db: Session, cast: Cast) -> None:
    gone, stays = approved_order(db, cast), approved_order(db, cast, place=PLACES[2])
    db.commit()
    run = begun_with(cast, lambda s: cancel_order(s, gone.id, version=None, by=cast.lin, at=AT, reason="不修了"))
    db.expire_all()
    told = db.get_one(PlanRun, run.id)
    assert covered(live(db)) == list(line_ids(stays))
    assert [entry["order_id"] for entry in told.outcome["skipped"]] == [gone.id]


def test_what_was_planned_by_hand_meanwhile_stays(db: Session, cast: Cast) -> None:
    first, second = approved_order(db, cast), approved_order(db, cast)
    db.commit()

    def by_hand(session: Session) -> None:
        visit_at(session, cast, session.get_one(Order, first.id), cast.su, "16:00", by_hand=True)

    begun_with(cast, by_hand)
    assert [(v.by_hand, v.starts_at) for v in visits_of(db, first.id)] == [(True, moment("16:00"))]
    assert len(visits_of(db, second.id)) == 1


def test_time_taken_meanwhile_leaves_the_order_in_the_queue(db: Session, cast: Cast) -> None:
    planned = approved_order(db, cast, wanted_on=TOMORROW, symptom="power", **window("09:00", "09:10"))  # electrics: only su
    db.commit()

    def take_time(session: Session) -> None:
        visit_at(session, cast, approved_order(session, cast), cast.su, "08:30", minutes=120, by_hand=True)

    run = begun_with(cast, take_time)
    db.expire_all()
    told = db.get_one(PlanRun, run.id)
    assert told.state == "done"
    assert [str(text_from_json(entry["text"])) for entry in told.outcome["skipped"]] == [
        "The technician already has a visit at this time."
    ]
    assert visits_of(db, planned.id) == []


def test_a_planner_that_breaks_ends_the_run_with_a_sentence(
    db: Session, cast: Cast, carried_out: Callable[..., PlanRun], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise AssertionError("the plan breaks rules")

    monkeypatch.setattr(jobs, "plan", broken)
    approved_order(db, cast)
    run = carried_out()
    assert run.state == "failed"
    assert "broke down" in str(text_from_json(run.outcome["failure"]))
    assert visits_of(db) == []


def test_who_lost_his_role_plans_no_more(db: Session, cast: Cast, settings: Settings) -> None:
    approved_order(db, cast)
    run = ask_plan(db, branch_id=cast.sz, day=TOMORROW, by=cast.lin, at=AT)
    db.execute(sa.delete(PersonRole).where(PersonRole.person_id == cast.lin.id))
    db.commit()
    jobs.carry_out(run.id, settings)
    db.expire_all()
    assert (run.state, visits_of(db)) == ("failed", [])


def test_nobody_at_work_is_an_answer_too(db: Session, cast: Cast, carried_out: Callable[..., PlanRun]) -> None:
    no_technicians(db, cast)
    order = approved_order(db, cast)
    run = carried_out()
    assert run.state == "done"
    assert reasons(run, order.lines[0].id) == ["Nobody works on this day."]


def test_the_long_visit_of_a_fleet_holds_lunch(db: Session, cast: Cast, carried_out: Callable[..., PlanRun]) -> None:
    order = approved_order(db, cast, lines=9)
    carried_out()
    visits = live(db)
    assert covered(visits) == sorted(line_ids(order))
    lines = db.scalar(sa.select(sa.func.count()).select_from(OrderLine))
    assert lines == 9
    assert len(visits) == len({v.technician_id for v in visits})


def test_runs_module_lets_no_lock_stand_while_solving(
    db: Session, cast: Cast, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    """While the planner works nobody waits: another transaction may lock the order and the run."""
    order = approved_order(db, cast)
    run = ask_plan(db, branch_id=cast.sz, day=TOMORROW, by=cast.lin, at=AT)
    db.commit()

    def solving(*args: Any, **kwargs: Any) -> Any:
        with database_module.transaction() as session:
            session.execute(sa.text("SET LOCAL lock_timeout = '200ms'"))
            session.execute(sa.select(Order).where(Order.id == order.id).with_for_update())
            session.execute(sa.select(PlanRun).where(PlanRun.id == run.id).with_for_update())
        return plan(*args, **kwargs)

    monkeypatch.setattr(jobs, "plan", solving)
    jobs.carry_out(run.id, settings)
    db.expire_all()
    assert run.state == "done"
    assert timedelta(minutes=1) < runs.LOST_AFTER
