"""Deciding a level of a request by a link on the phone: made for one person, used once, taken back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from dispatch.approvals.link_models import RequestLink
from dispatch.approvals.models import Request, RequestStep
from dispatch.approvals.operations import linking
from dispatch.approvals.operations.requests import Answer, locked_with_order, open_step_of, subject_of
from dispatch.approvals.queries import turn_of
from dispatch.audit.operations import record
from dispatch.errors import NotFound
from dispatch.staff.queries import actor_of
from dispatch.staff.rules import Actor

Decide = Callable[..., Request]
"""Decides a request of a kind, with all that follows: what its feature offers."""


def make_request_link(
    session: Session, step_id: int, approver_id: int, *, lasts: timedelta, by: Actor, at: datetime
) -> tuple[RequestLink, str]:
    """A link by which `approver_id` decides the open level once; the one he had for it is taken back. Returns it and its token.

    Raises NotFound for another branch's, Conflict for a level that is decided, NotAllowed, RuleBroken and Invalid.
    """
    request = _locked(session, step_id, by)
    step = open_step_of(request, step_id, by)
    whom = linking.addressee(session, step, request.branch_id, approver_id, turn_of(request, by), by)
    former = [link for link in links_out(session, step_id) if link.approver_id == approver_id]
    link = RequestLink(step_id=step.id)
    token = linking.issue(session, link, former, whom, lasts, by, at)
    detail = {**_about(request), **linking.told(link)}
    record(session, subject_of(request), "request.link", by=by, at=at, detail=detail)
    return link, token


def revoke_request_link(session: Session, link_id: int, *, by: Actor, at: datetime) -> RequestLink:
    """Take a link back. Raises NotFound, NotAllowed, Conflict when it was used or taken back before."""
    link = session.get(RequestLink, link_id)
    if link is None:
        raise NotFound
    request = _locked(session, link.step_id, by)
    session.refresh(link)
    linking.take_back(session, link, by=by, at=at)
    detail = {**_about(request), "name": link.approver.name}
    record(session, subject_of(request), "request.unlink", by=by, at=at, detail=detail)
    return link


def links_out(session: Session, step_id: int) -> Sequence[RequestLink]:
    """The links to a level that nobody has used or taken back, with their people."""
    query = sa.select(RequestLink).where(RequestLink.step_id == step_id, *linking.alive(RequestLink))
    people = (joinedload(RequestLink.approver), joinedload(RequestLink.made_by))
    return session.scalars(query.options(*people).order_by(RequestLink.id)).all()


def use_request_link(
    session: Session, link: RequestLink, decide: Decide, answer: Answer, *, reader: int | None, at: datetime
) -> Request:
    """Decide by a link, as the person it was made for. A decision that the rules refuse does not use it up.

    Raises RuleBroken with the sentence of why the link is not good, and whatever deciding raises.
    """
    request = locked_with_order(session, link.step.request_id)
    linking.check_good(session, link, reader, at)
    whole = replace(answer, step_id=link.step_id, link_by=link.made_by)
    decide(session, request.id, whole, by=actor_of(link.approver), at=at)
    link.used_at = at
    session.flush()
    return request


def _locked(session: Session, step_id: int, by: Actor) -> Request:
    """The request of a level of the reader's own branches, locked. Raises NotFound."""
    request_id = session.scalar(sa.select(RequestStep.request_id).where(RequestStep.id == step_id))
    if request_id is None:
        raise NotFound
    request = locked_with_order(session, request_id)
    if not by.sees_branch(request.branch_id):
        raise NotFound
    return request


def _about(request: Request) -> dict[str, Any]:
    return {"request": request.id, "about": request.about}
