"""Proving rewards and deductions: each is in the trail of its person, and what takes one back is its opposite.

That what it follows from is there, the database sees to.
"""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from dispatch.audit.models import AuditEntry
from dispatch.finance.merit_models import Merit
from dispatch.words import Text, say


def broken_merits(session: Session) -> Iterator[Text]:
    """One sentence for each record that is not what the trail tells, or takes back something else than it names."""
    entry = AuditEntry
    much = sa.func.coalesce(entry.detail["amount"].astext, entry.detail["points"].astext)
    told = sa.exists().where(
        entry.subject_kind == "person",
        entry.subject_id == Merit.person_id,
        entry.action == sa.case((Merit.reverses_id.is_(None), "merit.give"), else_="merit.take_back"),
        entry.detail["merit"].as_integer() == Merit.id,
        entry.detail["kind"].as_string() == Merit.kind,
        sa.cast(much, sa.Numeric) == sa.func.coalesce(Merit.amount, Merit.points),
    )
    for id_ in session.scalars(sa.select(Merit.id).where(~told).order_by(Merit.id)):
        yield say("Reward or deduction %(id)s is not in the trail as it is here", id=id_)
    first, back = aliased(Merit), aliased(Merit)
    other = sa.or_(
        first.reverses_id.is_not(None),
        first.person_id != back.person_id,
        first.kind != back.kind,
        sa.func.coalesce(first.amount, first.points) != -sa.func.coalesce(back.amount, back.points),
    )
    for id_ in session.scalars(sa.select(back.id).join(first, first.id == back.reverses_id).where(other).order_by(back.id)):
        yield say("Reward or deduction %(id)s takes back something else than it names", id=id_)
