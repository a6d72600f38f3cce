"""What a contractor does by his link before he works: the PIN, accepting with a time and a price, or declining with a reason."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.approvals.operations.linking import hash_of
from dispatch.audit.operations import record
from dispatch.devices.contractor_workers import actor_of_worker, in_the_name_of, worker_of
from dispatch.errors import Invalid, NotFound, RuleBroken
from dispatch.orders.operations.moves import locked_order
from dispatch.orders.operations.visits import NewVisit, take_visit
from dispatch.outside.models import OutsideOffer
from dispatch.outside.operations.ending import give_back
from dispatch.outside.queries import facts_of_offer, hash_of_pin, waiting_lines
from dispatch.outside.rules import KEPT_OPEN, MOST_TRIES, NOTHING_LEFT, why_not_accept, why_not_open
from dispatch.words import Text, say

SLACK = timedelta(minutes=15)


@dataclass(frozen=True)
class Acceptance:
    """Who comes, when, and for how much."""

    worker: str
    phone: str
    starts_at: datetime
    price: Decimal


def try_pin(session: Session, token: str, pin: str, *, signed_in: str | None, at: datetime) -> Text | None:
    """Whether this PIN opens the link: None, or the sentence of why not. A wrong one is counted, so the caller commits.

    Raises NotFound for a link that leads nowhere.
    """
    offer = _locked(session, token)
    no = why_not_open(facts_of_offer(session, offer, signed_in=signed_in), at)
    if no is not None:
        return no
    if hmac.compare_digest(offer.pin_hash, hash_of_pin(token, pin)):
        offer.wrong_pins = 0
        return None
    offer.wrong_pins += 1
    session.flush()
    left = MOST_TRIES - offer.wrong_pins
    if left:
        return say("This PIN is wrong. So many tries are left: %(left)s.", left=left)
    detail = {"offer": offer.id, "name": offer.contractor.name}
    record(session, ("order", offer.order_id), "outside.shut", by=in_the_name_of(offer.contractor), at=at, detail=detail)
    return why_not_open(facts_of_offer(session, offer), at)


def accept(session: Session, token: str, said: Acceptance, *, at: datetime) -> OutsideOffer:
    """The contractor takes the order: the first who does has it, and his worker's visit begins as dispatched.

    Sent again by who has it already, it changes nothing. Raises NotFound, RuleBroken with the sentence of why it cannot be
    accepted, Invalid beside what cannot be, and what planning a visit raises.
    """
    offer = _locked(session, token)
    facts = facts_of_offer(session, offer)
    if facts.accepted and why_not_open(facts, at) is None:
        return offer
    no = why_not_accept(facts, at)
    if no is not None:
        raise RuleBroken(no)
    _check(offer, said, at)
    lines = tuple(waiting_lines(session, offer.order_id))
    if not lines:
        raise RuleBroken(NOTHING_LEFT)
    person = worker_of(session, offer.contractor, said.worker, said.phone, at=at)
    by = actor_of_worker(person, offer.request.order.branch)
    ends = said.starts_at + timedelta(minutes=offer.request.minutes)
    visit = take_visit(session, NewVisit(offer.order_id, person.id, said.starts_at, ends, lines), by=by, at=at)
    offer.accepted_at, offer.worker_id, offer.visit_id, offer.price = at, person.id, visit.id, said.price
    offer.expires_at = ends + KEPT_OPEN
    session.flush()
    detail = {"offer": offer.id, "name": offer.contractor.name, "amount": str(said.price)}
    detail["starts_at"] = said.starts_at.isoformat()
    record(session, ("order", offer.order_id), "outside.accept", by=by, at=at, detail=detail)
    return offer


def decline(session: Session, token: str, *, reason: str, at: datetime) -> OutsideOffer:
    """The contractor does not take it. If he was the last who could, the order is the dispatcher's again at once.

    Sent again it changes nothing. Raises NotFound, RuleBroken with the sentence of why he cannot, Invalid without a reason.
    """
    offer = _locked(session, token)
    if offer.declined_at is not None:
        return offer
    no = why_not_accept(facts_of_offer(session, offer), at)
    if no is not None:
        raise RuleBroken(no)
    if not reason.strip():
        raise Invalid({"reason": say("Please give a reason.")})
    offer.declined_at, offer.decline_reason = at, reason.strip()
    session.flush()
    detail = {"offer": offer.id, "name": offer.contractor.name, "reason": offer.decline_reason}
    record(session, ("order", offer.order_id), "outside.decline", by=in_the_name_of(offer.contractor), at=at, detail=detail)
    give_back(session, offer.request_id, at=at)
    return offer


def _locked(session: Session, token: str) -> OutsideOffer:
    """The offer of a token as it is once its order is locked; nothing of them was read before that. Raises NotFound."""
    mine = OutsideOffer.token_hash == hash_of(token)
    order_id = session.scalar(sa.select(OutsideOffer.order_id).where(mine))
    if order_id is None:
        raise NotFound
    locked_order(session, order_id)
    return session.scalars(sa.select(OutsideOffer).where(mine).execution_options(populate_existing=True)).one()


def _check(offer: OutsideOffer, said: Acceptance, at: datetime) -> None:
    wrong: dict[str, Text] = {}
    if not 0 < said.price <= offer.ceiling:
        wrong["price"] = say("At most ¥%(most)s was approved for this order.", most=f"{offer.ceiling:,.2f}")
    if said.starts_at < max(at - SLACK, offer.request.starts_at - SLACK):
        wrong["starts_at"] = say("This is too early.")
    elif said.starts_at > offer.request.until:
        wrong["starts_at"] = say("This is too late: somebody has to be there before.")
    if wrong:
        raise Invalid(wrong)
