"""Reading what an order costs, what was taken for it, and whether a vehicle is in warranty."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session, aliased, joinedload

from dispatch.clock import local_day
from dispatch.devices.models import CustodyEntry, Holder, Unit
from dispatch.devices.warranty_queries import repair_months, warranties
from dispatch.devices.warranty_rules import Question, Warranty, longer, of_repair
from dispatch.fees.goodwill_queries import goodwill_of
from dispatch.fees.models import AccountPayment, Charge, Goodwill, Receipt, ReceiptBlock
from dispatch.fees.rules import FEN, Cover, OrderAccount, receipt_number
from dispatch.lists import Cut, Part
from dispatch.orders.models import Order, OrderLine
from dispatch.staff.models import Branch

_correction = aliased(CustodyEntry)
_reversal = aliased(Charge)
_line = aliased(OrderLine)


# --- charges and receipts


def charges_of(session: Session, order_id: int) -> Sequence[Charge]:
    """Every charge of an order and every row that takes one back, in the order they were written."""
    return session.scalars(sa.select(Charge).where(Charge.order_id == order_id).order_by(Charge.id)).all()


_back = aliased(Charge)


def _stands() -> tuple[sa.ColumnElement[bool], ...]:
    """SQL: a charge that was not taken back, and takes back none."""
    return Charge.reverses_id.is_(None), ~sa.exists().where(_back.reverses_id == Charge.id)


def standing_charges(session: Session, order_id: int, cut: Cut) -> Part[Charge]:
    """A page of what an order is charged for, without what was taken back, as it was written."""
    rows = sa.select(Charge, sa.func.count().over()).where(Charge.order_id == order_id, *_stands())
    found = session.execute(cut.of(rows, {"written": (Charge.id,)})).all()
    return Part([row[0] for row in found], cut.number, found[0][1] if found else 0)


@dataclass(frozen=True)
class ChargeGroup:
    """The same thing charged by the same rule, once or for many vehicles."""

    name: str
    told: dict[str, Any]
    quantity: int
    amount: Decimal


def charge_groups(session: Session, order_id: int) -> list[ChargeGroup]:
    """What an order is charged for in few rows."""
    sums = (sa.func.sum(Charge.quantity), sa.func.sum(Charge.amount))
    rows = sa.select(sa.func.min(Charge.name), Charge.told, *sums).where(Charge.order_id == order_id, *_stands())
    grouped = rows.group_by(Charge.code, Charge.unit_price, Charge.told).order_by(sa.func.min(Charge.id))
    return [ChargeGroup(*row) for row in session.execute(grouped)]


def receipts_of(session: Session, order_id: int) -> Sequence[Receipt]:
    """Every receipt and refund of an order, in the order they were written."""
    return session.scalars(sa.select(Receipt).where(Receipt.order_id == order_id).order_by(Receipt.id)).all()


def account_of(session: Session, order_id: int) -> OrderAccount:
    """What an order costs and what was received for it."""
    charged = sa.select(sa.func.sum(Charge.amount)).where(Charge.order_id == order_id).scalar_subquery()
    received = sa.select(sa.func.sum(Receipt.amount)).where(Receipt.order_id == order_id).scalar_subquery()
    sums = session.execute(sa.select(charged, received)).one()
    return OrderAccount(*(Decimal(total or 0).quantize(FEN) for total in sums))


def left_of(session: Session, receipt: Receipt) -> Decimal:
    """How much of a receipt was not given back yet; of one on account, nor paid."""
    back = session.scalar(sa.select(sa.func.sum(Receipt.amount)).where(Receipt.refunds_id == receipt.id))
    paid = session.scalar(sa.select(sa.func.sum(AccountPayment.amount)).where(AccountPayment.receipt_id == receipt.id))
    return receipt.amount + Decimal(back or 0) - Decimal(paid or 0)


def open_blocks(session: Session, person_id: int, device: str) -> Sequence[ReceiptBlock]:
    """The blocks out of which a person's device can still give receipt numbers, the oldest first."""
    mine = sa.select(ReceiptBlock).where(ReceiptBlock.person_id == person_id, ReceiptBlock.device == device)
    return session.scalars(mine.where(ReceiptBlock.used < ReceiptBlock.last).order_by(ReceiptBlock.id)).all()


def numbers_without_receipt(session: Session, branch_id: int) -> Sequence[str]:
    """Receipt numbers of a branch that a device has passed over: their receipts are still on their way, or disputed."""
    given = sa.func.generate_series(ReceiptBlock.first, ReceiptBlock.used).table_valued("running").render_derived()
    there = sa.exists().where(Receipt.block_id == ReceiptBlock.id, Receipt.running == given.c.running)
    passed = sa.select(Branch.code, given.c.running).select_from(ReceiptBlock).join(given, sa.true()).join(Branch)
    rows = session.execute(passed.where(ReceiptBlock.branch_id == branch_id, ~there).order_by(given.c.running))
    return [receipt_number(code, running) for code, running in rows]


# --- warranty

Asked = tuple[Order, OrderLine, date]
"""An order, a vehicle of it, and the day on which it is asked about."""


def warranty_of_line(session: Session, order: Order, line: OrderLine, *, day: date) -> Warranty:
    """The warranty of one vehicle as this order found it on `day`.

    It is that of the terminal which was in the vehicle before this order, by the rules of devices.warranty_rules. What this order
    itself has fitted does not count here.
    """
    return warranties(session, {line.id: asked_of_line(session, order, line, day=day)}, order.branch.zone)[line.id]


def asked_of_line(session: Session, order: Order, line: OrderLine, *, day: date) -> Question:
    """Whose warranty that is: of the terminal that was there before this order, else of what the caller says was bought."""
    return asked_of_lines(session, [(order, line, day)])[line.id]


def asked_of_lines(session: Session, asked: Sequence[Asked]) -> dict[int, Question]:
    """The same of many vehicles, each as its order found it on a day, in one statement: line id -> question."""
    before = _terminals_before(session, asked) if asked else {}
    return {line.id: _question(order, line, before.get(line.id)) for order, line, _ in asked}


def _question(order: Order, line: OrderLine, came: CustodyEntry | None) -> Question:
    unit_id, upto = (came.unit_id, came.id) if came else (None, None)
    purchased_on = order.purchased_on or line.vehicle.purchased_on
    return Question(line.vehicle.customer_id, unit_id, upto, purchased_on, line.model or order.product_model)


def cover_of_line(session: Session, order: Order, line: OrderLine, *, day: date, code: str = "") -> Cover:
    """What makes a part for one vehicle free on a day: its warranty, that of the last repair which put the same part (`code`)
    into the vehicle, or goodwill that was approved."""
    own = of_repair(_part_put_in(session, order, line, code), repair_months()) if code else None
    held = longer(warranty_of_line(session, order, line, day=day), own)
    return cover(held, goodwill_of(session, order.id).get(line.id), day)


def _part_put_in(session: Session, order: Order, line: OrderLine, code: str) -> date | None:
    """The day on which an earlier repair last charged this part to the vehicle, free or not; no terminal and no SIM."""
    rows = parts_put_in([line.vehicle_id], [code]).where(Order.id < order.id).subquery()
    at = session.scalar(sa.select(sa.func.max(rows.c.at)))
    return local_day(at, order.branch.zone) if at else None


def parts_put_in(vehicle_ids: Collection[int], codes: Collection[str] | sa.Select[str]) -> sa.Select[int, str, int, datetime]:
    """SQL: which repairs have charged these parts to vehicles, free or not: vehicle_id, code, order_id, at."""
    taken_back = sa.exists().where(_reversal.reverses_id == Charge.id)
    standing = (Charge.code.in_(codes), Charge.category == "part", Charge.fitting_id.is_(None), Charge.quantity > 0, ~taken_back)
    # What names no vehicle is for the only one of its order.
    other = sa.exists().where(_line.order_id == Charge.order_id, _line.id != OrderLine.id)
    named = sa.or_(Charge.line_id == OrderLine.id, sa.and_(Charge.line_id.is_(None), ~other))
    query = sa.select(OrderLine.vehicle_id, Charge.code, Charge.order_id, Charge.at).join(Order, Order.id == Charge.order_id)
    query = query.join(OrderLine, sa.and_(OrderLine.order_id == Charge.order_id, named))
    return query.where(OrderLine.vehicle_id.in_(vehicle_ids), Order.kind == "repair", *standing)


def cover(found: Warranty, goodwill: Goodwill | None, day: date) -> Cover:
    """The same from what was read already."""
    kind = goodwill.decided_by_name if goodwill and goodwill.state == "approved" else None
    return Cover(found.holds_on(day) if found.until else None, found.until, found.rule, kind)


def _terminals_before(session: Session, asked: Sequence[Asked]) -> dict[int, CustodyEntry]:
    """The entry with which each line's terminal came into the vehicle that was there before its order, as it stood on the day.

    Moves that were taken back do not count, and neither do those that took them back. What an order has found in the vehicle was
    there before, nobody knows since when.
    """
    of = _asked(asked)
    happened = sa.func.coalesce(CustodyEntry.device_at, CustodyEntry.at)
    found = CustodyEntry.from_holder_id.is_(None)
    taken_back = sa.exists().where(_correction.unit_id == CustodyEntry.unit_id, _correction.corrects_id == CustodyEntry.id)
    here = sa.and_(Holder.vehicle_id == of.c.vehicle_id, Holder.role == of.c.role)
    touched = sa.or_(CustodyEntry.to_holder_id == Holder.id, CustodyEntry.from_holder_id == Holder.id)
    moves = (
        sa.select(of.c.line_id, CustodyEntry)
        .select_from(of)
        .join(Holder, here)
        .join(CustodyEntry, touched)
        .join(Unit, Unit.id == CustodyEntry.unit_id)
        .options(joinedload(CustodyEntry.to_holder))
        .where(Unit.kind == "terminal", sa.or_(CustodyEntry.order_id.is_distinct_from(of.c.order_id), found))
        .where(happened < of.c.midnight, CustodyEntry.corrects_id.is_(None), ~taken_back)
        .order_by(of.c.line_id, happened.desc(), CustodyEntry.id.desc())
    )
    vehicles = {line.id: line.vehicle_id for _, line, _ in asked}
    last = session.execute(moves.ext(distinct_on(of.c.line_id)))
    return {line_id: entry for line_id, entry in last if entry.to_holder.vehicle_id == vehicles[line_id]}


def _asked(asked: Sequence[Asked]) -> sa.Values:
    """SQL: the lines that are asked about, with the end of the day on which."""
    columns = {"line_id": sa.BigInteger, "vehicle_id": sa.BigInteger, "role": sa.Text, "order_id": sa.BigInteger}
    midnight = sa.column("midnight", sa.DateTime(timezone=True))
    named = sa.values(*(sa.column(name, kind()) for name, kind in columns.items()), midnight, name="asked")
    return named.data([(line.id, line.vehicle_id, line.role, order.id, _end_of(day, order)) for order, line, day in asked])


def _end_of(day: date, order: Order) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), ZoneInfo(order.branch.zone))
