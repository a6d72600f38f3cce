"""What people do about proposals: accept or decline them, many at once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.errors import Conflict, NotFound, RuleBroken
from dispatch.finance.match_holding import MADE_ANEW, held_matches, hold_open, parts_of
from dispatch.finance.match_models import LineMatch, MatchPart, MatchRun
from dispatch.finance.match_rows import held
from dispatch.finance.match_rules import NEEDS_WORDS
from dispatch.finance.matching_run import arrived, begin_run, finish_run
from dispatch.finance.models import StatementLine
from dispatch.staff.rules import Actor
from dispatch.words import say

MOST_AT_ONCE = 1_000
NOT_PROPOSED = say("One of these is not proposed any more. Please look again; nothing was booked.")


def accept(session: Session, match_ids: Collection[int], *, by: Actor, at: datetime) -> MatchRun:
    """Let proposals of one branch count, all of them or none.

    Raises NotFound for one he may not see, Conflict when somebody was first, RuleBroken for two about the same money or one whose
    difference nobody has explained.
    """
    by.must("money.confirm")
    if not match_ids:
        raise RuleBroken(say("Check at least one first."))
    proposals = _proposals(session, match_ids, by)
    hold_open(session, *parts_of(session, match_ids))
    for each in held_matches(session, proposals):
        _check_proposed(each)
    return _accept(session, proposals, by, at)


def _proposals(session: Session, match_ids: Collection[int], by: Actor) -> Sequence[LineMatch]:
    found = session.scalars(sa.select(LineMatch).where(LineMatch.id.in_(match_ids)).order_by(LineMatch.id)).all()
    # A proposal that was made anew meanwhile is gone under its old number.
    if len(found) < len(set(match_ids)):
        raise Conflict(MADE_ANEW)
    if any(not by.sees_branch(each.branch_id) for each in found):
        raise NotFound
    if len({each.branch_id for each in found}) > 1:
        raise RuleBroken(say("These are of several branches: choose those of one branch at a time."))
    if len(found) > MOST_AT_ONCE:
        raise RuleBroken(say("At most %(most)s at once, please.", most=MOST_AT_ONCE))
    return found


def _lines_of(session: Session, match_ids: Collection[int]) -> Sequence[int | None]:
    return session.scalars(sa.select(MatchPart.line_id).where(MatchPart.match_id.in_(match_ids))).all()


def _check_proposed(each: LineMatch) -> None:
    if each.state == "live":
        raise Conflict(say("%(name)s has matched this already. Nothing was booked twice.", name=each.by_name or ""))
    if each.state != "proposed":
        raise Conflict(NOT_PROPOSED)
    if each.way in NEEDS_WORDS:
        raise RuleBroken(say("The amounts differ: say on its own page what becomes of the difference."))


def _accept(session: Session, mine: Sequence[LineMatch], by: Actor, at: datetime) -> MatchRun:
    run = begin_run(session, mine[0].branch_id, "accepted", len(mine), by=by, at=at)
    ids = [each.id for each in mine]
    arrived(
        session, list(session.scalars(sa.select(MatchPart.item_id).where(MatchPart.match_id.in_(ids), MatchPart.item_id > 0)))
    )
    for each in mine:
        each.state, each.run_id, each.by_id, each.by_name, each.decided_at = "live", run.id, by.id, by.name, at
    session.flush()
    session.execute(sa.update(MatchPart).where(MatchPart.match_id.in_(ids)).values(live=True))
    finish_run(session, run, by=by)
    return run


def decline(session: Session, match_ids: Collection[int], *, by: Actor, at: datetime) -> int:
    """Say that proposals are wrong: nobody is asked them again, and their lines stand in the work list."""
    by.must("money.confirm")
    if not match_ids:
        raise RuleBroken(say("Check at least one first."))
    proposals = _proposals(session, match_ids, by)
    lines = sorted({line for line in _lines_of(session, match_ids) if line is not None})
    held(session, StatementLine, lines)
    for each in held_matches(session, proposals):
        if each.state != "proposed":
            raise Conflict(NOT_PROPOSED)
        each.state, each.by_id, each.by_name, each.decided_at = "declined", by.id, by.name, at
        record(session, ("line_match", each.id), "match.decline", by=by, at=at, detail={"way": each.way})
    session.flush()
    _into_the_work_list(session, lines)
    return len(proposals)


def _into_the_work_list(session: Session, lines: Sequence[int]) -> None:
    """Lines of which nothing is proposed any more stand there."""
    parts = sa.select(MatchPart.line_id).join(LineMatch, LineMatch.id == MatchPart.match_id)
    waiting = parts.where(LineMatch.state == "proposed", MatchPart.line_id.in_(lines))
    alone = sa.update(StatementLine).where(StatementLine.id.in_(lines), StatementLine.state == "open")
    alone = alone.where(StatementLine.id.not_in(waiting)).values(finding="unknown")
    session.execute(alone, execution_options={"synchronize_session": False})
