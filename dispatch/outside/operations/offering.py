"""Offering an order to contractors by links: each with a PIN, good for a while; first to accept has it."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.approvals.operations.linking import hash_of
from dispatch.audit.operations import record
from dispatch.errors import Invalid, RuleBroken
from dispatch.orders.lifecycle import FOLLOWING
from dispatch.orders.models import Order
from dispatch.orders.operations.moves import locked_order
from dispatch.orders.rules import OFFERED_ANEW
from dispatch.outside.models import OutsideOffer, OutsideRequest
from dispatch.outside.operations.ending import end_over, locked_offer, revoke
from dispatch.outside.queries import contractors_of, hash_of_pin, request_of, standing_offer
from dispatch.outside.rules import KEPT_OPEN, PIN_DIGITS
from dispatch.staff.rules import Actor
from dispatch.words import say


@dataclass(frozen=True)
class Made:
    """An offer with what opens it. Token and PIN are known only now."""

    offer: OutsideOffer
    token: str
    pin: str


def make_offers(
    session: Session, request_id: int, contractor_ids: Collection[int], *, lasts: timedelta, by: Actor, at: datetime
) -> Sequence[Made]:
    """Offer an order to these contractors of its branch; who was offered it before gets a new link, and the old one ends.

    Raises NotFound, RuleBroken where it is not approved or somebody has it already, Invalid without a contractor.
    """
    by.must("outside.ask")
    order = locked_order(session, request_of(session, request_id, by).order_id)
    request = session.get_one(OutsideRequest, request_id, populate_existing=True)
    end_over(session, order, by=by, at=at)
    _must_be_open(session, request, order, at)
    known = {one.id: one for one in contractors_of(session, order.branch_id)}
    chosen = [known[one] for one in sorted(set(contractor_ids)) if one in known]
    if not chosen or len(chosen) != len(set(contractor_ids)):
        raise Invalid({"contractors": say("Choose at least one contractor of this branch.")})
    for former in _alive(session, request_id, [one.id for one in chosen]):
        revoke(session, former, str(OFFERED_ANEW), by=by, at=at)
    request.given_back_at = None
    return [_offer(session, request, one.id, one.name or "", lasts, by, at) for one in chosen]


def renew(session: Session, offer_id: int, *, by: Actor, at: datetime) -> Made:
    """A new link and PIN for whoever has the order: the old one was shut, lost, or has ended while something is still missing.

    The old one opens nothing any more, and says so. Raises NotFound, RuleBroken for an offer by which nobody has an order now.
    """
    by.must("outside.ask")
    offer, order = locked_offer(session, offer_id, by)
    if not offer.standing:
        raise RuleBroken(say("Nobody has the order by this offer any more."))
    token, pin = _secrets()
    offer.replaced_hash, offer.token_hash, offer.pin_hash = offer.token_hash, hash_of(token), hash_of_pin(token, pin)
    offer.wrong_pins, offer.expires_at = 0, max(offer.expires_at, at + KEPT_OPEN)
    session.flush()
    detail = {"offer": offer.id, "name": offer.contractor.name, "until": offer.expires_at.isoformat()}
    record(session, ("order", order.id), "outside.renew", by=by, at=at, detail=detail)
    return Made(offer, token, pin)


def _secrets() -> tuple[str, str]:
    return secrets.token_urlsafe(32), f"{secrets.randbelow(10**PIN_DIGITS):0{PIN_DIGITS}d}"


def _must_be_open(session: Session, request: OutsideRequest, order: Order, at: datetime) -> None:
    if not request.approved or request.whom != "contractor":
        raise RuleBroken(say("A manager has to approve this first."))
    if order.status not in FOLLOWING:
        raise RuleBroken(say("The order is not approved or is waiting, so nobody can be sent."))
    if standing_offer(session, order.id) is not None:
        raise RuleBroken(say("A contractor has this order. Take it back from him first, or accept his work."))
    if request.until <= at:
        raise RuleBroken(say("The time for which this was approved has passed. Ask anew."))


def _alive(session: Session, request_id: int, contractor_ids: Collection[int]) -> Sequence[OutsideOffer]:
    mine = (OutsideOffer.request_id == request_id, OutsideOffer.contractor_id.in_(contractor_ids))
    alive = (OutsideOffer.revoked_at.is_(None), OutsideOffer.declined_at.is_(None), OutsideOffer.work_at.is_(None))
    return session.scalars(sa.select(OutsideOffer).where(*mine, *alive)).all()


def _offer(
    session: Session, request: OutsideRequest, contractor_id: int, name: str, lasts: timedelta, by: Actor, at: datetime
) -> Made:
    token, pin = _secrets()
    offer = OutsideOffer(request_id=request.id, order_id=request.order_id, contractor_id=contractor_id, ceiling=request.ceiling)
    offer.token_hash, offer.pin_hash = hash_of(token), hash_of_pin(token, pin)
    offer.made_by_id, offer.made_at, offer.expires_at = by.id or 0, at, min(at + lasts, request.until)
    session.add(offer)
    session.flush()
    detail = {"offer": offer.id, "name": name, "until": offer.expires_at.isoformat()}
    record(session, ("order", request.order_id), "outside.offer", by=by, at=at, detail=detail)
    return Made(offer, token, pin)
