"""Facts from the field: kept as sent, applied once, never refused for what the office has changed meanwhile."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.board.operations.sending import dispatch_visits
from dispatch.db import refusal_for
from dispatch.errors import Conflict, NotAllowed, NotFound, RuleBroken
from dispatch.field.acting import act
from dispatch.field.models import FieldFact
from dispatch.field.operations import SentBefore, SentFact
from dispatch.field.pages.sending import may_insist
from dispatch.orders.models import Order, Visit
from dispatch.orders.operations.moves import move_visit
from dispatch.staff.rules import Actor
from dispatch.words import text_from_json
from tests.board.building import TODAY, approved_order, visit_at
from tests.conftest import AT, Cast


@pytest.fixture
def order(db: Session, cast: Cast) -> Order:
    """A repair of two vehicles."""
    return approved_order(db, cast, lines=2)


@pytest.fixture
def sent_out(db: Session, cast: Cast, order: Order) -> Visit:
    """Su's dispatched visit for it."""
    made = visit_at(db, cast, order, cast.su, "09:30", minutes=100, day=TODAY)
    dispatch_visits(db, [made.id], by=cast.lin, at=AT)
    return made


def fact(made: Visit, step: str, seq: int, **instead: Any) -> SentFact:
    given = {"id": uuid.uuid4(), "kind": f"visit.{step}", "device": "web-1", "content": {"visit": made.id}, "device_at": AT}
    return SentFact(**{**given, "device_seq": seq, "visit_id": made.id, **instead})


def step(db: Session, made: Visit, name: str, seq: int, by: Actor, at: datetime = AT) -> FieldFact:
    return act(db, fact(made, name, seq), by=by, at=at, insist=True)


def test_a_visit_is_walked_to_its_end(db: Session, cast: Cast, order: Order, sent_out: Visit) -> None:
    for seq, (name, status) in enumerate([("depart", "working"), ("arrive", "working"), ("finish", "done")], start=1):
        assert step(db, sent_out, name, seq, cast.su).state == "applied"
        assert order.status == status
    assert sent_out.status == "finished"
    assert (sent_out.departed_at, sent_out.arrived_at, sent_out.finished_at) == (AT, AT, AT)
    assert {line.status for line in order.lines} == {"done"}


def test_finishing_one_of_two_visits_leaves_the_other_vehicles_open(db: Session, cast: Cast) -> None:
    order = approved_order(db, cast, lines=2)
    made = visit_at(db, cast, order, cast.su, "09:30", day=TODAY, line_ids=(order.lines[0].id,))
    dispatch_visits(db, [made.id], by=cast.lin, at=AT)
    for seq, name in enumerate(("depart", "arrive", "finish"), start=1):
        step(db, made, name, seq, cast.su)
    assert [line.status for line in order.lines] == ["done", "open"]
    assert order.status == "approved"


def test_the_same_fact_again_is_answered_as_before(db: Session, cast: Cast, sent_out: Visit) -> None:
    sent = fact(sent_out, "depart", 1)
    first = act(db, sent, by=cast.su, at=AT, insist=True)
    version = sent_out.version
    assert act(db, sent, by=cast.su, at=AT, insist=True) is first
    assert (sent_out.status, sent_out.version) == ("on_the_way", version)


def test_the_same_uuid_with_another_content_is_a_conflict(db: Session, cast: Cast, sent_out: Visit) -> None:
    sent = fact(sent_out, "depart", 1)
    act(db, sent, by=cast.su, at=AT, insist=True)
    with pytest.raises(SentBefore, match="that one counts") as refused:
        act(db, fact(sent_out, "arrive", 2, id=sent.id), by=cast.su, at=AT, insist=True)
    assert not may_insist("visit.arrive", refused.value)
    with pytest.raises(Conflict):
        act(db, sent, by=cast.wei, at=AT, insist=True)
    assert sent_out.status == "on_the_way"


def test_a_number_of_a_device_stands_for_one_fact(db: Session, cast: Cast, sent_out: Visit) -> None:
    step(db, sent_out, "depart", 1, cast.su)
    with pytest.raises(sa.exc.IntegrityError) as broken:
        step(db, sent_out, "arrive", 1, cast.su)
    assert "sent something else under this number" in str(refusal_for(broken.value))


def test_a_step_out_of_turn_is_kept_and_disputed(db: Session, cast: Cast, order: Order, sent_out: Visit) -> None:
    kept = step(db, sent_out, "finish", 1, cast.su)
    assert kept.state == "disputed"
    assert str(text_from_json(kept.outcome)) == "Not possible while it is Dispatched."
    assert sent_out.status == "dispatched"
    assert {line.status for line in order.lines} == {"open"}


def test_a_visit_given_to_somebody_else_meanwhile_is_disputed(db: Session, cast: Cast, sent_out: Visit) -> None:
    sent_out.technician_id = cast.wei.id or 0
    db.flush()
    assert step(db, sent_out, "depart", 1, cast.su).state == "disputed"
    assert sent_out.status == "dispatched"


def test_a_visit_abandoned_meanwhile_is_disputed(db: Session, cast: Cast, sent_out: Visit) -> None:
    move_visit(db, sent_out, "abandon", by=cast.lin, at=AT, reason="客户取消")
    kept = step(db, sent_out, "depart", 1, cast.su)
    assert (kept.state, sent_out.status) == ("disputed", "abandoned")


def test_who_does_not_drive_sends_no_steps(db: Session, cast: Cast, sent_out: Visit) -> None:
    with pytest.raises(NotAllowed):
        step(db, sent_out, "depart", 1, cast.lin)


def test_other_branches_visits_are_not_there(db: Session, cast: Cast, sent_out: Visit) -> None:
    sent_out.branch_id = cast.gz
    db.flush()
    with pytest.raises(NotFound):
        step(db, sent_out, "depart", 1, cast.wei)
    with pytest.raises(NotFound):
        act(db, fact(sent_out, "depart", 2, visit_id=999_999), by=cast.su, at=AT, insist=True)


def test_who_insists_that_he_set_out_for_two_visits_leaves_it_to_the_dispatcher(db: Session, cast: Cast, sent_out: Visit) -> None:
    other = visit_at(db, cast, approved_order(db, cast), cast.su, "13:00", day=TODAY)
    dispatch_visits(db, [other.id], by=cast.lin, at=AT)
    step(db, sent_out, "depart", 1, cast.su)
    with pytest.raises(RuleBroken, match=f"End the visit of {sent_out.order.number} first") as refused:
        act(db, fact(other, "depart", 2), by=cast.su, at=AT)
    assert may_insist("visit.depart", refused.value)
    db.expire_all()
    assert step(db, other, "depart", 3, cast.su).state == "disputed"
    assert (sent_out.status, other.status) == ("on_the_way", "dispatched")
