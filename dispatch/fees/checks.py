"""Proving receipts: each number is in its block and none is lost, refunds fit, and the trail says the same amounts."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from dispatch.audit.models import AuditEntry
from dispatch.fees.models import Receipt, ReceiptBlock
from dispatch.fees.rules import receipt_number
from dispatch.orders.models import Order
from dispatch.staff.models import Branch
from dispatch.words import Text, say

AT_A_TIME = 2000

# The field and payment codes stand above fees, so their models cannot be imported here.
_FACT = sa.table("field_fact", sa.column("state"), sa.column("content", sa.JSON))
_CODE = sa.table("pay_code", sa.column("number"), sa.column("state"))


def broken_receipts(session: Session) -> Iterator[Text]:
    """One sentence for each receipt or number with which something is wrong."""
    yield from _wrong_numbers(session)
    yield from _lost_numbers(session)
    yield from _wrong_refunds(session)
    yield from _other_amounts(session)


def _wrong_numbers(session: Session) -> Iterator[Text]:
    r, b = Receipt, ReceiptBlock
    columns = (r.number, r.running, r.branch_id, b.branch_id.label("leased"), b.first, b.used, Branch.code)
    query = sa.select(*columns).outerjoin(b, b.id == r.block_id).outerjoin(Branch, Branch.id == b.branch_id).order_by(r.id)
    for row in session.execute(query.execution_options(yield_per=AT_A_TIME)):
        inside = row.first is not None and row.first <= row.running <= row.used and row.leased == row.branch_id
        if not inside or row.number != receipt_number(row.code, row.running):
            yield say("Receipt %(number)s is not one of the numbers of its block", number=row.number)


def _lost_numbers(session: Session) -> Iterator[Text]:
    """Numbers that were given out and have no receipt, unless a message from the field that is still open names them, or a
    payment code that nobody has paid."""
    b = ReceiptBlock
    given = sa.func.generate_series(b.first, b.used).table_valued("running").render_derived()
    there = sa.exists().where(Receipt.block_id == b.id, Receipt.running == given.c.running)
    query = (
        sa.select(Branch.code, given.c.running, b.id).select_from(b).join(given, sa.true()).join(Branch, Branch.id == b.branch_id)
    )
    for code, running, block_id in session.execute(query.where(~there).order_by(Branch.code, given.c.running)):
        number = receipt_number(code, running)
        if not _is_on_its_way(session, number):
            yield say("Number %(number)s of block %(block)s was given out and has no receipt", number=number, block=block_id)


def _is_on_its_way(session: Session, number: str) -> bool:
    waiting = sa.exists().where(_FACT.c.state != "applied", _FACT.c.content["number"].as_string() == number)
    unpaid = sa.exists().where(_CODE.c.state != "paid", _CODE.c.number == number)
    return bool(session.scalar(sa.select(sa.or_(waiting, unpaid))))


def _wrong_refunds(session: Session) -> Iterator[Text]:
    first, back = aliased(Receipt), aliased(Receipt)
    given = sa.func.sum(back.amount)
    strange = sa.func.bool_or(sa.or_(back.order_id != first.order_id, back.channel != first.channel, first.amount < 0))
    query = sa.select(first.number, first.amount, given, strange).join(back, back.refunds_id == first.id)
    wrong = query.group_by(first.id, first.number, first.amount).having(sa.or_(given + first.amount < 0, strange))
    for number, amount, refunded, _ in session.execute(wrong.order_by(first.number)):
        yield say(
            "The refunds of receipt %(number)s (%(refunded)s) do not fit its amount of %(amount)s, its order or its channel",
            number=number,
            refunded=str(-refunded),
            amount=str(amount),
        )


def _other_amounts(session: Session) -> Iterator[Text]:
    """Receipts of which the trail of their order knows nothing, or another amount or channel."""
    r, a = Receipt, AuditEntry
    told = sa.and_(
        a.subject_kind == "order",
        a.subject_id == r.order_id,
        a.action.in_(("receipt.take", "receipt.refund")),
        a.detail["receipt"].as_string() == r.number,
    )
    columns = (r.number, r.amount, r.channel, a.id.label("entry"), a.detail, Order.number.label("order"))
    query = sa.select(*columns).outerjoin(a, told).outerjoin(Order, Order.id == r.order_id).order_by(r.id)
    for row in session.execute(query.execution_options(yield_per=AT_A_TIME)):
        facts = {"number": row.number, "order": row.order or "?", "amount": str(row.amount)}
        if row.entry is None:
            yield say("Receipt %(number)s over %(amount)s is not in the trail of order %(order)s", **facts)
        elif (_amount(row.detail.get("amount")), row.detail.get("channel")) != (row.amount, row.channel):
            said = f"{row.detail.get('amount')} {row.detail.get('channel')}"
            yield say(
                "Receipt %(number)s says %(amount)s %(channel)s; in the trail of order %(order)s it is %(said)s",
                channel=row.channel,
                said=said,
                **facts,
            )


def _amount(text: object) -> Decimal | None:
    try:
        return Decimal(str(text))
    except ArithmeticError:
        return None
