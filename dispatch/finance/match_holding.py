"""Lines, items and matches under their locks, always in this order: the lines by id, the items by id, the matches by id."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.errors import Conflict, RuleBroken
from dispatch.finance.match_models import LineMatch, MatchItem, MatchPart
from dispatch.finance.match_rows import held
from dispatch.finance.match_rules import TO_MATCH
from dispatch.finance.models import StatementLine
from dispatch.words import say

MADE_ANEW = say("Some of these were proposed anew meanwhile. Please look again; nothing was booked.")


def parts_of(session: Session, match_ids: Collection[int]) -> tuple[list[int], list[int]]:
    """Lines and items of matches. Raises RuleBroken where two are about the same."""
    parts = session.execute(sa.select(MatchPart.line_id, MatchPart.item_id).where(MatchPart.match_id.in_(match_ids))).all()
    lines, items = [line for line, _ in parts if line is not None], [item for _, item in parts if item is not None]
    if len(set(lines)) < len(lines) or len(set(items)) < len(items):
        raise RuleBroken(say("Two of these are about the same line or the same money: choose one of them."))
    return lines, items


def hold_open(session: Session, lines: Sequence[int], items: Sequence[int]) -> None:
    """Hold lines and items, all of them open. Raises Conflict saying who was first."""
    states, money = held(session, StatementLine, lines), held(session, MatchItem, items)
    gone = [id_ for id_ in lines if states.get(id_) != "open"]
    if gone:
        raise _was_first(session, MatchPart.line_id.in_(gone))
    gone = [id_ for id_ in items if money.get(id_) not in TO_MATCH]
    if gone:
        raise _was_first(session, MatchPart.item_id.in_(gone))


def _was_first(session: Session, which: sa.ColumnElement[bool]) -> Conflict:
    query = sa.select(LineMatch.by_name).join(MatchPart, MatchPart.match_id == LineMatch.id).where(which, MatchPart.live)
    name = session.scalar(query.limit(1))
    if name:
        return Conflict(say("%(name)s has matched this already. Nothing was booked twice.", name=name))
    return Conflict(say("One of these is not open any more. Please look again; nothing was booked."))


def held_matches(session: Session, matches: Sequence[LineMatch]) -> Sequence[LineMatch]:
    """The same under their locks, as they are now. Raises Conflict when one was proposed anew."""
    query = sa.select(LineMatch).where(LineMatch.id.in_([each.id for each in matches])).order_by(LineMatch.id)
    found = session.scalars(query.with_for_update().execution_options(populate_existing=True)).all()
    if len(found) < len(matches):
        raise Conflict(MADE_ANEW)
    return found
