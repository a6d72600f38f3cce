"""Changing how urgent an order is while it is under way."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.errors import NotFound, RuleBroken
from dispatch.orders.operations.clocks import choose_limits_anew
from dispatch.orders.operations.moves import locked_order
from dispatch.orders.operations.owning import follow_order
from dispatch.orders.queries import ENDED
from dispatch.orders.rules import URGENCIES
from dispatch.orders.status_words import WORDS
from dispatch.staff.rules import Actor
from dispatch.words import say


def change_urgency(session: Session, order_id: int, urgency: str, *, version: int, by: Actor, at: datetime) -> str:
    """Make an order more or less urgent; gives how urgent it was. Its limits that are not met yet are chosen anew.

    Raises NotFound, Conflict for a stale page, RuleBroken once it has come to its end or where nothing would change.
    """
    by.must("order.take")
    order = locked_order(session, order_id, version=version)
    before = order.urgency
    if urgency not in URGENCIES:
        raise NotFound
    if order.status in ENDED:
        raise RuleBroken(say("Not possible while it is %(status)s.", status=WORDS["order"][order.status]))
    if urgency == before:
        raise RuleBroken(say("It is so already."))
    order.urgency = urgency
    session.flush()
    choose_limits_anew(session, order)
    record(session, ("order", order.id), "order.urgency", by=by, at=at, detail={"from": before, "urgency": urgency})
    follow_order(session, order, at=at)
    return before
