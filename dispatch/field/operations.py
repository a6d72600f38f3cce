"""Taking in facts from the field: stored as sent first, applied afterwards (rule 6 of the house)."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.audit.rules import canonical
from dispatch.devices.rules import Spot, spot_of
from dispatch.errors import Conflict, Invalid, NotFound
from dispatch.field.models import FieldFact
from dispatch.orders.models import Visit
from dispatch.staff.models import Person
from dispatch.staff.rules import Actor
from dispatch.words import say


@dataclass(frozen=True)
class SentFact:
    """A fact as the device sent it. `clock_offset_ms` = device clock minus server clock, as the device measured it.

    `spot` is where it was: no part of the content, since pressing again elsewhere says nothing else. `received_at` is when it
    came, where it is applied later than that.
    """

    id: uuid.UUID
    kind: str
    device: str
    device_seq: int
    content: dict[str, Any]
    device_at: datetime
    clock_offset_ms: int | None = None
    order_id: int | None = None
    visit_id: int | None = None
    spot: Spot | None = None
    received_at: datetime | None = None
    app_version: int | None = None

    @property
    def content_hash(self) -> bytes:
        """sha256 of the canonical JSON of kind and content."""
        return hashlib.sha256(canonical([self.kind, self.content])).digest()


class SentBefore(Conflict):
    """The UUID of a fact came again with another content, or from somebody else. The first one stands; this one is not kept."""

    def __init__(self) -> None:
        super().__init__(
            say("This was sent before with another content, and that one counts. Look at the page and enter it anew.")
        )


def keep_fact(session: Session, sent: SentFact, *, by: Actor, at: datetime) -> tuple[FieldFact, bool]:
    """Store a fact; returns it and whether it is new. The same UUID again gives the first one back.

    Raises SentBefore when the same UUID comes with another content or from another person.
    """
    session.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(str(sent.id), 0))))
    known = session.get(FieldFact, sent.id)
    if known is not None:
        if known.content_hash != sent.content_hash or known.person_id != by.id:
            raise SentBefore
        return known, False
    copied = (
        "id",
        "kind",
        "device",
        "device_seq",
        "order_id",
        "visit_id",
        "content",
        "content_hash",
        "device_at",
        "clock_offset_ms",
        "app_version",
    )
    place = sent.spot.facts if sent.spot else {}
    fact = FieldFact(**{name: getattr(sent, name) for name in copied}, **place, person_id=by.id, received_at=at, state="new")
    session.add(fact)
    session.flush()
    return fact, True


def as_sent(fact: FieldFact) -> SentFact:
    """A fact that was kept, as it was sent."""
    named = (
        "id",
        "kind",
        "device",
        "device_seq",
        "content",
        "device_at",
        "clock_offset_ms",
        "order_id",
        "visit_id",
        "received_at",
    )
    spot = spot_of(fact.lat, fact.lon, fact.accuracy_m)
    return SentFact(**{name: getattr(fact, name) for name in named}, spot=spot, app_version=fact.app_version)


def settle_fact(fact: FieldFact, *, state: str, outcome: dict[str, Any]) -> None:
    """Remember how applying a fact ended: "applied", or "disputed" with the reason."""
    fact.state, fact.outcome = state, outcome


LATE_KINDS = ("line.swap", "line.install")
"""What can be entered as it was sent although it came too late to be applied by itself."""


def settle_dispute(session: Session, fact_id: uuid.UUID, *, reason: str, by: Actor, at: datetime) -> FieldFact:
    """Write down how a dispatcher settled a disputed fact, one that could be entered as sent by setting it aside; the fact
    itself stays disputed, as it was sent.

    Raises NotFound for another branch's, Invalid without a reason, Conflict when somebody settled it before.
    """
    by.must("order.plan")
    fact = open_dispute(session, fact_id, by=by)
    close_dispute(session, fact, "set_aside" if fact.kind in LATE_KINDS else "settled", reason=reason, by=by, at=at)
    return fact


def open_dispute(session: Session, fact_id: uuid.UUID, *, by: Actor) -> FieldFact:
    """A disputed fact under its row lock. Raises NotFound for another branch's, Conflict when somebody settled it before."""
    fact = session.get(FieldFact, fact_id, with_for_update=True, populate_existing=True)
    sender = session.get(Person, fact.person_id) if fact else None
    if fact is None or sender is None or fact.state != "disputed" or not by.sees_branch(sender.branch_id):
        raise NotFound
    if "settled" in (fact.outcome or {}):
        raise Conflict(say("Somebody has settled this already."))
    return fact


def close_dispute(session: Session, fact: FieldFact, how: str, *, reason: str, by: Actor, at: datetime) -> None:
    """Write down `how` a locked fact was settled: "settled", "set_aside" or "applied". Raises Invalid without a reason."""
    words = reason.strip()
    if not words:
        raise Invalid({"reason": say("Please give a reason.")})
    told = {"how": how, "by": by.id, "by_name": by.name, "at": at.isoformat(), "reason": words}
    fact.outcome = {**(fact.outcome or {}), "settled": told}
    session.flush()
    _tell_order(session, fact, how, words, by=by, at=at)


def _tell_order(session: Session, fact: FieldFact, how: str, reason: str, *, by: Actor, at: datetime) -> None:
    visit = session.get(Visit, fact.visit_id) if fact.visit_id is not None else None
    order_id = fact.order_id or (visit.order_id if visit else None)
    if order_id is None:
        return
    detail = {"fact": str(fact.id), "kind": fact.kind, "technician": fact.person_id, "reason": reason}
    if how == "applied":
        detail["device_at"] = fact.happened_at.isoformat()
        record(session, ("order", order_id), "field.apply", by=by, at=at, detail=detail)
    elif how == "set_aside":
        record(session, ("order", order_id), "field.set_aside", by=by, at=at, detail=detail)
    else:
        record(session, ("order", order_id), "field.settle", by=by, at=at, detail=detail)
