"""What somebody allowed by word while a technician stands on site: recorded then and there, backfilled later (P13)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from dispatch.errors import Invalid
from dispatch.field.acts import Act
from dispatch.orders.operations.verbal import SaidWord
from dispatch.orders.operations.verbal import record_word as record
from dispatch.typed import number_in
from dispatch.words import say


def record_word(session: Session, act: Act) -> None:
    """Record who allowed what, by which channel and when; without a time it was when the device sent it."""
    act.must_be_on_site()
    content = act.content
    word = SaidWord(
        approver_id=number_in(content.get("approver")) or 0,
        channel=str(content.get("channel") or ""),
        said_at=_moment(content.get("said_at")) or act.when,
        what_for=str(content.get("what_for") or ""),
        key=act.sent.id,
    )
    trail = {"visit": act.visit.id, "fact": str(act.sent.id), "device_at": act.when.isoformat()}
    record(session, act.order.id, word, by=act.by, at=act.at, trail=trail)


def _moment(sent: object) -> datetime | None:
    """A moment as it is kept in the fact, with its offset. Raises Invalid for anything else."""
    if not sent:
        return None
    try:
        moment = datetime.fromisoformat(str(sent))
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise Invalid({"said_at": say("This is no moment.")})
    return moment
