"""Orders that were charged, money that was taken for them, and buyers."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from dispatch.fees.models import Receipt
from dispatch.invoices.models import Invoice
from dispatch.invoices.operations import ask, red_letter
from dispatch.invoices.rules import Buyer
from dispatch.orders.models import Order
from dispatch.staff.rules import Actor
from tests.conftest import AT, Cast
from tests.fees.building import added, paid, repair

USCC = "91110000600037341L"
BUYER = Buyer("恒通物流有限公司", uscc=USCC)
NUMBER = "26442000000012345678"


def charged_order(db: Session, cast: Cast) -> Order:
    """300 yuan are charged for two moves, taxed at 6 %, and 45 for an antenna, at 13 %. Needs the price list."""
    order = repair(db, cast)
    added(db, order, "S003", cast.su, quantity=2)
    added(db, order, "P003", cast.su)
    return order


def paid_for(db: Session, cast: Cast, order: Order, amount: str = "345") -> Receipt:
    """Money of it, taken on site without an invoice."""
    return paid(db, order, amount, cast.su)


def asked(db: Session, by: Actor, *orders: Order, buyer: Buyer = BUYER, key: uuid.UUID | None = None) -> Invoice:
    """An invoice over these orders is asked for."""
    return ask(db, [order.id for order in orders], buyer, remark=None, key=key, by=by, at=AT)


def reddened(db: Session, by: Actor, invoice: Invoice, amount: str, number: str | None, **facts: Any) -> Invoice:
    """Part of an invoice, or all of it, is red-lettered."""
    given: dict[str, Any] = {"reason": "退款", "key": None, "at": AT, **facts}
    return red_letter(db, invoice.id, amount=Decimal(amount), number=number, by=by, **given)
