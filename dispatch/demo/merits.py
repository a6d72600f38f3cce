"""Rewards and deductions of today: for a short hand-in, for cash that was forgotten, for praise, and one taken back."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from decimal import Decimal

import sqlalchemy as sa

from dispatch.demo.company import Company
from dispatch.fees.models import HandIn
from dispatch.finance.merits import NewMerit, give, take_back_merit

FORGETS = "yang"


def build(company: Company, moment: datetime) -> None:
    """Written by the manager and by finance this morning."""
    short = sa.select(HandIn).where(HandIn.difference < 0, ~HandIn.back.has()).order_by(HandIn.id)
    made = company.session.scalars(short.limit(1)).one()
    _give(company, moment, made.person_id, "difference", Decimal(10), None, "交款短款，按制度扣款", made.number)
    _give(company, moment, company.people[FORGETS].id or 0, "late_cash", None, 2, "收款两天未交财务")
    _give(company, moment, company.people["su"].id or 0, "praise", None, 5, "恒通物流来电表扬：雨天准时到场")
    wrong = _give(company, moment, company.people["han"].id or 0, "papers", Decimal(20), None, "服务单缺客户签字")
    back = {"by": company.people["qian"], "at": moment - timedelta(minutes=30)}
    take_back_merit(company.session, wrong, reason="签字单当天已补交", **back)  # type: ignore[arg-type]


def _give(
    company: Company, at: datetime, who: int, kind: str, amount: Decimal | None, points: int | None, why: str, number: str = ""
) -> int:
    key = uuid.uuid5(uuid.NAMESPACE_OID, f"{who}/{kind}")
    new = NewMerit(who, kind, amount, points, why, number)
    return give(company.session, new, key=key, by=company.people["wang"], at=at - timedelta(hours=2)).id
