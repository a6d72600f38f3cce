"""Keeping the limits up to which somebody may quote below the list without being asked."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.errors import Conflict, Invalid, NotAllowed, NotFound
from dispatch.fees.discount_models import NOT_OWN_DISCOUNT, DiscountLimit
from dispatch.fees.operations.limiting import set_before, wrong_in
from dispatch.permissions import PERMISSIONS
from dispatch.staff.models import Person
from dispatch.staff.queries import branch
from dispatch.staff.rules import Actor
from dispatch.words import Text, say

QUOTING = PERMISSIONS["quote.make"]
"""The roles that can have a limit: whoever makes quotations."""


@dataclass(frozen=True)
class NewDiscount:
    """A limit as it was typed: of a role, in a branch or in all of them, or of a person."""

    role: str | None
    branch_id: int | None
    person_id: int | None
    percent: Decimal
    valid_from: date
    valid_to: date | None = None
    reason: str = ""


def set_discount_limit(session: Session, new: NewDiscount, *, key: uuid.UUID, by: Actor, at: datetime) -> DiscountLimit:
    """Set a limit from a day on; the same `key` again is the first one.

    Raises NotAllowed for what is not his to set, NotFound for another branch's, Invalid for a person's without a reason.
    """
    by.must("discount.limits")
    first = set_before(session, DiscountLimit, key, by)
    if first is not None:
        return first
    _check_whose(session, new.role, new.branch_id, new.person_id, by)
    wrong = _wrong(new)
    if wrong:
        raise Invalid(wrong)
    facts = {**new.__dict__, "reason": new.reason.strip() or None}
    row = DiscountLimit(request_key=key, **facts, by_id=by.id, by_name=by.name, at=at)
    session.add(row)
    session.flush()
    record(session, ("discount_limit", row.id), "discount_limit.set", by=by, at=at, detail=_told(row))
    return row


def end_discount_limit(session: Session, limit_id: int, *, by: Actor, at: datetime) -> DiscountLimit:
    """Take a limit away; what is said more widely holds again. Raises NotFound, NotAllowed, Conflict once it was ended."""
    by.must("discount.limits")
    row = session.get(DiscountLimit, limit_id, with_for_update={"of": DiscountLimit}, populate_existing=True)
    if row is None:
        raise NotFound
    _check_whose(session, row.role, row.branch_id, row.person_id, by)
    if row.ended_at is not None:
        raise Conflict(say("This limit was taken away already."))
    row.ended_by_id, row.ended_at = by.id, at
    session.flush()
    record(session, ("discount_limit", row.id), "discount_limit.end", by=by, at=at, detail=_told(row))
    return row


def may_decide(by: Actor, role: str | None, branch_id: int | None, person_id: int | None) -> bool:
    """Whether a limit is somebody's to set or to take away, as far as that follows from whose it is."""
    own = person_id == by.id or role in by.roles
    return by.may("discount.limits") and not own and (person_id is not None or branch_id is not None or by.may("branches.all"))


def _check_whose(session: Session, role: str | None, branch_id: int | None, person_id: int | None, by: Actor) -> None:
    """Raises NotFound for what lies in another branch, NotAllowed for oneself and for what belongs to all branches."""
    if person_id is not None:
        branch_id = session.scalar(sa.select(Person.branch_id).where(Person.id == person_id))
        if branch_id is None:
            raise NotFound
    if branch_id is not None:
        branch(session, branch_id, by)
    if not may_decide(by, role, branch_id, person_id):
        own = person_id == by.id or role in by.roles
        raise NotAllowed(
            NOT_OWN_DISCOUNT if own else say("Limits of all branches are set by a director. Yours are those of your branch.")
        )


def _wrong(new: NewDiscount) -> dict[str, Text]:
    wrong: dict[str, Text] = {}
    if new.person_id is None and new.role not in QUOTING:
        wrong["whom"] = say("Choose whom it is for.")
    if not 0 <= new.percent <= 100:
        wrong["percent"] = say("From 0 to 100 per cent, please.")
    return wrong | wrong_in(new)


def _told(row: DiscountLimit) -> dict[str, object]:
    whose = {"role": row.role, "branch": row.branch_id, "person": row.person_id}
    days = {"from": row.valid_from.isoformat(), "to": row.valid_to.isoformat() if row.valid_to else None}
    return {**whose, "percent": str(row.percent), **days, **({"reason": row.reason} if row.reason else {})}
