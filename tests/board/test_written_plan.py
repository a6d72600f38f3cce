"""What a planning run writes, and what it leaves as it was."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.queries import broken_chains
from dispatch.board.models import PlanRun
from dispatch.orders.models import Order, OrderLine, Visit
from dispatch.orders.operations.moves import move_visit
from tests.board.building import (
    MODEL,
    PLACES,
    approved_order,
    covered,
    fill_bag,
    hire,
    line_ids,
    live,
    no_technicians,
    reasons,
    visit_at,
    visits_of,
)
from tests.conftest import AT, Cast


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
