"""Standing in: who may, for how long, and that a deputy decides nothing that he or the absent one asked for (Q14)."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dispatch.audit.queries import history
from dispatch.clock import now
from dispatch.db import transaction
from dispatch.errors import Conflict, Invalid, NotFound, RuleBroken
from dispatch.orders.models import Approval, Order
from dispatch.orders.operations.approving import approve, reject
from dispatch.orders.presenting.ladder import next_people
from dispatch.staff.deputies import Absence, name_deputy, revoke_deputy
from dispatch.staff.deputy_models import Deputy
from dispatch.staff.models import Person, PersonRole
from dispatch.staff.roster_models import LeaveRequest
from dispatch.staff.rules import Actor
from tests.building import repair_order
from tests.conftest import AT, Cast, SignIn
from tests.orders.building import asks_above, stored, waiting_id
from tests.orders.said import also, leaves, open_step

WEEK = timedelta(days=7)


def he_is_manager(db: Session, cast: Cast) -> Actor:
    """He, of the other branch, is a manager."""
    return also(db, cast.he, "manager")


def absence(deputy: Actor, *, at: datetime = AT, **instead: Any) -> Absence:
    given = {"starts_at": at, "ends_at": at + WEEK, "reason": "年假", "key": uuid.uuid4()} | instead
    return Absence(deputy.id or 0, **given)


def on_leave(db: Session, who: Actor, decider: Actor) -> None:
    """Approved, from an hour ago on."""
    leave = LeaveRequest(person_id=who.id, kind="annual", reason="年假", state="approved", request_key=uuid.uuid4())
    leave.starts_at, leave.ends_at, leave.asked_at = now() - timedelta(hours=1), now() + WEEK, now() - WEEK
    leave.decided_by_id, leave.decided_at = decider.id, now() - WEEK
    db.add(leave)


def decide(db: Session, order: Order, who: Actor, *, at: datetime = AT) -> Order:
    return approve(db, order.id, approval_id=open_step(db, order), by=who, at=at)


def test_a_deputy_decides_in_the_name_of_both(db: Session, cast: Cast) -> None:
    he, order = he_is_manager(db, cast), repair_order(db, cast)
    with pytest.raises(RuleBroken, match="you stand in for nobody there"):
        decide(db, order, he)
    name_deputy(db, absence(he), by=cast.wang, at=AT)
    assert decide(db, order, he).status == "approved"
    step = db.scalars(sa.select(Approval).where(Approval.order_id == order.id)).one()
    assert (step.decided_by_id, step.for_id) == (he.id, cast.wang.id)
    told = history(db, ("order", order.id))[0]
    assert (told.action, told.by_id, told.detail["for"]) == ("order.approve", he.id, "王建国")


def test_who_decides_in_his_own_right_decides_for_nobody_else(db: Session, cast: Cast) -> None:
    asks_above(db, cast, "director")
    zhou, order = also(db, cast.zhou, "manager"), repair_order(db, cast)
    name_deputy(db, absence(zhou), by=cast.wang, at=AT)
    decide(db, order, zhou)
    step = db.scalars(sa.select(Approval).where(Approval.order_id == order.id, Approval.step == 1)).one()
    assert (step.decided_by_id, step.for_id) == (zhou.id, None)


def test_in_whose_place_a_level_was_decided_he_is_told_so(db: Session, cast: Cast) -> None:
    asks_above(db, cast, "director")
    he, wang, order = he_is_manager(db, cast), also(db, cast.wang, "director"), repair_order(db, cast)
    name_deputy(db, absence(he), by=wang, at=AT)
    decide(db, order, he)
    with pytest.raises(RuleBroken, match="decided in your place"):
        decide(db, order, wang)


@pytest.mark.parametrize(
    ("deputy", "away", "words"),
    [
        (None, False, "王建国"),
        (None, True, "王建国 (away)"),
        ("specialist", True, "王建国 (away)"),
        ("manager", False, "王建国 (or the deputy 何静)"),
        ("manager", True, "何静 for 王建国 (away)"),
    ],
)
def test_away_is_who_is_on_leave(deputy: str | None, away: bool, words: str) -> None:
    wang, he = Person(id=1, name="王建国"), Person(id=2, name="何静", role_rows=[PersonRole(role=deputy or "")])
    row = Deputy(deputy_id=2, deputy=he) if deputy else None
    assert [str(word) for word in next_people([(wang, row, away)], "order.approve", set())] == [words]


def test_it_ends_with_its_time_with_a_press_and_with_him(db: Session, cast: Cast) -> None:
    he, order = he_is_manager(db, cast), repair_order(db, cast)
    row = name_deputy(db, absence(he, starts_at=AT + timedelta(hours=1)), by=cast.wang, at=AT)
    early_late = (AT, AT + timedelta(hours=1) + WEEK)
    for moment in early_late:
        with pytest.raises(RuleBroken):
            reject(db, order.id, approval_id=open_step(db, order), reason="no", by=he, at=moment)
    during = AT + timedelta(days=1)
    with db.begin_nested() as attempt:
        leaves(db, cast.wang)
        with pytest.raises(RuleBroken):
            decide(db, order, he, at=during)
        attempt.rollback()
    db.expire_all()
    with pytest.raises(NotFound):
        revoke_deputy(db, row.id, by=he, at=during)
    revoke_deputy(db, row.id, by=cast.wang, at=during)
    with pytest.raises(RuleBroken):
        decide(db, order, he, at=during)
    with pytest.raises(Conflict):
        revoke_deputy(db, row.id, by=cast.wang, at=during)


def test_two_people_are_two_people(db: Session, cast: Cast) -> None:
    he = he_is_manager(db, cast)
    name_deputy(db, absence(he), by=cast.wang, at=AT)
    of_wang, of_he = repair_order(db, cast, by=cast.wang), repair_order(db, cast, by=replace(he, branch_id=cast.sz))
    with pytest.raises(RuleBroken, match="you stand in for nobody there"):
        decide(db, of_wang, he)
    with pytest.raises(RuleBroken, match="your own request"):
        decide(db, of_he, he)
    assert decide(db, of_he, cast.wang).status == "approved", "who is away can still decide"


def test_only_somebody_with_the_same_permission_once_at_a_time(db: Session, cast: Cast) -> None:
    he = he_is_manager(db, cast)
    first = absence(he)
    row = name_deputy(db, first, by=cast.wang, at=AT)
    assert name_deputy(db, first, by=cast.wang, at=AT) is row
    wrong = (absence(cast.lin), absence(cast.chen), absence(cast.wang), absence(he, ends_at=AT), absence(he, reason=" "))
    for one in wrong:
        with pytest.raises(Invalid):
            name_deputy(db, one, by=cast.wang, at=AT)
    with pytest.raises(IntegrityError, match="ex_deputy_one_at_a_time"), db.begin_nested():
        name_deputy(db, absence(he, starts_at=AT + timedelta(days=6)), by=cast.wang, at=AT)
    assert [entry.action for entry in history(db, ("person", cast.wang.id or 0))][:1] == ["deputy.name"]


def test_the_pages_of_both(order: Order, cast: Cast, as_person: SignIn) -> None:
    with transaction() as db:
        he = he_is_manager(db, cast)
    wang, other, url = as_person(cast.wang), as_person(he), "/approvals/deputies"
    assert other.get(f"/orders/{order.number}").status_code == 404
    sent = {"request_key": str(uuid.uuid4()), "deputy": str(he.id), "starts_at": "", "ends_at": "", "reason": "年假"}
    wrong = wang.post(url, data=sent)
    assert wrong.status_code == 422 and "年假" in wrong.text and "Please fill this in." in wrong.text
    sent["ends_at"] = f"{now() + WEEK:%Y-%m-%dT%H:%M}"
    assert [wang.post(url, data=sent).status_code for _ in range(2)] == [302, 302]
    again = wang.post(url, data=sent | {"request_key": str(uuid.uuid4())})
    assert again.status_code == 409 and "You have a deputy for a part of this time already" in again.text
    assert "王建国 (or the deputy 何静)" in wang.get(f"/orders/{order.number}").text
    with transaction() as db:
        on_leave(db, cast.wang, cast.chen)
    assert "何静 for 王建国 (away)" in wang.get(f"/orders/{order.number}").text
    page = other.get("/approvals").text
    assert "You decide in the place of 王建国" in page and order.number in page
    assert other.get(f"/orders/{order.number}").status_code == 404, "he decides what waits, and sees no more of the branch"
    assert other.get(f"/approvals/{waiting_id(order)}/link").status_code == 404
    assert other.post(f"/orders/{order.number}/cancel", data={"version": "1", "reason": "x"}).status_code == 404
    assert other.post(f"/approvals/{waiting_id(order)}/approve").status_code == 302
    assert stored(order).status == "approved" and "何静 for 王建国" in wang.get(f"/orders/{order.number}").text
    assert "何静 no longer decides" in wang.post(f"{url}/1/revoke", follow_redirects=True).text
    assert other.post(f"{url}/1/revoke").status_code == 404
    with transaction() as db:
        db.execute(sa.delete(PersonRole).where(PersonRole.role == "manager", PersonRole.person_id == he.id))
        db.get_one(Person, cast.wang.id).active = True
    assert "Nobody else in the company holds your permission" in wang.get(url).text
