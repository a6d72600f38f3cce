"""Who may decide: nobody his own request, nobody two levels (P3)."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.errors import RuleBroken
from dispatch.orders.models import Approval, Order
from dispatch.orders.operations.approving import approve, reject, submit
from dispatch.orders.operations.moves import move_order
from dispatch.orders.operations.rewriting import OrderWords, rewrite
from tests.building import repair_order
from tests.conftest import AT, Cast
from tests.orders.building import asks_above

WORDS = OrderWords("李四", "18886844318", "urgent", symptom="drift")


def open_step(db: Session, order: Order) -> int:
    return db.scalars(sa.select(Approval.id).where(Approval.order_id == order.id, Approval.decision.is_(None))).one()


def test_one_person_with_two_roles_does_not_decide_two_levels(db: Session, cast: Cast) -> None:
    asks_above(db, cast, "director")
    order, both = repair_order(db, cast), replace(cast.wang, roles=frozenset({"manager", "director"}))
    approve(db, order.id, approval_id=open_step(db, order), by=both, at=AT)
    second = open_step(db, order)
    for decide in (approve, reject):
        why = {"reason": "no"} if decide is reject else {}
        with pytest.raises(RuleBroken, match="decided an earlier level"):
            decide(db, order.id, approval_id=second, by=both, at=AT, **why)  # type: ignore[operator]
    assert approve(db, order.id, approval_id=second, by=cast.chen, at=AT).status == "approved"


def test_a_level_of_an_earlier_round_does_not_count(db: Session, cast: Cast) -> None:
    order = repair_order(db, cast)
    reject(db, order.id, approval_id=open_step(db, order), reason="unclear", by=cast.wang, at=AT)
    move_order(db, order, "rework", by=cast.lin, at=AT)
    submit(db, order, by=cast.lin, at=AT)
    assert approve(db, order.id, approval_id=open_step(db, order), by=cast.wang, at=AT).status == "approved"


def test_who_rewrote_the_draft_does_not_decide(db: Session, cast: Cast) -> None:
    order = repair_order(db, cast)
    reject(db, order.id, approval_id=open_step(db, order), reason="unclear", by=cast.wang, at=AT)
    move_order(db, order, "rework", by=cast.lin, at=AT)
    rewrite(db, order.id, WORDS, version=order.version, by=replace(cast.wang, roles=frozenset({"specialist"})), at=AT)
    submit(db, order, by=cast.lin, at=AT)
    with pytest.raises(RuleBroken, match="your own request"):
        approve(db, order.id, approval_id=open_step(db, order), by=cast.wang, at=AT)
