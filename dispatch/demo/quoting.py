"""Quotations: one agreed for work that goes on, one offered by the list, one below it that waits, one that nobody answered."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from decimal import Decimal

import sqlalchemy as sa

from dispatch.approvals.operations.requests import Answer
from dispatch.clock import day_bounds, local_day
from dispatch.demo.company import Company
from dispatch.fees.models import Quotation
from dispatch.fees.operations import (
    Agreement,
    Offer,
    agree_quotation,
    decide_favour,
    draft_quotation,
    expire_quotation,
    offer_quotation,
)
from dispatch.fees.quote_rules import Wanted
from dispatch.orders.models import Order, Visit
from dispatch.staff.models import Person

OFFERED = (Wanted("S003", 1), Wanted("P003", 2))
AGREED = (Wanted("S003", 2, Decimal(120)), Wanted("P003", 1, Decimal(35)))
WAITING = (Wanted("S003", 6, Decimal(100)), Wanted("S004", 6))
OPEN = ("approved", "planned", "dispatched", "working", "waiting")
REASON, NOTE = "车队一次六台，已口头答应优惠", "含拆装与布线，不含停车费"


def build(company: Company, moment: datetime) -> None:
    """For three orders of the first branch that are not over."""
    at, by = moment - timedelta(hours=2), company.desk("SZ")
    for order in _orders(company, "working", 1, Order.id.in_(_where_su_is())):
        _agreed(company, _offered(company, order, AGREED, REASON, at), at)
    planned = _orders(company, "planned", 2)
    for order, lines, reason in zip(planned, (OFFERED, WAITING), ("", REASON), strict=False):
        made = _drafted(company, order, lines, reason, at)
        offer_quotation(company.session, made.id, by=by, at=at)
    _unanswered(company, moment)


def _unanswered(company: Company, moment: datetime) -> None:
    """Offered for the day on which an order was taken, some day before, and ended by the night."""
    begun, _ = day_bounds(local_day(moment, company.zone), company.zone)
    quoted = sa.exists().where(Quotation.order_id == Order.id)
    mine = (Order.branch_id == company.branches["SZ"].id, ~quoted)
    open_ = sa.select(Order).where(*mine, Order.status.in_(OPEN), Order.received_at < begun)
    for order in company.session.scalars(open_.order_by(Order.received_at).limit(1)):
        made = _drafted(company, order, OFFERED, "", order.received_at, days=0)
        offer_quotation(company.session, made.id, by=company.desk("SZ"), at=order.received_at)
        expire_quotation(company.session, made.id, at=moment)


def _where_su_is() -> sa.Select[int]:
    """So that a phone shows the quoted prices, too."""
    inside = sa.select(Visit.order_id).join(Person, Person.id == Visit.technician_id)
    return inside.where(Person.username == "su", Visit.status == "on_site")


def _orders(company: Company, status: str, most: int, *more: sa.ColumnElement[bool]) -> list[Order]:
    mine = sa.select(Order).where(Order.branch_id == company.branches["SZ"].id, Order.status == status, *more)
    return list(company.session.scalars(mine.order_by(Order.number).limit(most)))


def _drafted(
    company: Company, order: Order, lines: tuple[Wanted, ...], reason: str, at: datetime, *, days: int = 30
) -> Quotation:
    offer = Offer(lines, local_day(at, company.zone) + timedelta(days=days), reason, NOTE)
    key = uuid.UUID(int=company.random.getrandbits(128), version=4)
    return draft_quotation(company.session, order.id, offer, key=key, by=company.desk("SZ"), at=at)


def _offered(company: Company, order: Order, lines: tuple[Wanted, ...], reason: str, at: datetime) -> Quotation:
    """Below the list, and the manager has said yes."""
    made = offer_quotation(company.session, _drafted(company, order, lines, reason, at).id, by=company.desk("SZ"), at=at)
    decide_favour(
        company.session, made.request_id or 0, Answer(yes=True), by=company.people["wang"], at=at + timedelta(minutes=9)
    )
    return made


def _agreed(company: Company, made: Quotation, at: datetime) -> None:
    agreed = Agreement(made.order.contact_name or "车队长", "phone", at.date())
    agree_quotation(company.session, made.id, agreed, by=company.desk("SZ"), at=at + timedelta(minutes=20))
