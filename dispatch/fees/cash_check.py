"""Proving limits on cash: each stands, was ended and was let pass as the trail tells. Of several that fit, the rule takes one, so
that they overlap is nothing wrong; who is barred follows from what he holds and is kept nowhere."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.models import AuditEntry
from dispatch.fees.cash_models import CashLimit, CashPass
from dispatch.words import Text, say

_entry = AuditEntry


def broken_limits(session: Session) -> Iterator[Text]:
    """One sentence for each limit, and each time that somebody was let pass, of which the trail tells something else."""
    for id_ in session.scalars(sa.select(CashLimit.id).where(~_set()).order_by(CashLimit.id)):
        yield say("Cash limit %(id)s is not in the trail as it is here", id=id_)
    ended = sa.and_(*_of_limit("cash_limit.end"))
    for id_ in session.scalars(sa.select(CashLimit.id).where(CashLimit.ended_at.is_not(None) != sa.exists().where(ended))):
        yield say("Cash limit %(id)s was taken away otherwise than the trail tells", id=id_)
    let = sa.exists().where(
        _entry.subject_kind == "person",
        _entry.subject_id == CashPass.person_id,
        _entry.action == "cash.let_pass",
        _entry.by_id == CashPass.by_id,
        _entry.at == CashPass.at,
        sa.cast(_entry.detail["cash"].astext, sa.Numeric) == CashPass.cash,
    )
    for id_ in session.scalars(sa.select(CashPass.id).where(~let).order_by(CashPass.id)):
        yield say("That somebody may pass his cash limit (%(id)s) is not in the trail", id=id_)


def _of_limit(action: str) -> tuple[sa.ColumnElement[bool], ...]:
    return _entry.subject_kind == "cash_limit", _entry.subject_id == CashLimit.id, _entry.action == action


def _set() -> sa.ColumnElement[bool]:
    """How the trail tells that a limit was set."""
    told = (
        (_entry.detail["from"].astext, sa.cast(CashLimit.valid_from, sa.Text)),
        (_entry.detail["to"].astext, sa.cast(CashLimit.valid_to, sa.Text)),
        (_entry.detail["branch"].astext, sa.cast(CashLimit.branch_id, sa.Text)),
        (_entry.detail["person"].astext, sa.cast(CashLimit.person_id, sa.Text)),
    )
    same = (said.is_not_distinct_from(there) for said, there in told)
    most = sa.cast(_entry.detail["most"].astext, sa.Numeric) == CashLimit.most
    return sa.exists().where(*_of_limit("cash_limit.set"), most, *same)
