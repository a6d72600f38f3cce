"""What the worker does for finance: it reads large statements, and matches what is open."""

from __future__ import annotations

import sqlalchemy as sa

from dispatch.clock import now
from dispatch.db import transaction
from dispatch.errors import Refusal, RuleBroken
from dispatch.finance.keeping import READ, fail, note_progress, read_kept
from dispatch.finance.matching_run import MATCH, match_branch
from dispatch.finance.models import Statement, StatementLine
from dispatch.finance.statement_rules import UNDER_WAY
from dispatch.intake.running import LEFT, refusal_of, telling
from dispatch.jobs import enqueue, periodic, task
from dispatch.staff.models import Person
from dispatch.staff.queries import actor_of
from dispatch.staff.rules import SYSTEM, Actor
from dispatch.tabular.listening import heard_by


@task(MATCH)
def match(branch_id: int) -> None:
    """Match a branch's open lines; done again it changes nothing."""
    with transaction() as db:
        match_branch(db, branch_id, by=SYSTEM, at=now())


@periodic("finance.match_again", "*/15 * * * *")
def match_again(timestamp: int) -> None:
    """Match every branch with open lines anew: money may have come here later than the line that shows it."""
    with transaction() as db:
        branches = db.scalars(sa.select(StatementLine.branch_id).where(StatementLine.state == "open").distinct()).all()
    for branch_id in sorted(branches):
        match(branch_id)


@task(READ)
def read_statement(statement_id: int) -> None:
    """Read a large statement, all of it or nothing. May be killed at any moment and run again."""
    refusal = refusal_of(lambda: _begun_and_read(statement_id), statement=statement_id)
    if refusal is not None:
        _end(statement_id, refusal)


def _begun_and_read(statement_id: int) -> None:
    by = _begin(statement_id)
    if by is not None:
        _read(statement_id, by)
        _match(statement_id)


def _begin(statement_id: int) -> Actor | None:
    """Who asked for it; None when it has ended. Raises RuleBroken when he is here no more."""
    with transaction() as db:
        made = db.get(Statement, statement_id, with_for_update=True)
        if made is None or made.state not in UNDER_WAY:
            return None
        made.state, made.stage, made.done, made.total, made.heard_at = "running", None, 0, 0, now()
        person = db.get_one(Person, made.by_id)
        if not person.active:
            raise RuleBroken(LEFT.msgid, name=person.name)
        return actor_of(person)


def _read(statement_id: int, by: Actor) -> None:
    def note(stage: str, done: int, total: int) -> None:
        with transaction() as db:
            note_progress(db, statement_id, stage, done, total, at=now())

    tell = telling(note)
    with heard_by(lambda done, total: tell("reading", done, total)), transaction() as db:
        read_kept(db, db.get_one(Statement, statement_id), by=by, at=now(), tell=tell)


def _match(statement_id: int) -> None:
    """Ask for its lines to be matched, once they are kept."""
    with transaction() as db:
        made = db.get_one(Statement, statement_id)
        if made.state == "kept":
            enqueue(db, MATCH, branch_id=made.branch_id)


def _end(statement_id: int, refusal: Refusal) -> None:
    with transaction() as db:
        made = db.get(Statement, statement_id, with_for_update=True)
        if made is not None and made.state in UNDER_WAY:
            fail(db, made, refusal)
