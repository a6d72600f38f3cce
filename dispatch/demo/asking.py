"""What was asked for and climbs the ladder: purchases, money to be given back, a charge to be let off."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from dispatch.approvals.models import Request
from dispatch.approvals.operations.request_links import make_request_link
from dispatch.approvals.operations.requests import Answer
from dispatch.approvals.operations.table import add_rule
from dispatch.approvals.rules import LevelRule
from dispatch.demo.company import Company
from dispatch.devices.purchase_rules import Wanted
from dispatch.devices.purchasing import ask_purchase, decide_purchase, receive_purchase
from dispatch.devices.queries import stores
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
BUYING = (
    Wanted("terminal", "TK-310", 20, Decimal("235.00"), "华强定位科技", "低于安全库存，下周有两批安装"),
    Wanted("terminal", "BD-808A", 20, Decimal("320.00"), "北斗星终端", "低于安全库存"),
    Wanted("part", "P102", 30, Decimal("12.50"), "深圳线材厂", "扎带用得快"),
    Wanted("other", "冲击钻", 3, Decimal("680.00"), "五金城", "旧的两把已坏"),
    Wanted("part", "P103", 50, Decimal("4.80"), "深圳线材厂", "备货"),
)
OBJECTED = "先修旧的，附上三家报价再报"
BOUGHT = timedelta(hours=5)
REASONS = ("客户微信重复支付", "报价时多算了天线", "上门后发现无需更换，客户要求退款")
ASKED, DECIDED = timedelta(minutes=50), timedelta(minutes=20)


def build(company: Company, moment: datetime) -> None:
    """The table says who decides about what amount; of today's orders three receipts and a charge are asked about,
    and what the store is short of is to be bought."""
    for kind, least, most, roles in RULES:
        rule = LevelRule(kind, roles, Decimal(least), Decimal(most) if most else None)
        add_rule(company.session, rule, key=_key(company), by=company.people["chen"], at=company.at)
    done = sa.select(Order.id).where(Order.status == "done", Order.branch_id == company.branches["SZ"].id)
    _refunds(company, done, moment)
    _let_off(company, done, moment)
    _purchases(company, moment)


def _purchases(company: Company, moment: datetime) -> None:
    """One waits for the manager, one for finance, one for its delivery, one came back with a reason, one was received."""
    by, wang, qian = company.desk("SZ"), company.people["wang"], company.people["qian"]
    made = [ask_purchase(company.session, each, key=_key(company), by=by, at=moment - BOUGHT) for each in BUYING]
    ids = [bought.request_id for bought in made]
    facts: dict[str, Any] = {"at": moment - DECIDED}
    for request_id in ids[1:]:
        decide_purchase(company.session, request_id, Answer(yes=True), by=wang, **facts)
    decide_purchase(company.session, ids[3], Answer(yes=False, reason=OBJECTED), by=qian, **facts)
    store = next(each for each in stores(company.session, by) if each.branch_id == by.branch_id)
    receive_purchase(company.session, ids[4], BUYING[4].count, delivery="SH-20261120-07", store=store, by=by, at=moment - DECIDED)


def _refunds(company: Company, done: sa.Select[int], moment: datetime) -> None:
    """Two wait for a decision, one for its money."""
    session, finance = company.session, company.people["qian"]
    taken = sa.select(Receipt).where(Receipt.order_id.in_(done), Receipt.amount > 0).order_by(Receipt.id.desc())
    asked = None
    for row, reason in zip(session.scalars(taken.limit(len(REASONS))), REASONS, strict=False):
        amount, key = min(row.amount, Decimal(180)), _key(company)
        asked = ask_refund(session, row.id, amount=amount, reason=reason, key=key, by=finance, at=moment - ASKED)
        _send(company, asked, moment)
    if asked is not None:
        decide_favour(session, asked.id, Answer(yes=True), by=company.people["wang"], at=moment - DECIDED)


def _send(company: Company, asked: Request, moment: datetime) -> None:
    """The director has sent the manager a link, which nobody has opened yet."""
    whom, by = company.people["wang"].id or 0, company.people["chen"]
    lasts = timedelta(hours=24)
    make_request_link(company.session, asked.steps[0].id, whom, lasts=lasts, by=by, at=moment - DECIDED)


def _let_off(company: Company, done: sa.Select[int], moment: datetime) -> None:
    back = sa.select(Charge.reverses_id).where(Charge.reverses_id.is_not(None))
    stands = (Charge.order_id.in_(done), Charge.amount > 0, Charge.id.not_in(back))
    row = company.session.scalars(sa.select(Charge).where(*stands).order_by(Charge.id.desc()).limit(1)).first()
    if row is not None:
        by, key = company.people["zhou"], _key(company)
        ask_let_off(company.session, row.id, reason="老客户，商定免收", key=key, by=by, at=moment - ASKED)


def _key(company: Company) -> uuid.UUID:
    return uuid.UUID(int=company.random.getrandbits(128), version=4)
