"""What changes while the planner works is left as it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from dispatch.audit.queries import broken_chains
from dispatch.board.models import PlanRun
from dispatch.board.operations.runs import ask_plan, begin_run, finish_run
from dispatch.db import transaction
from dispatch.orders.models import Order
from dispatch.orders.operations.visits import cancel_order
from dispatch.routing import plan
from dispatch.words import text_from_json
from tests.board.building import (
    PLACES,
    TOMORROW,
    WAYS,
    approved_order,
    covered,
    line_ids,
    live,
    moment,
    visit_at,
    visits_of,
    window,
)
from tests.conftest import AT, Cast


def planned_while(db: Session, cast: Cast, meanwhile: Callable[[Session], Any]) -> PlanRun:
    """A run during whose solving `meanwhile` happened, and the session as the database is after it."""
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
    db.expire_all()
    return db.get_one(PlanRun, run.id)


def test_an_order_cancelled_while_planning_is_skipped(db: Session, cast: Cast) -> None:
    gone, stays = approved_order(db, cast), approved_order(db, cast, place=PLACES[2])
    db.commit()
    told = planned_while(db, cast, lambda s: cancel_order(s, gone.id, version=None, by=cast.lin, at=AT, reason="不修了"))
    assert covered(live(db)) == list(line_ids(stays))
    assert [entry["order_id"] for entry in told.outcome["skipped"]] == [gone.id]


def test_what_was_planned_by_hand_meanwhile_stays(db: Session, cast: Cast) -> None:
    first, second = approved_order(db, cast), approved_order(db, cast)
    db.commit()

    def by_hand(session: Session) -> None:
        visit_at(session, cast, session.get_one(Order, first.id), cast.su, "16:00", by_hand=True)

    planned_while(db, cast, by_hand)
    assert [(v.by_hand, v.starts_at) for v in visits_of(db, first.id)] == [(True, moment("16:00"))]
    assert len(visits_of(db, second.id)) == 1


def test_time_taken_meanwhile_leaves_the_order_in_the_queue(db: Session, cast: Cast) -> None:
    planned = approved_order(db, cast, wanted_on=TOMORROW, symptom="power", **window("09:00", "09:10"))  # electrics: only su
    db.commit()

    def take_time(session: Session) -> None:
        visit_at(session, cast, approved_order(session, cast), cast.su, "08:30", minutes=120, by_hand=True)

    told = planned_while(db, cast, take_time)
    assert told.state == "done"
    assert [str(text_from_json(entry["text"])) for entry in told.outcome["skipped"]] == [
        "The technician already has a visit at this time."
    ]
    assert visits_of(db, planned.id) == []


def test_without_its_replacement_a_planned_visit_stays(db: Session, cast: Cast) -> None:
    """The planner would send Su at ten; meanwhile somebody takes that time, so what was planned before is not given up."""
    order = approved_order(db, cast, wanted_on=TOMORROW, symptom="power", **window("10:00", "10:10"))  # electrics: only su
    other = approved_order(db, cast, place=PLACES[2])
    before = visit_at(db, cast, order, cast.su, "14:00")
    db.commit()

    def take_time(session: Session) -> None:
        visit_at(session, cast, approved_order(session, cast), cast.su, "09:30", minutes=90, by_hand=True)

    told = planned_while(db, cast, take_time)
    assert [(v.id, v.status, v.starts_at) for v in visits_of(db, order.id)] == [(before.id, "planned", moment("14:00"))]
    assert [entry["order_id"] for entry in told.outcome["skipped"]] == [order.id]
    assert (told.outcome["lines"], told.outcome["served"]) == (2, 1)
    assert [v.status for v in visits_of(db, other.id)] == ["planned"]
    assert db.get_one(Order, order.id).status == "planned"
    assert list(broken_chains(db)) == []


def test_around_a_visit_that_stays_the_rest_is_written(db: Session, cast: Cast) -> None:
    """A visit that stays takes its technician's time: the trip meant for then is skipped, and its old visit stays."""
    first = approved_order(db, cast, wanted_on=TOMORROW, symptom="power", **window("10:00", "10:10"))
    second = approved_order(db, cast, wanted_on=TOMORROW, symptom="power", **window("14:00", "14:10"))
    kept = [visit_at(db, cast, first, cast.su, "14:00"), visit_at(db, cast, second, cast.su, "16:00")]
    db.commit()

    def take_time(session: Session) -> None:
        visit_at(session, cast, approved_order(session, cast), cast.su, "09:30", minutes=90, by_hand=True)

    told = planned_while(db, cast, take_time)
    assert [v.id for v in live(db) if not v.by_hand] == [visit.id for visit in kept]
    assert {entry["order_id"] for entry in told.outcome["skipped"]} == {first.id, second.id}
    assert told.outcome["served"] == 0
