"""Undoing a match by a counter-entry: its lines and items are open again, and what it booked is booked back."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.errors import Conflict, NotFound, RuleBroken
from dispatch.fees.models import Voucher
from dispatch.fees.operations.posting import Cause, post
from dispatch.fees.operations.reversing import reason_given
from dispatch.fees.rules import yuan
from dispatch.fees.settling_models import SETTLED
from dispatch.fees.settling_queries import settled_sum
from dispatch.finance.match_holding import held_matches, parts_of
from dispatch.finance.match_models import LineMatch, MatchItem, MatchPart, MatchUndo
from dispatch.finance.match_rows import held, sums_of
from dispatch.finance.match_rules import permission_for, postings_of, turned
from dispatch.finance.models import StatementLine
from dispatch.finance.owed_queries import owed_by_match
from dispatch.staff.rules import Actor
from dispatch.words import say


def undo(session: Session, match_id: int, *, reason: str, by: Actor, at: datetime) -> MatchUndo:
    """Undo a match by a counter-entry: its lines and items are open again, and nobody is asked the same anew.

    Raises Invalid without a reason, Conflict when somebody else was first, RuleBroken while a difference of it is settled.
    """
    found = session.get(LineMatch, match_id)
    if found is None or not by.sees_branch(found.branch_id) or found.run_id is None:
        raise NotFound
    by.must(permission_for(found.why or ""))
    words = reason_given(reason)
    lines, items = parts_of(session, [match_id])
    held(session, StatementLine, lines)
    held(session, MatchItem, items)
    held_matches(session, [found])
    _check_live(session, found)
    if found.why == "owed" and settled_sum(session, owed_by_match(session, found)):
        raise RuleBroken(SETTLED)
    row = MatchUndo(match_id=match_id, reason=words, by_id=by.id, by_name=by.name, at=at)
    session.add(row)
    found.state = "undone"
    session.execute(sa.update(MatchPart).where(MatchPart.match_id == match_id).values(live=False))
    session.execute(sa.update(StatementLine).where(StatementLine.id.in_(lines)).values(state="open", finding="unknown"))
    session.execute(sa.update(MatchItem).where(MatchItem.id.in_(items)).values(state="open"))
    session.flush()
    record(session, ("line_match", match_id), "match.undo", by=by, at=at, detail={"reason": words, "amount": str(found.amount)})
    _book_back(session, found, row, by, at)
    return row


def _check_live(session: Session, found: LineMatch) -> None:
    if found.state == "live":
        return
    first = session.scalar(sa.select(MatchUndo.by_name).where(MatchUndo.match_id == found.id))
    if first:
        told = {"name": first, "amount": yuan(found.amount)}
        raise Conflict(say("%(name)s has undone this match over %(amount)s already. Nothing was booked twice.", **told))
    raise Conflict(say("This does not count any more. Please look again; nothing was booked."))


def _book_back(session: Session, found: LineMatch, row: MatchUndo, by: Actor, at: datetime) -> None:
    """Book back what this one match has booked. What was rounded over its whole run stays where it is.

    A run has no voucher where its matches came to nothing together, as a payment and its refund do.
    """
    sums = sums_of(session, found.branch_id, LineMatch.id == found.id)
    sums.told = dict(sums.fees)
    lines = turned(postings_of(sums))
    if lines:
        first = session.scalar(sa.select(Voucher.id).where(Voucher.match_run_id == found.run_id))
        of = {"match_undo_id": row.id, "reverses_id": first}
        post(session, Cause("match_undone", found.branch_id, by, at, at, of), lines)
