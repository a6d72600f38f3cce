"""How a visit ends on the phone: all done, some not, broken off; and what the desk makes of messages that fit nothing."""

from __future__ import annotations

import uuid
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from dispatch.audit.queries import history
from dispatch.board.operations.sending import dispatch_visits
from dispatch.board.pages import blueprint
from dispatch.errors import Conflict, Invalid, NotAllowed, NotFound
from dispatch.field.acting import act
from dispatch.field.models import FieldFact
from dispatch.field.operations import SentFact, settle_dispute
from dispatch.orders.jobs import wake_due
from dispatch.orders.models import Visit
from dispatch.orders.operations.moves import move_line, move_visit
from dispatch.staff.rules import Actor
from tests.board.building import TODAY, approved_order, visit_at, visits_of
from tests.building import visit
from tests.conftest import AT, Cast, SignIn
from tests.counting import queries
from tests.field.phone import Phone


@pytest.fixture(autouse=True)
def clock_of_the_desk(monkeypatch: pytest.MonkeyPatch) -> None:
    """The dispatcher's pages look at the same morning."""
    monkeypatch.setattr(blueprint, "now", lambda: AT)


def on_site(db: Session, cast: Cast, *, lines: int = 1, steps: tuple[str, ...] = ("depart", "arrive")) -> Visit:
    """A visit of Su that he stands at."""
    made = visit_at(db, cast, approved_order(db, cast, lines=lines), cast.su, "10:00", day=TODAY)
    dispatch_visits(db, [made.id], by=cast.lin, at=AT)
    for step in steps:
        move_visit(db, made, step, by=cast.su, at=AT)
    db.commit()
    return made


def statuses(db: Session) -> tuple[str, list[str], str]:
    """Of the only visit, its lines and its order."""
    db.expire_all()
    (made,) = visits_of(db)
    return made.status, [line.status for line in made.order.lines], made.order.status


def test_several_vehicles_are_ticked_off(db: Session, cast: Cast, su: FlaskClient) -> None:
    made = on_site(db, cast, lines=3)
    phone = Phone(su, made.id)
    phone.open("/finish")
    assert 'form="finish"' in phone.big()
    ids = [str(line.id) for line in made.order.lines]
    assert phone.form("/finish")["shown"] == ids and "done" not in phone.form("/finish")
    phone.press("/finish", done=ids)
    assert statuses(db) == ("finished", ["done"] * 3, "done")


@pytest.mark.parametrize(("how", "left", "order"), [("leave_over", "residual", "approved"), ("give_up", "not_done", "done")])
def test_vehicles_without_a_tick_need_one_reason(
    db: Session, cast: Cast, su: FlaskClient, how: str, left: str, order: str
) -> None:
    made = on_site(db, cast, lines=3)
    ids = [str(line.id) for line in made.order.lines]
    phone = Phone(su, made.id)
    phone.open("/finish")
    phone.press("/finish", status=422, done=ids[:1], how=how)
    assert "Say why these vehicles are not done." in phone.page
    assert phone.form("/finish")["done"] == ids[0]
    assert db.scalar(sa.select(sa.func.count()).select_from(FieldFact)) == 0
    phone.press("/finish", reason="在路上")
    assert statuses(db) == ("finished", ["done", left, left], order)
    assert made.order.lines[1].reason == "在路上"


def test_what_did_not_come_twice_stays_left_over(db: Session, cast: Cast) -> None:
    made = on_site(db, cast, lines=2)
    move_line(db, made.order.lines[1], "leave_over", by=cast.su, at=AT, reason="没来")
    content = {"visit": made.id, "not_done": [made.order.lines[1].id], "how": "leave_over", "reason": "x"}
    told = SentFact(uuid.uuid4(), "visit.finish", "phone", 1, content, AT, 0, visit_id=made.id)
    assert act(db, told, by=cast.su, at=AT, insist=True).state == "applied"
    assert statuses(db) == ("finished", ["done", "residual"], "approved")


def test_the_one_vehicle_cannot_be_done(db: Session, cast: Cast, su: FlaskClient) -> None:
    made = on_site(db, cast)
    phone = Phone(su, made.id)
    assert "The vehicle cannot be done" in phone.open("/finish")
    phone.press("/finish", nth=1, reason="电瓶拆了")
    assert statuses(db) == ("finished", ["not_done"], "done")


@pytest.mark.parametrize("steps", [(), ("depart",), ("depart", "arrive")])
def test_a_visit_is_broken_off(db: Session, cast: Cast, su: FlaskClient, steps: tuple[str, ...]) -> None:
    made = on_site(db, cast, steps=steps)
    phone = Phone(su, made.id)
    phone.open()
    for typed, sentence in (({}, "Choose one of these."), ({"why": "other", "more": " "}, "Please write what it is.")):
        phone.press("/abandon", status=422, **typed)
        assert sentence in phone.page
    whole = phone.form("/abandon") | {"why": "absent", "more": "电话不接"}
    for _press in range(2):
        assert su.post(f"{phone.root}/abandon", data=whole).status_code == 303
    assert statuses(db) == ("abandoned", ["open"], "approved")
    assert visits_of(db)[0].reason == "The customer was not there: 电话不接"
    (fact,) = db.scalars(sa.select(FieldFact))
    assert (fact.kind, fact.state, fact.content["visit"]) == ("visit.abandon", "applied", made.id)
    assert made.order.customer.name not in su.get("/my-day").text


def test_broken_off_with_a_day_the_order_waits_until_then(db: Session, cast: Cast, su: FlaskClient) -> None:
    made = on_site(db, cast)
    order, phone = made.order, Phone(su, made.id)
    phone.open()
    for typed, sentence in (
        ({"why": "part", "again": AT.date().isoformat()}, "Choose a day that is still to come."),
        ({"why": "vehicle", "again": "2026-02-29"}, "2026-02-29"),
        ({"why": "cannot", "again": "2026-12-09"}, "Please write what it is."),
    ):
        phone.press("/abandon", status=422, **typed)
        assert sentence in phone.page and statuses(db)[2] == "working"
    whole = phone.form("/abandon") | {"why": "part", "more": "缺 BD-808A", "again": "2026-12-09"}
    for _press in range(2):
        assert su.post(f"{phone.root}/abandon", data=whole).status_code == 303
    assert statuses(db) == ("abandoned", ["open"], "waiting")
    assert (order.waiting_why, order.waiting_reason, order.wakes_on) == ("part", "缺 BD-808A", date(2026, 12, 9))
    assert "(again from 2026-12-09)" in (made.reason or "")
    assert [(e.action, e.by_id) for e in history(db, ("order", order.id))[:1]] == [("order.put_off", cast.su.id)]
    assert wake_due(AT + timedelta(days=7)) == 1 and statuses(db)[2] == "approved", "what waits for a visit is planned again"


def test_nothing_waits_for_a_day_that_has_come_or_while_a_colleague_is_on_his_way(db: Session, cast: Cast) -> None:
    order, second = approved_order(db, cast, lines=2), on_site(db, cast)
    first, _ = (visit(db, cast, order, cast.wei, hour=n, line_ids=(order.lines[n].id,)) for n in (0, 1))
    dispatch_visits(db, [first.id], by=cast.lin, at=AT)
    told = {"reason": "缺件", "wait": {"why": "part", "next_on": "2026-12-09"}}
    send(db, first, "visit.abandon", cast.wei, **told)
    send(db, second, "visit.abandon", cast.su, **told, at=AT + timedelta(days=9))
    assert (first.status, order.status) == ("abandoned", "planned")
    assert (second.status, second.order.status) == ("abandoned", "approved")
    with pytest.raises(NotFound):
        send(db, on_site(db, cast), "visit.abandon", cast.su, reason="x", wait={"why": "part"})


def send(db: Session, visit: Visit, kind: str, by: Actor, *, at: datetime = AT, **content: Any) -> None:
    act(db, SentFact(uuid.uuid4(), kind, f"web-{visit.id}", 1, content, at, visit_id=visit.id), by=by, at=at)


def test_an_earlier_day_that_was_not_walked_is_shown_with_its_day(db: Session, cast: Cast, su: FlaskClient) -> None:
    then = AT - timedelta(days=1)
    made = visit_at(db, cast, approved_order(db, cast), cast.su, "14:00", day=then.date())
    dispatch_visits(db, [made.id], by=cast.lin, at=then)
    db.commit()
    page = su.get("/my-day").text
    assert made.order.customer.name in page and "planned for 2026-12-01" in page
    phone = Phone(su, made.id)
    phone.open()
    phone.press("/depart", note="都齐")
    assert visits_of(db)[0].status == "on_the_way"


# --- what fits nothing


def disputed(db: Session, cast: Cast) -> FieldFact:
    """Su says he has arrived without having set out."""
    made = on_site(db, cast, steps=())
    told = SentFact(uuid.uuid4(), "visit.arrive", "phone", 1, {"visit": made.id}, AT, 0, visit_id=made.id)
    fact = act(db, told, by=cast.su, at=AT, insist=True)
    assert fact.state == "disputed"
    db.commit()
    return fact


def test_a_message_waits_for_the_desk_until_it_is_settled(db: Session, cast: Cast, as_person: SignIn) -> None:
    fact, lin = disputed(db, cast), as_person(cast.lin)
    number = visits_of(db)[0].order.number
    assert "1 message from the field needs a decision." in lin.get("/plan").text
    page = lin.get("/field-messages").text
    for told in (cast.su.name, number, "Arrived", "Not possible while it is Dispatched.", "12-02 09:00"):
        assert told in page
    url = f"/field-messages/{fact.id}/settle"
    refused = lin.post(url, data={"reason": ""})
    assert refused.status_code == 422 and "Please give a reason." in refused.text
    assert "The message is settled." in lin.post(url, data={"reason": "电话问过"}, follow_redirects=True).text
    assert "already" in lin.post(url, data={"reason": "再来"}, follow_redirects=True).text
    assert "No message from the field needs a decision." in lin.get("/field-messages").text
    assert "needs a decision" not in lin.get("/plan").text
    db.expire_all()
    assert fact.state == "disputed" and fact.outcome
    assert (fact.outcome["settled"]["by"], fact.outcome["settled"]["reason"]) == (cast.lin.id, "电话问过")
    assert history(db, ("order", visits_of(db)[0].order_id))[0].action == "field.settle"
    assert "A message of 苏杰 was settled" in lin.get(f"/orders/{number}").text


def test_messages_are_the_planners_of_the_branch(db: Session, cast: Cast, as_person: SignIn) -> None:
    fact = disputed(db, cast)
    for person in (cast.su, cast.qian):
        assert as_person(person).get("/field-messages").status_code == 404
    he = as_person(cast.he)
    assert "No message from the field needs a decision." in he.get("/field-messages").text
    assert he.post(f"/field-messages/{fact.id}/settle", data={"reason": "x"}).status_code == 404
    with pytest.raises(NotFound):
        settle_dispute(db, uuid.uuid4(), reason="x", by=cast.lin, at=AT)
    with pytest.raises(NotAllowed):
        settle_dispute(db, fact.id, reason="x", by=cast.su, at=AT)
    with pytest.raises(Invalid):
        settle_dispute(db, fact.id, reason=" ", by=cast.lin, at=AT)
    settle_dispute(db, fact.id, reason="x", by=cast.lin, at=AT)
    with pytest.raises(Conflict):
        settle_dispute(db, fact.id, reason="x", by=cast.wang, at=AT)


def test_the_pages_take_few_queries(db: Session, cast: Cast, as_person: SignIn) -> None:
    disputed(db, cast)
    lin = as_person(cast.lin)
    lin.get("/field-messages")
    for url in ("/field-messages", "/plan"):
        with queries() as seen:
            lin.get(url)
        assert len(seen) <= 12, (url, len(seen))
