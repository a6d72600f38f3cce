"""What the planner is asked: from the database to jobs and technicians."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dispatch.board.problem import DayProblem, day_problem
from dispatch.orders.models import Order
from dispatch.orders.operations.moves import locked_order, move_line, move_order, move_visit
from dispatch.orders.waiting_rules import WaitFor
from dispatch.routing import Job, Technician
from dispatch.staff.models import Person
from dispatch.staff.roster_rules import Duty
from dispatch.staff.rostering import set_duty
from tests.board.building import (
    MODEL,
    PLACES,
    TODAY,
    TOMORROW,
    WAYS,
    approved_order,
    at_clock,
    fill_bag,
    line_ids,
    moment,
    of_day,
    set_skill,
    take,
    visit_at,
    window,
)
from tests.conftest import AT, Cast


def problem(db: Session, cast: Cast, day: date = TOMORROW, at: datetime = AT) -> DayProblem:
    return day_problem(db, of_day(cast, day, at), WAYS)


def technician(made: DayProblem, who: int | None) -> Technician:
    return next(t for t in made.problem.technicians if t.id == who)


def jobs(made: DayProblem) -> dict[object, Job]:
    return {job.id: job for job in made.problem.jobs}


def test_each_vehicle_that_waits_is_one_job(db: Session, cast: Cast) -> None:
    order = approved_order(db, cast, lines=3, kind="installation", model=MODEL, symptom=None)
    made = problem(db, cast)
    assert list(jobs(made)) == list(line_ids(order))
    job = jobs(made)[order.lines[0].id]
    assert (job.at, job.minutes, job.setup_minutes) == (PLACES[0], 30, 10)
    assert (job.skills, job.parts) == ({"install": 1}, {f"terminal:{MODEL}": 1, "sim": 1})


def test_a_repair_asks_for_what_its_symptom_needs(db: Session, cast: Cast) -> None:
    order = approved_order(db, cast, symptom="restart", product_model=MODEL)
    job = jobs(problem(db, cast))[order.lines[0].id]
    assert (job.minutes, job.skills, job.parts) == (45, {"repair": 1}, {f"terminal:{MODEL}": 1})


def test_unapproved_waiting_and_later_orders_are_left_out(db: Session, cast: Cast) -> None:
    take(db, cast)
    approved_order(db, cast, wanted_on=TOMORROW + timedelta(days=1))
    held = approved_order(db, cast)
    move_order(db, locked_order(db, held.id), "hold", by=cast.lin, at=AT, wait=WaitFor("part", date(2026, 12, 5)))
    assert jobs(problem(db, cast)) == {}


def test_residual_lines_are_planned_and_settled_ones_are_not(db: Session, cast: Cast) -> None:
    order = approved_order(db, cast, lines=3)
    first, second, third = order.lines
    move_line(db, first, "complete", by=cast.lin, at=AT)
    move_line(db, second, "leave_over", by=cast.lin, at=AT, reason="车没来")
    assert set(jobs(problem(db, cast))) == {second.id, third.id}


def test_a_place_nobody_knows_is_reported(db: Session, cast: Cast) -> None:
    order = approved_order(db, cast, place=None)
    made = problem(db, cast)
    assert jobs(made) == {}
    assert [line.id for line in made.unplaced] == list(line_ids(order))


def test_a_lines_own_site_goes_before_the_orders(db: Session, cast: Cast) -> None:
    order, other = approved_order(db, cast), approved_order(db, cast, place=PLACES[3])
    order.lines[0].own_site = other.site
    db.flush()
    assert jobs(problem(db, cast))[order.lines[0].id].at == PLACES[3]


def test_a_skill_counts_until_its_last_day(db: Session, cast: Cast) -> None:
    set_skill(db, cast.su, "repair", 3, expires_on=TODAY)
    assert technician(problem(db, cast, TODAY), cast.su.id).skills["repair"] == 3
    assert "repair" not in technician(problem(db, cast, TOMORROW), cast.su.id).skills


def test_training_counts_from_its_day(db: Session, cast: Cast) -> None:
    db.get_one(Person, cast.zhou.id).trained_on = TOMORROW
    db.flush()
    assert not technician(problem(db, cast, TODAY), cast.zhou.id).product_trained
    assert technician(problem(db, cast, TOMORROW), cast.zhou.id).product_trained


def test_shift_lunch_and_bag_come_along(db: Session, cast: Cast) -> None:
    fill_bag(db, cast, cast.su, terminals=2, sims=3)
    su = technician(problem(db, cast), cast.su.id)
    assert su.shift == (at_clock("8:30"), at_clock("17:30"))
    assert su.lunch is not None
    assert (su.lunch.earliest, su.lunch.latest, su.lunch.minutes) == (at_clock("11:30"), at_clock("13:00"), 30)
    assert su.parts == {"terminal": 2, f"terminal:{MODEL}": 2, "sim": 3}


def test_what_visits_before_the_day_will_take_is_not_in_the_bag_any_more(db: Session, cast: Cast) -> None:
    fill_bag(db, cast, cast.su, terminals=2, sims=3)
    today = approved_order(db, cast, lines=1, kind="installation", model=MODEL, symptom=None)
    visit_at(db, cast, today, cast.su, "15:00", day=TODAY)
    assert technician(problem(db, cast), cast.su.id).parts == {"terminal": 1, f"terminal:{MODEL}": 1, "sim": 2}


def test_somebody_without_home_starts_at_the_branch_or_is_named(db: Session, cast: Cast) -> None:
    su = db.get_one(Person, cast.su.id)
    su.home_lat = su.home_lon = None
    db.flush()
    assert [p.id for p in problem(db, cast).homeless] == [cast.su.id]
    su.branch.lat, su.branch.lon = 22.5, 114.0
    assert technician(problem(db, cast), cast.su.id).home == (22.5, 114.0)


@pytest.mark.parametrize(("wanted_on", "bounded"), [(TOMORROW, True), (None, True), (TODAY, False)])
def test_the_promised_hours_bind_on_their_day(db: Session, cast: Cast, wanted_on: date | None, bounded: bool) -> None:
    order = approved_order(db, cast, wanted_on=wanted_on, **window("09:00", "10:30"))
    windows = jobs(problem(db, cast))[order.lines[0].id].windows
    assert windows == (((at_clock("9:00"), at_clock("10:30")),) if bounded else ())


def test_the_promise_to_a_fleet_is_for_the_arrival(db: Session, cast: Cast) -> None:
    order = approved_order(db, cast, lines=3, wanted_on=TOMORROW, **window("09:00", "10:00"))
    assert jobs(problem(db, cast))[order.lines[0].id].windows == ((at_clock("9:00"), at_clock("11:30")),)


def test_urgency_goes_before_waiting_and_waiting_counts(db: Session, cast: Cast) -> None:
    fresh, urgent = approved_order(db, cast), approved_order(db, cast, urgency="urgent")
    old = approved_order(db, cast, received_at=AT - timedelta(days=200))
    found = jobs(problem(db, cast))
    first, second, third = (found[order.lines[0].id].priority for order in (urgent, old, fresh))
    assert first > second > third


def test_planned_visits_are_given_out_anew_and_all_others_stay(db: Session, cast: Cast) -> None:
    orders = [approved_order(db, cast) for _ in range(3)]
    visit_at(db, cast, orders[0], cast.su, "09:00")
    by_hand = visit_at(db, cast, orders[1], cast.su, "10:30", by_hand=True)
    sent = visit_at(db, cast, orders[2], cast.wei, "09:00")
    move_visit(db, sent, "dispatch", by=cast.lin, at=AT)
    db.expire_all()
    found = jobs(problem(db, cast))
    assert set(found) == {orders[0].lines[0].id, f"visit-{by_hand.id}", f"visit-{sent.id}"}
    job = found[f"visit-{by_hand.id}"]
    assert (job.pinned_to, job.pinned_start, job.minutes) == (cast.su.id, at_clock("10:30"), 55)


def test_a_visit_left_over_from_an_earlier_day_is_given_out_anew(db: Session, cast: Cast) -> None:
    order = approved_order(db, cast)
    visit_at(db, cast, order, cast.su, "09:00", day=TODAY - timedelta(days=1))
    db.expire_all()
    assert set(jobs(problem(db, cast))) == set(line_ids(order))


def test_a_visit_on_another_day_keeps_its_vehicles(db: Session, cast: Cast) -> None:
    order = approved_order(db, cast)
    visit_at(db, cast, order, cast.su, "09:00", day=TOMORROW + timedelta(days=1))
    assert jobs(problem(db, cast)) == {}


def test_a_visit_under_way_takes_the_time_it_really_takes(db: Session, cast: Cast) -> None:
    order = approved_order(db, cast)
    planned = visit_at(db, cast, order, cast.su, "09:00", day=TODAY)
    for action, by, at in (("dispatch", cast.lin, AT), ("depart", cast.su, AT), ("arrive", cast.su, moment("09:40", TODAY))):
        move_visit(db, planned, action, by=by, at=at)
    db.expire_all()
    made = problem(db, cast, TODAY, moment("09:45", TODAY))
    job = jobs(made)[f"visit-{planned.id}"]
    assert (job.pinned_start, job.minutes) == (at_clock("9:00"), 95)
    assert made.problem.not_before == at_clock("9:45")


def test_lunch_within_a_long_visit_is_not_taken_twice(db: Session, cast: Cast) -> None:
    order = approved_order(db, cast, lines=5)
    visit_at(db, cast, order, cast.su, "10:00", minutes=10 + 5 * 45 + 30, by_hand=True)
    db.expire_all()
    made = problem(db, cast)
    assert technician(made, cast.su.id).lunch is None
    assert technician(made, cast.wei.id).lunch is not None


def test_other_branches_are_none_of_it(db: Session, cast: Cast) -> None:
    order: Order = approved_order(db, cast)
    order.branch_id = cast.gz
    db.flush()
    assert jobs(problem(db, cast)) == {}


def test_a_visit_that_stays_takes_its_time_to_the_next_whole_minute(db: Session, cast: Cast) -> None:
    order = approved_order(db, cast)
    trip = visit_at(db, cast, order, cast.su, "10:00")
    trip.starts_at, trip.ends_at = (at + timedelta(microseconds=700_000) for at in (trip.starts_at, trip.ends_at))
    trip.by_hand = True
    db.flush()
    made = problem(db, cast)
    (job,) = (j for j in made.problem.jobs if j.pinned_to == cast.su.id)
    assert job.pinned_start is not None
    ends = moment("0:00") + timedelta(seconds=job.pinned_start + job.minutes * 60)
    assert ends >= trip.ends_at, "the next job would overlap by a fraction of a second"


def test_a_visit_over_midnight_keeps_him_until_it_ends(db: Session, cast: Cast) -> None:
    """He works the night through: after midnight he is free once the visit of the evening is over, and not for it twice."""
    who = [cast.su.id or 0]
    set_duty(db, who, [TODAY], Duty(time(22), time(6)), today=TODAY, by=cast.wang, at=AT)
    late = visit_at(db, cast, approved_order(db, cast), cast.su, "23:30", day=TODAY, minutes=60)
    assert technician(problem(db, cast), cast.su.id).shift == (at_clock("0:30"), at_clock("6:00"))
    overlapping = approved_order(db, cast)
    with pytest.raises(IntegrityError, match="ex_visit_no_overlap"), db.begin_nested():
        visit_at(db, cast, overlapping, cast.su, "0:15")
    late.ends_at = moment("6:30")
    db.flush()
    assert cast.su.id not in {one.id for one in problem(db, cast).problem.technicians}
