"""Proving that who came from outside was approved of and sent, and that no work is closed before somebody accepted it."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.models import AuditEntry
from dispatch.orders.models import Order, Visit
from dispatch.outside.models import OutsideOffer, OutsideRequest
from dispatch.words import Text, say

_history = (AuditEntry.subject_kind == "order", AuditEntry.subject_id == OutsideRequest.order_id)


def broken_requests(session: Session) -> Iterator[Text]:
    """One sentence for each colleague who was approved of and never sent, and for each decision that the history does not tell.

    That nobody decides his own request, and that nothing is offered without a yes, the database sees to.
    """
    r = OutsideRequest
    sent = sa.exists().where(Visit.order_id == r.order_id, Visit.technician_id == r.colleague_id)
    told = sa.exists().where(
        *_history,
        AuditEntry.action.in_(("outside.approve", "outside.reject")),
        AuditEntry.by_id == r.decided_by_id,
        AuditEntry.detail["request"].as_integer() == r.id,
    )
    given = sa.exists().where(*_history, AuditEntry.action == "visit.change")  # to somebody else since
    query = sa.select(r.id, Order.number).join(Order, Order.id == r.order_id).order_by(r.id)
    for id_, number in session.execute(query.where(r.decision.in_(("approved", "rejected")), ~told)):
        yield say("Request %(id)s about order %(number)s was decided otherwise than its history tells", id=id_, number=number)
    for id_, number in session.execute(query.where(r.approved, r.whom == "colleague", ~sent, ~given)):
        yield say("Request %(id)s about order %(number)s: the colleague was never sent", id=id_, number=number)


def broken_offers(session: Session) -> Iterator[Text]:
    """One sentence for each order that was closed, and each work that was accepted, too early.

    That nobody has it besides him, for no more than was approved, and that only accepted work is settled, the database sees to.
    """
    o = OutsideOffer
    his = sa.and_(Visit.technician_id == o.worker_id, Visit.status == "finished")
    standing = (o.accepted_at.is_not(None), o.revoked_at.is_(None), o.work_at.is_(None))
    query = sa.select(o.id, Order.number).join(Order, Order.id == o.order_id).join(Visit, Visit.id == o.visit_id).order_by(o.id)
    for id_, number in session.execute(query.where(*standing, his, Order.status == "closed")):
        yield say("Order %(number)s is closed though nobody has accepted the work of offer %(id)s", id=id_, number=number)
    for id_, number in session.execute(query.where(o.work_at < Visit.finished_at)):
        yield say("The work of offer %(id)s (order %(number)s) was accepted before it was done", id=id_, number=number)
