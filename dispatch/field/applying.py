"""Applying what phones have sent: after it was kept for good, each fact in a transaction of its own, in the phone's order.

Whoever looks next goes on where the one before was killed: the phone with its next batch, or the worker. One phone's facts are
applied one at a time, whoever does it.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.errors import Refusal, RuleBroken
from dispatch.field.acting import attempt, end_with
from dispatch.field.models import PENDING, FieldFact, PhoneBlob
from dispatch.field.operations import SentFact, as_sent
from dispatch.orders.models import Visit
from dispatch.staff.models import Person
from dispatch.staff.queries import actor_of
from dispatch.staff.rules import Actor
from dispatch.words import say, text_from_json

NO_VISIT = say("It belongs to no visit of this branch.")
OTHERS = say("The visit was given to somebody else before this came.")
MOST_AT_ONCE = 500


def pending_of(session: Session, device: str) -> Sequence[uuid.UUID]:
    """What a device has sent and is not applied yet, in its order."""
    query = sa.select(FieldFact.id).where(FieldFact.device == device, FieldFact.state.in_(PENDING))
    return session.scalars(query.order_by(FieldFact.device_seq)).all()


def left_over(session: Session, *, before: datetime) -> Sequence[str]:
    """The devices of which something was kept before a moment and is still to be applied."""
    kept = sa.select(FieldFact.device).where(FieldFact.state.in_(PENDING), FieldFact.received_at < before)
    return session.scalars(kept.group_by(FieldFact.device).limit(MOST_AT_ONCE)).all()


def apply_kept(session: Session, fact_id: uuid.UUID, *, at: datetime) -> FieldFact:
    """Apply one kept fact, if nobody else has; one whose photo has not come goes on waiting."""
    fact = session.get_one(FieldFact, fact_id)
    alone = sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(f"apply:{fact.device}", 0))
    session.execute(sa.select(alone))
    session.refresh(fact)
    if fact.state not in PENDING:
        return fact
    sent = _with_photo(session, fact)
    if sent is None:
        fact.state = "waiting"
        session.flush()
        return fact
    by = actor_of(session.get_one(Person, fact.person_id))
    visit = session.get(Visit, fact.visit_id) if fact.visit_id is not None else None
    no = sent if isinstance(sent, Refusal) else _attempt(session, sent, visit, by, at)
    order_id = visit.order_id if visit is not None else None
    end_with(session, fact, as_sent(fact), order_id, no, by=by, at=at)
    return fact


def _attempt(session: Session, sent: SentFact, visit: Visit | None, by: Actor, at: datetime) -> Refusal | None:
    if not by.may("visit.drive"):
        return RuleBroken(say("Whoever sent this was no technician any more."))
    if visit is None:
        return RuleBroken(NO_VISIT)
    if visit.technician_id != by.id:
        return RuleBroken(OTHERS)
    own = replace(by, branch_id=visit.branch_id)  # a colleague who helps another branch out works as one of that branch
    return attempt(session, sent, visit.id, by=own, at=at)


# --- photos


def _with_photo(session: Session, fact: FieldFact) -> SentFact | Refusal | None:
    """What was sent, with the kept file in place of what the phone calls it; None as long as a photo is on its way, and why it is
    none."""
    sent = as_sent(fact)
    if fact.kind == "sign.refuse" and _is_waiting(session, fact.content.get("photo")):
        return None
    named = fact.content.get("sha256")
    if fact.kind != "photo" or not isinstance(named, str):
        return sent
    blob = session.get(PhoneBlob, (fact.person_id, named))
    if blob is None or blob.done_at is None:
        return None
    if blob.wrong is not None:
        return RuleBroken(text_from_json(blob.wrong))
    return replace(sent, content={**fact.content, **(blob.told or {}), "sha256": blob.stored_sha256})


def _is_waiting(session: Session, photo: Any) -> bool:
    """Whether a fact waits for its own photo."""
    try:
        key = uuid.UUID(photo) if isinstance(photo, str) else None
    except ValueError:
        return False
    found = session.get(FieldFact, key) if key else None
    return found is not None and found.state in PENDING
