"""Who owns a contact (Q2): whoever took it, until somebody else has accepted it; and what happened with it last."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.db import STALE
from dispatch.errors import Conflict, Invalid, NotAllowed, NotFound, RuleBroken
from dispatch.orders.contact_models import OwnedContact
from dispatch.orders.contact_queries import may_take_over
from dispatch.orders.contact_rules import SETTLED, why_not_offer
from dispatch.orders.models import Order
from dispatch.staff.models import Person
from dispatch.staff.rules import Actor
from dispatch.words import say

ANSWERED = say("This offer was answered or taken back already.")

SignedReader = Callable[[Session, int], str | None]
_signed_readers: list[SignedReader] = []


def register_signed(reader: SignedReader) -> SignedReader:
    """Register who knows whether the customer has signed for an order's work since it was last taken up: it gives his name."""
    _signed_readers.append(reader)
    return reader


def signed_by(session: Session, order_id: int) -> str | None:
    """Who has signed on site for the result of an order."""
    return next((name for reader in _signed_readers if (name := reader(session, order_id))), None)


def own_order(session: Session, order: Order, *, at: datetime, contact_id: int | None = None) -> None:
    """Whoever took an order owns it from now on; an order that goes on with a contact stays with the owner of that.

    Raises NotFound, or Conflict when somebody has made an order of that contact already.
    """
    contact = _go_on(session, contact_id, order) if contact_id else _begin(order, at)
    touch(contact, at)
    session.add(contact)
    session.flush()


def _begin(order: Order, at: datetime) -> OwnedContact:
    contact = OwnedContact(branch_id=order.branch_id, customer_id=order.customer_id, owner_id=order.owner_id, opened_at=at)
    contact.order = order
    contact.vehicle_id = order.lines[0].vehicle.id if len(order.lines) == 1 else None
    return contact


def _go_on(session: Session, contact_id: int, order: Order) -> OwnedContact:
    contact = lock_contact(session, contact_id)
    if contact.branch_id != order.branch_id:
        raise NotFound
    if contact.order_id is not None or contact.confirmed_at is not None:
        raise Conflict(say("This contact was seen to meanwhile: look what became of it."))
    order.owner_id = contact.owner_id
    session.flush()
    contact.order, contact.unsolved_at = order, None
    return contact


def follow_order(session: Session, order: Order, *, at: datetime) -> None:
    """Something happened with an order: its contact is not idle, and while work goes on it is not confirmed."""
    told: dict[str, Any] = {"touched_at": at, "alarmed_at": None}
    if order.status not in SETTLED:
        told |= dict.fromkeys(("confirmed_at", "confirmed_how", "confirmed_name", "confirmed_by_id"))
    session.execute(sa.update(OwnedContact).where(OwnedContact.order_id == order.id).values(told))


def take_signature(session: Session, order: Order, *, by: Actor, at: datetime) -> None:
    """The work of an order is done: who has signed for its result on site has confirmed it."""
    name = signed_by(session, order.id)
    open_ = (OwnedContact.order_id == order.id, OwnedContact.confirmed_at.is_(None))
    contact = session.scalars(sa.select(OwnedContact).where(*open_)).one_or_none() if name else None
    if contact is not None and name:
        note_confirmed(session, contact, how="signature", name=name, by=by, at=at)


def note_confirmed(
    session: Session,
    contact: OwnedContact,
    *,
    how: str,
    name: str,
    by: Actor,
    at: datetime,
    by_id: int | None = None,
    said: str = "",
) -> None:
    """The customer has confirmed; an offer that is open is one no more."""
    contact.confirmed_at, contact.confirmed_how, contact.confirmed_name, contact.confirmed_by_id = at, how, name, by_id
    contact.offered_to_id = contact.offered_by_id = contact.offered_at = None
    touch(contact, at)
    session.flush()
    tell(session, contact, "contact.confirm", by=by, at=at, how=how, name=name, **({"reason": said} if said else {}))


def touch(contact: OwnedContact, at: datetime) -> None:
    """Something happened with it."""
    contact.touched_at, contact.alarmed_at = at, None


def tell(session: Session, contact: OwnedContact, action: str, *, by: Actor, at: datetime, **detail: Any) -> None:
    """Into the history of its order; of remote help without one, into its own."""
    subject = ("order", contact.order_id) if contact.order_id else ("contact", contact.id)
    record(session, subject, action, by=by, at=at, detail=detail)


# --- acts


def locked_contact(session: Session, contact_id: int, *, by: Actor) -> OwnedContact:
    """The contact under its lock, its order's first. Raises NotFound for another branch's."""
    by.must("order.take")
    contact = lock_contact(session, contact_id)
    if not by.sees_branch(contact.branch_id):
        raise NotFound
    return contact


def lock_contact(session: Session, contact_id: int) -> OwnedContact:
    """The contact as it is now, under its lock, its order's first and at hand: both have one owner. Raises NotFound, Conflict."""
    order_id = session.scalar(sa.select(OwnedContact.order_id).where(OwnedContact.id == contact_id))
    order = session.get(Order, order_id, with_for_update={"of": Order}, populate_existing=True) if order_id else None
    contact = session.get(OwnedContact, contact_id, with_for_update={"of": OwnedContact}, populate_existing=True)
    if contact is None:
        raise NotFound
    if contact.order is not order:  # an order was made of it just now
        raise Conflict(STALE)
    return contact


def note_contact(session: Session, contact_id: int, text: str, *, by: Actor, at: datetime) -> OwnedContact:
    """Write down what was done or told. Raises Invalid for nothing."""
    contact = locked_contact(session, contact_id, by=by)
    if not text.strip():
        raise Invalid({"note": say("Write down what was done or what the customer was told.")})
    touch(contact, at)
    session.flush()
    tell(session, contact, "contact.note", by=by, at=at, reason=text.strip())
    return contact


def offer_contact(session: Session, contact_id: int, to_id: int, *, reason: str, by: Actor, at: datetime) -> OwnedContact:
    """Ask a colleague to take it over: it stays its owner's until he has accepted.

    The owner asks, or a supervisor or manager in his place. Raises NotAllowed, RuleBroken, Invalid.
    """
    contact = locked_contact(session, contact_id, by=by)
    if contact.owner_id != by.id and not by.may("contact.reassign"):
        raise NotAllowed(say("It is handed over by its owner, or by a supervisor."))
    no = why_not_offer(contact.facts, to_id)
    if no is not None:
        raise RuleBroken(no)
    to = session.get(Person, to_id)
    if to is None or not may_take_over(session, to, contact.branch_id):
        raise Invalid({"to": say("Choose somebody who can take it over.")})
    if not reason.strip():
        raise Invalid({"reason": say("Please give a reason.")})
    contact.offered_to_id, contact.offered_by_id, contact.offered_at = to.id, by.id, at
    touch(contact, at)
    session.flush()
    tell(session, contact, "contact.offer", by=by, at=at, name=to.name, person=to.id, reason=reason.strip())
    return contact


def accept_contact(session: Session, contact_id: int, *, by: Actor, at: datetime) -> OwnedContact:
    """Take over what was offered: from now on it is his. Raises Conflict when it is not offered to him any more."""
    contact = _offered(session, contact_id, by)
    before, order = contact.owner, contact.order  # read before the first change: both owners are written together
    _end_offer(session, contact)
    contact.owner_id = by.id or 0
    if order is not None:
        order.owner_id = contact.owner_id
    touch(contact, at)
    session.flush()
    session.refresh(contact, ["owner"])
    tell(session, contact, "contact.accept", by=by, at=at, name=before.name)
    return contact


def decline_contact(session: Session, contact_id: int, *, reason: str, by: Actor, at: datetime) -> OwnedContact:
    """Leave it with its owner; why is written down (Q2). Raises Conflict, Invalid."""
    contact = _offered(session, contact_id, by)
    if not reason.strip():
        raise Invalid({"reason": say("Please give a reason.")})
    _end_offer(session, contact)
    tell(session, contact, "contact.decline", by=by, at=at, reason=reason.strip())
    return contact


def withdraw_offer(session: Session, contact_id: int, *, by: Actor, at: datetime) -> OwnedContact:
    """Take an offer back. Raises Conflict when there is none, NotAllowed for somebody who did not make it."""
    contact = locked_contact(session, contact_id, by=by)
    if contact.offered_to_id is None:
        raise Conflict(ANSWERED)
    if by.id not in (contact.owner_id, contact.offered_by_id) and not by.may("contact.reassign"):
        raise NotAllowed(say("It is handed over by its owner, or by a supervisor."))
    name = contact.offered_to.name if contact.offered_to else "—"
    _end_offer(session, contact)
    tell(session, contact, "contact.withdraw", by=by, at=at, name=name)
    return contact


def _offered(session: Session, contact_id: int, by: Actor) -> OwnedContact:
    contact = locked_contact(session, contact_id, by=by)
    if contact.offered_to_id is None or contact.offered_to_id != by.id:
        raise Conflict(ANSWERED)
    return contact


def _end_offer(session: Session, contact: OwnedContact) -> None:
    contact.offered_to_id = contact.offered_by_id = contact.offered_at = None
    session.flush()


# --- the alarm


def alarm_idle(session: Session, contact_id: int, *, before: datetime, by: Actor, at: datetime) -> bool:
    """Mark a contact with which nothing happened since before a moment. False where something did meanwhile."""
    contact = lock_contact(session, contact_id)
    if contact.confirmed_at is not None or contact.alarmed_at is not None or contact.touched_at >= before:
        return False
    contact.alarmed_at = at
    session.flush()
    tell(session, contact, "contact.idle", by=by, at=at, name=contact.owner.name)
    return True
