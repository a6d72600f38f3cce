"""What was asked for and climbs the ladder: money to be given back, a charge to be let off."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from decimal import Decimal

import sqlalchemy as sa

from dispatch.approvals.operations.requests import Answer
from dispatch.approvals.operations.table import add_rule
from dispatch.approvals.rules import LevelRule
from dispatch.demo.company import Company
from dispatch.fees.models import Charge, Receipt
from dispatch.fees.operations import ask_let_off, ask_refund, decide_favour
from dispatch.orders.models import Order

RULES = (
    ("purchase", 0, "999.99", ()),
    ("purchase", 1000, "19999.99", ("finance",)),
    ("refund", 500, None, ("manager", "director")),
    ("goodwill", 500, None, ("manager", "director")),
    ("overrule", 200, None, ("manager",)),
)
REASONS = ("客户微信重复支付", "报价时多算了天线", "上门后发现无需更换，客户要求退款")
ASKED, DECIDED = timedelta(minutes=50), timedelta(minutes=20)


def build(company: Company, moment: datetime) -> None:
    """The table says who decides about what amount; of today's orders three receipts and a charge are asked about."""
    for kind, least, most, roles in RULES:
        rule = LevelRule(kind, roles, Decimal(least), Decimal(most) if most else None)
        add_rule(company.session, rule, key=_key(company), by=company.people["chen"], at=company.at)
    done = sa.select(Order.id).where(Order.status == "done", Order.branch_id == company.branches["SZ"].id)
    _refunds(company, done, moment)
    _let_off(company, done, moment)


def _refunds(company: Company, done: sa.Select[int], moment: datetime) -> None:
    """Two wait for a decision, one for its money."""
    session, finance = company.session, company.people["qian"]
    taken = sa.select(Receipt).where(Receipt.order_id.in_(done), Receipt.amount > 0).order_by(Receipt.id.desc())
    asked = None
    for row, reason in zip(session.scalars(taken.limit(len(REASONS))), REASONS, strict=False):
        amount, key = min(row.amount, Decimal(180)), _key(company)
        asked = ask_refund(session, row.id, amount=amount, reason=reason, key=key, by=finance, at=moment - ASKED)
    if asked is not None:
        decide_favour(session, asked.id, Answer(yes=True), by=company.people["wang"], at=moment - DECIDED)


def _let_off(company: Company, done: sa.Select[int], moment: datetime) -> None:
    back = sa.select(Charge.reverses_id).where(Charge.reverses_id.is_not(None))
    stands = (Charge.order_id.in_(done), Charge.amount > 0, Charge.id.not_in(back))
    row = company.session.scalars(sa.select(Charge).where(*stands).order_by(Charge.id.desc()).limit(1)).first()
    if row is not None:
        by, key = company.people["zhou"], _key(company)
        ask_let_off(company.session, row.id, reason="老客户，商定免收", key=key, by=by, at=moment - ASKED)


def _key(company: Company) -> uuid.UUID:
    return uuid.UUID(int=company.random.getrandbits(128), version=4)
