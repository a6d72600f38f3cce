"""Proving who owns what customers came with: one owner each, handed over by acceptance only; and that further calls raised."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.models import AuditEntry
from dispatch.orders.contact_models import ContactLink, OrderCall, OwnedContact
from dispatch.orders.contact_rules import SETTLED, raised
from dispatch.orders.models import Order
from dispatch.orders.rules import URGENCIES
from dispatch.words import Text, say

OFFERED = "contact.offer"
ANSWERED = ("contact.accept", "contact.decline")
HANDED = (OFFERED, *ANSWERED, "contact.withdraw")


def broken_contacts(session: Session) -> Iterator[Text]:
    """One sentence for each order that nobody owns, or whose contact says what cannot be.

    That a contact has one owner, the same as its order, and one offer at most, the database sees to.
    """
    unowned = ~sa.exists().where(OwnedContact.order_id == Order.id)
    for number in session.scalars(sa.select(Order.number).where(unowned).order_by(Order.id)):
        yield say("Nobody owns order %(number)s", number=number)
    query = sa.select(OwnedContact.id, Order.number).outerjoin(Order, Order.id == OwnedContact.order_id)
    for wrong, text in _cannot_be().items():
        for contact_id, number in session.execute(query.where(wrong).order_by(OwnedContact.id)):
            yield say(text.msgid, contact=contact_id, number=number or "—")
    yield from _broken_hand_overs(session)


def _cannot_be() -> dict[sa.ColumnElement[bool], Text]:
    """What no contact is (its order joined outwards) -> the sentence for one that is so."""
    c = OwnedContact
    solved = sa.exists().where(
        ContactLink.contact_id == c.id, ContactLink.answer == "solved", ContactLink.used_at == c.confirmed_at
    )
    confirmed = c.confirmed_at.is_not(None)
    return {
        sa.or_(c.branch_id != Order.branch_id, c.customer_id != Order.customer_id): say(
            "Contact %(contact)s is of another branch or customer than order %(number)s"
        ),
        sa.and_(confirmed, Order.status.not_in(SETTLED)): say(
            "Contact %(contact)s is confirmed although order %(number)s goes on"
        ),
        sa.and_(confirmed, c.offered_to_id.is_not(None)): say(
            "Contact %(contact)s (order %(number)s) is confirmed and offered to somebody all the same"
        ),
        sa.and_(c.confirmed_how == "link", ~solved): say(
            "Contact %(contact)s (order %(number)s) is confirmed by a link that nobody has answered"
        ),
    }


def _broken_hand_overs(session: Session) -> Iterator[Text]:
    """Contacts that somebody answered for without having been asked, or that another owns than who accepted them last."""
    told = _told()
    before, asked = (_before(told, name) for name in ("action", "person"))
    acts = sa.select(*told.c, before.label("before"), asked.label("asked")).subquery()
    uncalled = sa.or_(acts.c.before.is_distinct_from(OFFERED), acts.c.asked != sa.cast(acts.c.by_id, sa.Text))
    query = sa.select(acts.c.contact_id, acts.c.by_name).where(acts.c.action.in_(ANSWERED), uncalled).order_by(acts.c.id)
    for contact_id, name in session.execute(query):
        yield say("%(name)s answered for contact %(contact)s, which was not offered to him", name=name, contact=contact_id)
    accepted = sa.select(told.c.by_id).where(told.c.contact_id == OwnedContact.id, told.c.action == "contact.accept")
    last = accepted.order_by(told.c.id.desc()).limit(1).scalar_subquery()
    taker = sa.case((OwnedContact.opened_at >= Order.created_at, Order.created_by_id))
    should = sa.func.coalesce(last, taker, OwnedContact.owner_id)
    owned = sa.select(OwnedContact.id).outerjoin(Order, Order.id == OwnedContact.order_id)
    for contact_id in session.scalars(owned.where(OwnedContact.owner_id != should).order_by(OwnedContact.id)):
        yield say("Contact %(contact)s is another's than who took it or accepted it last", contact=contact_id)


def _before(told: sa.CTE, name: str) -> sa.ColumnElement[Any]:
    """SQL: what the act before of the same contact told."""
    return sa.func.lag(told.c[name]).over(partition_by=told.c.contact_id, order_by=told.c.id)


def _told() -> sa.CTE:
    """What the histories of orders, and of contacts without one, tell of hand-overs."""
    e, c = AuditEntry, OwnedContact
    columns = (e.id, e.action, e.by_id, e.by_name, e.detail["person"].astext.label("person"), c.id.label("contact_id"))
    homes = {"order": c.order_id, "contact": c.id}
    parts = [
        sa.select(*columns).join(c, c_id == e.subject_id).where(e.subject_kind == kind, e.action.in_(HANDED))
        for kind, c_id in homes.items()
    ]
    return sa.union_all(*parts).cte("told")


def broken_calls(session: Session) -> Iterator[Text]:
    """One sentence for each further call that did not raise its order as the rule says, or that its history does not tell.

    That it is about a vehicle of that order the database sees to.
    """
    c = OrderCall
    rule = sa.case({urgency: raised(urgency) for urgency in URGENCIES}, value=c.urgency_before)
    query = sa.select(c.id, Order.number).join(Order, Order.id == c.order_id).where(c.urgency_after != rule)
    for call_id, number in session.execute(query.order_by(c.id)):
        yield say("Call %(call)s joined order %(number)s and raised it otherwise than the rule says", call=call_id, number=number)
    entries = sa.select(sa.func.count()).where(
        AuditEntry.subject_kind == "order", AuditEntry.subject_id == Order.id, AuditEntry.action == "call.join"
    )
    rows = sa.select(sa.func.count()).where(c.order_id == Order.id)
    some = sa.exists().where(c.order_id == Order.id)
    differs = sa.select(Order.number).where(some, rows.scalar_subquery() != entries.scalar_subquery())
    for number in session.scalars(differs.order_by(Order.id)):
        yield say("The calls that joined order %(number)s and its history do not agree", number=number)
