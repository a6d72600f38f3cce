"""Deciding an order by a link on the phone: made for one person and one level, used once, taken back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from dispatch.approvals.operations import linking
from dispatch.audit.operations import record
from dispatch.errors import NotFound
from dispatch.orders.facts import facts_of
from dispatch.orders.link_models import ApprovalLink
from dispatch.orders.models import Order
from dispatch.orders.operations.approving import approve, open_step, reject
from dispatch.orders.operations.moves import locked_order
from dispatch.staff.queries import actor_of
from dispatch.staff.rules import Actor


def make_link(
    session: Session, order_id: int, approval_id: int, approver_id: int, *, lasts: timedelta, by: Actor, at: datetime
) -> tuple[ApprovalLink, str]:
    """A link by which `approver_id` decides the open level once; the one he had for it is taken back. Returns it and its token.

    Raises NotFound for another branch's, Conflict for a level that is decided, NotAllowed, RuleBroken and Invalid.
    """
    order, step = open_step(session, order_id, approval_id, by)
    if not by.sees_branch(order.branch_id):
        raise NotFound
    whom = linking.addressee(session, step, order.branch_id, approver_id, facts_of(session, order, by).turn, by)
    former = [link for link in links_out(session, approval_id) if link.approver_id == approver_id]
    link = ApprovalLink(order_id=order.id, approval_id=step.id)
    token = linking.issue(session, link, former, whom, lasts, by, at)
    record(session, ("order", order.id), "approval.link", by=by, at=at, detail=linking.told(link))
    return link, token


def links_out(session: Session, approval_id: int) -> Sequence[ApprovalLink]:
    """The links to a level that nobody has used or taken back, with their people."""
    query = sa.select(ApprovalLink).where(ApprovalLink.approval_id == approval_id, *linking.alive(ApprovalLink))
    people = (joinedload(ApprovalLink.approver), joinedload(ApprovalLink.made_by))
    return session.scalars(query.options(*people).order_by(ApprovalLink.id)).all()


def revoke_link(session: Session, link_id: int, *, by: Actor, at: datetime) -> Order:
    """Take a link back. Raises NotFound, NotAllowed, Conflict when it was used or taken back before."""
    order_id = session.scalar(sa.select(ApprovalLink.order_id).where(ApprovalLink.id == link_id))
    if order_id is None:
        raise NotFound
    order = locked_order(session, order_id)
    if not by.sees_branch(order.branch_id):
        raise NotFound
    link = session.get_one(ApprovalLink, link_id, populate_existing=True)
    linking.take_back(session, link, by=by, at=at)
    record(session, ("order", order.id), "approval.unlink", by=by, at=at, detail={"name": link.approver.name})
    return order


def use_link(session: Session, token: str, *, yes: bool, reason: str, reader: int | None, at: datetime) -> Order:
    """Decide by a link, as the person it was made for. A decision that the rules refuse does not use it up.

    Raises NotFound, RuleBroken with the sentence of why the link is not good, and whatever deciding raises.
    """
    link = linking.behind(session, ApprovalLink, token)
    if link is None:
        raise NotFound
    locked_order(session, link.order_id)
    linking.check_good(session, link, reader, at)
    by, step = actor_of(link.approver), link.approval_id
    if yes:
        order = approve(session, link.order_id, approval_id=step, by=by, at=at, link_by=link.made_by)
    else:
        order = reject(session, link.order_id, approval_id=step, reason=reason, by=by, at=at, link_by=link.made_by)
    link.used_at = at
    session.flush()
    return order
