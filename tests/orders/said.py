"""What somebody is said to have approved by word, and people who hold more or no more roles."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.orders.models import Approval, Order
from dispatch.orders.operations.moves import move_line
from dispatch.orders.operations.verbal import (
    SaidWord,
    approve_by_word,
)
from dispatch.staff.models import Person, PersonRole
from dispatch.staff.rules import Actor
from tests.building import approved, repair_order
from tests.conftest import AT, Cast

SAID = AT - timedelta(minutes=10)


def word(who: Actor, **instead: Any) -> SaidWord:
    """What `who` is said to have approved on the phone ten minutes ago."""
    given = {"channel": "phone", "said_at": SAID, "what_for": "先派人再补批", "key": uuid.uuid4(), **instead}
    return SaidWord(who.id or 0, **given)


def open_step(db: Session, order: Order) -> int:
    return db.scalars(sa.select(Approval.id).where(Approval.order_id == order.id, Approval.decision.is_(None))).one()


def by_word(db: Session, order: Order, who: Actor, *, by: Actor, **instead: Any) -> Any:
    """The open step of an order decided by the word of `who`, recorded by `by`."""
    step = open_step(db, order)
    return approve_by_word(db, order.id, word(who, **instead), approval_id=step, by=by, at=AT)


def also(db: Session, who: Actor, *roles: str) -> Actor:
    """The same person with more roles."""
    db.add_all(PersonRole(person_id=who.id, role=role) for role in roles)
    db.flush()
    return replace(who, roles=who.roles | set(roles))


def leaves(db: Session, who: Actor) -> None:
    db.get_one(Person, who.id).active = False
    db.flush()


def done(db: Session, cast: Cast) -> Order:
    """An order that is done and lacks nothing of its own: its vehicle was given up."""
    order = approved(db, cast, repair_order(db, cast))
    move_line(db, order.lines[0], "give_up", by=cast.lin, at=AT, reason="车已报废")
    return order
