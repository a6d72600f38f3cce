"""A contractor's work before it is paid: somebody of ours accepts it or says what is wrong, and finance notes the payment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.errors import Conflict, Invalid, RuleBroken
from dispatch.orders.models import Order, Visit
from dispatch.orders.operations.papers import count_papers
from dispatch.outside.models import OutsideOffer
from dispatch.outside.operations.ending import locked_offer
from dispatch.staff.rules import Actor
from dispatch.typed import FILL_IN
from dispatch.words import Text, say

Hold = Callable[[Session, OutsideOffer], Text | None]
_holds: list[Hold] = []


def holds_back(hold: Hold) -> Hold:
    """Register who knows why a contractor's work cannot be accepted yet; None where nothing is known."""
    if hold not in _holds:
        _holds.append(hold)
    return hold


def accept_work(session: Session, offer_id: int, *, amount: Decimal | None, note: str, by: Actor, at: datetime) -> OutsideOffer:
    """The work is good: from now on it can be settled, and no longer holds back closing. Less than was agreed needs a reason.

    Raises NotFound, NotAllowed, Conflict when it was accepted before, RuleBroken while his visit goes on or something that is
    registered holds it back, Invalid.
    """
    offer, order = _done(session, offer_id, by)
    agreed = offer.price or Decimal(0)
    wrong: dict[str, Text] = {}
    if amount is None:
        wrong["amount"] = FILL_IN
    elif not 0 <= amount <= agreed:
        wrong["amount"] = say("At most ¥%(most)s was agreed on.", most=f"{agreed:,.2f}")
    elif amount < agreed and not note.strip():
        wrong["note"] = say("Say why it is less than was agreed on.")
    if wrong:
        raise Invalid(wrong)
    if (no := next((text for hold in _holds if (text := hold(session, offer))), None)) is not None:
        raise RuleBroken(no)
    offer.work_at, offer.work_by_id, offer.amount, offer.work_note = at, by.id, amount, note.strip() or None
    _write(session, offer, order, at)
    detail = _about(offer, amount=str(amount)) | ({"reason": offer.work_note} if offer.work_note else {})
    record(session, ("order", order.id), "outside.work", by=by, at=at, detail=detail)
    return offer


def object_to_work(session: Session, offer_id: int, *, reason: str, by: Actor, at: datetime) -> OutsideOffer:
    """Something is wrong with the work: it is neither settled nor is the order closed before somebody accepts it.

    Raises like `accept_work`.
    """
    offer, order = _done(session, offer_id, by)
    if not reason.strip():
        raise Invalid({"reason": say("Please give a reason.")})
    offer.objection = reason.strip()
    _write(session, offer, order, at)
    record(session, ("order", order.id), "outside.object", by=by, at=at, detail=_about(offer, reason=offer.objection))
    return offer


def settle(session: Session, offer_id: int, *, reference: str, by: Actor, at: datetime) -> OutsideOffer:
    """Finance has paid the contractor by a settlement; `reference` says by which.

    Raises Conflict when that was noted before, RuleBroken for work that nobody has accepted and for whoever accepted it himself,
    Invalid without a reference.
    """
    by.must("outside.settle")
    offer, order = locked_offer(session, offer_id, by)
    if offer.settled_at is not None:
        raise Conflict(say("This is settled already."))
    if offer.work_at is None:
        raise RuleBroken(say("Nobody has accepted this work yet, so it is not paid."))
    if offer.work_by_id == by.id:
        raise RuleBroken(say("You have accepted this work yourself: somebody else has to settle it."))
    if not reference.strip():
        raise Invalid({"reference": FILL_IN})
    offer.settled_at, offer.settled_by_id, offer.settled_reference = at, by.id, reference.strip()
    session.flush()
    record(session, ("order", order.id), "outside.settle", by=by, at=at, detail=_about(offer, amount=str(offer.amount)))
    return offer


def unsettle(session: Session, offer_id: int, *, by: Actor, at: datetime) -> OutsideOffer:
    """What finance noted as paid is not: the payment was taken back. Raises Conflict where none was noted."""
    by.must("outside.settle")
    offer, order = locked_offer(session, offer_id, by)
    if offer.settled_at is None:
        raise Conflict(say("This is not settled."))
    offer.settled_at = offer.settled_by_id = offer.settled_reference = None
    session.flush()
    record(session, ("order", order.id), "outside.unsettle", by=by, at=at, detail=_about(offer, amount=str(offer.amount)))
    return offer


def _done(session: Session, offer_id: int, by: Actor) -> tuple[OutsideOffer, Order]:
    """An offer whose visit has ended and whose work waits, its order locked."""
    by.must("outside.check")
    offer, order = locked_offer(session, offer_id, by)
    if offer.work_at is not None:
        raise Conflict(say("Somebody has accepted this work already."))
    visit = session.get(Visit, offer.visit_id, populate_existing=True) if offer.visit_id else None
    his = visit is not None and visit.status == "finished" and visit.technician_id == offer.worker_id
    if not his or offer.revoked_at is not None:
        raise RuleBroken(say("His visit has not ended yet, so there is no work to accept."))
    return offer, order


def _write(session: Session, offer: OutsideOffer, order: Order, at: datetime) -> None:
    session.flush()
    if order.status == "done":
        count_papers(session, order, at=at)


def _about(offer: OutsideOffer, **more: Any) -> dict[str, Any]:
    return {"offer": offer.id, "name": offer.contractor.name, **more}
