"""A running day to which something happens: a proposal is made, accepted, left, or finds that it is stale."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from dispatch.board import jobs
from dispatch.board.calm_models import CalmProposal, DayEvent
from dispatch.board.calm_rules import Move, NewEvent, happened_from, move_from_json
from dispatch.board.operations.calm import accept, decline, end_event, enter_event
from dispatch.board.operations.sending import dispatch_visits
from dispatch.config import Settings
from dispatch.db import transaction
from dispatch.errors import NotAllowed, NotFound, RuleBroken
from dispatch.orders.models import Order, Visit
from dispatch.orders.operations.moves import move_visit
from dispatch.orders.operations.visits import cancel_order
from tests.board.building import PLACES, TODAY, approved_order, fill_bag, hire, moment, of_day, set_skill, visit_at, window
from tests.conftest import AT, Cast

Proposed = Callable[..., CalmProposal | None]


@pytest.fixture
def proposed(db: Session, cast: Cast, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Proposed:
    """Commit what was built, and let the worker look at the day, at AT or later; gives the newest proposal."""

    def look(at: datetime = AT) -> CalmProposal | None:
        db.commit()
        monkeypatch.setattr(jobs, "now", lambda: at)
        jobs.propose(cast.sz, replace(settings, calm_seconds=0.1))
        db.expire_all()
        return db.scalars(sa.select(CalmProposal).order_by(CalmProposal.id.desc()).limit(1)).first()

    return look


def moves(proposal: CalmProposal | None) -> dict[str, Move]:
    """Order -> what is proposed about it, as far as anybody notices."""
    assert proposal is not None
    return {move.order: move for move in map(move_from_json, proposal.moves) if move.noticed}


def kinds(proposal: CalmProposal | None) -> list[str]:
    """What has happened."""
    assert proposal is not None
    return [one.kind for one in happened_from(proposal.reasons)]


def two_days_of_work(db: Session, cast: Cast) -> tuple[list[Order], list[Visit]]:
    """Su has three visits before him, all on his phone; Wei, as skilled, has one."""
    for who in (cast.su, cast.wei):
        set_skill(db, who, "repair", 3)
        set_skill(db, who, "electrics", 3)
        fill_bag(db, cast, who, terminals=6, sims=6)
    orders = [approved_order(db, cast, place=PLACES[n]) for n in (0, 1, 5, 0)]
    hours = ("10:00", "12:40", "15:00", "10:00")
    whose = (cast.su, cast.su, cast.su, cast.wei)
    rows = zip(orders, whose, hours, strict=True)
    visits = [visit_at(db, cast, order, who, start, day=TODAY) for order, who, start in rows]
    dispatch_visits(db, [visit.id for visit in visits], by=cast.lin, at=AT - timedelta(hours=1))
    return orders, visits


def test_who_falls_ill_is_relieved_and_his_phone_shows_it(db: Session, cast: Cast, proposed: Proposed) -> None:
    orders, visits = two_days_of_work(db, cast)
    assert proposed() is None, "nothing has happened"
    enter_event(db, of_day(cast, TODAY), NewEvent("ill", cast.su.id), by=cast.lin)
    asked = db.execute(sa.text("SELECT task_name FROM procrastinate_jobs ORDER BY id DESC LIMIT 1")).scalar()
    found = proposed()
    assert asked == "board.calm" and found is not None and (found.state, kinds(found)) == ("open", ["ill"])
    told = moves(found)
    assert [told[o.number].kind for o in orders] == ["person", "person", "person", "time"]
    same = proposed(AT + timedelta(minutes=1))
    assert same is not None and same.id == found.id, "nothing is new"
    with transaction() as session:
        assert accept(session, found.id, by=cast.lin, at=AT)
    db.expire_all()
    assert {v.technician_id for v in visits} == {cast.wei.id} and not any(v.by_hand for v in visits)
    with pytest.raises(RuleBroken, match="decided already"), transaction() as session:
        accept(session, found.id, by=cast.lin, at=AT)
    again = proposed(AT + timedelta(minutes=2))
    assert again is not None and again.id == found.id, "nobody is left to be relieved"


def test_a_stale_proposal_is_told_and_made_anew(db: Session, cast: Cast, proposed: Proposed) -> None:
    _, visits = two_days_of_work(db, cast)
    enter_event(db, of_day(cast, TODAY), NewEvent("ill", cast.su.id), by=cast.lin)
    first = proposed()
    assert first is not None
    visits[3].by_hand = True
    db.commit()
    with transaction() as session:
        assert not accept(session, first.id, by=cast.lin, at=AT)
    second = proposed(AT + timedelta(minutes=1))
    assert second is not None and second.id != first.id and (first.state, second.state) == ("replaced", "open")
    with transaction() as session:
        decline(session, second.id, by=cast.lin, at=AT)
    left = proposed(AT + timedelta(minutes=2))
    assert left is not None and left.id == second.id and left.state == "declined"
    urgent = approved_order(db, cast, place=PLACES[0], urgency="urgent")
    both = proposed(AT + timedelta(minutes=3))
    assert both is not None and both.state == "open" and kinds(both) == ["ill", "urgent"], "both reasons"
    assert moves(both)[urgent.number].kind == "new"
    with transaction() as session:
        accept(session, both.id, by=cast.lin, at=AT)
    status = db.scalar(sa.select(Visit.status).where(Visit.order_id == urgent.id))
    assert status == "dispatched", "it goes to the phone that has its day already"


def test_who_is_late_shows_and_gives_away_what_was_promised(db: Session, cast: Cast, proposed: Proposed) -> None:
    orders, visits = two_days_of_work(db, cast)
    for action, clock in (("depart", "09:10"), ("arrive", "10:00")):
        move_visit(db, visits[0], action, by=cast.su, at=moment(clock, TODAY))
    orders[1].window_from, orders[1].window_to = window("12:00", "12:45").values()
    found = proposed(moment("13:00", TODAY))
    assert found is not None and "late" in kinds(found) and found.figures["nothing"]["late_jobs"] >= 1
    other = proposed(moment("13:03", TODAY))
    assert other is not None and (other.id == found.id or other.state in ("open", "none"))


def test_a_cancelled_visit_makes_room_for_who_waits(db: Session, cast: Cast, proposed: Proposed) -> None:
    orders, _ = two_days_of_work(db, cast)
    waits = approved_order(db, cast, place=PLACES[5])
    assert proposed() is None
    cancel_order(db, orders[2].id, version=None, by=cast.lin, at=AT, reason="已自行恢复")
    found = proposed()
    assert kinds(found) == ["cancelled"] and moves(found)[waits.number].kind == "new"


def test_traffic_ends_and_the_proposal_lapses(db: Session, cast: Cast, proposed: Proposed) -> None:
    two_days_of_work(db, cast)
    event = enter_event(db, of_day(cast, TODAY), NewEvent("traffic", percent=300), by=cast.lin)
    found = proposed()
    assert found is not None and kinds(found)[0] == "traffic"
    with transaction() as session:
        for _ in range(2):
            end_event(session, event.id, by=cast.lin, at=AT)
    gone = proposed()
    assert gone is not None and gone.state in ("lapsed", "none")


def test_by_rule_at_once_and_who_may(db: Session, cast: Cast, settings: Settings, proposed: Proposed) -> None:
    _, visits = two_days_of_work(db, cast)
    hire(db, cast, 1)
    event = NewEvent("ill", cast.su.id)
    for who, refusal in ((cast.su, NotAllowed), (cast.he, NotFound)):
        with pytest.raises(refusal):
            enter_event(db, of_day(cast, TODAY), event, by=who)
    with pytest.raises(RuleBroken, match="Only what happens today"):
        enter_event(db, of_day(cast), event, by=cast.lin)
    enter_event(db, of_day(cast, TODAY), event, by=cast.lin)
    db.commit()
    made = jobs.propose(cast.sz, replace(settings, calm_seconds=0.1, calm_at_once=("ill",)))
    assert made is not None and db.get_one(CalmProposal, made).state == "accepted"
    db.expire_all()
    assert cast.su.id not in {v.technician_id for v in visits}
    other = db.get_one(CalmProposal, made)
    with pytest.raises(NotFound), transaction() as session:
        decline(session, other.id, by=cast.he, at=AT)


def test_the_dispatcher_tells_sees_and_accepts(db: Session, cast: Cast, lin: FlaskClient, proposed: Proposed) -> None:
    orders, visits = two_days_of_work(db, cast)
    db.commit()
    day = TODAY.isoformat()
    for typed, sentence in (
        ({"kind": "late", "technician": str(cast.su.id), "minutes": "0"}, "Give minutes from 1 to 720"),
        ({"kind": "ill", "technician": "999"}, "Choose a technician"),
        ({"kind": "traffic", "percent": "90"}, "Give a number from 101 to 500"),
        ({"kind": "storm"}, "Choose what has happened"),
    ):
        refused = lin.post("/plan/happened", data={"day": day, **typed})
        assert refused.status_code == 422 and sentence in refused.text
    told = lin.post("/plan/happened", data={"day": day, "kind": "ill", "technician": str(cast.su.id)}, follow_redirects=True)
    assert "苏杰 can do no more today" in told.text and "It is over" in told.text
    found = proposed()
    assert found is not None
    card = lin.get("/plan/happened", headers={"HX-Request": "true"}).text
    assert "Accept the proposal" in card and orders[0].number in card and "卫晨" in card
    done = lin.post(f"/plan/happened/{found.id}/accept", data={"day": day}, follow_redirects=True)
    twice = lin.post(f"/plan/happened/{found.id}/accept", data={"day": day}, follow_redirects=True)
    assert "The day was changed" in done.text and "decided already" in twice.text
    db.expire_all()
    assert {v.technician_id for v in visits} == {cast.wei.id}
    page = lin.get("/plan/happened").text
    assert "after what had happened" in page
    event = db.scalars(sa.select(DayEvent.id)).one()
    assert lin.post(f"/plan/happened/{event}/over").status_code == 303
    for path in (f"/plan/happened/{event + 1}/over", f"/plan/happened/{found.id + 1}/decline"):
        assert lin.post(path).status_code == 404


def test_an_accepted_proposal_is_taken_back_and_what_was_touched_since_stays(
    db: Session, cast: Cast, lin: FlaskClient, proposed: Proposed
) -> None:
    _, visits = two_days_of_work(db, cast)
    urgent = approved_order(db, cast, place=PLACES[0], urgency="urgent")
    enter_event(db, of_day(cast, TODAY), NewEvent("ill", cast.su.id), by=cast.lin)
    as_it_was = [(v.technician_id, v.starts_at, v.ends_at, v.by_hand, v.status) for v in visits]
    found = proposed()
    assert found is not None and moves(found)[urgent.number].kind == "new"

    def take_back(page: str) -> str:
        (change,) = re.findall(r"/plan/changes/(\d+)/undo", page)
        return lin.post(f"/plan/changes/{change}/undo", data={"day": TODAY.isoformat()}, follow_redirects=True).text

    beside = lin.get(f"/plan/happened/{found.id}").text
    assert "As it stands" in beside and "苏杰 can do no more today" in beside and "Accept the proposal" in beside
    accepted = lin.post(f"/plan/happened/{found.id}/accept", data={"day": TODAY.isoformat()}, follow_redirects=True).text
    assert "What was proposed after something had happened was accepted" in accepted
    told = take_back(accepted)
    db.expire_all()
    assert "5 visits were taken back" in told and "A plan was written" not in told
    assert [(v.technician_id, v.starts_at, v.ends_at, v.by_hand, v.status) for v in visits] == as_it_was
    assert db.scalar(sa.select(Visit.status).where(Visit.order_id == urgent.id)) == "abandoned"
    assert found.state == "declined", "the same is not proposed again"

    approved_order(db, cast, place=PLACES[1], urgency="urgent")
    again = proposed(AT + timedelta(minutes=1))
    assert again is not None and again.state == "open"
    with transaction() as session:
        assert accept(session, again.id, by=cast.lin, at=AT + timedelta(minutes=1))
    db.expire_all()
    first, locked = sorted((v for v in visits if v.status == "dispatched"), key=lambda v: v.starts_at)[:2]
    move_visit(db, first, "depart", by=cast.wei, at=AT + timedelta(minutes=2))
    locked.by_hand = True
    db.commit()
    stands = [(v.technician_id, v.starts_at) for v in (first, locked)]
    told = take_back(lin.get(f"/plan?day={TODAY.isoformat()}").text)
    assert f"{first.order.number} stays as it is: The technician has set out for it already." in told
    assert f"{locked.order.number} stays as it is: It was locked since." in told
    db.expire_all()
    assert [(v.technician_id, v.starts_at) for v in (first, locked)] == stands
    assert any(v.technician_id == cast.su.id for v in visits), "the others went back"
