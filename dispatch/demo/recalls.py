"""Repeats of earlier work: one that the manager found to be a recall, one that was none; the others wait for somebody to say."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from dispatch.demo.company import Company
from dispatch.orders.models import Order, Recall
from dispatch.orders.operations.recalls import decide_recall

CODE = "SZ"
NONE = "上次修的是天线，这次是电源线被老鼠咬断"


def build(company: Company, moment: datetime) -> None:
    """The first two proposals of the branch are decided."""
    here = (Recall.state == "proposed", Order.branch_id == company.branches[CODE].id)
    query = sa.select(Recall).join(Order, Order.id == Recall.order_id).where(*here).order_by(Recall.id).limit(2)
    for row, confirmed in zip(company.session.scalars(query).all(), (True, False), strict=False):
        reason, by, at = "" if confirmed else NONE, company.manager(CODE), moment - timedelta(minutes=5)
        decide_recall(company.session, row.order_id, row.id, confirmed=confirmed, reason=reason, by=by, at=at)
