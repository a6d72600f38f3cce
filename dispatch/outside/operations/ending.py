"""Offers that have come to nothing: taken back, or over because the visit was broken off or given to somebody else."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.errors import Conflict, Invalid, RuleBroken
from dispatch.orders.lifecycle import VISIT_LIVE
from dispatch.orders.models import Order, Visit
from dispatch.orders.operations.moves import locked_order, move_visit
from dispatch.orders.rules import VISIT_OVER
from dispatch.outside.models import OutsideOffer, OutsideRequest
from dispatch.outside.queries import offer_of, standing_offer, unanswered
from dispatch.staff.rules import SYSTEM, Actor
from dispatch.words import say


def take_back(session: Session, offer_id: int, *, reason: str, by: Actor, at: datetime) -> OutsideOffer:
    """Take an order back from a contractor: his link opens nothing any more, and his visit, if there is one, is abandoned.

    Raises NotFound, Conflict when that was done already, RuleBroken once his visit has ended, Invalid without a reason.
    """
    by.must("outside.ask")
    offer, _order = locked_offer(session, offer_id, by)
    if offer.revoked_at is not None or offer.declined_at is not None or offer.work_at is not None:
        raise Conflict(say("This offer has ended already."))
    visit = session.get(Visit, offer.visit_id) if offer.visit_id else None
    if visit is not None and visit.status == "finished":
        raise RuleBroken(say("His visit has ended. Accept his work, or write down what is wrong with it."))
    if not reason.strip():
        raise Invalid({"reason": say("Please give a reason.")})
    revoke(session, offer, reason.strip(), by=by, at=at)
    if visit is not None and visit.status in VISIT_LIVE and visit.technician_id == offer.worker_id:
        move_visit(session, visit, "abandon", by=by, at=at, reason=reason.strip())
    return offer


def revoke(session: Session, offer: OutsideOffer, reason: str, *, by: Actor, at: datetime) -> None:
    """A link opens nothing any more. Its order must be locked."""
    offer.revoked_at, offer.revoked_by_id, offer.revoke_reason = at, by.id, reason
    session.flush()
    detail = {"offer": offer.id, "name": offer.contractor.name, "reason": reason}
    record(session, ("order", offer.order_id), "outside.take_back", by=by, at=at, detail=detail)


def locked_offer(session: Session, offer_id: int, by: Actor) -> tuple[OutsideOffer, Order]:
    """An offer as it is now, its order locked first. Raises NotFound for another branch's."""
    order = locked_order(session, offer_of(session, offer_id, by).order_id)
    return session.get_one(OutsideOffer, offer_id, populate_existing=True), order


def end_over(session: Session, order: Order, *, by: Actor, at: datetime) -> None:
    """A contractor who broke off his visit, or whose visit somebody else was given, has the order no more. It must be locked."""
    offer = standing_offer(session, order.id)
    visit = session.get(Visit, offer.visit_id, populate_existing=True) if offer else None
    if offer is None or visit is None:
        return
    if visit.status == "abandoned" or visit.technician_id != offer.worker_id:
        revoke(session, offer, str(VISIT_OVER), by=by, at=at)


def give_back(session: Session, request_id: int, *, at: datetime) -> bool:
    """Nobody has accepted in time: the order is the dispatcher's again, and its history says so. Once."""
    order_id = session.scalar(sa.select(OutsideRequest.order_id).where(OutsideRequest.id == request_id))
    locked_order(session, order_id or 0)
    session.expire_all()
    if request_id not in unanswered(session, at):
        return False
    request = session.get_one(OutsideRequest, request_id)
    request.given_back_at = at
    session.flush()
    record(session, ("order", request.order_id), "outside.give_back", by=SYSTEM, at=at, detail={"request": request.id})
    return True
