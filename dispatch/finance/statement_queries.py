"""Reading statements that are kept: the list, one with its lines, an account's lines on record, how a bank's files are read."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.errors import NotFound
from dispatch.finance.models import BankProfile, Statement, StatementLine
from dispatch.finance.statement_rules import Kept
from dispatch.finance.statements.lines import Statement as Reading
from dispatch.lists import FIRST, Cut, Part
from dispatch.staff.rules import Actor
from dispatch.tabular.layouts import has_headings
from dispatch.tabular.tables import Workbook

MOST_PROFILES = 200
STATEMENT_SORTS = {
    "sent": (Statement.at, Statement.id),
    "channel": (Statement.channel, -Statement.id),
    "from": (Statement.first_at, Statement.id),
    "file": (Statement.file_name, Statement.id),
}
LINE_SORTS = {"row": (StatementLine.row, StatementLine.id)}
"""As in the file alone: sorting a hundred thousand lines otherwise takes longer than a page may."""


def statements(session: Session, by: Actor, *, branch_id: int | None = None, cut: Cut = FIRST) -> Part[Statement]:
    """A page of the statements that somebody may see."""
    where = [_seen(by), *([] if branch_id is None else [Statement.branch_id == branch_id])]
    total = session.scalar(sa.select(sa.func.count()).select_from(Statement).where(*where)) or 0
    return Part(session.scalars(cut.of(sa.select(Statement).where(*where), STATEMENT_SORTS)).all(), cut.number, total)


def statement_seen(session: Session, statement_id: int, by: Actor) -> Statement:
    """One that somebody may see. Raises NotFound."""
    found = session.scalar(sa.select(Statement).where(Statement.id == statement_id, _seen(by)))
    if found is None:
        raise NotFound
    return found


def _seen(by: Actor) -> sa.ColumnElement[bool]:
    return sa.true() if by.may("branches.all") else Statement.branch_id == by.branch_id


def lines_of(session: Session, made: Statement, *, kind: str | None = None, cut: Cut = FIRST) -> Part[StatementLine]:
    """A page of the lines that a statement brought, of one kind if asked for. How many there are was counted when it was read."""
    mine = sa.select(StatementLine.id).where(StatementLine.statement_id == made.id)
    mine = mine.where(StatementLine.kind == kind) if kind else mine
    leaf = cut.of(mine, LINE_SORTS).subquery()  # a hundred thousand whole rows would be sorted on the disk
    query = sa.select(StatementLine).join(leaf, leaf.c.id == StatementLine.id).order_by(*cut.order(LINE_SORTS))
    kinds = kinds_of(made)
    total = kinds.get(kind, 0) if kind else sum(kinds.values())
    return Part(session.scalars(query).all(), cut.number, total)


def kinds_of(made: Statement) -> dict[str, int]:
    """How many lines of each kind a statement brought."""
    kinds: dict[str, int] = made.taken["kinds"] if made.taken else {}
    return kinds


def has_open_lines(session: Session, made: Statement) -> bool:
    """Whether lines that it brought are neither matched nor explained."""
    mine = sa.select(StatementLine.id).where(StatementLine.statement_id == made.id, StatementLine.state == "open")
    return bool(session.scalar(mine.where(StatementLine.branch_id == made.branch_id).limit(1)))


def kept_lines(session: Session, reading: Reading) -> Mapping[str, Kept]:
    """What is on record of the account: lines that the file has, and others of its time. By key."""
    line = StatementLine
    times = [each.time for each in reading.lines]
    keys = sa.cast([each.key for each in reading.lines], sa.ARRAY(sa.Text))
    query = sa.select(line.key, line.kind, line.at, line.amount, line.receipt, line.reference, Statement.file_name, line.row)
    query = query.join(Statement, Statement.id == line.statement_id)
    mine = query.where(line.channel == reading.channel, line.account == reading.account)
    same_time = mine.where(line.at.between(min(times), max(times)))
    found = sa.union(same_time, mine.where(line.key == sa.any_(keys)))
    return {row.key: Kept(*row) for row in session.execute(found)}


def profile_for(session: Session, workbook: Workbook, branch_id: int) -> BankProfile | None:
    """What was said of files with the same headings."""
    query = sa.select(BankProfile).where(BankProfile.branch_id == branch_id).order_by(BankProfile.at.desc()).limit(MOST_PROFILES)
    return next((known for known in session.scalars(query) if has_headings(workbook.sheets, known.headings)), None)
