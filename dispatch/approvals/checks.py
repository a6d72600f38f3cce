"""Proving that requests stand as the levels of their ladder say."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.approvals.models import Request, RequestStep
from dispatch.words import Text, say


def broken_ladders(session: Session) -> Iterator[Text]:
    """One sentence for each request that is open without an open level or over with one, approved without its last level's yes,
    or rejected without anybody's no."""
    said = {"open": _has(RequestStep.decision.is_(None)), "rejected": _has(RequestStep.decision == "rejected")}
    last = _has(RequestStep.decision == "approved", sa.func.jsonb_array_length(RequestStep.following) == 0)
    agrees = sa.and_(
        (Request.state == "open") == said["open"],
        sa.or_(Request.state.not_in(("approved", "done")), last),
        (Request.state == "rejected") == said["rejected"],
    )
    query = sa.select(Request.id, Request.kind, Request.state).where(sa.not_(agrees)).order_by(Request.id)
    for request_id, kind, state in session.execute(query):
        yield say("Request %(id)s (%(kind)s) is %(state)s, and its levels say otherwise", id=request_id, kind=kind, state=state)


def _has(*which: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """SQL: the request has such a level in its present round."""
    return sa.exists().where(RequestStep.request_id == Request.id, RequestStep.round == Request.round, *which)
