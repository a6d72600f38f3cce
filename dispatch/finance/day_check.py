"""Proving that closed days are what the ledger says: in order, chained, in the trail, with the figures of their vouchers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.models import AuditEntry
from dispatch.audit.rules import GENESIS
from dispatch.fees.models import LedgerBooks
from dispatch.finance.day_models import DayClose
from dispatch.finance.day_queries import balances_before, movements
from dispatch.finance.day_rules import day_hash, ledger_of
from dispatch.staff.models import Branch
from dispatch.words import Text, say


def broken_days(session: Session) -> Iterator[Text]:
    """One sentence for each closed day that is not what it was, or not what the ledger has."""
    for branch in session.scalars(sa.select(Branch).order_by(Branch.id)).all():
        rows = sa.select(DayClose).where(DayClose.branch_id == branch.id, DayClose.reopened_at.is_(None))
        closed = list(session.scalars(rows.order_by(DayClose.day)))
        last = session.scalar(sa.select(LedgerBooks.closed_until).where(LedgerBooks.branch_id == branch.id))
        if last != (closed[-1].day if closed else None):
            yield say("The books of %(branch)s are closed until %(last)s, and its days are not", branch=branch.name, last=last)
        if closed:
            yield from _broken_chain(session, branch, closed)
            yield from _wrong_figures(session, branch, closed)


def _broken_chain(session: Session, branch: Branch, closed: list[DayClose]) -> Iterator[Text]:
    prev, expected = GENESIS, closed[0].day
    told = set(session.scalars(_told(branch.id)))
    for row in closed:
        link = day_hash(prev, branch=branch.code, day=row.day, figures=row.figures)
        if (row.day, row.prev_hash, row.hash) != (expected, prev, link):
            yield say("Closed day %(day)s of %(branch)s does not follow the day before", day=row.day, branch=branch.name)
        if row.hash.hex() not in told:
            yield say("Closed day %(day)s of %(branch)s is not in the trail as it is here", day=row.day, branch=branch.name)
        prev, expected = row.hash, row.day + timedelta(days=1)


def _told(branch_id: int) -> sa.Select[str]:
    """The hashes that the trail has of a branch's days."""
    mine = (AuditEntry.subject_kind == "books", AuditEntry.subject_id == branch_id, AuditEntry.action == "day.close")
    return sa.select(AuditEntry.detail["hash"].astext).where(*mine)


def _wrong_figures(session: Session, branch: Branch, closed: list[DayClose]) -> Iterator[Text]:
    """Days whose figures are not what their vouchers make; the balances are carried from the beginning."""
    moved = movements(session, branch.id, None, closed[-1].day)
    first = closed[0].day
    balances = dict(balances_before(session, branch.id, first))
    for row in closed:
        ledger = ledger_of(moved.get(row.day, []), balances)
        if ledger.as_json() != row.figures["ledger"]:
            yield say(
                "Closed day %(day)s of %(branch)s: its figures are not those of its vouchers", day=row.day, branch=branch.name
            )
        balances = dict(ledger.balances)
