"""Quotations: drafted, asked about where they stay below the list, offered, agreed, declined, withdrawn.

Locks: the order's row, then the quotation's, then its request's.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.approvals.models import Request
from dispatch.approvals.operations import requests
from dispatch.approvals.operations.requests import Answer, Asked
from dispatch.audit.operations import record
from dispatch.clock import local_day
from dispatch.errors import Conflict, Invalid, NotFound, RuleBroken
from dispatch.fees.discount_queries import depth_of, discount_of
from dispatch.fees.ledger_rules import QUOTE_SERIES
from dispatch.fees.operations.favours import follows
from dispatch.fees.operations.posting import next_in_series
from dispatch.fees.price_queries import prices_on, whom_of
from dispatch.fees.price_rules import ListedPrice
from dispatch.fees.quote_models import ONE_LIVE, Quotation, QuotationLine
from dispatch.fees.quote_queries import untold
from dispatch.fees.quote_rules import LIVE, MOST_DAYS, WAYS, Wanted, check_step, check_wanted, stands_as
from dispatch.fees.rules import yuan
from dispatch.orders.models import Order
from dispatch.orders.operations.moves import locked_order
from dispatch.orders.queries import visible
from dispatch.staff.rules import SYSTEM, Actor
from dispatch.words import say, text_to_json

LONGEST = 300
BELOW = say("It stays below the list: please say why.")
_OVER = ("closed", "cancelled", "rejected")


@dataclass(frozen=True)
class Offer:
    """What is offered, until when, why it stays below the list, and what else the customer should read."""

    lines: Sequence[Wanted]
    valid_until: date
    reason: str = ""
    note: str = ""


@dataclass(frozen=True)
class Agreement:
    """Who of the customer's has agreed, how (`WAYS`), and on which day."""

    name: str
    how: str
    day: date


def draft_quotation(session: Session, order_id: int, offer: Offer, *, key: uuid.UUID, by: Actor, at: datetime) -> Quotation:
    """A new quotation of an order. The same `key` again is the first one. Raises NotFound, Invalid, RuleBroken."""
    by.must("quote.make")
    if session.scalar(sa.select(Order.id).where(Order.id == order_id, visible(by))) is None:
        raise NotFound
    order = locked_order(session, order_id)
    before = session.scalar(sa.select(Quotation).where(Quotation.key == key, Quotation.order_id == order_id))
    if before is not None:
        return before
    _check_open(order)
    made = Quotation(order_id=order.id, key=key, state="draft", by_id=by.id, by_name=by.name, at=at)
    _fill(session, order, made, offer, at)
    made.number, _, _ = next_in_series(session, QUOTE_SERIES, order.branch_id, at)
    session.add(made)
    session.flush()
    _tell(session, made, "draft", by=by, at=at)
    note_expired(session, order_id=order.id, by=by, at=at)
    return made


def change_quotation(session: Session, quotation_id: int, offer: Offer, *, by: Actor, at: datetime) -> Quotation:
    """Draft it anew. Raises as `draft_quotation`, and Conflict when it is no draft any more."""
    order, made = _locked(session, quotation_id, by)
    check_step("change", made.state)
    _check_open(order)
    made.lines.clear()
    session.flush()
    _fill(session, order, made, offer, at)
    session.flush()
    _tell(session, made, "change", by=by, at=at)
    return made


def offer_quotation(session: Session, quotation_id: int, *, by: Actor, at: datetime) -> Quotation:
    """Offer a draft to the customer at the list of today; what stays further below it than whoever offers it may go by himself
    (`discount_of`) has to be approved first.

    Raises NotFound, Conflict when it is no draft, Conflict where the order has a live one, RuleBroken where the
    list has risen above it since and no reason is given.
    """
    order, made = _locked(session, quotation_id, by)
    check_step("offer", made.state)
    _check_open(order)
    _price_again(session, order, made, at)
    today = local_day(at, order.branch.zone)
    _check_day(made.valid_until, today)
    _make_way(session, order, by=by, at=at)
    away, made.offered_by_id = made.given_away, by.id
    reason = made.reason or ""
    if away and not reason:
        raise RuleBroken(BELOW)
    if not away or depth_of(made) <= discount_of(session, by, today):
        _move(session, made, "offer", by=by, at=at, told={"percent": str(depth_of(made))} if away else None)
        return made
    about = say("Quotation %(number)s over %(total)s, %(away)s below the list", **_sums(made))
    asked = Asked("quotation", away, about, reason, uuid.uuid4())
    made.request_id = requests.ask(session, asked, branch_id=order.branch_id, order_id=order.id, by=by, at=at).id
    _move(session, made, "ask", by=by, at=at)
    return made


def agree_quotation(session: Session, quotation_id: int, agreed: Agreement, *, by: Actor, at: datetime) -> Quotation:
    """The customer agrees: from now on the order's charges take its prices. Raises NotFound, Conflict, Invalid, RuleBroken."""
    order, made = _locked(session, quotation_id, by)
    check_step("agree", made.state)
    _check_open(order)
    today = local_day(at, order.branch.zone)
    if not agreed.name.strip():
        raise Invalid({"agreed_by": say("Please fill this in.")})
    if agreed.how not in WAYS:
        raise Invalid({"agreed_how": say("Choose one of these.")})
    if not local_day(made.at, order.branch.zone) <= agreed.day <= today:
        raise Invalid({"agreed_on": say("A day from the quotation's own until today, please.")})
    if agreed.day > made.valid_until:
        raise RuleBroken(say("It was valid until %(day)s. Make a new one.", day=made.valid_until))
    made.agreed_by, made.agreed_how, made.agreed_on = agreed.name.strip()[:LONGEST], agreed.how, agreed.day
    told = {"name": made.agreed_by, "how": WAYS[agreed.how].msgid, "day": agreed.day.isoformat()}
    _move(session, made, "agree", by=by, at=at, told=told)
    return made


def decline_quotation(session: Session, quotation_id: int, *, reason: str, by: Actor, at: datetime) -> Quotation:
    """The customer does not want it. Raises NotFound, Conflict, Invalid without a reason."""
    return _end(session, quotation_id, "decline", reason, by=by, at=at)


def withdraw_quotation(session: Session, quotation_id: int, *, reason: str, by: Actor, at: datetime) -> Quotation:
    """It does not hold any more; what was charged by it stays. Raises NotFound, Conflict, Invalid without a reason."""
    return _end(session, quotation_id, "withdraw", reason, by=by, at=at)


def expire_quotation(session: Session, quotation_id: int, *, at: datetime) -> int:
    """End one whose last day is over, and tell its maker; 0 where somebody was faster."""
    order = locked_order(session, session.scalars(sa.select(Quotation.order_id).where(Quotation.id == quotation_id)).one())
    made = session.get_one(Quotation, quotation_id, with_for_update=True, populate_existing=True)
    if stands_as(made.state, made.valid_until, local_day(at, order.branch.zone)) != "expired" or made.state == "expired":
        return 0
    made.told_at = at
    _move(session, made, "expire", by=SYSTEM, at=at)
    return 1


def note_expired(session: Session, *, order_id: int | None = None, by: Actor, at: datetime) -> int:
    """The maker knows which of his quotations have expired (of one order, or all); how many those were."""
    here = sa.true() if order_id is None else Quotation.order_id == order_id
    known = session.execute(sa.update(Quotation).where(untold(by), here).values(seen_at=at).returning(Quotation.id))
    return len(known.all())


@follows("quotation")
def _decided(session: Session, request: Request, order: Order, answer: Answer, by: Actor, at: datetime) -> None:
    """With the last yes it is offered; a no, or nobody asking any more, makes it a draft again."""
    made = session.scalars(sa.select(Quotation).where(Quotation.request_id == request.id).with_for_update()).one()
    _move(session, made, "pass" if request.state == "approved" else "refuse", by=by, at=at)
    if request.state == "approved":
        request.state = "done"


def _end(session: Session, quotation_id: int, step: str, reason: str, *, by: Actor, at: datetime) -> Quotation:
    _, made = _locked(session, quotation_id, by)
    check_step(step, made.state)
    if not reason.strip():
        raise Invalid({"reason": say("Please give a reason.")})
    made.ended_reason = reason.strip()[:LONGEST]
    _move(session, made, step, by=by, at=at, told={"reason": made.ended_reason})
    return made


def _locked(session: Session, quotation_id: int, by: Actor) -> tuple[Order, Quotation]:
    """The order and the quotation, locked in this turn. Raises NotFound for what is not this person's."""
    by.must("quote.make")
    order_id = session.scalar(sa.select(Order.id).join(Quotation).where(Quotation.id == quotation_id, visible(by)))
    if order_id is None:
        raise NotFound
    order = locked_order(session, order_id)
    return order, session.get_one(Quotation, quotation_id, with_for_update=True, populate_existing=True)


def _check_open(order: Order) -> None:
    if order.status in _OVER:
        raise RuleBroken(say("This order is over: nothing is quoted for it any more."))


def _check_day(until: date, today: date) -> None:
    if not today <= until <= today + timedelta(days=MOST_DAYS):
        raise Invalid({"valid_until": say("A day from today on, within a year, please.")})


def _fill(session: Session, order: Order, made: Quotation, offer: Offer, at: datetime) -> None:
    """Take over what was typed, priced by the list of today. Raises Invalid."""
    today = local_day(at, order.branch.zone)
    listed = {price.code: price for price in prices_on(session, today, whom_of(order))}
    check_wanted(offer.lines, {code: price.amount for code, price in listed.items()})
    _check_day(offer.valid_until, today)
    made.valid_until = offer.valid_until
    made.reason, made.note = offer.reason.strip()[:LONGEST] or None, offer.note.strip()[:LONGEST] or None
    for position, wanted in enumerate(offer.lines, 1):
        price = listed[wanted.code]
        asked = price.amount if wanted.unit_price is None else wanted.unit_price
        facts = {"position": position, "code": price.code, "name": price.name, "quantity": wanted.quantity}
        made.lines.append(QuotationLine(unit_price=asked, **facts, **_as_listed(price)))
    if made.given_away and not made.reason:
        raise Invalid({"reason": BELOW})


def _price_again(session: Session, order: Order, made: Quotation, at: datetime) -> None:
    """The list may have changed since it was drafted: what it gives away is measured by today's. Raises Invalid."""
    listed = {price.code: price for price in prices_on(session, local_day(at, order.branch.zone), whom_of(order))}
    wanted = [Wanted(line.code, line.quantity, line.unit_price) for line in made.lines]
    check_wanted(wanted, {code: price.amount for code, price in listed.items()})
    for line in made.lines:
        for name, value in _as_listed(listed[line.code]).items():
            setattr(line, name, value)


def _as_listed(price: ListedPrice) -> dict[str, Any]:
    """What a line keeps of the list: the price, why it is that, and the tax in it."""
    told = text_to_json(price.because) if price.because else None
    return {"listed_price": price.amount, "listed_told": told, "tax_rate": price.tax_rate}


def _make_way(session: Session, order: Order, *, by: Actor, at: datetime) -> None:
    """Write down that what was offered before has expired. Raises Conflict while it is still live."""
    mine = sa.select(Quotation).where(Quotation.order_id == order.id, Quotation.state.in_(LIVE)).with_for_update()
    for live in session.scalars(mine):
        if live.state != "offered" or live.valid_until >= local_day(at, order.branch.zone):
            raise Conflict(ONE_LIVE)
        _move(session, live, "expire", by=by, at=at)


def _move(session: Session, made: Quotation, step: str, *, by: Actor, at: datetime, told: dict[str, Any] | None = None) -> None:
    """The only writer of a quotation's state after its first."""
    made.state = check_step(step, made.state).to
    session.flush()
    _tell(session, made, step, by=by, at=at, told=told)


def _tell(session: Session, made: Quotation, step: str, *, by: Actor, at: datetime, told: dict[str, Any] | None = None) -> None:
    detail = {"quotation": made.id, **_sums(made), **(told or {})}
    record(session, ("order", made.order_id), f"quote.{step}", by=by, at=at, detail=detail)


def _sums(made: Quotation) -> dict[str, str]:
    return {"number": made.number, "total": yuan(made.total), "away": yuan(made.given_away)}
