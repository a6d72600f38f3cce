"""Saying that nobody has to be sent for a terminal that fell silent, why, and until when."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.errors import Invalid, NotFound
from dispatch.intake.models import Silence
from dispatch.intake.silence_rules import DISMISS_DAYS
from dispatch.staff.rules import Actor
from dispatch.words import say


def dismiss(session: Session, ids: Collection[int], *, reason: str, days: int, by: Actor, at: datetime) -> int:
    """Nobody has to be sent for these until so many days have passed; how many were still silent. Said again it counts anew.

    Raises NotFound when one is not the reader's, Invalid without a reason or a known number of days.
    """
    by.must("silence.act")
    errors = {} if reason.strip() else {"reason": say("Please give a reason.")}
    if days not in DISMISS_DAYS:
        errors["days"] = say("Choose for how long.")
    if errors:
        raise Invalid(errors)
    found = session.scalars(sa.select(Silence).where(Silence.id.in_(ids)).order_by(Silence.id).with_for_update()).all()
    if len(found) != len(set(ids)) or not all(by.sees_branch(one.branch_id) for one in found):
        raise NotFound
    still = [one for one in found if one.ended_at is None]
    for one in still:
        one.dismissed_at, one.dismissed_until = at, at + timedelta(days=days)
        one.dismissed_reason, one.dismissed_by_id, one.dismissed_by_name = reason.strip(), by.id, by.name
        detail = {"reason": one.dismissed_reason, "until": one.dismissed_until.isoformat()}
        record(session, ("unit", one.unit_id), "silence.dismiss", by=by, at=at, detail=detail)
    return len(still)
