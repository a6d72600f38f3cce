"""Favours asked for and approved of in one go, for tests that are about something else."""

from __future__ import annotations

import uuid
from decimal import Decimal

from sqlalchemy.orm import Session

from dispatch.approvals.operations.requests import Answer
from dispatch.fees.models import Receipt
from dispatch.field import correcting_money, forgiving
from tests.conftest import AT, Cast

YES = Answer(yes=True)


def let_off(db: Session, cast: Cast, order_id: int, charge_id: int, reason: str = "商定免费") -> None:
    """Wang asks that a charge is let off, the director approves."""
    asked = correcting_money.drop_charge(db, order_id, charge_id, reason=reason, key=uuid.uuid4(), by=cast.wang, at=AT)
    assert asked is not None
    forgiving.decide_favour(db, asked.id, YES, by=cast.chen, at=AT)


def given_back(db: Session, cast: Cast, order_id: int, receipt_id: int, amount: str) -> Receipt:
    """Finance asks that money is given back, Wang approves, finance gives it."""
    facts = {"amount": Decimal(amount), "reason": "退款", "key": uuid.uuid4()}
    asked = correcting_money.give_back(db, order_id, receipt_id, **facts, by=cast.qian, at=AT)  # type: ignore[arg-type]
    forgiving.decide_favour(db, asked.id, YES, by=cast.wang, at=AT)
    return forgiving.hand_back(db, asked.id, device="desk", by=cast.qian, at=AT)
