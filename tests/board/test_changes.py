"""Changes by hand, sending out and taking back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.models import AuditEntry
from dispatch.audit.queries import broken_chains, history
from dispatch.board.operations.changes import assign, move_visit_to, recall, take_off
from dispatch.board.operations.sending import dispatch_visits
from dispatch.board.queries import planned_visit_ids
from dispatch.board.rules import Choice
from dispatch.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal, RuleBroken
from dispatch.orders.models import Order, Visit
from dispatch.orders.operations.moves import locked_order, move_order, move_visit
from dispatch.orders.operations.visits import NewVisit, plan_visit
from dispatch.orders.waiting_rules import WaitFor
from dispatch.staff.rules import Actor
from tests.board.building import (
    PLACES,
    TODAY,
    WAYS,
    approved_order,
    at_clock,
    fill_bag,
    line_ids,
    moment,
    of_day,
    take,
    visit_at,
    visits_of,
    window,
)
from tests.conftest import AT, Cast
from tests.racing import at_once


def put(
    db: Session, cast: Cast, order: Order, who: Actor, start: str, *, anyway: bool = False, count: int | None = None
) -> Visit:
    choice = Choice(who.id or 0, at_clock(start), anyway)
    return assign(db, of_day(cast), WAYS, choice, order_id=order.id, site_id=order.site_id, count=count, by=cast.lin)


def move(
    db: Session, cast: Cast, found: Visit, who: Actor, start: str, *, anyway: bool = False, version: int | None = None
) -> Visit:
    choice = Choice(who.id or 0, at_clock(start), anyway)
    return move_visit_to(db, of_day(cast), WAYS, choice, visit_id=found.id, version=version, by=cast.lin)


def acts(db: Session, order: Order) -> list[AuditEntry]:
    db.flush()
    return list(history(db, ("order", order.id)))


def test_an_order_is_assigned_by_hand(db: Session, cast: Cast) -> None:
    order = approved_order(db, cast, lines=3)
    made = put(db, cast, order, cast.su, "09:30")
    assert (made.by_hand, made.status, made.technician_id) == (True, "planned", cast.su.id)
    assert (made.starts_at, made.ends_at) == (moment("9:30"), moment("9:30") + timedelta(minutes=10 + 3 * 45))
    assert {row.line_id for row in made.visit_lines} == set(line_ids(order))
    assert order.status == "planned"
    assert not any(entry.action == "visit.overrule" for entry in acts(db, order))


def test_a_part_of_the_fleet_is_assigned(db: Session, cast: Cast) -> None:
    order = approved_order(db, cast, lines=5)
    made = put(db, cast, order, cast.su, "09:30", count=2)
    assert {row.line_id for row in made.visit_lines} == set(line_ids(order)[:2])
    rest = put(db, cast, order, cast.wei, "09:30")
    assert {row.line_id for row in rest.visit_lines} == set(line_ids(order)[2:])
    with pytest.raises(NotFound, match="Nothing of this order waits"):
        put(db, cast, order, cast.su, "15:00")


def test_skill_and_training_are_not_overruled(db: Session, cast: Cast) -> None:
    order = approved_order(db, cast, symptom="power")
    for who, why in ((cast.wei, "lacks skill Vehicle electrics 1"), (cast.zhou, "has not passed the product training")):
        with pytest.raises(RuleBroken, match=why):
            put(db, cast, order, who, "10:00", anyway=True)
    assert visits_of(db) == []


def test_an_overlap_names_the_order_in_the_way(db: Session, cast: Cast) -> None:
    first, second = approved_order(db, cast), approved_order(db, cast)
    put(db, cast, first, cast.su, "10:00")
    with pytest.raises(RuleBroken, match=f"overlaps order {first.number}, 10:00 to 10:55"):
        put(db, cast, second, cast.su, "10:30", anyway=True)


def test_soft_conflicts_need_the_tick_and_are_remembered(db: Session, cast: Cast) -> None:
    order = approved_order(db, cast, symptom="restart", **window("13:00", "14:00"))  # his bag is empty, and ten is not one
    with pytest.raises(Invalid) as refused:
        put(db, cast, order, cast.su, "10:00")
    assert list(refused.value.fields) == ["anyway"]
    put(db, cast, order, cast.su, "10:00", anyway=True)
    overruled = next(entry for entry in acts(db, order) if entry.action == "visit.overrule")
    assert {conflict["kind"] for conflict in overruled.detail["conflicts"]} == {"part", "window"}
    assert overruled.by_id == cast.lin.id


def test_the_bag_settles_what_it_lacked(db: Session, cast: Cast) -> None:
    fill_bag(db, cast, cast.su, terminals=1)
    order = approved_order(db, cast, symptom="restart")
    assert put(db, cast, order, cast.su, "10:00").status == "planned"


def test_an_order_without_a_place_waits_for_its_pin(db: Session, cast: Cast) -> None:
    order = approved_order(db, cast, place=None)
    with pytest.raises(RuleBroken, match="set the pin"):
        put(db, cast, order, cast.su, "10:00")


def test_a_day_that_is_over_is_not_changed(db: Session, cast: Cast) -> None:
    order = approved_order(db, cast)
    made = visit_at(db, cast, order, cast.su, "09:00", day=TODAY - timedelta(days=1))
    yesterday = of_day(cast, TODAY - timedelta(days=1))
    choice = Choice(cast.wei.id or 0, at_clock("10:00"))
    with pytest.raises(RuleBroken, match="This day is over"):
        assign(db, yesterday, WAYS, choice, order_id=order.id, site_id=order.site_id, count=None, by=cast.lin)
    with pytest.raises(RuleBroken, match="This day is over"):
        move_visit_to(db, yesterday, WAYS, choice, visit_id=made.id, version=None, by=cast.lin)


def test_unapproved_orders_go_nowhere(db: Session, cast: Cast) -> None:
    order = take(db, cast)
    with pytest.raises(NotFound):
        put(db, cast, order, cast.su, "10:00")
    with pytest.raises(RuleBroken, match="not approved"):
        plan_visit(db, NewVisit(order.id, cast.su.id or 0, moment("9:00"), moment("10:00"), line_ids(order)), by=cast.lin, at=AT)


def test_only_planners_of_the_branch_change_a_day(db: Session, cast: Cast) -> None:
    order = approved_order(db, cast)
    made = put(db, cast, order, cast.su, "10:00")
    choice = Choice(cast.wei.id or 0, at_clock("10:00"))
    with pytest.raises(NotAllowed):
        move_visit_to(db, of_day(cast), WAYS, choice, visit_id=made.id, version=None, by=cast.su)
    for change in (take_off, recall):
        with pytest.raises(NotFound):
            change(db, visit_id=made.id, version=None, reason="…", by=cast.he, at=AT)
    assert dispatch_visits(db, [made.id], by=cast.he, at=AT).count == 0


def test_a_visit_moves_to_another_person_and_keeps_its_length(db: Session, cast: Cast) -> None:
    order = approved_order(db, cast, lines=2)
    made = visit_at(db, cast, order, cast.su, "09:00", minutes=130)
    db.expire_all()
    move(db, cast, made, cast.wei, "13:00")
    assert (made.technician_id, made.starts_at, made.ends_at) == (cast.wei.id, moment("13:00"), moment("15:10"))
    assert made.by_hand


def test_a_visit_may_overlap_itself_when_it_moves(db: Session, cast: Cast) -> None:
    order = approved_order(db, cast)
    made = put(db, cast, order, cast.su, "10:00")
    assert move(db, cast, made, cast.su, "10:20").starts_at == moment("10:20")


def test_a_stale_page_moves_nothing(db: Session, cast: Cast) -> None:
    made = put(db, cast, approved_order(db, cast), cast.su, "10:00")
    seen = made.version
    move(db, cast, made, cast.su, "11:00", version=seen)
    with pytest.raises(Conflict, match="while you were looking"):
        move(db, cast, made, cast.su, "12:00", version=seen)


def test_whoever_set_out_is_not_moved(db: Session, cast: Cast) -> None:
    made = put(db, cast, approved_order(db, cast), cast.su, "10:00")
    dispatch_visits(db, [made.id], by=cast.lin, at=AT)
    move_visit(db, made, "depart", by=cast.su, at=AT)
    with pytest.raises(RuleBroken, match="already set out"):
        move(db, cast, made, cast.su, "11:00")
    with pytest.raises(RuleBroken, match="already set out"):
        take_off(db, visit_id=made.id, version=None, reason="改期", by=cast.lin, at=AT)


def test_taken_off_its_vehicles_wait_again(db: Session, cast: Cast) -> None:
    order = approved_order(db, cast)
    made = put(db, cast, order, cast.su, "10:00")
    with pytest.raises(Invalid):
        take_off(db, visit_id=made.id, version=None, reason="  ", by=cast.lin, at=AT)
    take_off(db, visit_id=made.id, version=made.version, reason="客户改期", by=cast.lin, at=AT)
    assert (made.status, made.reason, order.status) == ("abandoned", "客户改期", "approved")
    assert put(db, cast, order, cast.wei, "10:00").status == "planned"


def test_recalled_it_stays_planned(db: Session, cast: Cast) -> None:
    order = approved_order(db, cast)
    made = put(db, cast, order, cast.su, "10:00")
    dispatch_visits(db, [made.id], by=cast.lin, at=AT)
    recall(db, visit_id=made.id, version=None, reason="等配件", by=cast.lin, at=AT)
    assert (made.status, order.status) == ("planned", "planned")


def test_a_day_is_sent_out_and_what_may_not_go_is_named(db: Session, cast: Cast) -> None:
    orders = [approved_order(db, cast, place=PLACES[i]) for i in range(3)]
    visits = [put(db, cast, order, cast.su, start) for order, start in zip(orders, ("09:00", "11:00", "14:30"), strict=True)]
    dispatch_visits(db, [visits[0].id], by=cast.lin, at=AT)
    sent = dispatch_visits(db, [v.id for v in visits], by=cast.lin, at=AT)
    assert sent.count == 2
    assert [(number, str(why)) for number, why in sent.kept_back] == [(orders[0].number, "Not possible while it is Dispatched.")]
    assert {order.status for order in orders} == {"dispatched"}


def test_one_route_is_sent_out_alone(db: Session, cast: Cast) -> None:
    put(db, cast, approved_order(db, cast), cast.su, "09:00")
    wei = put(db, cast, approved_order(db, cast), cast.wei, "11:00")
    bounds = of_day(cast).bounds
    assert planned_visit_ids(db, cast.sz, *bounds, technician_id=cast.wei.id) == [wei.id]
    assert len(planned_visit_ids(db, cast.sz, *bounds)) == 2


def test_a_held_order_keeps_no_visit_to_send(db: Session, cast: Cast) -> None:
    order = approved_order(db, cast)
    made = put(db, cast, order, cast.su, "10:00")
    with pytest.raises(RuleBroken, match="still planned"):
        move_order(db, locked_order(db, order.id), "hold", by=cast.lin, at=AT, wait=WaitFor("part", date(2026, 12, 5)))
    assert dispatch_visits(db, [made.id], by=cast.lin, at=AT).count == 1


def both_at_once(*acts: Callable[[Session], object]) -> list[Refusal]:
    """Run the acts in threads that start together; gives the refusals."""
    return [answer for answer in at_once(*acts) if isinstance(answer, Refusal)]


def test_two_people_give_one_technician_two_orders_at_once(db: Session, cast: Cast) -> None:
    orders = [approved_order(db, cast) for _ in range(2)]
    db.commit()
    refused = both_at_once(*(lambda s, o=o: put(s, cast, o, cast.su, "10:00") for o in orders))
    assert len(refused) == 1
    assert "overlaps order" in str(refused[0].text)
    assert len(visits_of(db)) == 1
    assert list(broken_chains(db)) == []


def test_two_people_give_one_order_to_two_technicians_at_once(db: Session, cast: Cast) -> None:
    order = approved_order(db, cast)
    db.commit()
    refused = both_at_once(*(lambda s, w=w: put(s, cast, order, w, "10:00") for w in (cast.su, cast.wei)))
    assert [str(refusal.text) for refusal in refused] == ["Nothing of this order waits for a visit any more."]
    assert len(visits_of(db)) == 1


def test_the_database_itself_refuses_a_double_booking(db: Session, cast: Cast) -> None:
    orders = [approved_order(db, cast) for _ in range(2)]
    db.commit()
    refused = both_at_once(*(lambda s, o=o: visit_at(s, cast, s.get_one(Order, o.id), cast.su, "10:00") for o in orders))
    assert [str(refusal.text) for refusal in refused] == ["The technician already has a visit at this time."]
    assert db.scalar(sa.select(sa.func.count()).select_from(Visit)) == 1
