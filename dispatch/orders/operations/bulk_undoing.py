"""Taking back what was done to several orders at once, order by order, by the acts that lead back; history keeps both."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.errors import Conflict, NotFound, RuleBroken
from dispatch.orders.bulk_models import BulkAct, BulkItem
from dispatch.orders.bulk_rules import CHANGED_SINCE, why_not_undo
from dispatch.orders.operations.acting import act
from dispatch.orders.operations.bulk import Doing, wait_from_json
from dispatch.orders.operations.moves import locked_order
from dispatch.orders.operations.owning import lock_contact, withdraw_offer
from dispatch.orders.operations.putting_off import put_off
from dispatch.orders.operations.taking_off import put_back, taken_off_from_json
from dispatch.orders.operations.urgency import change_urgency
from dispatch.staff.rules import Actor
from dispatch.words import Text, text_to_json

Json = dict[str, Any]


def check_undo(bulk: BulkAct, *, lasts: int, by: Actor, at: datetime) -> None:
    """Whether it can be taken back at all. Raises NotFound for somebody else's, RuleBroken with the reason."""
    if bulk.by_id != by.id:
        raise NotFound
    no = why_not_undo(bulk.kind, minutes_ago=(at - bulk.at).total_seconds() / 60, lasts=lasts)
    if no is not None:
        raise RuleBroken(no)


def undo_one(session: Session, bulk: BulkAct, order_id: int, *, by: Actor, at: datetime) -> None:
    """Take it back for one order, once. Raises Conflict where somebody has changed it since, and what the way back refuses."""
    order = locked_order(session, order_id)
    item = _item(session, bulk.id, order_id)
    if item.undone_at is not None:
        return
    if bulk.kind != "offer" and order.version != item.left_at:
        raise Conflict(CHANGED_SINCE)
    _UNDO[bulk.kind](session, Doing(order_id, order.version, item.before, by, at))
    _mark(session, item, undone_at=at, not_undone=sa.null())


def note_not_undone(session: Session, bulk_id: int, order_id: int, why: Text) -> None:
    """Keep why it was not taken back for one order."""
    item = _item(session, bulk_id, order_id)
    if item.undone_at is None:
        _mark(session, item, not_undone=text_to_json(why))


def _item(session: Session, bulk_id: int, order_id: int) -> BulkItem:
    return session.get_one(BulkItem, (bulk_id, order_id), with_for_update=True, populate_existing=True)


def _mark(session: Session, item: BulkItem, **values: Any) -> None:
    own = (BulkItem.act_id == item.act_id, BulkItem.order_id == item.order_id)
    session.execute(sa.update(BulkItem).where(*own).values(values))


# --- the way back of each kind


def _resume(session: Session, one: Doing) -> None:
    act(session, one.order_id, "resume", reason="", **one.who)
    _put_back(session, one)


def _put_back(session: Session, one: Doing) -> None:
    visits = [taken_off_from_json(one.order_id, kept) for kept in one.given["visits"]]
    put_back(session, visits, by=one.by, at=one.at)


def _wait_again(session: Session, one: Doing) -> None:
    put_off(session, one.order_id, wait_from_json(one.given), **one.who)


def _urgency(session: Session, one: Doing) -> None:
    change_urgency(session, one.order_id, one.given["urgency"], **one.who)


def _withdraw(session: Session, one: Doing) -> None:
    contact = lock_contact(session, one.given["contact"])
    if contact.offered_at != datetime.fromisoformat(one.given["at"]):
        raise Conflict(CHANGED_SINCE)
    withdraw_offer(session, contact.id, by=one.by, at=one.at)


_UNDO: dict[str, Callable[[Session, Doing], None]] = {
    "wait": _resume,
    "resume": _wait_again,
    "urgency": _urgency,
    "offer": _withdraw,
    "take_off": _put_back,
}
