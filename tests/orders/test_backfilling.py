"""Backfill later (P13, Q14): who answers for a word, what waits for whom, and closing until then."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from dispatch.audit.queries import history
from dispatch.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal, RuleBroken
from dispatch.orders import facts
from dispatch.orders.facts import owed_papers
from dispatch.orders.models import Order, OrderPapers
from dispatch.orders.operations.closing import close_by_rule, close_complete
from dispatch.orders.operations.moves import locked_order, move_order
from dispatch.orders.operations.verbal import (
    approve_by_word,
    confirm_word,
    record_word,
    refuse_word,
    settle_word,
)
from dispatch.orders.queries import Filter, counts_of, orders_page
from dispatch.orders.verbal_queries import waiting_words
from dispatch.staff.models import Person, PersonRole
from tests.building import repair_order
from tests.conftest import AT, Cast
from tests.counting import waiting_count
from tests.orders.said import also, by_word, done, leaves, open_step, word


@pytest.fixture
def words_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of all papers only the approvals by word are asked for: the others are told where they belong."""
    own = [entry for entry in facts._missing_readers if entry[2] == "approvals"]
    monkeypatch.setattr(facts, "_missing_readers", own)


def counted(db: Session, order: Order) -> list[str]:
    """What the order lacks, as counted last."""
    return [str(paper["msgid"]) for paper in db.get_one(OrderPapers, order.id, populate_existing=True).missing]


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
    page = orders_page(db, Filter(backfill=True), cast.lin, at=AT)
    assert [order.id for order in page.orders] == [refused.id, owed.id]
    assert counts_of(db, cast.lin, Filter(), at=AT).marks["backfill"] == 2
    assert counts_of(db, cast.lin, Filter(backfill=True), at=AT).by_status == {"approved": 2}
    assert plain.status == "awaiting_approval"
