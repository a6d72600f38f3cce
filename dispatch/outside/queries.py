"""Reading what was asked of others, whom an order was offered to, and what became of it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload
from sqlalchemy.orm.attributes import set_committed_value

from dispatch.approvals.operations.linking import hash_of
from dispatch.devices.models import Holder
from dispatch.errors import NotFound
from dispatch.orders.lifecycle import FOLLOWING, VISIT_LIVE
from dispatch.orders.models import Order, OrderLine, Visit, VisitLine
from dispatch.outside.models import OutsideOffer, OutsideRequest
from dispatch.outside.rules import OfferFacts, state_of
from dispatch.staff.models import Person, PersonRole
from dispatch.staff.rules import Actor

DECIDES = "order.approve"
"""The permission of whoever decides whether somebody from outside is sent (P14)."""
LINE_TO_DO = ("open", "residual")
OVER = ("done", "closed", "cancelled")
"""Orders that wait for nobody."""


def hash_of_pin(token: str, pin: str) -> bytes:
    """What is stored of a PIN: of no use to anybody who has not the link."""
    return hashlib.sha256(f"{token}:{pin}".encode()).digest()


def offer_behind(session: Session, token: str) -> OutsideOffer | None:
    """The offer of a token, whatever became of it, with all that its page shows."""
    return session.scalars(_offers().where(OutsideOffer.token_hash == hash_of(token))).unique().one_or_none()


def was_replaced(session: Session, token: str) -> bool:
    """Whether a newer link was made in place of this one."""
    return session.scalar(sa.select(OutsideOffer.id).where(OutsideOffer.replaced_hash == hash_of(token))) is not None


def _offers() -> sa.Select[OutsideOffer]:
    order = joinedload(OutsideOffer.request).joinedload(OutsideRequest.order)
    whole = (order.joinedload(Order.site), order.joinedload(Order.branch), order.joinedload(Order.customer))
    people = (joinedload(OutsideOffer.contractor), joinedload(OutsideOffer.worker), joinedload(OutsideOffer.visit))
    return sa.select(OutsideOffer).options(*whole, *people)


def facts_of_offer(session: Session, offer: OutsideOffer, *, signed_in: str | None = None) -> OfferFacts:
    """What its fate hangs on, as the database has it now."""
    visit = session.execute(sa.select(Visit.status, Visit.technician_id).where(Visit.id == offer.visit_id)).one_or_none()
    return OfferFacts(
        order_status=session.scalar(sa.select(Order.status).where(Order.id == offer.order_id)) or "",
        taken=session.scalar(sa.select(_taken(offer))) or False,
        visit=visit.status if visit else None,
        still_his=visit is None or visit.technician_id == offer.worker_id,
        signed_in=signed_in,
        **_own_facts(offer),
    )


def _own_facts(offer: OutsideOffer) -> dict[str, Any]:
    return {
        "expires_at": offer.expires_at,
        "accepted": offer.accepted_at is not None,
        "declined": offer.declined_at is not None,
        "revoked": offer.revoked_at is not None,
        "wrong_pins": offer.wrong_pins,
        "work_accepted": offer.work_at is not None,
    }


def _taken(offer: OutsideOffer) -> sa.ColumnElement[bool]:
    """SQL: another contractor has accepted what was offered with this one."""
    accepted = (OutsideOffer.accepted_at.is_not(None), OutsideOffer.revoked_at.is_(None))
    return sa.exists().where(OutsideOffer.request_id == offer.request_id, OutsideOffer.id != offer.id, *accepted)


def read_state(offer: OutsideOffer, at: datetime) -> str:
    """What an offer that was read with its request, order and visit has become: a key of STATE_WORDS."""
    others = (other for other in offer.request.offers if other.id != offer.id)
    facts = OfferFacts(
        order_status=offer.request.order.status,
        taken=any(other.accepted_at is not None and other.revoked_at is None for other in others),
        visit=offer.visit.status if offer.visit else None,
        still_his=offer.visit is None or offer.visit.technician_id == offer.worker_id,
        **_own_facts(offer),
    )
    return state_of(facts, at, settled=offer.settled_at is not None)


# --- the desk


def whole_requests() -> sa.Select[OutsideRequest]:
    """SQL: requests with all that their pages show."""
    offers = selectinload(OutsideRequest.offers)
    whole = (
        joinedload(OutsideRequest.order).joinedload(Order.customer),
        joinedload(OutsideRequest.asked_by),
        joinedload(OutsideRequest.decided_by),
        joinedload(OutsideRequest.decided_for),
        joinedload(OutsideRequest.colleague).joinedload(Person.branch),
    )
    people = (joinedload(OutsideOffer.contractor), joinedload(OutsideOffer.worker), joinedload(OutsideOffer.visit))
    more = (joinedload(OutsideOffer.work_by), joinedload(OutsideOffer.settled_by), joinedload(OutsideOffer.made_by))
    return sa.select(OutsideRequest).options(*whole, offers.options(*people, *more))


def requests_of(session: Session, order_id: int) -> Sequence[OutsideRequest]:
    """All that was asked for an order, the newest first."""
    query = whole_requests().where(OutsideRequest.order_id == order_id).order_by(OutsideRequest.id.desc())
    return known_to_offers(session.scalars(query).unique().all())


def known_to_offers(requests: Sequence[OutsideRequest]) -> Sequence[OutsideRequest]:
    """The same requests, each known to its offers, so that none of these asks the database for its own."""
    for request in requests:
        for offer in request.offers:
            set_committed_value(offer, "request", request)
    return requests


def _here(by: Actor) -> sa.ColumnElement[bool]:
    """SQL: orders of the reader's branch, or of all."""
    return sa.true() if by.may("branches.all") else Order.branch_id == by.branch_id


def _in_place(by: Actor) -> sa.ColumnElement[bool]:
    """SQL: orders of the branches where he decides in an absent manager's place."""
    return Order.branch_id.in_([branch_id for branch_id, permission in by.places if permission == DECIDES])


def order_seen(session: Session, number: str, by: Actor) -> Order:
    """An order with its customer and site, for whoever is concerned with help for it. Raises NotFound."""
    query = sa.select(Order).where(Order.number == number, sa.or_(_here(by), _in_place(by)))
    found = session.scalars(query.options(joinedload(Order.customer), joinedload(Order.site))).one_or_none()
    if found is None:
        raise NotFound
    return found


def visible_asked(by: Actor) -> tuple[sa.ColumnElement[bool], ...]:
    """SQL: requests (joined with their orders) of a branch (or of all), without what came to nothing."""
    accepted = (OutsideOffer.accepted_at.is_not(None), OutsideOffer.revoked_at.is_(None))
    came = sa.exists().where(OutsideOffer.request_id == OutsideRequest.id, *accepted)
    sent = sa.and_(OutsideRequest.approved, sa.or_(OutsideRequest.whom == "colleague", came))
    waits = sa.or_(OutsideRequest.decision.is_(None), OutsideRequest.approved)
    return sa.or_(_here(by), _in_place(by)), waits, sa.or_(Order.status.not_in(OVER), sent)


def undecided_count(session: Session, by: Actor) -> int:
    """How many requests a manager could decide now, for himself or in somebody's place."""
    here = _here(by) if by.may(DECIDES) else sa.false()
    query = sa.select(sa.func.count()).select_from(OutsideRequest).join(Order, Order.id == OutsideRequest.order_id)
    waiting = (OutsideRequest.decision.is_(None), OutsideRequest.asked_by_id != by.id, Order.status.in_(FOLLOWING))
    return session.scalar(query.where(*waiting, sa.or_(here, _in_place(by)))) or 0


def request_of(session: Session, request_id: int, by: Actor) -> OutsideRequest:
    """One request. Raises NotFound for another branch's."""
    found = session.scalars(sa.select(OutsideRequest).where(OutsideRequest.id == request_id)).one_or_none()
    return _seen(found, session, by)


def offer_of(session: Session, offer_id: int, by: Actor) -> OutsideOffer:
    """One offer. Raises NotFound for another branch's."""
    found = session.get(OutsideOffer, offer_id)
    if found is None:
        raise NotFound
    _seen(session.get(OutsideRequest, found.request_id), session, by)
    return found


def _seen(found: OutsideRequest | None, session: Session, by: Actor) -> OutsideRequest:
    branch_id = session.scalar(sa.select(Order.branch_id).where(Order.id == found.order_id)) if found else None
    if found is None or not (by.sees_branch(branch_id) or (branch_id, DECIDES) in by.places):
        raise NotFound
    return found


def standing_offer(session: Session, order_id: int) -> OutsideOffer | None:
    """The offer by which a contractor has an order, until his work was accepted or it was taken back."""
    standing = (OutsideOffer.accepted_at.is_not(None), OutsideOffer.revoked_at.is_(None), OutsideOffer.work_at.is_(None))
    return session.scalar(sa.select(OutsideOffer).where(OutsideOffer.order_id == order_id, *standing))


def waiting_lines(session: Session, order_id: int) -> Sequence[int]:
    """The vehicles of an order that are still to be done and that nobody is sent to."""
    covering = sa.select(VisitLine.line_id).join(VisitLine.visit)
    covering = covering.where(VisitLine.line_id == OrderLine.id, Visit.status.in_(VISIT_LIVE))
    query = sa.select(OrderLine.id).where(OrderLine.order_id == order_id, OrderLine.status.in_(LINE_TO_DO), ~covering.exists())
    return session.scalars(query.order_by(OrderLine.position)).all()


def colleagues(session: Session, branch_id: int) -> Sequence[Person]:
    """The technicians of other branches who may be sent (P15), by branch and name."""
    has_role = sa.exists().where(PersonRole.person_id == Person.id, PersonRole.role == "technician")
    fit = (Person.active, Person.trained_on.is_not(None), Person.branch_id != branch_id)
    query = sa.select(Person).where(has_role, *fit).options(joinedload(Person.branch))
    return session.scalars(query.order_by(Person.branch_id, Person.staff_no)).all()


def contractors_of(session: Session, branch_id: int) -> Sequence[Holder]:
    """The contractors of a branch by name."""
    query = sa.select(Holder).where(Holder.kind == "contractor", Holder.branch_id == branch_id)
    return session.scalars(query.order_by(Holder.name)).all()


@dataclass(frozen=True)
class Job:
    """What a contractor is shown of an order before he has accepted it."""

    order: Order
    lines: Sequence[OrderLine]


def job_of(session: Session, offer: OutsideOffer) -> Job:
    """The order of an offer with the vehicles that wait: those that accepting would give him."""
    ids = waiting_lines(session, offer.order_id)
    query = sa.select(OrderLine).where(OrderLine.id.in_(ids)).options(joinedload(OrderLine.vehicle))
    return Job(offer.request.order, session.scalars(query.order_by(OrderLine.position)).all())


def unanswered(session: Session, at: datetime) -> Sequence[int]:
    """Approved requests whose offers nobody can accept any more, and of which the dispatcher was not told yet."""
    of_it = OutsideOffer.request_id == OutsideRequest.id
    dead = sa.or_(OutsideOffer.revoked_at.is_not(None), OutsideOffer.declined_at.is_not(None), OutsideOffer.expires_at <= at)
    open_ = sa.exists().where(of_it, OutsideOffer.accepted_at.is_(None), ~dead)
    had = sa.exists().where(of_it, OutsideOffer.accepted_at.is_not(None), OutsideOffer.revoked_at.is_(None))
    query = sa.select(OutsideRequest.id).join(Order, Order.id == OutsideRequest.order_id)
    query = query.where(OutsideRequest.approved, OutsideRequest.given_back_at.is_(None), Order.status.not_in(OVER))
    return session.scalars(query.where(sa.exists().where(of_it), ~open_, ~had).order_by(OutsideRequest.id)).all()
