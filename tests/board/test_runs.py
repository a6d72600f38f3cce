"""Planning runs: asked for, carried out between two transactions, safe to be carried out again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch import db as database_module
from dispatch.board import jobs
from dispatch.board.models import PlanRun
from dispatch.board.operations import runs
from dispatch.board.operations.runs import ask_plan, begin_run, finish_run
from dispatch.config import Settings
from dispatch.db import transaction
from dispatch.errors import Conflict, NotAllowed, NotFound, RuleBroken
from dispatch.orders.models import Order
from dispatch.routing import plan
from dispatch.staff.models import PersonRole
from dispatch.words import text_from_json
from tests.board.building import (
    TODAY,
    TOMORROW,
    WAYS,
    approved_order,
    covered,
    line_ids,
    live,
    visits_of,
)
from tests.conftest import AT, Cast


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
