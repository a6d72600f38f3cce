"""Invoices at every stage: asked for, issued with a file, misprinted, red-lettered, refused, withdrawn; a number in doubt."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from dispatch.demo.company import Company
from dispatch.fees.models import Receipt
from dispatch.invoices.models import Invoice
from dispatch.invoices.operations import (
    ask,
    attach,
    issue,
    make_void,
    note_on_site,
    red_letter,
    refuse,
    set_tax_code,
    withdraw,
)
from dispatch.invoices.rules import Buyer
from dispatch.orders.models import Order
from dispatch.staff.models import Person
from dispatch.staff.queries import actor_of
from dispatch.staff.rules import Actor

TAX_CODES = {"part": "1090512010000000000", "service": "2010000000000000000"}
USCC = "91440300708461136T"
BANK = {"bank": "招商银行深圳科技园支行", "account": "755912345610801", "address": "深圳市南山区科技园", "phone": "0755-26551234"}
MISPRINT, OTHER_TITLE = "开票项目选错，当月作废", "客户变更抬头，冲红重开"
NOT_HIS = "抬头与税号不是同一家公司，请客户核对"
XML = '<?xml version="1.0" encoding="UTF-8"?><EInvoice><InvoiceNumber>{number}</InvoiceNumber></EInvoice>'


def build(company: Company, moment: datetime) -> None:
    """What finance has done of it, and what waits for her."""
    at, qian = moment - timedelta(hours=3), company.people["qian"]
    for subject, code in TAX_CODES.items():
        set_tax_code(company.session, subject, code, company.at.date(), by=qian, at=at)
    on_account, unpapered = _receipts(company, True), _receipts(company, False)
    if on_account:
        _monthly(company, on_account[0], at)
    for receipt in on_account[1:2]:
        _asked(company, receipt, company.people["lin"], at + timedelta(hours=1))
    for receipt in unpapered[:1]:
        _doubtful(company, receipt, at)
    for receipt in unpapered[1:2]:
        _not_issued(company, receipt, at)


def _receipts(company: Company, on_account: bool) -> Sequence[Receipt]:
    """Money of the first branch without an invoice, on account or taken on site."""
    mine = sa.select(Receipt).where(Receipt.branch_id == company.branches["SZ"].id, Receipt.invoice_number.is_(None))
    mine = mine.where((Receipt.channel == "account") == on_account, Receipt.amount > 0)
    return company.session.scalars(mine.order_by(Receipt.at, Receipt.id)).all()


def _asked(company: Company, receipt: Receipt, by: Actor, at: datetime, uscc: str | None = USCC) -> Invoice:
    """An invoice over an order, made out to its customer."""
    order = company.session.get_one(Order, receipt.order_id)
    buyer = Buyer(order.customer.name, kind="special" if uscc else "ordinary", uscc=uscc, **(BANK if uscc else {}))
    return ask(company.session, [order.id], buyer, remark=None, key=None, by=by, at=at)


def _number(company: Company) -> str:
    return f"2644{company.random.randrange(10**16):016d}"


def _monthly(company: Company, receipt: Receipt, at: datetime) -> None:
    """What went on account: misprinted first, then made out to the wrong title, then right."""
    session = company.session
    who: dict[str, Any] = {"by": company.people["qian"], "at": at}
    misprinted = _asked(company, receipt, **who)
    issue(session, misprinted.id, number=_number(company), **who)
    make_void(session, misprinted.id, reason=MISPRINT, **who)
    wrong = _asked(company, receipt, **who)
    issue(session, wrong.id, number=_number(company), **who)
    facts: dict[str, Any] = {"amount": wrong.gross, "number": _number(company), "reason": OTHER_TITLE, "key": None}
    red_letter(session, wrong.id, **facts, **who)
    right = _asked(company, receipt, **who)
    issue(session, right.id, number=_number(company), **who)
    attach(session, right.id, f"{right.number}.xml", XML.format(number=right.number).encode(), **who)


def _doubtful(company: Company, receipt: Receipt, at: datetime) -> None:
    """The technician notes for his customer the number of an invoice that is another's."""
    taken = sa.select(Receipt.invoice_number).where(Receipt.order_id != receipt.order_id, Receipt.invoice_number.is_not(None))
    number = company.session.scalar(taken.order_by(Receipt.id).limit(1))
    his = actor_of(company.session.get_one(Person, receipt.by_id))
    note_on_site(company.session, receipt, number, by=his, at=at)


def _not_issued(company: Company, receipt: Receipt, at: datetime) -> None:
    """The technician asks for one; finance sends it back, and he withdraws the second."""
    his = actor_of(company.session.get_one(Person, receipt.by_id))
    first = _asked(company, receipt, his, at, None)
    refuse(company.session, first.id, reason=NOT_HIS, by=company.people["qian"], at=at + timedelta(minutes=20))
    second = _asked(company, receipt, his, at + timedelta(minutes=30), None)
    withdraw(company.session, second.id, by=his, at=at + timedelta(minutes=35))
