"""Charges of an order: added by hand from the price list, following from what was fitted, and taken back."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.clock import local_day
from dispatch.devices.fitted import fittings_of
from dispatch.devices.models import Fitting
from dispatch.errors import Invalid, NotFound, RuleBroken
from dispatch.fees.models import Charge
from dispatch.fees.operations.locking import locked_order_of
from dispatch.fees.operations.posting import post_charge
from dispatch.fees.parts import FittedPart, uncharged_parts
from dispatch.fees.price_queries import price_on, whom_of
from dispatch.fees.price_rules import ListedPrice, with_price
from dispatch.fees.queries import cover_of_line
from dispatch.fees.quote_queries import Quoted, quoted_prices
from dispatch.fees.quote_rules import at_quoted_price, split
from dispatch.fees.rules import Cover, Decision, amount_of, decide_by_hand
from dispatch.orders.models import Order, OrderLine
from dispatch.orders.operations.moves import locked_order
from dispatch.staff.rules import Actor
from dispatch.words import say, text_to_json

MOST = 999
"""More of one thing than this is a slip of the finger."""

_BEHIND = ("fitting_id", "quoted_line_id")
_NO_WORK = ("closed", "cancelled", "rejected")


def add_charge(
    session: Session,
    order: Order,
    *,
    code: str,
    quantity: int,
    line_id: int | None,
    visit_id: int | None,
    fact_id: uuid.UUID | None,
    by: Actor,
    at: datetime,
    recorded_at: datetime | None = None,
) -> Charge:
    """Charge something of the price list, at the price of that day in the branch's zone for this customer; P10 may make it free.

    What was quoted takes the quoted price; what goes beyond the quoted quantity is a charge of its own, and the first is given.
    The same `fact_id` again answers with the first charge. Raises RuleBroken for a code without a price, Invalid for a wrong
    quantity, NotFound for a vehicle of another order.

    `at` is when it was done, `recorded_at` when we heard of it.
    """
    by.must("fee.take")
    order = locked_order(session, order.id)
    first = session.scalar(sa.select(Charge).where(Charge.fact_id == fact_id).order_by(Charge.id).limit(1)) if fact_id else None
    if first is not None:
        return first
    check_open(order)
    if not 0 < quantity <= MOST:
        raise Invalid({"quantity": say("A whole number from 1 to %(most)s, please.", most=MOST)})
    day = local_day(at, order.branch.zone)
    price, line = _listed(session, order, code, day), _line(session, order, line_id)
    decision = _decision(session, order, price, line, day)
    place = {"line_id": line_id, "visit_id": visit_id, "fact_id": fact_id}
    facts = {"by": by, "at": at, "recorded_at": recorded_at or at, **place}
    return _write(session, order, price, quantity, decision, quoted_prices(session, order.id), **facts)[0]


def charge_fittings(session: Session, order: Order, *, visit_id: int | None, by: Actor, at: datetime) -> Sequence[Charge]:
    """Bring the charges in step with what is fitted: new rows for new units, counter rows for what was undone. Returns both.

    It follows from the fittings and asks for no right of its own; once in step it changes nothing. What the price list does not
    name stays uncharged and is told by `parts.unpriced`.
    """
    order = locked_order(session, order.id)
    undone = [take_back_row(session, order, *each, by=by, at=at) for each in _undone(session, order.id)]
    parts = [part for part in uncharged_parts(session, order) if part.price]
    quoted = quoted_prices(session, order.id) if parts else {}
    fresh = [_charge_part(session, order, part, quoted, visit_id, by, at) for part in parts]
    return [*undone, *fresh]


def take_back_charge(
    session: Session, charge_id: int, *, reason: str, by: Actor, at: datetime, recorded_at: datetime | None = None
) -> Charge:
    """Write the counter row of a charge; `recorded_at` is when we heard of it. Raises NotFound, Invalid (no reason), RuleBroken
    when it was taken back before."""
    by.must("fee.take")
    order = locked_order_of(session, Charge, charge_id, by)
    if not reason.strip():
        raise Invalid({"reason": say("Please give a reason.")})
    check_open(order)
    charge = session.get_one(Charge, charge_id)
    gone = session.scalar(sa.select(Charge.id).where(Charge.reverses_id == charge_id))
    if gone is not None or charge.reverses_id is not None:
        raise RuleBroken(say("This charge was taken back already."))
    return take_back_row(session, order, charge, reason.strip(), by=by, at=at, recorded_at=recorded_at)


def check_open(order: Order) -> None:
    """Raises RuleBroken unless what an order costs can still change."""
    if not order.approved or order.status in _NO_WORK:
        raise RuleBroken(say("This order is not at work, so its charges stay as they are."))


def _listed(session: Session, order: Order, code: str, day: date) -> ListedPrice:
    price = price_on(session, code.strip().upper(), day, whom_of(order))
    if price is None:
        raise RuleBroken(say("“%(code)s” has no price in the list on %(day)s.", code=code, day=day))
    return price


def _line(session: Session, order: Order, line_id: int | None) -> OrderLine | None:
    """The vehicle it is for; that of an order with one vehicle goes without saying."""
    query = sa.select(OrderLine).where(OrderLine.order_id == order.id).order_by(OrderLine.position)
    if line_id is None:
        lines = session.scalars(query.limit(2)).all()
        return lines[0] if len(lines) == 1 else None
    line = session.scalar(query.where(OrderLine.id == line_id))
    if line is None:
        raise NotFound
    return line


def _decision(session: Session, order: Order, price: ListedPrice, line: OrderLine | None, day: date) -> Decision:
    asked = price.category == "part" and order.kind == "repair" and line is not None
    found = cover_of_line(session, order, line, day=day, code=price.code) if asked and line else Cover()
    return decide_by_hand(price.category, price.name, order.kind, found)


def _undone(session: Session, order_id: int) -> list[tuple[Charge, str]]:
    """Charges whose fitting was undone, and why it was."""
    effective = {fitting.id for fitting in fittings_of(session, order_id)}
    charged = sa.select(Charge).where(Charge.order_id == order_id, Charge.fitting_id.is_not(None)).order_by(Charge.id)
    rows = session.scalars(charged).all()
    back = {row.reverses_id for row in rows}
    stale = [row for row in rows if row.reverses_id is None and row.id not in back and row.fitting_id not in effective]
    undoing = sa.select(Fitting.undoes_id, Fitting.reason).where(Fitting.undoes_id.in_([row.fitting_id for row in stale]))
    reasons = dict(session.execute(undoing).all()) if stale else {}
    return [(row, reasons.get(row.fitting_id) or "") for row in stale]


def _charge_part(
    session: Session, order: Order, part: FittedPart, quoted: dict[str, Quoted], visit_id: int | None, by: Actor, at: datetime
) -> Charge:
    assert part.price is not None
    fitting = part.fitting
    place = {"line_id": fitting.line_id, "visit_id": visit_id, "fact_id": None, "fitting_id": fitting.id}
    return _write(session, order, part.price, 1, part.decision, quoted, by=by, at=at, recorded_at=at, **place)[0]


def _write(
    session: Session, order: Order, price: ListedPrice, quantity: int, decision: Decision, quoted: dict[str, Quoted], **facts: Any
) -> list[Charge]:
    """The one place that decides the price: as far as an agreed quotation goes its own, beyond that the list's."""
    line = None if decision.free else quoted.get(price.code)
    if line is None:
        return [_row(session, order, price, quantity, price.amount, decision, **facts)]
    at_quoted, at_listed = split(quantity, line.left)
    line.left -= at_quoted
    rows = []
    if at_quoted:
        rule = at_quoted_price(line.number, price.amount)
        rows.append(_row(session, order, price, at_quoted, line.unit_price, rule, quoted_line_id=line.line_id, **facts))
    if at_listed:
        rows.append(_row(session, order, price, at_listed, price.amount, decision, **facts))
    return rows


def _row(
    session: Session,
    order: Order,
    price: ListedPrice,
    quantity: int,
    unit_price: Decimal,
    decision: Decision,
    *,
    by: Actor,
    at: datetime,
    recorded_at: datetime,
    **place: Any,
) -> Charge:
    charge = Charge(
        order_id=order.id,
        code=price.code,
        name=price.name,
        category=price.category,
        quantity=quantity,
        unit_price=unit_price,
        amount=amount_of(quantity, unit_price, free=decision.free),
        tax_rate=price.tax_rate,
        rule=decision.rule,
        told=text_to_json(with_price(decision, price.because).told),
        by_id=by.id,
        by_name=by.name,
        at=at,
        **place,
    )
    session.add(charge)
    session.flush()
    detail = _figures(charge, recorded_at)
    record(session, ("order", order.id), "charge.add", by=by, at=recorded_at, detail=detail)
    post_charge(session, charge, order, by=by, recorded_at=recorded_at)
    return charge


def take_back_row(
    session: Session, order: Order, charge: Charge, reason: str, *, by: Actor, at: datetime, recorded_at: datetime | None = None
) -> Charge:
    """Write the counter row of a charge of a locked order."""
    kept = ("line_id", "visit_id", "code", "name", "category", "unit_price", "tax_rate", "rule", "told", *_BEHIND)
    counter = Charge(
        order_id=order.id,
        quantity=-charge.quantity,
        amount=-charge.amount,
        reverses_id=charge.id,
        reason=reason,
        by_id=by.id,
        by_name=by.name,
        at=at,
        **{name: getattr(charge, name) for name in kept},
    )
    session.add(counter)
    session.flush()
    heard = recorded_at or at
    record(session, ("order", order.id), "charge.take_back", by=by, at=heard, detail=_figures(counter, heard))
    post_charge(session, counter, order, by=by, recorded_at=heard)
    return counter


def _figures(charge: Charge, heard: datetime) -> dict[str, Any]:
    """What the trail keeps of a charge; of one that was heard of late also when it was made."""
    said = {"charge": charge.id, "code": charge.code, "name": charge.name, "quantity": charge.quantity}
    money = {"amount": str(charge.amount), "rule": charge.rule, "line": charge.line_id}
    late = {"device_at": charge.at.isoformat()} if charge.at != heard else {}
    return {**said, **money, **late, **({"reason": charge.reason} if charge.reason else {})}
