"""Orders that somebody has chosen, one after the other: each by its own operation, and what it was before kept for undoing."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from dispatch.errors import NotFound, RuleBroken
from dispatch.orders.bulk_models import BulkAct, BulkItem
from dispatch.orders.bulk_rules import BULK
from dispatch.orders.contact_models import OwnedContact
from dispatch.orders.models import Order, OrderWait
from dispatch.orders.operations.acting import act
from dispatch.orders.operations.moves import locked_order
from dispatch.orders.operations.owning import offer_contact
from dispatch.orders.operations.putting_off import put_off
from dispatch.orders.operations.taking_off import idle_visits, take_order_off
from dispatch.orders.operations.urgency import change_urgency
from dispatch.orders.waiting_rules import WaitFor
from dispatch.staff.rules import Actor
from dispatch.words import Text, say, text_to_json

Json = dict[str, Any]


@dataclass(frozen=True)
class Doing:
    """One order of several: its version as the list showed it, what was chosen, who does it and when."""

    order_id: int
    version: int
    given: Json
    by: Actor
    at: datetime

    @property
    def who(self) -> dict[str, Any]:
        """Version, actor and moment, as operations are given them."""
        return {"version": self.version, "by": self.by, "at": self.at}


def begin_bulk(session: Session, key: uuid.UUID, kind: str, given: Json, *, by: Actor, at: datetime) -> BulkAct:
    """Note that several orders are to be changed; the same `key` again finds the first. Raises NotFound, NotAllowed."""
    if kind not in BULK:
        raise NotFound
    by.must(BULK[kind].permission)
    row = insert(BulkAct).values(key=key, kind=kind, given=given, by_id=by.id, at=at)
    session.execute(row.on_conflict_do_nothing(index_elements=["key"]))
    return session.scalars(sa.select(BulkAct).where(BulkAct.key == key, BulkAct.by_id == by.id)).one()


def do_one(session: Session, bulk: BulkAct, order_id: int, version: int, *, by: Actor, at: datetime) -> None:
    """Do it to one order, once. Raises whatever the operation of that order refuses."""
    mine = insert(BulkItem).values(act_id=bulk.id, order_id=order_id, left_at=0)
    if session.scalar(mine.on_conflict_do_nothing().returning(BulkItem.order_id)) is None:
        return
    locked_order(session, order_id, version=version)
    before = _DO[bulk.kind](session, Doing(order_id, version, bulk.given, by, at))
    session.flush()
    left_at = sa.select(Order.version).where(Order.id == order_id).scalar_subquery()
    own = (BulkItem.act_id == bulk.id, BulkItem.order_id == order_id)
    session.execute(sa.update(BulkItem).where(*own).values(before=before, left_at=left_at))


def note_refused(session: Session, bulk_id: int, order_id: int, why: Text) -> None:
    """Keep why it was not done to one order."""
    row = insert(BulkItem).values(act_id=bulk_id, order_id=order_id, refused=text_to_json(why))
    session.execute(row.on_conflict_do_nothing())


# --- what each kind does; it gives what undoing needs


def _approve(session: Session, one: Doing) -> Json:
    act(session, one.order_id, "approve", reason="", **one.who)
    return {}


def _wait(session: Session, one: Doing) -> Json:
    visits = [visit.as_json() for visit in idle_visits(session, one.order_id)]
    put_off(session, one.order_id, wait_from_json(one.given), **one.who)
    return {"visits": visits}


def _resume(session: Session, one: Doing) -> Json:
    open_ = (OrderWait.order_id == one.order_id, OrderWait.until.is_(None))
    wait = session.scalars(sa.select(OrderWait).where(*open_)).one_or_none()
    before = {"why": wait.why, "words": wait.words, "next_on": wait.next_on.isoformat()} if wait else {}
    act(session, one.order_id, "resume", reason="", **one.who)
    return before


def _urgency(session: Session, one: Doing) -> Json:
    return {"urgency": change_urgency(session, one.order_id, one.given["urgency"], **one.who)}


def _offer(session: Session, one: Doing) -> Json:
    contact_id = session.scalar(sa.select(OwnedContact.id).where(OwnedContact.order_id == one.order_id))
    if contact_id is None:
        raise RuleBroken(say("Nobody owns it: there is nothing to hand over."))
    offer_contact(session, contact_id, one.given["to"], reason=one.given["reason"], by=one.by, at=one.at)
    return {"contact": contact_id, "at": one.at.isoformat()}


def _take_off(session: Session, one: Doing) -> Json:
    visits = [visit.as_json() for visit in idle_visits(session, one.order_id)]
    take_order_off(session, one.order_id, reason=one.given["reason"], **one.who)
    return {"visits": visits}


_DO: dict[str, Callable[[Session, Doing], Json]] = {
    "approve": _approve,
    "wait": _wait,
    "resume": _resume,
    "urgency": _urgency,
    "offer": _offer,
    "take_off": _take_off,
}


def wait_from_json(kept: Json) -> WaitFor:
    """What orders wait for, as it is kept with an act."""
    return WaitFor(kept["why"], date.fromisoformat(kept["next_on"]), kept.get("words", ""))
