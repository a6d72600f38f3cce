"""The pages of purchases and of what is given away, with addresses out of the demonstration company."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlencode

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.approvals.models import Request, RequestStep
from dispatch.approvals.operations.request_links import make_request_link
from dispatch.clock import now
from dispatch.staff.models import Person
from dispatch.staff.queries import actor_of

Pages = dict[str, tuple[str, str, str]]
"""Name -> endpoint, address and who opens it."""


def asked_pages(session: Session) -> Pages:
    """Requests at every stage, as those see them who ask, decide, receive, and open a link."""
    bought = {
        state: f"/stock/purchases/{_first(session, 'purchase', state)}" for state in ("open", "approved", "done", "rejected")
    }
    refund = {state: f"/approvals/requests/{_first(session, 'refund', state)}" for state in ("open", "approved")}
    step = session.scalars(_levels().where(Request.kind == "refund")).first()
    assert step is not None
    return {
        "a purchase that waits": ("devices.purchase", bought["open"], "wang"),
        "a purchase whose delivery comes": ("devices.purchase", bought["approved"], "lin"),
        "a purchase that was received": ("devices.purchase", bought["done"], "lin"),
        "a purchase that was rejected": ("devices.purchase", bought["rejected"], "lin"),
        "a purchase to be mended": ("devices.mend_purchase", f"{bought['rejected']}/mend", "lin"),
        "a request that waits": ("orders.approvals_request", refund["open"], "wang"),
        "money to be given back": ("orders.approvals_request", refund["approved"], "qian"),
        "approvals, purchases and favours": ("orders.approvals", "/approvals?what=requests", "wang"),
        "several requests, approve": ("orders.approvals_many_requests", f"/approvals/requests/many?{_some(session)}", "wang"),
        "making a link to decide a request": (
            "orders.approvals_link_request",
            f"/approvals/requests/{step.request_id}/{step.id}/link",
            "wang",
        ),
        "a link to decide a request": ("orders.approve_by_link", f"/a/{_link(session, step)}", ""),
    }


def _first(session: Session, kind: str, state: str) -> int:
    return session.scalars(sa.select(Request.id).where(Request.state == state, Request.kind == kind).limit(1)).one()


def _levels() -> sa.Select[RequestStep]:
    """Open levels in Shenzhen, the oldest first."""
    mine = (RequestStep.decision.is_(None), Request.branch_id == 1)
    return sa.select(RequestStep).join(RequestStep.request).where(*mine).order_by(RequestStep.id)


def _some(session: Session) -> str:
    """Boxes of all that waits, and of a purchase that was decided meanwhile."""
    over = sa.select(RequestStep).where(RequestStep.decision.is_not(None)).limit(1)
    steps = [*session.scalars(_levels()), *session.scalars(over)]
    return urlencode([("ids", f"{step.request_id}.{step.id}") for step in steps])


def _link(session: Session, step: RequestStep) -> str:
    """The token of a link by which Wang could decide a refund."""
    wang, chen = (session.scalars(sa.select(Person).where(Person.username == name)).one() for name in ("wang", "chen"))
    return make_request_link(session, step.id, wang.id, lasts=timedelta(hours=1), by=actor_of(chen), at=now())[1]
