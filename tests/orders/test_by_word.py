"""Act first (P13, Q14): whose word may be recorded, for an open level and for the work; and that it is kept as it was said."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, ProgrammingError
from sqlalchemy.orm import Session

from dispatch.approvals.operations.table import end_rule
from dispatch.audit.queries import history
from dispatch.errors import Conflict, Invalid, NotAllowed, NotFound, RuleBroken
from dispatch.orders.models import Approval
from dispatch.orders.operations import verbal
from dispatch.orders.operations.acting import act
from dispatch.orders.operations.approving import approve, reject, submit
from dispatch.orders.operations.moves import locked_order, move_order
from dispatch.orders.operations.verbal import (
    approve_by_word,
    record_word,
    refuse_word,
    settle_word,
)
from dispatch.orders.verbal_models import VerbalApproval
from dispatch.orders.verbal_queries import approvers
from tests.building import approved, repair_order
from tests.conftest import AT, Cast
from tests.orders.building import asks_above
from tests.orders.said import SAID, also, by_word, leaves, open_step, word

# --- an open level decided by word


def test_the_order_goes_on_at_once_and_the_word_is_owed(db: Session, cast: Cast) -> None:
    order = repair_order(db, cast)
    row = by_word(db, order, cast.wang, by=cast.lin)
    assert order.status == "approved" and order.approved
    step = db.get_one(Approval, row.approval_id)
    assert (step.decision, step.decided_by_id, step.decided_at) == ("by_word", cast.wang.id, AT)
    assert (row.approver_id, row.recorded_by_id, row.permission) == (cast.wang.id, cast.lin.id, "order.approve")
    assert (row.said_at, row.recorded_at, row.due_at) == (SAID, AT, AT + timedelta(hours=24))
    db.refresh(order)
    assert order.backfill_due == row.due_at and not order.disowned
    told = [(entry.action, entry.by_id) for entry in history(db, ("order", order.id))[:2]]
    assert told == [("word.record", cast.lin.id), ("order.approve_by_word", cast.lin.id)]


def test_a_further_level_opens_as_usual_and_can_be_decided_by_word_too(db: Session, cast: Cast) -> None:
    asks_above(db, cast, "director")
    order = repair_order(db, cast)
    by_word(db, order, cast.wang, by=cast.lin)
    assert order.status == "awaiting_approval"
    with pytest.raises(RuleBroken, match="王建国 cannot decide this level"):
        by_word(db, order, cast.wang, by=cast.lin)
    assert by_word(db, order, cast.chen, by=cast.lin).permission == "order.approve_director"
    assert order.status == "approved"
    assert [row.approver_id for row in db.scalars(sa.select(VerbalApproval))] == [cast.wang.id, cast.chen.id]


def test_one_person_does_not_count_for_two_levels_by_word_either(db: Session, cast: Cast) -> None:
    asks_above(db, cast, "director")
    both, order = also(db, cast.wang, "director"), repair_order(db, cast)
    by_word(db, order, both, by=cast.lin)
    with pytest.raises(RuleBroken, match="王建国 has decided an earlier level"):
        by_word(db, order, both, by=cast.lin)
    with pytest.raises(RuleBroken, match="You have decided an earlier level"):
        approve(db, order.id, approval_id=open_step(db, order), by=both, at=AT)
    other = repair_order(db, cast)
    approve(db, other.id, approval_id=open_step(db, other), by=both, at=AT)
    with pytest.raises(RuleBroken, match="王建国 has decided an earlier level"):
        by_word(db, other, both, by=cast.lin)


def test_nobody_records_his_own_word(db: Session, cast: Cast) -> None:
    order = repair_order(db, cast)
    with pytest.raises(RuleBroken, match="Nobody records his own word"):
        by_word(db, order, cast.wang, by=cast.wang)


def test_who_asked_for_the_order_is_not_named(db: Session, cast: Cast) -> None:
    order = repair_order(db, cast, by=cast.wang)
    with pytest.raises(RuleBroken, match="王建国 asked for this order himself"):
        by_word(db, order, cast.wang, by=cast.lin)


def test_somebody_who_decides_nothing_here_is_not_named(db: Session, cast: Cast) -> None:
    order = repair_order(db, cast)
    elsewhere = also(db, cast.he, "manager")
    for who in (cast.qian, elsewhere, replace(cast.wang, id=999_999)):
        with pytest.raises(Invalid) as refused:
            by_word(db, order, who, by=cast.lin)
        assert "approver" in refused.value.fields
    with pytest.raises(RuleBroken, match="陈立 cannot decide this level"):
        by_word(db, order, cast.chen, by=cast.lin)
    leaves(db, cast.wang)
    with pytest.raises(Invalid):
        by_word(db, order, cast.wang, by=cast.lin)
    assert order.status == "awaiting_approval"


def test_only_the_desk_approves_by_word(db: Session, cast: Cast) -> None:
    order = repair_order(db, cast)
    for who in (cast.su, cast.qian, cast.chen):
        with pytest.raises(NotAllowed):
            by_word(db, order, cast.wang, by=who)


@pytest.mark.parametrize(
    ("instead", "where"),
    [
        ({"what_for": "  "}, "what_for"),
        ({"channel": "pigeon"}, "channel"),
        ({"said_at": AT + timedelta(minutes=6)}, "said_at"),
    ],
)
def test_a_word_without_its_facts_is_refused_beside_the_field(
    db: Session, cast: Cast, instead: dict[str, Any], where: str
) -> None:
    order = repair_order(db, cast)
    with pytest.raises(Invalid) as refused:
        by_word(db, order, cast.wang, by=cast.lin, **instead)
    assert set(refused.value.fields) == {where}


def test_the_same_word_sent_twice_counts_once(db: Session, cast: Cast) -> None:
    order = repair_order(db, cast)
    step, said = open_step(db, order), word(cast.wang)
    first = approve_by_word(db, order.id, said, approval_id=step, by=cast.lin, at=AT)
    assert approve_by_word(db, order.id, said, approval_id=step, by=cast.lin, at=AT) is first
    with pytest.raises(Conflict, match="Somebody else decided this"):
        approve_by_word(db, order.id, word(cast.wang), approval_id=step, by=cast.lin, at=AT)


def test_the_row_of_the_table_is_not_taken_by_a_press_alone(db: Session, cast: Cast) -> None:
    order = repair_order(db, cast)
    with pytest.raises(NotFound):
        act(db, order.id, "approve_by_word", version=order.version, reason="", by=cast.lin, at=AT)
    with pytest.raises(RuleBroken, match="Say who has approved by word"):
        move_order(db, locked_order(db, order.id), "approve_by_word", by=cast.lin, at=AT)


def test_a_round_that_was_rejected_starts_anew(db: Session, cast: Cast) -> None:
    rule = asks_above(db, cast, "director")
    order = repair_order(db, cast)
    by_word(db, order, cast.wang, by=cast.lin)
    end_rule(db, rule.id, by=cast.chen, at=AT)
    reject(db, order.id, approval_id=open_step(db, order), reason="too dear", by=cast.chen, at=AT)
    move_order(db, order, "rework", by=cast.lin, at=AT)
    submit(db, order, by=cast.lin, at=AT)
    by_word(db, order, cast.wang, by=cast.lin)
    assert order.status == "approved"


# --- allowed during the work


def test_something_is_allowed_while_the_work_goes_on(db: Session, cast: Cast) -> None:
    order = approved(db, cast, repair_order(db, cast))
    row = record_word(db, order.id, word(cast.chen, channel="wechat"), by=cast.su, at=AT)
    assert (row.approval_id, row.permission, order.status) == (None, "order.approve_director", "approved")
    assert record_word(db, order.id, replace(word(cast.chen), key=row.key), by=cast.su, at=AT) is row
    with pytest.raises(RuleBroken, match="Nobody records his own word"):
        record_word(db, order.id, word(cast.wang), by=cast.wang, at=AT)
    with pytest.raises(NotAllowed):
        record_word(db, order.id, word(cast.wang), by=cast.qian, at=AT)


def test_an_order_that_is_not_at_work_takes_no_allowance(db: Session, cast: Cast) -> None:
    order = repair_order(db, cast)
    with pytest.raises(RuleBroken, match="Not possible while it is Awaiting approval"):
        record_word(db, order.id, word(cast.wang), by=cast.lin, at=AT)


def test_the_company_says_within_how_many_hours(db: Session, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verbal, "_within", timedelta(hours=24))  # puts back afterwards what is configured here
    verbal.configure(2)
    assert by_word(db, repair_order(db, cast), cast.wang, by=cast.lin).due_at == AT + timedelta(hours=2)


def test_who_can_be_named(db: Session, cast: Cast) -> None:
    also(db, cast.he, "manager")
    assert [person.id for person in approvers(db, cast.sz, besides=cast.lin)] == [cast.wang.id, cast.chen.id]
    assert [person.id for person in approvers(db, cast.sz, besides=cast.wang)] == [cast.chen.id]
    assert [person.id for person in approvers(db, cast.gz, besides=cast.lin)] == [cast.he.id, cast.chen.id]


# --- the database keeps it too


def written(db: Session, statement: str, row: VerbalApproval) -> None:
    with db.begin_nested():
        db.execute(sa.text(f"UPDATE verbal_approval SET {statement} WHERE id = :id"), {"id": row.id})


@pytest.mark.parametrize(
    "statement",
    [
        "decision = 'confirmed'",
        "decision = 'confirmed', decided_at = now()",
        "decision = 'confirmed', decided_at = now(), decided_by_id = recorded_by_id",
        "decision = 'refused', decided_at = now(), decided_by_id = approver_id",
        "decision = 'refused', decided_at = now(), decided_by_id = approver_id, decision_reason = ' '",
    ],
)
def test_a_decision_is_whole_or_not_there(db: Session, cast: Cast, statement: str) -> None:
    row = by_word(db, repair_order(db, cast), cast.wang, by=cast.lin)
    with pytest.raises(IntegrityError):
        written(db, statement, row)


def test_what_was_recorded_decided_and_settled_stays(db: Session, cast: Cast) -> None:
    row = by_word(db, repair_order(db, cast), cast.wang, by=cast.lin)

    def stays(*statements: str) -> None:
        for statement in statements:
            with pytest.raises(ProgrammingError, match="stays"):
                written(db, statement, row)

    recorded = "what_for = 'x'", "approver_id = recorded_by_id", "due_at = due_at + interval '1 day'"
    stays(*recorded, "settled_at = now()")
    refuse_word(db, row.id, reason="no", by=cast.wang, at=AT)
    stays(
        *recorded, "decision = 'confirmed'", "decision_reason = 'x'", "decision = NULL, decided_at = NULL, decided_by_id = NULL"
    )
    settle_word(db, row.id, reason="ok", by=cast.chen, at=AT)
    stays(*recorded, "settled_reason = 'x'", "settled_at = now()")
    with pytest.raises(ProgrammingError, match="stays"), db.begin_nested():
        db.execute(sa.text("DELETE FROM verbal_approval"))


def test_only_something_that_was_said_is_recorded(db: Session, cast: Cast) -> None:
    order = repair_order(db, cast)
    told: dict[str, Any] = {"order_id": order.id, "approver_id": cast.wang.id, "permission": "order.approve", "channel": "phone"}
    told |= {"said_at": AT, "what_for": "x", "recorded_by_id": cast.lin.id, "recorded_at": AT, "due_at": AT}
    wrong: list[dict[str, Any]] = [
        {"what_for": " "},
        {"recorded_by_id": cast.wang.id},
        {"said_at": AT + timedelta(minutes=6)},
        {"due_at": AT - timedelta(seconds=1)},
        {"settled_by_id": cast.chen.id, "settled_at": AT, "settled_reason": "x"},
    ]
    for one in wrong:
        with pytest.raises(IntegrityError), db.begin_nested():
            db.execute(sa.insert(VerbalApproval).values(**{**told, "key": uuid.uuid4(), **one}))


def test_a_moment_is_kept_as_it_was_told(db: Session, cast: Cast) -> None:
    ahead = AT + timedelta(minutes=4)
    row = by_word(db, repair_order(db, cast), cast.wang, by=cast.lin, said_at=ahead)
    assert isinstance(row.said_at, datetime) and row.said_at == AT, "clocks differ: nothing is said after it was recorded"
