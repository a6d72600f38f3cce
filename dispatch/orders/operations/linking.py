"""Deciding by a link on the phone: made for one person and one level by a colleague who decides, used once, taken back."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from dispatch.approvals.queries import deciders
from dispatch.audit.operations import record
from dispatch.errors import Conflict, Invalid, NotAllowed, NotFound, RuleBroken
from dispatch.orders.facts import facts_of
from dispatch.orders.lifecycle import OrderFacts
from dispatch.orders.link_models import ApprovalLink
from dispatch.orders.link_rules import LinkFacts, makes_links, why_not_use
from dispatch.orders.models import Order
from dispatch.orders.operations.approving import approve, open_step, reject
from dispatch.orders.operations.moves import locked_order
from dispatch.orders.operations.standing_in import who_cannot
from dispatch.staff.operations import note_failure
from dispatch.staff.queries import actor_of, failed_attempts
from dispatch.staff.rules import Actor
from dispatch.words import Text, say


def hash_of(token: str) -> bytes:
    """What is stored of a link's token."""
    return hashlib.sha256(token.encode()).digest()


def make_link(
    session: Session, order_id: int, approval_id: int, approver_id: int, *, lasts: timedelta, by: Actor, at: datetime
) -> tuple[ApprovalLink, str]:
    """A link by which `approver_id` decides the open level once; the one he had for it is taken back. Returns it and its token.

    Only who could decide the level himself or stands above it makes one: others would hold his decision in their hands. Raises
    NotFound for another branch's, Conflict for a level that is decided, NotAllowed, RuleBroken and Invalid.
    """
    order, step = open_step(session, order_id, approval_id, by)
    if not by.sees_branch(order.branch_id):
        raise NotFound
    facts = facts_of(session, order, by)
    no = why_not_make(facts, by)
    if no is not None:
        raise RuleBroken(no) if makes_links(by, step.permission) else NotAllowed(no)
    shut = who_cannot(facts)
    able = {person.id: person for person in deciders(session, step.permission, order.branch_id) if person.id not in shut}
    if approver_id not in able:
        raise Invalid({"approver": say("Choose somebody who can decide this now.")})
    for former in _alive(session, approval_id, approver_id):
        former.revoked_at, former.revoked_by_id = at, by.id
    session.flush()
    token = secrets.token_urlsafe(32)
    link = ApprovalLink(token_hash=hash_of(token), order_id=order.id, approval_id=step.id, approver_id=approver_id)
    link.made_by_id, link.made_at, link.expires_at = by.id or 0, at, at + lasts
    session.add(link)
    session.flush()
    detail = {"name": able[approver_id].name, "until": link.expires_at.isoformat()}
    record(session, ("order", order.id), "approval.link", by=by, at=at, detail=detail)
    return link, token


def why_not_make(facts: OrderFacts, by: Actor) -> Text | None:
    """Why `by` makes no link for the open level, whoever is to decide by it; None where he does."""
    if not makes_links(by, facts.open_step_permission or "order.approve"):
        return say("A link for this level is made by somebody who could decide it, or who stands above.")
    if by.id in {facts.created_by_id, facts.step_requested_by_id, *facts.asked_by}:
        return say("You asked for this order yourself, so a link to decide it is made by somebody else.")
    if by.id in who_cannot(facts):
        return say("You had a hand in an earlier level, so a link to decide this one is made by somebody else.")
    return None


def _alive(session: Session, approval_id: int, approver_id: int) -> list[ApprovalLink]:
    mine = (ApprovalLink.approval_id == approval_id, ApprovalLink.approver_id == approver_id)
    return list(session.scalars(sa.select(ApprovalLink).where(*mine, ApprovalLink.used_at.is_(None), unrevoked())))


def unrevoked() -> sa.ColumnElement[bool]:
    """SQL: nobody has taken it back."""
    return ApprovalLink.revoked_at.is_(None)


def revoke_link(session: Session, link_id: int, *, by: Actor, at: datetime) -> Order:
    """Take a link back. Raises NotFound, NotAllowed, Conflict when it was used or taken back before."""
    order_id = session.scalar(sa.select(ApprovalLink.order_id).where(ApprovalLink.id == link_id))
    if order_id is None:
        raise NotFound
    order = locked_order(session, order_id)
    if not by.sees_branch(order.branch_id):
        raise NotFound
    link = session.get_one(ApprovalLink, link_id, populate_existing=True)
    if not (makes_links(by, link.step.permission) or by.id in (link.made_by_id, link.approver_id)):
        raise NotAllowed(say("A link for this level is taken back by somebody who could make it."))
    if link.used_at is not None or link.revoked_at is not None:
        raise Conflict(say("This link was used or taken back already."))
    link.revoked_at, link.revoked_by_id = at, by.id
    session.flush()
    record(session, ("order", order.id), "approval.unlink", by=by, at=at, detail={"name": link.approver.name})
    return order


def link_behind(session: Session, token: str) -> ApprovalLink | None:
    """The link of a token, whatever became of it, with its step, order and people."""
    whole = (joinedload(ApprovalLink.step), joinedload(ApprovalLink.approver), joinedload(ApprovalLink.made_by))
    return session.scalar(sa.select(ApprovalLink).where(ApprovalLink.token_hash == hash_of(token)).options(*whole))


def facts_of_link(link: ApprovalLink, reader: int | None) -> LinkFacts:
    """What its fate hangs on."""
    return LinkFacts(
        approver_id=link.approver_id,
        approver=link.approver.name,
        approver_is_there=link.approver.active,
        expires_at=link.expires_at,
        used=link.used_at is not None,
        revoked=link.revoked_at is not None,
        decided=link.step.decision is not None,
        reader=reader,
    )


def use_link(session: Session, token: str, *, yes: bool, reason: str, reader: int | None, at: datetime) -> Order:
    """Decide by a link, as the person it was made for. A decision that the rules refuse does not use it up.

    Raises NotFound, RuleBroken with the sentence of why the link is not good, and whatever deciding raises.
    """
    found = link_behind(session, token)
    if found is None:
        raise NotFound
    locked_order(session, found.order_id)
    link = session.get_one(ApprovalLink, found.id, populate_existing=True)
    session.refresh(link.step)
    session.refresh(link.approver, with_for_update={"read": True})  # so that he does not leave meanwhile
    no = why_not_use(facts_of_link(link, reader), at)
    if no is not None:
        raise RuleBroken(no)
    by, step = actor_of(link.approver), link.approval_id
    if yes:
        order = approve(session, link.order_id, approval_id=step, by=by, at=at, link_by=link.made_by)
    else:
        order = reject(session, link.order_id, approval_id=step, reason=reason, by=by, at=at, link_by=link.made_by)
    link.used_at = at
    session.flush()
    return order


def check_tries(session: Session, *, address: str, at: datetime, most: int, window: timedelta) -> None:
    """Raises RuleBroken when too many wrong links came from an address within the window."""
    tries, _ = failed_attempts(session, username=_name(address), address=address, since=at - window)
    if tries >= most:
        minutes = int(window.total_seconds() // 60)
        raise RuleBroken(say("Too many wrong links came from here. Please wait %(minutes)s minutes.", minutes=minutes))


def note_wrong(session: Session, *, address: str, at: datetime) -> None:
    """Remember a link that leads nowhere."""
    note_failure(session, username=_name(address), address=address, at=at)


def _name(address: str) -> str:
    return f"link from {address}"
