"""What is not backfilled in time: red, then with the director, and counted for whoever gave his word (P13, Q14)."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import Session

from dispatch.clock import now
from dispatch.db import transaction
from dispatch.orders.models import Order
from dispatch.orders.operations.approving import reject
from dispatch.orders.operations.moves import move_order
from dispatch.orders.operations.verbal import confirm_word, record_word, refuse_word
from dispatch.orders.presenting.verbal import DISOWNED, ESCALATED, OVERDUE, TO_BACKFILL, mark_of
from dispatch.orders.verbal_queries import WordFigures, waiting_words, word_figures
from tests.building import approved, repair_order
from tests.conftest import AT, Cast, SignIn
from tests.counting import waiting_count
from tests.orders.building import waiting_id
from tests.orders.said import by_word, word

HOUR = timedelta(hours=1)


def test_what_stays_open_goes_to_the_director(db: Session, cast: Cast) -> None:
    order = repair_order(db, cast)
    row = by_word(db, order, cast.wang, by=cast.lin)
    db.refresh(order)
    for hours, mark in ((23, TO_BACKFILL), (25, OVERDUE), (49, ESCALATED)):
        at = AT + hours * HOUR
        with_him = [row] if mark is ESCALATED else []
        assert mark_of(order, at) == mark
        assert list(waiting_words(db, cast.chen, at=at)) == with_him
        assert waiting_count(db, cast.chen, at=at) == len(with_him) and waiting_count(db, cast.wang, at=at) == 1
    refuse_word(db, row.id, reason="没有接到电话", by=cast.wang, at=AT + 50 * HOUR)
    db.refresh(order)
    assert mark_of(order, AT + 50 * HOUR) == DISOWNED


def test_each_is_counted_by_what_became_of_it(db: Session, cast: Cast) -> None:
    order = approved(db, cast, repair_order(db, cast))
    rows = [record_word(db, order.id, word(cast.wang), by=cast.lin, at=AT) for _ in range(5)]
    confirm_word(db, rows[0].id, by=cast.wang, at=AT + 24 * HOUR)
    confirm_word(db, rows[1].id, by=cast.wang, at=AT + 25 * HOUR)
    refuse_word(db, rows[2].id, reason="no", by=cast.wang, at=AT)
    record_word(db, order.id, word(cast.chen), by=cast.lin, at=AT + 20 * HOUR)
    wang = WordFigures(cast.wang.id or 0, "王建国", True, 5, 1, 1, 1, 2, 2)
    chen = WordFigures(cast.chen.id or 0, "陈立", True, 1, 0, 0, 0, 1, 0)
    later = AT + 30 * HOUR
    assert word_figures(db, cast.chen, since=AT, at=later) == [wang, chen]
    assert word_figures(db, cast.he, since=AT, at=later) == [] == word_figures(db, cast.chen, since=later, at=later)


def test_the_pages_tell_whom_to_remind_and_who_is_late(cast: Cast, as_person: SignIn) -> None:
    long_ago = now() - timedelta(days=4)
    with transaction() as db:
        order = approved(db, cast, repair_order(db, cast), at=long_ago)
        row = record_word(db, order.id, word(cast.wang, said_at=long_ago), by=cast.lin, at=long_ago)
    chen = as_person(cast.chen)
    page = chen.get("/approvals").text
    assert "has not confirmed this in time" in page and "tel:13800000002" in page and "/confirm" not in page
    assert "overdue, with the director" in chen.get(f"/orders/{order.number}").text
    assert chen.post(f"/approvals/words/{row.id}/confirm").status_code == 422, "he is told, and still does not sign for another"
    figures = as_person(cast.wang).get("/approvals/by-word?days=30").text
    assert "王建国" in figures and "of them overdue" in figures
    assert as_person(cast.lin).get("/approvals/by-word").status_code == 404


def test_a_rejection_is_read_where_it_is_mended(order: Order, cast: Cast, as_person: SignIn) -> None:
    with transaction() as db:
        kept = reject(db, order.id, approval_id=waiting_id(order), reason="地址不全", by=cast.wang, at=AT)
        move_order(db, kept, "rework", by=cast.lin, at=AT)
    lin = as_person(cast.lin)
    for path in (f"/orders/{order.number}", f"/orders/{order.number}/words"):
        assert "Rejected by 王建国" in lin.get(path).text and "地址不全" in lin.get(path).text
    lin.post(f"/orders/{order.number}/submit", data={"version": str(_version(order))})
    shown = lin.get(f"/orders/{order.number}").text
    assert "round 2" in shown and "Rejected by 王建国" not in shown and "地址不全" in shown


def _version(order: Order) -> int:
    with transaction() as db:
        return db.get_one(Order, order.id).version
