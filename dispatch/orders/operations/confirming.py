"""The customer's word (Q6): confirmed by phone, by link or with the signature on site; "not solved" sets the work going again."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from dispatch.approvals.operations.linking import hash_of
from dispatch.errors import Invalid, RuleBroken
from dispatch.orders.contact_models import ContactLink, OwnedContact
from dispatch.orders.contact_queries import link_alive
from dispatch.orders.contact_rules import ContactLinkFacts, why_not_confirm, why_not_unsolved, why_not_use
from dispatch.orders.lifecycle import LINE_SETTLED
from dispatch.orders.models import Order, OrderLine
from dispatch.orders.operations.moves import move_line, move_order
from dispatch.orders.operations.owning import lock_contact, locked_contact, note_confirmed, signed_by, tell, touch
from dispatch.staff.rules import SYSTEM, Actor
from dispatch.words import say

SAY_WHAT = say("Write down what is not solved.")


def confirm_by_phone(session: Session, contact_id: int, *, name: str, said: str, by: Actor, at: datetime) -> OwnedContact:
    """Note that somebody at the customer's said that it is settled. Raises RuleBroken, Invalid."""
    contact = _with_result(session, contact_id, by)
    if not name.strip():
        raise Invalid({"name": say("Write down who confirmed it.")})
    note_confirmed(session, contact, how="phone", name=name.strip()[:100], by=by, at=at, by_id=by.id, said=said.strip())
    return contact


def confirm_by_signature(session: Session, contact_id: int, *, by: Actor, at: datetime) -> OwnedContact:
    """Take the signature on site for the customer's word, where it came in after the work was done. Raises RuleBroken."""
    contact = _with_result(session, contact_id, by)
    name = signed_by(session, contact.order_id) if contact.order_id else None
    if name is None:
        raise RuleBroken(say("Nobody has signed for the result on site."))
    note_confirmed(session, contact, how="signature", name=name, by=by, at=at)
    return contact


def _with_result(session: Session, contact_id: int, by: Actor) -> OwnedContact:
    contact = locked_contact(session, contact_id, by=by)
    no = why_not_confirm(contact.facts)
    if no is not None:
        raise RuleBroken(no)
    return contact


def say_not_solved(
    session: Session, contact_id: int, *, positions: Collection[int], reason: str, by: Actor, at: datetime
) -> OwnedContact:
    """Somebody at the customer's says on the phone that it is not solved. Raises RuleBroken, Invalid."""
    contact = locked_contact(session, contact_id, by=by)
    _reopen(session, contact, positions=positions, reason=reason, by=by, at=at)
    return contact


def _reopen(session: Session, contact: OwnedContact, *, positions: Collection[int], reason: str, by: Actor, at: datetime) -> None:
    no = why_not_unsolved(contact.facts)
    if no is not None:
        raise RuleBroken(no)
    if not reason.strip():
        raise Invalid({"reason": SAY_WHAT})
    if contact.order is None:
        _unconfirm(contact, at)
        session.flush()
        tell(session, contact, "contact.not_solved", by=by, at=at, reason=reason.strip())
    else:
        _take_up(session, contact.order, positions, reason.strip(), by=by, at=at)
        session.refresh(contact)


def _unconfirm(contact: OwnedContact, at: datetime) -> None:
    contact.confirmed_at = contact.confirmed_how = contact.confirmed_name = contact.confirmed_by_id = None
    contact.unsolved_at = at
    touch(contact, at)


def _take_up(session: Session, order: Order, positions: Collection[int], reason: str, *, by: Actor, at: datetime) -> None:
    """The order is at work again, and the vehicles in question are open: all of one that has only one."""
    meant = [line for line in order.lines if line.position in positions or len(order.lines) == 1]
    chosen = [line for line in meant if line.status in LINE_SETTLED]
    if not chosen:
        raise Invalid({"vehicles": say("Choose the vehicles that it is about.")})
    move_order(session, order, "not_solved", by=by, at=at, reason=reason)
    for line in chosen:
        move_line(session, line, "not_solved", by=by, at=at, reason=reason)


# --- by link


def make_contact_link(session: Session, contact_id: int, *, lasts: timedelta, by: Actor, at: datetime) -> tuple[ContactLink, str]:
    """A link by which the customer answers once; the one that was out is good no more. Returns it and its token."""
    contact = _with_result(session, contact_id, by)
    former = link_alive(session, contact_id)
    if former is not None:
        former.revoked_at = at
        session.flush()
    token = secrets.token_urlsafe(32)
    link = ContactLink(token_hash=hash_of(token), contact_id=contact.id, made_by_id=by.id or 0, made_at=at, expires_at=at + lasts)
    session.add(link)
    touch(contact, at)
    session.flush()
    tell(session, contact, "contact.link", by=by, at=at)
    return link, token


def contact_link(session: Session, token: str) -> ContactLink | None:
    """The link of a token, whatever became of it."""
    contact = joinedload(ContactLink.contact)
    lines = contact.joinedload(OwnedContact.order).joinedload(Order.lines).joinedload(OrderLine.vehicle)
    whole = (contact.joinedload(OwnedContact.customer), contact.joinedload(OwnedContact.vehicle), lines)
    query = sa.select(ContactLink).where(ContactLink.token_hash == hash_of(token)).options(*whole)
    return session.scalars(query).unique().one_or_none()


def facts_of_contact_link(link: ContactLink, signed_in: str | None = None) -> ContactLinkFacts:
    """What its fate hangs on."""
    used, revoked = link.used_at is not None, link.revoked_at is not None
    return ContactLinkFacts(used, revoked, link.expires_at, link.contact.facts, signed_in)


def answer_by_link(
    session: Session,
    token: str,
    *,
    solved: bool,
    words: str,
    positions: Collection[int],
    at: datetime,
    signed_in: str | None = None,
) -> None:
    """The customer's answer. One that the rules refuse does not use the link up. Raises NotFound, RuleBroken, Invalid."""
    contact_id = session.scalar(sa.select(ContactLink.contact_id).where(ContactLink.token_hash == hash_of(token)))
    contact = lock_contact(session, contact_id or 0)  # nothing of it was read before that
    link = contact_link(session, token)
    assert link is not None
    no = why_not_use(facts_of_contact_link(link, signed_in), at)
    if no is not None:
        raise RuleBroken(no)
    link.used_at, link.answer = at, "solved" if solved else "not_solved"
    session.flush()
    if solved:
        name = contact.order.contact_name if contact.order else contact.customer.name
        note_confirmed(session, contact, how="link", name=name, by=SYSTEM, at=at, said=words.strip())
    else:
        _reopen(session, contact, positions=positions, reason=words, by=SYSTEM, at=at)
