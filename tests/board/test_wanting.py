"""How people work and whom customers want: read for the planner, kept by it, and said where somebody is not sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from dispatch.audit.queries import history
from dispatch.board.models import PlanRun
from dispatch.board.operations.changes import assign, errand_of_lines, lines_to_assign
from dispatch.board.problem import DayProblem, day_problem
from dispatch.board.proposed import figures
from dispatch.board.rules import Choice
from dispatch.board.wanting import at_his_pace, at_usual_pace
from dispatch.board.weights import Weights
from dispatch.customers.models import Customer
from dispatch.customers.wishes import NewWish, keep_wish, wishes_about
from dispatch.errors import Invalid, RuleBroken
from dispatch.orders.models import Order, Visit
from dispatch.routing import Plan, Technician
from dispatch.staff.models import Person
from dispatch.staff.rules import Actor
from tests.board.building import (
    TODAY,
    TOMORROW,
    WAYS,
    approved_order,
    at_clock,
    fill_bag,
    line_ids,
    of_day,
    reasons,
    visit_at,
    visits_of,
    window,
)
from tests.conftest import AT, Cast, SignIn
from tests.counting import queries

NEARER_TO_SU = (22.605, 113.90)
"""By less than the quarter of an hour that a preference is worth."""


def wish(db: Session, cast: Cast, order: Order, who: Actor, kind: str, *, here: bool = False) -> None:
    """The customer of an order prefers somebody, or does not let him in."""
    new = NewWish(who.id or 0, kind, "熟悉车队", order.site_id if here else None)
    keep_wish(db, order.customer_id, new, by=cast.lin, at=AT)


def works(db: Session, who: Actor, **facts: Any) -> None:
    """What is on record about somebody's days."""
    person = db.get_one(Person, who.id)
    for name, value in facts.items():
        setattr(person, name, value)
    db.flush()


def found(db: Session, cast: Cast, who: Actor) -> Technician:
    """Somebody as the planner gets him for TOMORROW."""
    return next(one for one in day_problem(db, of_day(cast), WAYS).problem.technicians if one.id == who.id)


def given(db: Session, cast: Cast, order: Order, who: Actor, start: str, *, anyway: bool = False) -> Visit:
    """The order given to somebody by hand."""
    choice = Choice(who.id or 0, at_clock(start), anyway=anyway)
    return assign(db, of_day(cast), WAYS, choice, order_id=order.id, site_id=order.site_id, count=None, by=cast.lin)


def test_paces_come_back_to_what_they_were() -> None:
    for minutes in (10, 45, 90, 400):
        for pace in (50, 85, 100, 133, 200):
            his = at_his_pace(minutes, pace)
            assert his - 2 <= at_his_pace(at_usual_pace(his, pace), pace) <= his


def test_the_planner_gets_what_is_on_record_of_a_person(db: Session, cast: Cast) -> None:
    assert found(db, cast, cast.su) == replace(found(db, cast, cast.su), pace=100, overtime_minutes=0, max_stops=None)
    facts = {"pace": 120, "overtime_minutes": 45, "max_travel_minutes": 200, "open_end": True}
    works(db, cast.su, **facts, max_vehicles=6)
    fleet = approved_order(db, cast, lines=3)
    visit_at(db, cast, fleet, cast.su, "09:00", minutes=150, by_hand=True)
    visit_at(db, cast, approved_order(db, cast), cast.su, "15:00", day=TODAY, minutes=90)
    su = found(db, cast, cast.su)
    assert {name: getattr(su, name) for name in facts} == facts
    assert (su.overtime_price, su.max_stops, su.worked_minutes) == (3, 4, 90), "three vehicles are one stop of four"
    made = day_problem(db, of_day(cast), replace(WAYS, weights=Weights(late_minutes=20, late=5, not_preferred=7, fair=2)))
    assert (made.problem.prices.not_preferred, made.problem.prices.fair) == (420, 2)


def test_a_promise_may_be_broken_only_where_the_settings_say_so(db: Session, cast: Cast) -> None:
    approved_order(db, cast, wanted_on=TOMORROW, **window("09:00", "10:00"))
    (job,) = day_problem(db, of_day(cast), WAYS).problem.jobs
    assert job.late_minutes == 0
    (job,) = day_problem(db, of_day(cast), replace(WAYS, weights=Weights(late_minutes=20, late=5))).problem.jobs
    assert (job.late_minutes, job.late_price) == (20, 5)


def test_what_is_said_at_a_site_comes_before_what_is_said_everywhere(db: Session, cast: Cast) -> None:
    order = approved_order(db, cast)
    wish(db, cast, order, cast.su, "preferred")
    wish(db, cast, order, cast.wei, "preferred", here=True)
    wish(db, cast, order, cast.zhou, "forbidden")
    wishes = wishes_about(db, [cast.su.id or 0, cast.wei.id or 0, cast.zhou.id or 0])
    assert wishes.at(order.customer_id, order.site_id) == ((cast.wei.id,), (cast.zhou.id,))
    assert wishes.at(order.customer_id, 0) == ((cast.su.id,), (cast.zhou.id,))


def test_a_visit_at_a_place_of_its_own_goes_by_what_is_said_there(db: Session, cast: Cast) -> None:
    order, yard = approved_order(db, cast), approved_order(db, cast)
    order.lines[0].own_site = yard.site
    wish(db, cast, order, cast.su, "forbidden", here=True)
    visit_at(db, cast, order, cast.su, "09:00", by_hand=True)
    (job,) = (one for one in day_problem(db, of_day(cast), WAYS).problem.jobs if one.settled)
    assert job.forbidden == (), "he is not let in at the order's place, but the work is elsewhere"
    assert [entry.action for entry in history(db, ("customer", order.customer_id))][:1] == ["customer.wish"]
    nobody, nowhere = NewWish(cast.lin.id or 0, "preferred", "x"), NewWish(cast.su.id or 0, "preferred", "x", 1)
    for wrong, field in ((nobody, "person"), (nowhere, "site")):
        other = approved_order(db, cast)
        with pytest.raises(Invalid) as refusal:
            keep_wish(db, other.customer_id, wrong, by=cast.lin, at=AT)
        assert set(refusal.value.fields) == {field}


def test_whom_a_customer_does_not_let_in_is_not_sent_and_it_is_said(
    db: Session, cast: Cast, carried_out: Callable[..., PlanRun]
) -> None:
    fill_bag(db, cast, cast.su, terminals=2, sims=2)
    fill_bag(db, cast, cast.wei, terminals=2, sims=2)
    shut, wanted = approved_order(db, cast), approved_order(db, cast, place=NEARER_TO_SU)
    for who in (cast.su, cast.wei):
        wish(db, cast, shut, who, "forbidden")
    wish(db, cast, wanted, cast.wei, "preferred")
    for who, start in ((cast.su, "14:00"), (cast.wei, "15:00")):
        with pytest.raises(RuleBroken, match="is not let in by the customer"):
            given(db, cast, shut, who, start, anyway=True)
    with pytest.raises(Invalid):
        given(db, cast, wanted, cast.su, "14:00")
    run = carried_out()
    assert "2 are not let in by the customer" in reasons(run, shut.lines[0].id)
    assert [v.technician_id for v in visits_of(db, wanted.id)] == [cast.wei.id]


def test_his_limits_are_kept_and_said(db: Session, cast: Cast, carried_out: Callable[..., PlanRun]) -> None:
    works(db, cast.wei, active=False)
    works(db, cast.su, max_vehicles=1, pace=200)
    fill_bag(db, cast, cast.su, terminals=4, sims=4)
    orders = [approved_order(db, cast) for _ in range(2)]
    run = carried_out()
    (mine,) = visits_of(db)
    assert (mine.ends_at - mine.starts_at).total_seconds() == (10 + 2 * 45) * 60, "setting up takes him no longer"
    (left,) = (one for one in orders if one.id != mine.order_id)
    assert "1 has as many vehicles as is allowed on a day" in reasons(run, left.lines[0].id)
    assert given(db, cast, left, cast.su, "15:00", anyway=True).ends_at.minute == 50, "110 minutes"


def test_vehicles_that_go_together_go_to_one_person(db: Session, cast: Cast, carried_out: Callable[..., PlanRun]) -> None:
    for who in (cast.su, cast.wei):
        fill_bag(db, cast, who, terminals=6, sims=6)
    fleet = approved_order(db, cast, lines=3)
    db.get_one(Customer, fleet.customer_id).same_technician = True
    visit_at(db, cast, fleet, cast.wei, "13:30", line_ids=line_ids(fleet)[:1], by_hand=True)
    db.expire_all()
    lines = lines_to_assign(db, of_day(cast), order=fleet.id, site_id=fleet.site_id)
    errand = errand_of_lines(db, of_day(cast), WAYS, lines)
    against = errand.against(Choice(cast.su.id or 0, at_clock("09:00"), anyway=False))
    assert [conflict.kind for conflict in against if not conflict.hard] == ["linked"]
    carried_out()
    assert {v.technician_id for v in visits_of(db, fleet.id)} == {cast.wei.id}


def test_the_number_of_queries_does_not_depend_on_who_and_what_there_is(db: Session, cast: Cast) -> None:
    def asked() -> int:
        db.expire_all()
        with queries() as sent:
            day_problem(db, of_day(cast), WAYS)
        return len(sent)

    order = approved_order(db, cast)
    wish(db, cast, order, cast.su, "preferred")
    visit_at(db, cast, approved_order(db, cast), cast.su, "09:00", by_hand=True)
    few = asked()
    for who, start in ((cast.wei, "09:00"), (cast.su, "11:00")):
        more = approved_order(db, cast, lines=2)
        wish(db, cast, more, who, "forbidden", here=True)
        visit_at(db, cast, approved_order(db, cast), who, start, by_hand=True)
    assert asked() == few


def test_plans_are_compared_by_everything_that_counts(db: Session, cast: Cast) -> None:
    order = approved_order(db, cast)
    wish(db, cast, order, cast.wei, "preferred")
    made: DayProblem = day_problem(db, of_day(cast), WAYS)
    assert figures(made, Plan())["priced_s"] == 0


def test_the_customers_page_keeps_and_drops_wishes(db: Session, cast: Cast, lin: FlaskClient, as_person: SignIn) -> None:
    order = approved_order(db, cast)
    db.commit()
    page, url = f"/customers/{order.customer_id}", f"/customers/{order.customer_id}/technicians"
    assert "Anybody may come." in lin.get(page).text
    refused = lin.post(url, data={"person": "x", "kind": "", "reason": " ", "site": "99"})
    assert refused.status_code == 422 and "Choose one of the technicians." in refused.text
    sent = {"person": str(cast.su.id), "kind": "forbidden", "reason": "上次弄坏了面板", "site": str(order.site_id)}
    assert lin.post(url, data=sent).status_code == 302
    assert "上次弄坏了面板" in lin.get(page).text
    assert "Something is on record about him there already." in lin.post(url, data=sent).text
    assert as_person(cast.he).post(url, data=sent).status_code == 404
    assert as_person(cast.qian).post(url, data=sent).status_code in (403, 404)
    db.expire_all()
    wished = wishes_about(db, [cast.su.id or 0]).forbidden
    assert wished == {(order.customer_id, order.site_id): (cast.su.id,)}
    away = lin.get(page).text.split(f"{url}/")[1].split("/away")[0]
    assert lin.post(f"{url}/{away}/away").status_code == 302
    assert lin.post(f"{url}/{away}/away").status_code == 404
