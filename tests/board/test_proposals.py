"""Plans that are proposed while they are searched for, compared, accepted, put aside; locks; taking a change back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from dispatch.board import jobs
from dispatch.board.models import PlanRun, ProposedPlan
from dispatch.board.operations.accepting import accept_plan
from dispatch.board.operations.changes import assign, move_visit_to, take_off
from dispatch.board.operations.locks import set_lock
from dispatch.board.operations.runs import ask_plan, cancel_run
from dispatch.board.operations.sending import dispatch_visits
from dispatch.board.operations.undoing import take_back
from dispatch.board.queries import day_state
from dispatch.board.rules import Choice
from dispatch.config import Settings
from dispatch.db import transaction
from dispatch.errors import Conflict, NotFound, RuleBroken
from dispatch.orders.models import Visit
from dispatch.routing import Broke, Plan, plan
from tests.board.building import (
    PLACES,
    TOMORROW,
    WAYS,
    approved_order,
    at_clock,
    covered,
    line_ids,
    live,
    moment,
    of_day,
    visit_at,
    visits_of,
)
from tests.conftest import AT, Cast, SignIn
from tests.counting import queries

DAY = TOMORROW.isoformat()


@pytest.fixture
def proposed(db: Session, cast: Cast, settings: Settings) -> Callable[[], ProposedPlan]:
    """Commit, ask for TOMORROW's plan to be proposed, and carry the run out."""

    def run() -> ProposedPlan:
        db.commit()
        with transaction() as session:
            run_id = ask_plan(session, branch_id=cast.sz, day=TOMORROW, by=cast.lin, at=AT, writes=False).id
        jobs.carry_out(run_id, settings)
        db.expire_all()
        return db.scalars(sa.select(ProposedPlan).where(ProposedPlan.run_id == run_id)).one()

    return run


def standing(db: Session) -> list[tuple[Any, ...]]:
    """Who goes where, when, and whether it is locked."""
    return sorted((v.order_id, v.technician_id, v.starts_at, v.by_hand) for v in live(db))


def test_a_proposal_changes_nothing_until_it_is_accepted_and_can_be_taken_back(
    db: Session, cast: Cast, proposed: Callable[[], ProposedPlan], lin: FlaskClient
) -> None:
    orders = [approved_order(db, cast, place=PLACES[n]) for n in range(4)]
    visit_at(db, cast, orders[0], cast.su, "16:00")
    locked = visit_at(db, cast, orders[1], cast.wei, "15:00", by_hand=True)
    db.commit()
    before = standing(db)
    proposal = proposed()
    run = db.get_one(PlanRun, proposal.run_id)
    assert (run.state, proposal.state, proposal.figures["unserved"]) == ("proposed", "open", 0)
    assert standing(db) == before
    assert "A plan waits for your decision" in lin.get(f"/plan?day={DAY}").text
    page = lin.get(f"/plan/proposals/{proposal.id}").text
    assert "Accept the plan" in page and "As it stands" in page and "2 visits are new" in page

    lin.post(f"/plan/proposals/{proposal.id}/accept")
    told = lin.post(f"/plan/proposals/{proposal.id}/accept", follow_redirects=True).text
    assert "was accepted or declined already" in told and "A plan was written" in told
    db.expire_all()
    assert (run.state, run.outcome["served"], proposal.state, proposal.decided_by_id) == ("done", 3, "accepted", cast.lin.id)
    assert covered(live(db)) == sorted(line for order in orders for line in line_ids(order))
    assert db.get_one(Visit, locked.id).starts_at == moment("15:00")
    assert "This plan was accepted" in lin.get(f"/plan/proposals/{proposal.id}").text

    change = day_state(db, of_day(cast)).change
    assert change is not None
    told = lin.post(f"/plan/changes/{change.id}/undo", data={"day": DAY}, follow_redirects=True).text
    assert "visits were taken back" in told or "visit was taken back" in told
    assert standing(db) == before
    again = lin.post(f"/plan/changes/{change.id}/undo", data={"day": DAY}, follow_redirects=True).text
    assert "Somebody has changed this day since" in again


def searching(monkeypatch: pytest.MonkeyPatch, *steps: Callable[[], None]) -> list[str]:
    """Runs search in these steps, finding nothing; gives what became of the search."""
    told: list[str] = []

    def bettered(problem: Any, seconds: float, **_: Any) -> Iterator[Plan | None]:
        try:
            for step in steps:
                step()
                yield None
            told.append("to the end")
        except GeneratorExit:
            told.append("ended early")

    monkeypatch.setattr(jobs, "WORTH_JOBS", 0)
    monkeypatch.setattr(jobs, "WORTH_S_PER_JOB", 5)
    monkeypatch.setattr(jobs, "bettered", bettered)
    return told


def test_while_it_is_searched_the_best_so_far_is_shown_and_taken(
    db: Session, cast: Cast, proposed: Callable[[], ProposedPlan], lin: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = approved_order(db, cast)
    seen: list[str] = []

    def look() -> None:
        seen.append(lin.get(f"/plan/progress?day={DAY}", headers={"HX-Request": "true"}).text)
        seen.append(lin.get(f"/plan?day={DAY}").text)

    def take() -> None:
        with transaction() as session:
            found = session.scalars(sa.select(ProposedPlan)).one()
            assert accept_plan(session, of_day(cast), WAYS, found.id, by=cast.wang) is None
        seen.append(lin.get(f"/plan/progress?day={DAY}", headers={"HX-Request": "true"}).text)

    told = searching(monkeypatch, look, take, lambda: None)
    proposal = proposed()
    assert told == ["ended early"]
    assert "Take it now" in seen[0] and "1 stop" in seen[0] and "Nothing is changed until" in seen[1]
    assert "The best plan so far is being written" in seen[2]
    assert (proposal.state, db.get_one(PlanRun, proposal.run_id).state) == ("accepted", "done")
    assert covered(live(db)) == list(line_ids(order))


def test_a_cancelled_run_changes_nothing_and_a_search_that_breaks_leaves_the_first_plan(
    db: Session, cast: Cast, proposed: Callable[[], ProposedPlan], lin: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    approved_order(db, cast)

    def cancel() -> None:
        with transaction() as session:
            run = session.scalars(sa.select(PlanRun).where(PlanRun.state == "running")).one()
            cancel_run(session, of_day(cast), run.id, by=cast.lin)

    assert searching(monkeypatch, cancel, lambda: None) is not None
    proposal = proposed()
    assert (proposal.state, db.get_one(PlanRun, proposal.run_id).state, visits_of(db)) == ("declined", "dropped", [])
    assert "was put aside. Nothing was changed." in lin.get(f"/plan?day={DAY}").text
    with pytest.raises(RuleBroken, match="ended already"):
        cancel_run(db, of_day(cast), proposal.run_id or 0, by=cast.lin)

    def breaks() -> None:
        raise Broke("ValueError: a job is settled")

    searching(monkeypatch, breaks)
    better = proposed()
    assert (better.state, better.figures["unserved"]) == ("open", 0)
    told = lin.post(f"/plan/proposals/{better.id}/decline", follow_redirects=True).text
    assert "The proposed plan was put aside" in told


def test_only_a_better_plan_takes_the_place_of_the_first(
    db: Session, cast: Cast, proposed: Callable[[], ProposedPlan], monkeypatch: pytest.MonkeyPatch
) -> None:
    near, far = approved_order(db, cast), approved_order(db, cast, place=PLACES[4])
    worse = lambda problem, *_, **__: Plan(unserved=plan(problem, 1).unserved)  # noqa: E731

    def first(problem: Any, *_: Any, **__: Any) -> Plan:
        few = type(problem)(problem.technicians, problem.jobs[:1], problem.travel)
        return Plan(plan(few, 1).routes, (*worse(problem).unserved, *_left(problem.jobs[1:])))

    searching(monkeypatch)
    monkeypatch.setattr(jobs, "plan", first)
    monkeypatch.setattr(jobs, "bettered", lambda problem, *_, **__: iter([plan(problem, 1), first(problem)]))
    proposal = proposed()
    served = {line for route in proposal.routes for stop in route["stops"] for line in stop["lines"]}
    assert served == {*line_ids(near), *line_ids(far)} and proposal.rounds == 3


def _left(jobs_left: Any) -> Any:
    from dispatch.routing import Unserved

    return [Unserved(job.id) for job in jobs_left]


def test_what_changed_since_is_told_and_left_alone(
    db: Session, cast: Cast, proposed: Callable[[], ProposedPlan], lin: FlaskClient, as_person: SignIn
) -> None:
    first, second = approved_order(db, cast), approved_order(db, cast, place=PLACES[2])
    older, proposal = proposed(), proposed()
    visit_at(db, cast, first, cast.su, "16:00", by_hand=True)
    db.commit()
    page = lin.get(f"/plan/proposals/{proposal.id}?beside={older.id}").text
    assert "1 visit was changed since this plan was begun" in page and "the same" in page
    lin.post(f"/plan/proposals/{proposal.id}/accept")
    assert [(v.by_hand, v.starts_at) for v in visits_of(db, first.id)] == [(True, moment("16:00"))]
    assert len(visits_of(db, second.id)) == 1
    db.expire_all()
    assert older.state == "declined", "it was meant for a day that is no more"
    assert "1 trip could not be written" in lin.get(f"/plan?day={DAY}").text
    he = as_person(cast.he)
    for answer in (he.get(f"/plan/proposals/{proposal.id}"), he.post(f"/plan/proposals/{proposal.id}/accept")):
        assert answer.status_code == 404
    with pytest.raises(NotFound):
        accept_plan(db, of_day(cast), WAYS, 987654, by=cast.lin)
    with queries() as seen:
        lin.get(f"/plan/proposals/{proposal.id}?beside={older.id}")
    assert len(seen) <= 12, "\n".join(seen)


def test_what_is_locked_stays_and_what_is_unlocked_is_planned_anew(
    db: Session, cast: Cast, carried_out: Callable[..., PlanRun], lin: FlaskClient
) -> None:
    made = [visit_at(db, cast, approved_order(db, cast), who, "16:00") for who in (cast.su, cast.wei)]
    db.commit()
    lin.post("/plan/lock", data={"day": DAY, "lock": f"visit-{made[0].id}"})
    page = lin.post("/plan/lock", data={"day": DAY, "lock": f"technician-{cast.wei.id}"}, follow_redirects=True).text
    assert "1 visit is locked: no later plan moves it." in page and page.count("lock is-locked") == 5
    carried_out()
    assert [v.id for v in live(db)] == [visit.id for visit in made]
    lin.post("/plan/lock", data={"day": DAY, "unlock": "day"})
    carried_out()
    assert all(v.starts_at < moment("12:00") for v in live(db))
    for nonsense in ("visit-x", "moon-1", ""):
        assert "0 visits are locked" in lin.post("/plan/lock", data={"day": DAY, "lock": nonsense}, follow_redirects=True).text
    assert set_lock(db, of_day(cast), locked=True, by=cast.lin) == 2


def test_what_went_out_or_was_locked_since_stays_when_a_plan_is_taken_back(
    db: Session, cast: Cast, carried_out: Callable[..., PlanRun]
) -> None:
    orders = [approved_order(db, cast, place=PLACES[n]) for n in (0, 2, 3)]
    carried_out()
    sent, locked = (visits_of(db, order.id)[0] for order in orders[:2])
    set_lock(db, of_day(cast), locked=True, visit_id=locked.id, by=cast.lin)
    dispatch_visits(db, [sent.id], by=cast.lin, at=AT)
    change = day_state(db, of_day(cast)).change
    assert change is not None
    with pytest.raises(Conflict, match="changed this day since"):
        take_back(db, of_day(cast), change.id + 1, by=cast.lin)
    done = take_back(db, of_day(cast), change.id, by=cast.lin)
    assert (done.count, [(number, str(why)) for number, why in done.stays]) == (
        1,
        [(orders[0].number, "It is on the technician's phone already."), (orders[1].number, "It was locked since.")],
    )
    assert {v.id for v in live(db)} == {sent.id, locked.id}
    tomorrow = of_day(cast, at=AT + timedelta(days=1))
    assert day_state(db, tomorrow).change is None


def test_changes_by_hand_are_taken_back_one_after_the_other(db: Session, cast: Cast) -> None:
    order, of = approved_order(db, cast), of_day(cast)
    choice = lambda who, start: Choice(who.id or 0, at_clock(start))  # noqa: E731
    made = assign(db, of, WAYS, choice(cast.su, "10:00"), order_id=order.id, site_id=order.site_id, count=None, by=cast.lin)
    db.flush()
    set_lock(db, of, locked=False, by=cast.lin)
    move_visit_to(db, of, WAYS, choice(cast.wei, "13:00"), visit_id=made.id, version=None, by=cast.lin)
    take_off(db, visit_id=made.id, version=None, reason="客户改期", by=cast.lin, at=AT)
    seen = []
    for _ in range(3):
        db.flush()
        change = day_state(db, of).change
        assert change is not None
        assert take_back(db, of, change.id, by=cast.lin).count == 1
        db.flush()
        seen.append((change.kind, [(v.technician_id, v.starts_at, v.by_hand) for v in live(db)]))
    assert seen == [
        ("take_off", [(cast.wei.id, moment("13:00"), True)]),
        ("move", [(cast.su.id, moment("10:00"), False)]),
        ("assign", []),
    ]
    assert day_state(db, of).change is None
