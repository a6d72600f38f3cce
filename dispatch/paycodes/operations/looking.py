"""Finance has looked at what was odd, and says what came of it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from dispatch.errors import Conflict, Invalid, NotFound
from dispatch.paycodes.models import LookedAt, PayCode, StrayPayment
from dispatch.staff.rules import Actor
from dispatch.words import say


def look_at_code(session: Session, code_id: int, note: str, *, by: Actor, at: datetime) -> PayCode:
    """Note what came of an odd payment. Raises NotFound, Invalid without a note, Conflict when somebody did before."""
    by.must("money.confirm")
    found = session.get(PayCode, code_id, with_for_update={"of": PayCode}, populate_existing=True)
    if found is None or not found.odd or not by.sees_branch(found.branch_id):
        raise NotFound
    _look(found, note, by, at)
    return found


def look_at_stray(session: Session, stray_id: int, note: str, *, by: Actor, at: datetime) -> StrayPayment:
    """Note what came of a payment that belongs to no code. Raises as `look_at_code`."""
    by.must("money.confirm")
    found = session.get(StrayPayment, stray_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound
    _look(found, note, by, at)
    return found


def _look(found: LookedAt, note: str, by: Actor, at: datetime) -> None:
    if found.looked_at is not None:
        raise Conflict(say("%(name)s has looked at this already.", name=found.looked_by))
    if not note.strip():
        raise Invalid({"note": say("Please say what came of it.")})
    found.looked_at, found.looked_by, found.looked_note = at, by.name, note.strip()
