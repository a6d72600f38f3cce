"""What people do about outages: the customers are told once, and somebody says that one is over."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.errors import Conflict, Invalid, NotFound
from dispatch.intake.models import Outage, Silence
from dispatch.staff.rules import Actor
from dispatch.words import say

LONGEST = 300


def tell_customers(session: Session, outage_id: int, *, words: str, by: Actor, at: datetime) -> Outage:
    """Write down what the customers were told; the same said twice counts once.

    Raises NotFound, Invalid without words, Conflict when they were told something else before.
    """
    said = _words(words, "words")
    found = _locked(session, outage_id, by)
    if found.told_at is not None:
        if found.told_words == said:
            return found
        raise Conflict(say("%(name)s has told the customers already.", name=found.told_by_name))
    found.told_at, found.told_words, found.told_by_id, found.told_by_name = at, said, by.id, by.name
    session.flush()
    record(session, ("outage", outage_id), "outage.tell", by=by, at=at, detail={"words": said})
    return found


def end_outage(session: Session, outage_id: int, *, reason: str, by: Actor, at: datetime) -> Outage:
    """It is over, or was none: those that are silent still are proposed one by one. What is over stays so."""
    said = _words(reason, "reason")
    found = _locked(session, outage_id, by)
    if found.ended_at is None:
        found.ended_at, found.ended_by, found.end_reason = at, "person", said
        found.ended_by_id, found.ended_by_name = by.id, by.name
        session.flush()
        record(session, ("outage", outage_id), "outage.end", by=by, at=at, detail={"reason": said})
    return found


def skip_restart(session: Session, silence_id: int, *, reason: str, by: Actor, at: datetime) -> Silence:
    """An order may be made for a silent terminal without having it start anew first; said again nothing changes.

    Raises NotFound for another branch's and for one that is over, Invalid without a reason.
    """
    by.must("silence.act")
    said = _words(reason, "skip")
    found = session.get(Silence, silence_id, with_for_update=True, populate_existing=True)
    if found is None or found.ended_at is not None or not by.sees_branch(found.branch_id):
        raise NotFound
    if found.skipped_at is None:
        found.skipped_at, found.skipped_reason, found.skipped_by_id, found.skipped_by_name = at, said, by.id, by.name
        session.flush()
        record(session, ("unit", found.unit_id), "silence.skip_restart", by=by, at=at, detail={"reason": said})
    return found


def _words(typed: str, field: str) -> str:
    said = " ".join(typed.split())[:LONGEST]
    if not said:
        raise Invalid({field: say("Please give a reason.") if field != "words" else say("Write what the customers were told.")})
    return said


def _locked(session: Session, outage_id: int, by: Actor) -> Outage:
    by.must("silence.act")
    found = session.get(Outage, outage_id, with_for_update=True, populate_existing=True)
    if found is None or not by.sees_branch(found.branch_id):
        raise NotFound
    return found
