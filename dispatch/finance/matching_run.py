"""Matching a branch's statements: what is certain is matched and booked, what is not is proposed, the rest goes to the work list.

Locks: one run at a time, then all open lines of the branch by id, the items by id, the matches, then the accounts. Whoever
accepts, explains or undoes takes his lines, items and matches in the same order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.operations import By, record
from dispatch.fees.operations.posting import Cause, post
from dispatch.finance.match_models import LineMatch, MatchItem, MatchPart, MatchRun
from dispatch.finance.match_rows import Marked, Open, fates_of, held, open_for, proposed_keys, refused, sums_of, write
from dispatch.finance.match_rules import TO_MATCH, postings_of
from dispatch.finance.matching.facts import Found, Outcome
from dispatch.finance.matching.proposing import findings, propose
from dispatch.finance.models import StatementLine
from dispatch.jobs import enqueue

MATCH = "finance.match"
_ONE_AT_A_TIME = sa.text("SELECT pg_advisory_xact_lock(hashtext('matching'))")
_APART = {"synchronize_session": False}
MANY = 5_000
"""With more open lines than this the worker matches."""


@dataclass(frozen=True)
class Matched:
    """What a run came to: how many matched by themselves, how many a person is asked about, how many lines nothing fits."""

    sure: int = 0
    asked: int = 0
    left: int = 0


def match_soon(session: Session, branch_id: int, *, by: By, at: datetime) -> Matched | None:
    """Match now what a page can wait for; None: the worker was asked to."""
    waiting = sa.select(StatementLine.id).where(StatementLine.branch_id == branch_id, StatementLine.state == "open")
    if (session.scalar(sa.select(sa.func.count()).select_from(waiting.limit(MANY + 1).subquery())) or 0) <= MANY:
        return match_branch(session, branch_id, by=by, at=at)
    enqueue(session, MATCH, branch_id=branch_id)
    return None


def match_branch(session: Session, branch_id: int, *, by: By, at: datetime) -> Matched:
    """Match the open lines of a branch's statements. Done again without anything new, it changes nothing."""
    session.execute(_ONE_AT_A_TIME)
    there = open_for(session, branch_id)
    outcome = propose(there.lines, there.items, refused(session, branch_id))
    sure = _still_open(session, outcome)
    if sure:
        write_run(session, branch_id, there, sure, "automatic", by=by, at=at)
    _replace_proposals(session, branch_id, there, outcome)
    left = _note_findings(session, there, outcome)
    return Matched(len(sure), len({each.lines for each in outcome.asked}), left)


def _still_open(session: Session, outcome: Outcome) -> list[Found]:
    """What is certain and whose money nobody has matched meanwhile, under the locks of the items; the lines are held."""
    items = held(session, MatchItem, {id_ for each in outcome.sure for id_ in each.items})
    return [each for each in outcome.sure if all(items.get(id_) in TO_MATCH for id_ in each.items)]


def write_run(session: Session, branch_id: int, there: Open, found: list[Found], how: str, *, by: By, at: datetime) -> MatchRun:
    """Let matches count: a run with its voucher. Their lines and items are held."""
    run = begin_run(session, branch_id, how, len(found), by=by, at=at)
    arrived(session, [id_ for each in found for id_ in each.items])
    write(session, branch_id, there, found, Marked("live", run.id, None, by.name, at))
    finish_run(session, run, by=by)
    return run


def begin_run(session: Session, branch_id: int, how: str, count: int, *, by: By, at: datetime) -> MatchRun:
    """A run, before its matches are written."""
    run = MatchRun(branch_id=branch_id, how=how, count=count, by_id=by.id, by_name=by.name, at=at)
    session.add(run)
    session.flush()
    return run


def finish_run(session: Session, run: MatchRun, *, by: By) -> None:
    """Note on lines and items that they are matched, end what was proposed of them otherwise, and book the run."""
    mine = sa.select(MatchPart).join(LineMatch, LineMatch.id == MatchPart.match_id).where(LineMatch.run_id == run.id).subquery()
    has_item = sa.exists().where(MatchPart.match_id == mine.c.match_id, MatchPart.item_id.is_not(None))
    state = sa.case((has_item, "matched"), else_="explained")
    session.execute(
        sa.update(StatementLine).where(StatementLine.id == mine.c.line_id).values(state=state, finding=None),
        execution_options=_APART,
    )
    on_its_way = sa.exists().where(LineMatch.id == mine.c.match_id, LineMatch.why == "underway")
    session.execute(
        sa.update(MatchItem)
        .where(MatchItem.id == mine.c.item_id)
        .values(state=sa.case((on_its_way, "underway"), else_="matched")),
        execution_options=_APART,
    )
    _end_others(session, run)
    sums = sums_of(session, run.branch_id, LineMatch.run_id == run.id)
    lines = postings_of(sums)
    detail = {"how": run.how, "matches": run.count, "sums": {channel: str(sum_) for channel, sum_ in sums.lines.items()}}
    record(session, ("match_run", run.id), "match.run", by=by, at=run.at, detail=detail)
    if lines:
        post(session, Cause("matched", run.branch_id, by, run.at, run.at, {"match_run_id": run.id}), lines)


def arrived(session: Session, item_ids: list[int]) -> None:
    """What was said to be under way has come: that explanation ends."""
    wanted = sa.cast(item_ids, sa.ARRAY(sa.BigInteger))
    waiting = (
        sa.select(MatchPart.match_id)
        .join(LineMatch, LineMatch.id == MatchPart.match_id)
        .where(MatchPart.item_id == sa.any_(wanted), MatchPart.live, LineMatch.why == "underway")
    )
    ended = session.scalars(waiting).all()
    if ended:
        session.execute(sa.update(MatchPart).where(MatchPart.match_id.in_(ended)).values(live=False))
        session.execute(sa.update(LineMatch).where(LineMatch.id.in_(ended)).values(state="ended"))


def _end_others(session: Session, run: MatchRun) -> None:
    """End what was proposed of lines and items that are matched now."""
    of_run = sa.select(MatchPart.line_id, MatchPart.item_id).join(LineMatch, LineMatch.id == MatchPart.match_id)
    mine = of_run.where(LineMatch.run_id == run.id).cte("mine")
    same = sa.or_(MatchPart.line_id.in_(sa.select(mine.c.line_id)), MatchPart.item_id.in_(sa.select(mine.c.item_id)))
    proposed = sa.select(LineMatch.id).where(LineMatch.state == "proposed")
    overtaken = sa.select(MatchPart.match_id).where(MatchPart.match_id.in_(proposed), same)
    session.execute(sa.update(LineMatch).where(LineMatch.id.in_(overtaken)).values(state="ended"), execution_options=_APART)


def _replace_proposals(session: Session, branch_id: int, there: Open, outcome: Outcome) -> None:
    """Propose what was found now, and no longer what was not. What is proposed already stays as it is: pages name it."""
    before, now = proposed_keys(session, branch_id), {(each.way, *each.key) for each in outcome.asked}
    gone = [match_id for key, match_id in before.items() if key not in now]
    session.execute(sa.delete(LineMatch).where(LineMatch.id.in_(gone)), execution_options=_APART)
    fresh = [each for each in outcome.asked if (each.way, *each.key) not in before]
    write(session, branch_id, there, fresh, Marked("proposed"))


def _note_findings(session: Session, there: Open, outcome: Outcome) -> int:
    """Note on each line why nothing fits it; how many there are."""
    settled = {id_ for each in outcome.sure for id_ in each.lines}
    waiting = {each.lines[0] for each in outcome.asked}
    named = {each.receipt for each in there.lines if each.receipt and each.id not in settled and each.id not in waiting}
    found = findings(there.lines, outcome, fates_of(session, named) if named else {})
    _write_findings(session, {each.id: found.get(each.id) for each in there.lines if each.id not in settled})
    return len(found)


def _write_findings(session: Session, found: Mapping[int, str | None]) -> None:
    ids, words = sa.cast(list(found), sa.ARRAY(sa.BigInteger)), sa.cast(list(found.values()), sa.ARRAY(sa.Text))
    said = sa.func.unnest(ids, words).table_valued("id", "finding").render_derived("said")
    line = StatementLine
    changed = sa.and_(line.id == said.c.id, line.state == "open", line.finding.is_distinct_from(said.c.finding))
    if found:
        session.execute(sa.update(line).where(changed).values(finding=said.c.finding), execution_options=_APART)
