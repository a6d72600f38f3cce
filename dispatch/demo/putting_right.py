"""What the office put right of the days before: a failed point that it lets pass, and money given back."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from dispatch.approvals.operations.requests import Answer
from dispatch.demo.company import Company
from dispatch.demo.courses import TOP_UP, Course
from dispatch.fees.queries import charges_of, receipts_of
from dispatch.field.correcting import overrule_test
from dispatch.field.correcting_money import drop_charge, give_back
from dispatch.field.forgiving import decide_favour, hand_back
from dispatch.orders.models import Order

LATER = timedelta(hours=1, minutes=30)
"""So long after the visit's start the customer has called again."""
YES = Answer(yes=True)
DESK = "desk"
"""The device under which the office writes receipts."""


def put_right(company: Company, code: str, order: Order, course: Course, started_at: datetime) -> None:
    """Whatever `course.mended` names."""
    if course.mended is not None:
        _WAYS[course.mended](company, code, order, course, started_at + LATER)


def _overrule(company: Company, code: str, order: Order, course: Course, at: datetime) -> None:
    assert course.failed is not None
    reason, by = "车辆在检修，ACC 线次日复测正常", company.manager(code)
    overrule_test(company.session, order.id, order.lines[0].id, course.failed, reason=reason, by=by, at=at)


def _refund(company: Company, code: str, order: Order, course: Course, at: datetime) -> None:
    """The top-up had been paid for before: it is let off and its money given back, once others have said yes."""
    session, finance, manager = company.session, company.people["qian"], company.manager(code)
    charge = next(charge for charge in charges_of(session, order.id) if charge.code == TOP_UP)
    receipt = receipts_of(session, order.id)[0]
    reason = "客户上月已充值，重复收取"
    asked = drop_charge(session, order.id, charge.id, reason=reason, key=uuid.uuid4(), by=manager, at=at)
    assert asked is not None
    decide_favour(session, asked.id, YES, by=company.people["chen"], at=at + timedelta(minutes=3))
    facts: dict[str, Any] = {"amount": charge.amount, "reason": reason, "key": uuid.uuid4()}
    back = give_back(session, order.id, receipt.id, **facts, by=finance, at=at + timedelta(minutes=5))
    decide_favour(session, back.id, YES, by=manager, at=at + timedelta(minutes=7))
    hand_back(session, back.id, device=DESK, by=finance, at=at + timedelta(minutes=9))


_WAYS: dict[str, Callable[[Company, str, Order, Course, datetime], None]] = {"overrule": _overrule, "refund": _refund}
