"""What matching left to somebody: a match's difference that he answers for, what is open of it, and whose open ones there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.models import AuditEntry
from dispatch.errors import NotFound
from dispatch.fees.models import DifferenceSettlement, HandIn
from dispatch.fees.settling_rules import Owed
from dispatch.finance.match_models import LineMatch, MatchItem, MatchPart
from dispatch.finance.models import StatementLine
from dispatch.staff.rules import Actor

OWED = (LineMatch.state == "live", LineMatch.why == "owed")


def owed_by_match(session: Session, row: LineMatch) -> Owed:
    """The difference of a match as what somebody answers for."""
    number = session.scalar(sa.select(paper_of(LineMatch.id)).where(LineMatch.id == row.id)) or ""
    facts = (number, row.branch_id, row.difference, row.owner_id, row.state == "live")
    return Owed("match_id", row.id, "line_match", *facts)


def paper_of(match_id: Any) -> sa.ScalarSelect[str | None]:
    """SQL: by which number people know a match: that of our money, else what its line says."""
    said = sa.func.coalesce(MatchItem.number, StatementLine.receipt, StatementLine.reference, StatementLine.note)
    parts = (
        sa.select(said)
        .select_from(MatchPart)
        .outerjoin(MatchItem, MatchItem.id == MatchPart.item_id)
        .outerjoin(StatementLine, StatementLine.id == MatchPart.line_id)
        .where(MatchPart.match_id == match_id, said.is_not(None))
    )
    return parts.order_by(MatchPart.item_id.is_(None), MatchPart.nth).limit(1).scalar_subquery()


def settled_part(match_id: Any) -> sa.ScalarSelect[Decimal]:
    """SQL: how much of a match's difference is settled."""
    row = DifferenceSettlement
    return sa.select(sa.func.coalesce(sa.func.sum(row.amount), 0)).where(row.match_id == match_id).scalar_subquery()


def settled_of_hand_in(hand_in_id: Any) -> sa.ScalarSelect[Decimal]:
    """SQL: the same of a hand-in's difference."""
    row = DifferenceSettlement
    return sa.select(sa.func.coalesce(sa.func.sum(row.amount), 0)).where(row.hand_in_id == hand_in_id).scalar_subquery()


def owed_seen(session: Session, match_id: int, by: Actor) -> LineMatch:
    """A match for whose difference somebody answers or answered, if the reader may see it. Raises NotFound."""
    row = session.get(LineMatch, match_id)
    if row is None or row.why != "owed" or row.run_id is None or not by.sees_branch(row.branch_id):
        raise NotFound
    return row


@dataclass(frozen=True)
class Mine:
    """A difference that somebody answers for: its paper, what is open of it (below zero: missing), since when and why."""

    paper: str
    open: Decimal
    since: datetime
    why: str
    hand_in_id: int | None = None
    match_id: int | None = None
    given: AuditEntry | None = None
    """How he came to answer for it, where somebody else did before."""


def answered_for(session: Session, person_id: int) -> Sequence[Mine]:
    """What is open of the differences that somebody answers for, the oldest first."""
    rows = sa.union_all(_of_hand_ins(person_id), _of_matches(person_id)).order_by("since")
    found = [Mine(*row) for row in session.execute(rows)]
    given = _given_to(session, person_id) if found else {}
    return [replace(each, given=given.get((each.hand_in_id, each.match_id))) for each in found]


def answered_count(person_id: int) -> sa.ScalarSelect[int]:
    """SQL: how many they are."""
    rows = sa.union_all(_of_hand_ins(person_id), _of_matches(person_id)).subquery()
    return sa.select(sa.func.count()).select_from(rows).scalar_subquery()


def _given_to(session: Session, person_id: int) -> dict[tuple[int | None, int | None], AuditEntry]:
    """What others answered for before and he does now, by hand-in and match: how it was told him last."""
    mine = (AuditEntry.subject_kind == "person", AuditEntry.subject_id == person_id, AuditEntry.action == "difference.given")
    rows = session.scalars(sa.select(AuditEntry).where(*mine).order_by(AuditEntry.seq))
    found: dict[tuple[int | None, int | None], AuditEntry] = {}
    for row in rows:
        kind, id_ = row.detail["kind"], row.detail["id"]
        found[id_ if kind == "hand_in" else None, id_ if kind == "match" else None] = row
    return found


def _of_hand_ins(person_id: int) -> sa.Select[*tuple[Any, ...]]:
    made, open_ = HandIn, left_of(HandIn.difference, settled_of_hand_in(HandIn.id))
    columns = (made.number, open_, made.confirmed_at.label("since"), made.difference_reason, made.id, sa.null())
    return sa.select(*columns).where(made.difference_owner_id == person_id, made.difference != 0, ~made.back.has(), open_ != 0)


def _of_matches(person_id: int) -> sa.Select[*tuple[Any, ...]]:
    row, open_ = LineMatch, left_of(LineMatch.difference, settled_part(LineMatch.id))
    paper = sa.func.coalesce(paper_of(row.id), "")
    columns = (paper, open_, row.decided_at.label("since"), row.words, sa.null(), row.id)
    return sa.select(*columns).where(row.owner_id == person_id, *OWED, open_ != 0)


def left_of(difference: Any, settled: Any) -> sa.ColumnElement[Decimal]:
    """SQL: what is open of a difference when so much is settled, with its sign."""
    return sa.case((difference < 0, difference + settled), else_=difference - settled)
