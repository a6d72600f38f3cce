"""Proving that statements are what their files said: as many lines as were counted, and their sums to the fen."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.files.models import StoredFile
from dispatch.finance.models import Statement, StatementLine
from dispatch.finance.statements.lines import KINDS
from dispatch.words import Text, say


def broken_statements(session: Session) -> Iterator[Text]:
    """One sentence for each statement whose lines do not make what was counted when its file was read.

    That its file says what it said then, is looked at with all other files.
    """
    sums = {row.statement_id: row for row in session.execute(_sums())}
    nothing = {"count": 0, "fees": Decimal(0), **dict.fromkeys(KINDS, Decimal(0))}
    for id_, name, taken, totals in session.execute(_kept()):
        row = sums.get(id_)
        found: dict[str, Any] = row._asdict() if row else nothing
        if any(Decimal(taken[key]) != found[key] for key in nothing):
            yield say("Statement %(id)s (%(name)s): its lines do not make what was read of its file", id=id_, name=name)
        if taken["count"] > totals["count"]:
            yield say("Statement %(id)s (%(name)s) brought more lines than its file has", id=id_, name=name)
    yield from _strays(session)


def _kept() -> sa.Select[*tuple[Any, ...]]:
    kept = sa.select(Statement.id, Statement.file_name, Statement.taken, Statement.totals).where(Statement.state == "kept")
    return kept.order_by(Statement.id)


def _sums() -> sa.Select[*tuple[Any, ...]]:
    line = StatementLine
    zero = sa.literal(0)
    kinds = (sa.func.coalesce(sa.func.sum(line.amount).filter(line.kind == kind), zero).label(kind) for kind in KINDS)
    fees = sa.func.coalesce(sa.func.sum(line.fee), zero).label("fees")
    return sa.select(line.statement_id, sa.func.count().label("count"), fees, *kinds).group_by(line.statement_id)


def _strays(session: Session) -> Iterator[Text]:
    """Lines of statements that are not kept, or of another channel or account; statements whose file is not in the store."""
    other = sa.or_(
        Statement.state != "kept",
        Statement.channel.is_distinct_from(StatementLine.channel),
        Statement.account.is_distinct_from(StatementLine.account),
    )
    lines = sa.select(StatementLine.id, Statement.id).join(Statement, Statement.id == StatementLine.statement_id).where(other)
    for line, id_ in session.execute(lines.order_by(StatementLine.id)):
        yield say("Line %(line)s is none of statement %(id)s", line=line, id=id_)
    lost = sa.select(Statement.id).where(~sa.exists().where(StoredFile.sha256 == Statement.file_hash)).order_by(Statement.id)
    for id_ in session.scalars(lost):
        yield say("Statement %(id)s has no file", id=id_)
