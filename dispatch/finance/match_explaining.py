"""Explaining: what becomes of lines and money of ours that do not fit, or that belong together though nothing saw it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.errors import Invalid, NotFound, RuleBroken
from dispatch.finance.match_holding import hold_open
from dispatch.finance.match_models import LineMatch, MatchItem, MatchPart
from dispatch.finance.match_rules import FITTING, TOGETHER, ZERO, check_reason, in_fen, permission_for
from dispatch.finance.matching_run import arrived, begin_run, finish_run
from dispatch.finance.models import StatementLine
from dispatch.staff.models import Person
from dispatch.staff.rules import Actor
from dispatch.words import say


@dataclass(frozen=True)
class Explained:
    """What somebody says of lines and items that do not fit, or that belong together though nothing proposed it."""

    lines: frozenset[int]
    items: frozenset[int]
    why: str
    words: str
    owner_id: int | None = None
    payout_channel: str | None = None


def explain(session: Session, said: Explained, *, by: Actor, at: datetime) -> LineMatch:
    """Close lines and items by an explanation; it books what it says. Raises Invalid for what does not go together.

    What is under way comes one by one: each has a match of its own, which ends with it; the first is given.
    """
    by.must(permission_for(said.why))
    lines, items = _chosen(session, said, by)
    hold_open(session, [each.id for each in lines], [each.id for each in items])
    amount, rest = _amounts(lines, items)
    check_reason(said.why, rest=rest, lines=len(lines), items=len(items), bank=_channel(lines, items) == "bank")
    if said.why == "underway":
        made = [_told(session, said, (), [item], (item.amount, -item.amount), by, at) for item in items]
        return made[0]
    return _told(session, said, lines, items, (amount, rest), by, at)


def _told(
    session: Session,
    said: Explained,
    lines: Sequence[StatementLine],
    items: Sequence[MatchItem],
    figures: tuple[Decimal, Decimal],
    by: Actor,
    at: datetime,
) -> LineMatch:
    """One match of it, written and in the trail."""
    made = _written(session, said, lines, items, figures, by, at)
    detail = {"why": said.why, "words": made.words, "amount": str(made.amount), "difference": str(made.difference)}
    record(session, ("line_match", made.id), "match.explain", by=by, at=at, detail=detail)
    return made


def _chosen(session: Session, said: Explained, by: Actor) -> tuple[Sequence[StatementLine], Sequence[MatchItem]]:
    lines = session.scalars(sa.select(StatementLine).where(StatementLine.id.in_(said.lines)).order_by(StatementLine.id)).all()
    items = session.scalars(sa.select(MatchItem).where(MatchItem.id.in_(said.items)).order_by(MatchItem.id)).all()
    if len(lines) < len(said.lines) or len(items) < len(said.items) or not (lines or items):
        raise NotFound
    if not all(map(by.sees_branch, {each.branch_id for each in lines} | {each.branch_id for each in items})):
        raise NotFound
    channel = _channel(lines, items)
    strange = any(each.channel != channel for each in lines) or any(each.channel not in FITTING[channel] for each in items)
    if strange or len(_branches(lines, items)) > 1:
        raise RuleBroken(say("These are of several channels or branches: they cannot belong together."))
    return lines, items


def _branches(lines: Sequence[StatementLine], items: Sequence[MatchItem]) -> set[int]:
    """Whose it is: a statement may show money of other branches."""
    return {each.branch_id for each in lines} or {each.branch_id for each in items}


def _channel(lines: Sequence[StatementLine], items: Sequence[MatchItem]) -> str:
    if lines:
        return lines[0].channel
    return next(channel for channel, ways in FITTING.items() if items[0].channel in ways)


def _amounts(lines: Sequence[StatementLine], items: Sequence[MatchItem]) -> tuple[Decimal, Decimal]:
    """What the match is about, and what the lines have more than the items."""
    came, ours = (sum((each.amount for each in side), ZERO) for side in (lines, items))
    return (came if lines else ours), came - ours


def _written(
    session: Session,
    said: Explained,
    lines: Sequence[StatementLine],
    items: Sequence[MatchItem],
    figures: tuple[Decimal, Decimal],
    by: Actor,
    at: datetime,
) -> LineMatch:
    first: StatementLine | MatchItem = lines[0] if lines else items[0]
    words, owner = _words(said), _owner(session, said)
    arrived(session, [each.id for each in items])
    run = begin_run(session, first.branch_id, "explained", 1, by=by, at=at)
    made = LineMatch(
        branch_id=first.branch_id,
        channel=_channel(lines, items),
        state="live",
        way="explained",
        confidence=100,
        run_id=run.id,
        at=first.at,
        amount=figures[0],
        fee=sum((in_fen(each.fee) for each in lines), ZERO),
        difference=figures[1],
        why=None if said.why == TOGETHER else said.why,
        payout_channel=said.payout_channel if said.why == "payout" else None,
        words=words,
        owner_id=owner.id if owner else None,
        owner_name=owner.name if owner else None,
        by_id=by.id,
        by_name=by.name,
        decided_at=at,
    )
    session.add(made)
    session.flush()
    parts = [{"line_id": each.id} for each in lines] + [{"item_id": each.id} for each in items]
    session.add_all(MatchPart(match_id=made.id, nth=nth, live=True, **part) for nth, part in enumerate(parts))
    session.flush()
    finish_run(session, run, by=by)
    return made


def _words(said: Explained) -> str:
    if not said.words.strip():
        raise Invalid({"words": say("Please say in a few words what it is.")})
    return said.words.strip()


def _owner(session: Session, said: Explained) -> Person | None:
    if said.why == "payout" and said.payout_channel not in ("wechat", "alipay"):
        raise Invalid({"payout_channel": say("Which channel paid this out?")})
    if said.why != "owed":
        return None
    owner = session.get(Person, said.owner_id) if said.owner_id else None
    if owner is None:
        raise Invalid({"owner": say("Who answers for the difference?")})
    return owner
