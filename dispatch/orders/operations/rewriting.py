"""Changing the facts of an order that was taken back to be reworked; and of any order the time that the customer is promised."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime, time
from typing import Any

from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.errors import RuleBroken
from dispatch.orders.models import Order
from dispatch.orders.operations.clocks import choose_limits_anew
from dispatch.orders.operations.moves import locked_order
from dispatch.orders.operations.taking import searchable
from dispatch.staff.rules import Actor
from dispatch.words import say

LIMITS_HANG_ON = frozenset({"urgency", "wanted_on", "window_from"})
FOUND_BY = frozenset({"contact_name", "contact_phone"})


@dataclass(frozen=True)
class OrderWords:
    """What may be said differently: whom to ask for, what is wrong, how urgent it is and when it suits."""

    contact_name: str
    contact_phone: str
    urgency: str
    symptom: str | None = None
    symptom_text: str | None = None
    diagnosis: str | None = None
    product_model: str | None = None
    purchased_on: date | None = None
    wanted_on: date | None = None
    window_from: time | None = None
    window_to: time | None = None
    note: str | None = None


def rewrite(session: Session, order_id: int, words: OrderWords, *, version: int, by: Actor, at: datetime) -> Order:
    """Put new words on a draft. The history keeps what each word was before.

    Raises RuleBroken once the order is no draft any more, Conflict for a stale page.
    """
    by.must("order.take")
    order = locked_order(session, order_id, version=version)
    if order.status != "draft":
        raise RuleBroken(say("Only a draft can be changed. Reject it, or take it back to rework first."))
    if changes := _put(session, order, {each.name: getattr(words, each.name) for each in fields(words)}):
        record(session, ("order", order.id), "order.rewrite", by=by, at=at, detail={"changed": changes})
    return order


def promise_time(session: Session, order: Order, on: date, opens: time, closes: time, *, by: Actor, at: datetime) -> None:
    """Put the time that the customer was promised on a locked order. The history keeps what it was before."""
    by.must("order.take")
    changes = _put(session, order, {"wanted_on": on, "window_from": opens, "window_to": closes})
    told = {"day": on.isoformat(), "hours": f"{opens:%H:%M}–{closes:%H:%M}"}
    record(session, ("order", order.id), "order.promise", by=by, at=at, detail={**told, "changed": changes})


def _put(session: Session, order: Order, words: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Writes what is said differently; gives each word as it was and as it is."""
    changes = _changes(order, words)
    for name in changes:
        setattr(order, name, words[name])
    if FOUND_BY & changes.keys():
        order.search_text = searchable(order, order.customer, order.site, (line.vehicle for line in order.lines))
    session.flush()
    if LIMITS_HANG_ON & changes.keys():
        choose_limits_anew(session, order)
    return changes


def _changes(order: Order, words: Mapping[str, Any]) -> dict[str, list[Any]]:
    pairs = {name: (getattr(order, name), word) for name, word in words.items()}
    return {
        name: [_plain(before), _plain(after)] for name, (before, after) in pairs.items() if (before or None) != (after or None)
    }


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date | time) else value
