"""Act first, backfill later (P13, Q14): who may be named, who answers for it, and what waits until he has."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, ProgrammingError
from sqlalchemy.orm import Session

from dispatch.audit.queries import history
from dispatch.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal, RuleBroken
from dispatch.orders import facts
from dispatch.orders.facts import owed_papers
from dispatch.orders.models import Approval, Order, OrderPapers
from dispatch.orders.operations.acting import act
from dispatch.orders.operations.approving import approve, reject, submit
from dispatch.orders.operations.closing import close_by_rule, close_complete
from dispatch.orders.operations.moves import locked_order, move_line, move_order
from dispatch.orders.operations.verbal import (
    SaidWord,
    approve_by_word,
    confirm_word,
    record_word,
    refuse_word,
    settle_word,
)
from dispatch.orders.queries import Filter, counts_of, orders_page, waiting_count
from dispatch.orders.rules import ExtraApproval
from dispatch.orders.verbal_models import VerbalApproval
from dispatch.orders.verbal_queries import approvers, waiting_words
from dispatch.staff.models import Person, PersonRole
from dispatch.staff.rules import Actor
from tests.building import approved, repair_order
from tests.conftest import AT, Cast

EXTRA = (ExtraApproval(kind="repair", permission="order.approve_director", least_lines=1),)
SAID = AT - timedelta(minutes=10)


def word(who: Actor, **instead: Any) -> SaidWord:
    """What `who` is said to have approved on the phone ten minutes ago."""
    given = {"channel": "phone", "said_at": SAID, "what_for": "先派人再补批", "key": uuid.uuid4(), **instead}
    return SaidWord(who.id or 0, **given)


def open_step(db: Session, order: Order) -> int:
    return db.scalars(sa.select(Approval.id).where(Approval.order_id == order.id, Approval.decision.is_(None))).one()


def by_word(db: Session, order: Order, who: Actor, *, by: Actor, extra: tuple[ExtraApproval, ...] = (), **instead: Any) -> Any:
    """The open step of an order decided by the word of `who`, recorded by `by`."""
    step = open_step(db, order)
    return approve_by_word(db, order.id, word(who, **instead), approval_id=step, by=by, at=AT, extra=extra)


def also(db: Session, who: Actor, *roles: str) -> Actor:
    """The same person with more roles."""
    db.add_all(PersonRole(person_id=who.id, role=role) for role in roles)
    db.flush()
    return replace(who, roles=who.roles | set(roles))


def leaves(db: Session, who: Actor) -> None:
    db.get_one(Person, who.id).active = False
    db.flush()


def done(db: Session, cast: Cast) -> Order:
    """An order that is done and lacks nothing of its own: its vehicle was given up."""
    order = approved(db, cast, repair_order(db, cast))
    move_line(db, order.lines[0], "give_up", by=cast.lin, at=AT, reason="车已报废")
    return order


@pytest.fixture
def words_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of all papers only the approvals by word are asked for: the others are told where they belong."""
    own = [entry for entry in facts._missing_readers if entry[2] == "approvals"]
    monkeypatch.setattr(facts, "_missing_readers", own)


def counted(db: Session, order: Order) -> list[str]:
    """What the order lacks, as counted last."""
    return [str(paper["msgid"]) for paper in db.get_one(OrderPapers, order.id, populate_existing=True).missing]


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
    order = repair_order(db, cast)
    by_word(db, order, cast.wang, by=cast.lin, extra=EXTRA)
    assert order.status == "awaiting_approval"
    with pytest.raises(RuleBroken, match="王建国 cannot decide this level"):
        by_word(db, order, cast.wang, by=cast.lin, extra=EXTRA)
    assert by_word(db, order, cast.chen, by=cast.lin, extra=EXTRA).permission == "order.approve_director"
    assert order.status == "approved"
    assert [row.approver_id for row in db.scalars(sa.select(VerbalApproval))] == [cast.wang.id, cast.chen.id]


def test_one_person_does_not_count_for_two_levels_by_word_either(db: Session, cast: Cast) -> None:
    both, order = also(db, cast.wang, "director"), repair_order(db, cast)
    by_word(db, order, both, by=cast.lin, extra=EXTRA)
    with pytest.raises(RuleBroken, match="王建国 has decided an earlier level"):
        by_word(db, order, both, by=cast.lin, extra=EXTRA)
    with pytest.raises(RuleBroken, match="You have decided an earlier level"):
        approve(db, order.id, approval_id=open_step(db, order), by=both, at=AT, extra=EXTRA)
    other = repair_order(db, cast)
    approve(db, other.id, approval_id=open_step(db, other), by=both, at=AT, extra=EXTRA)
    with pytest.raises(RuleBroken, match="王建国 has decided an earlier level"):
        by_word(db, other, both, by=cast.lin, extra=EXTRA)


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
    order = repair_order(db, cast)
    by_word(db, order, cast.wang, by=cast.lin, extra=EXTRA)
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


# --- confirming and refusing


def test_the_named_person_confirms(db: Session, cast: Cast) -> None:
    order = repair_order(db, cast)
    row = by_word(db, order, cast.wang, by=cast.lin)
    confirm_word(db, row.id, by=cast.wang, at=AT)
    assert (row.decision, row.decided_by_id, row.decided_at, row.waits) == ("confirmed", cast.wang.id, AT, False)
    db.refresh(order)
    assert order.backfill_due is None
    assert history(db, ("order", order.id))[0].action == "word.confirm"
    for again in (
        lambda: confirm_word(db, row.id, by=cast.wang, at=AT),
        lambda: refuse_word(db, row.id, reason="no", by=cast.wang, at=AT),
    ):
        with pytest.raises(Conflict, match="You have decided this already"):
            again()


def test_nobody_else_answers_while_he_is_there(db: Session, cast: Cast) -> None:
    row = by_word(db, repair_order(db, cast), cast.wang, by=cast.lin)
    second = also(db, cast.chen, "manager")
    for who in (second, cast.lin, cast.qian):
        with pytest.raises(RuleBroken, match="Only 王建国 can say whether he approved this"):
            confirm_word(db, row.id, by=who, at=AT)
    assert row.waits


@pytest.mark.parametrize("how", ["leaves", "loses the role"])
def test_when_he_is_gone_another_of_the_level_answers_who_did_not_record_it(db: Session, cast: Cast, how: str) -> None:
    recorder, second = also(db, cast.lin, "manager"), also(db, cast.wei, "manager")
    row = by_word(db, repair_order(db, cast), cast.wang, by=recorder)
    if how == "leaves":
        leaves(db, cast.wang)
    else:
        person = db.get_one(Person, cast.wang.id)
        person.role_rows = [PersonRole(role="specialist")]
        db.flush()
        db.expire(person)
    with pytest.raises(RuleBroken, match="You recorded this approval by word"):
        confirm_word(db, row.id, by=recorder, at=AT)
    for who in (cast.chen, cast.su):
        with pytest.raises(RuleBroken, match="Your role does not allow this"):
            confirm_word(db, row.id, by=who, at=AT)
    assert [found.id for found in waiting_words(db, second)] == [row.id] and not waiting_words(db, recorder)
    confirm_word(db, row.id, by=second, at=AT)
    assert (row.decision, row.decided_by_id) == ("confirmed", second.id)


def test_a_refusal_leaves_the_work_and_waits_to_be_settled(db: Session, cast: Cast) -> None:
    order = repair_order(db, cast)
    row = by_word(db, order, cast.wang, by=cast.lin)
    with pytest.raises(Invalid):
        refuse_word(db, row.id, reason="  ", by=cast.wang, at=AT)
    refuse_word(db, row.id, reason="没有接到电话", by=cast.wang, at=AT)
    assert (row.decision, row.decision_reason, order.status) == ("refused", "没有接到电话", "approved")
    db.refresh(order)
    assert order.disowned and order.backfill_due is None
    with pytest.raises(NotAllowed):
        settle_word(db, row.id, reason="ok", by=cast.wang, at=AT)
    with pytest.raises(Invalid):
        settle_word(db, row.id, reason="", by=cast.chen, at=AT)
    settle_word(db, row.id, reason="已与客户补签", by=cast.chen, at=AT)
    assert (row.settled_by_id, row.settled_reason, row.disowned) == (cast.chen.id, "已与客户补签", False)
    with pytest.raises(Conflict, match="settled already"):
        settle_word(db, row.id, reason="again", by=cast.chen, at=AT)
    assert [entry.action for entry in history(db, ("order", order.id))[:2]] == ["word.settle", "word.refuse"]


def test_what_nobody_refused_is_not_settled_nor_by_who_recorded_it(db: Session, cast: Cast) -> None:
    recorder = also(db, cast.chen, "specialist")
    row = by_word(db, repair_order(db, cast), cast.wang, by=recorder)
    with pytest.raises(Conflict):
        settle_word(db, row.id, reason="ok", by=cast.chen, at=AT)
    refuse_word(db, row.id, reason="no", by=cast.wang, at=AT)
    with pytest.raises(RuleBroken, match="somebody else has to settle it"):
        settle_word(db, row.id, reason="ok", by=recorder, at=AT)
    with pytest.raises(NotFound):
        settle_word(db, 999_999, reason="ok", by=cast.chen, at=AT)


# --- closing


@pytest.mark.usefixtures("words_alone")
def test_closing_waits_for_the_backfill_and_for_a_refusal_to_be_settled(db: Session, cast: Cast) -> None:
    order = done(db, cast)
    row = record_word(db, order.id, word(cast.wang), by=cast.lin, at=AT)
    [paper] = owed_papers(db, order)
    assert (str(paper.text), paper.owes, paper.place) == (
        "王建国 has still to confirm his approval by word: 先派人再补批",
        "office",
        "approvals",
    )
    assert not_closed(db, cast, order)
    refuse_word(db, row.id, reason="no", by=cast.wang, at=AT)
    assert [paper.owes for paper in owed_papers(db, order)] == ["office"]
    assert counted(db, order) == [owed_papers(db, order)[0].text.msgid]
    assert not_closed(db, cast, order)
    settle_word(db, row.id, reason="已补签", by=cast.chen, at=AT)
    assert counted(db, order) == []
    assert close_by_rule(db, order.id, after=timedelta(0), at=AT + timedelta(hours=1)) and order.status == "closed"


def not_closed(db: Session, cast: Cast, order: Order) -> bool:
    """Neither a person nor the rule closes it."""
    why = close_complete(db, order.id, by=cast.wang, at=AT)
    with pytest.raises(Refusal):
        move_order(db, locked_order(db, order.id), "auto_close", by=cast.root, at=AT)
    return why is not None and not close_by_rule(db, order.id, after=timedelta(0), at=AT + timedelta(days=30))


@pytest.mark.usefixtures("words_alone")
def test_a_confirmed_word_lets_the_order_close(db: Session, cast: Cast) -> None:
    order = done(db, cast)
    row = record_word(db, order.id, word(cast.wang), by=cast.lin, at=AT)
    confirm_word(db, row.id, by=cast.wang, at=AT)
    assert close_complete(db, order.id, by=cast.wang, at=AT) is None
    with pytest.raises(RuleBroken, match="Not possible while it is Closed"):
        record_word(db, order.id, word(cast.wang), by=cast.lin, at=AT)


# --- what waits for whom


def test_what_is_due_first_comes_first_and_counts(db: Session, cast: Cast) -> None:
    first, second = repair_order(db, cast), repair_order(db, cast)
    late = by_word(db, second, cast.wang, by=cast.lin)
    step = open_step(db, first)
    early = approve_by_word(db, first.id, word(cast.wang), approval_id=step, by=cast.lin, at=AT - timedelta(minutes=3))
    assert [row.id for row in waiting_words(db, cast.wang)] == [early.id, late.id]
    assert waiting_count(db, cast.wang) == 2 and waiting_count(db, cast.chen) == 0
    refuse_word(db, late.id, reason="no", by=cast.wang, at=AT)
    assert waiting_count(db, cast.wang) == 1 and [row.id for row in waiting_words(db, cast.chen)] == [late.id]
    assert early.overdue(AT + timedelta(hours=25)) and not early.overdue(AT) and not late.overdue(AT + timedelta(days=9))
    settle_word(db, late.id, reason="ok", by=cast.chen, at=AT)
    assert waiting_count(db, cast.chen) == 0


def test_the_list_is_narrowed_to_what_is_to_be_backfilled(db: Session, cast: Cast) -> None:
    plain, owed, refused = (repair_order(db, cast) for _ in range(3))
    by_word(db, owed, cast.wang, by=cast.lin)
    row = by_word(db, refused, cast.wang, by=cast.lin)
    refuse_word(db, row.id, reason="no", by=cast.wang, at=AT)
    page = orders_page(db, Filter(backfill=True), cast.lin)
    assert [order.id for order in page.orders] == [refused.id, owed.id]
    assert counts_of(db, cast.lin, Filter()).backfill == 2
    assert counts_of(db, cast.lin, Filter(backfill=True)).by_status == {"approved": 2}
    assert plain.status == "awaiting_approval"


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
