"""Red-lettering (红字): a further invoice below zero takes off all of an invoice or part of it. The first one stays as it is."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.errors import Conflict, Invalid
from dispatch.fees.rules import yuan
from dispatch.invoices.models import Invoice, InvoiceLine
from dispatch.invoices.operations.moves import free_number, locked, move, new_invoice, tell
from dispatch.invoices.operations.providing import send_to_provider
from dispatch.invoices.operations.spreading import clear
from dispatch.invoices.queries import lines_left, reds_of, rest_of
from dispatch.invoices.rules import ZERO, Amounts, red_lines
from dispatch.orders.models import Order
from dispatch.staff.rules import Actor
from dispatch.words import Text, say

_COPIED = ("kind", "medium", "title", "uscc", "address", "phone", "bank", "account", "send_to", "origin", "customer_id")


def red_letter(
    session: Session,
    invoice_id: int,
    *,
    amount: Decimal,
    number: str | None,
    reason: str,
    key: uuid.UUID | None,
    by: Actor,
    at: datetime,
) -> Invoice:
    """Take an amount off an issued invoice by a red one; without its number it waits to be issued, by finance or the provider.

    The same `key` again answers with the first. Raises RuleBroken for more than is left of it, Invalid without a reason, Conflict
    for an invoice that is not issued.
    """
    by.must("invoice.issue")
    original, orders = locked(session, invoice_id, by)
    first = session.scalar(sa.select(Invoice).where(Invoice.request_key == key)) if key else None
    if first is not None:
        if first.red_of_id != original.id:
            raise Conflict(say("This is asked for already."))
        return first
    left = lines_left(session, original.id)
    _check(original, amount, sum((one.gross for one in left), ZERO), reason)
    noted = free_number(session, number) if (number or "").strip() else None
    facts = {"number": noted, "request_key": key, "reason": reason.strip()}
    made = _made(session, original, red_lines(left, amount), by=by, at=at, **facts)
    detail = {"amount": str(made.gross), "number": noted, "of": original.number, "reason": made.reason}
    record(session, ("invoice", made.id), "invoice.red", by=by, at=at, detail=detail)
    record(session, ("invoice", original.id), "invoice.red", by=by, at=at, detail=detail)
    if noted:
        follow_original(session, original.id, orders.values(), by=by, at=at)
    else:
        send_to_provider(session, made, at=at)
    return made


def _made(session: Session, original: Invoice, lines: Sequence[Amounts], *, by: Actor, at: datetime, **facts: Any) -> Invoice:
    """The red one, made out like its original: issued if its number is there already."""
    codes = session.execute(sa.select(InvoiceLine.code, InvoiceLine.tax_code).where(InvoiceLine.invoice_id == original.id))
    asked = {"asked_by_id": by.id, "asked_by_name": by.name, "asked_at": at, "red_of_id": original.id}
    issued = {"state": "issued", "issued_by_name": by.name, "issued_at": at} if facts["number"] else {"state": "requested"}
    return new_invoice(
        session,
        original.branch_id,
        lines,
        codes={code: value for code, value in codes if value},
        **{name: getattr(original, name) for name in _COPIED},
        **asked,
        **issued,
        **facts,
    )


def _check(original: Invoice, amount: Decimal, left: Decimal, reason: str) -> None:
    if original.state != "issued" or original.red_of_id is not None:
        raise Conflict(say("Only an invoice that is issued can be red-lettered."))
    wrong: dict[str, Text] = {}
    if not reason.strip():
        wrong["reason"] = say("Please give a reason.")
    if not amount.is_finite() or amount <= 0 or amount != round(amount, 2):
        wrong["amount"] = say("An amount above zero, please.")
    elif amount > left:
        told = {"amount": yuan(amount), "left": yuan(left)}
        wrong["amount"] = say("%(amount)s is more than what is left of this invoice: %(left)s.", **told)
    if wrong:
        raise Invalid(wrong)


def follow_original(session: Session, original_id: int, orders: Iterable[Order], *, by: Actor, at: datetime) -> None:
    """Once nothing is left of an invoice it is red-lettered, and its number stands beside no money that was kept."""
    original = session.get_one(Invoice, original_id, with_for_update=True, populate_existing=True)
    if rest_of(session, original_id) or any(one.state == "requested" for one in reds_of(session, original_id)):
        return
    move(session, original, "red_letter", by=by, at=at, reason=say_all(session, original_id))
    tell(session, [order for order in orders if clear(session, original, order, by=by, at=at)], at=at)


def say_all(session: Session, original_id: int) -> str:
    """Why it is red-lettered, in the words of the last red one."""
    return reds_of(session, original_id)[-1].reason or "-"
