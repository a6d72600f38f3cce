"""What holds of requests whatever people do: their levels, whose hands they went through, their links, their amounts."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from dispatch.approvals.link_models import RequestLink
from dispatch.approvals.models import Request, RequestStep
from dispatch.audit.models import AuditEntry
from dispatch.devices.models import Purchase
from dispatch.fees.models import Charge, Favour, Receipt

ENDS = {"open": None, "approved": "approved", "done": "approved", "rejected": "rejected"}


def _requests(session: Session) -> list[Request]:
    return list(session.scalars(sa.select(Request).options(selectinload(Request.steps))))


def check_levels(session: Session) -> None:
    """The levels of a round are decided one after the other, only the last of all is open, and the state is what it says."""
    for request in _requests(session):
        for number, steps in itertools.groupby(request.steps, key=lambda step: step.round):
            levels = list(steps)
            assert [step.step for step in levels] == list(range(1, len(levels) + 1))
            assert all(step.decision == "approved" for step in levels[:-1]), "a level was left out"
            assert number == request.round or levels[-1].decision == "rejected", "sent in again without having been rejected"
        last = request.steps[-1]
        assert request.state == "withdrawn" or last.decision == ENDS[request.state]
        assert request.state not in ("approved", "done") or not last.following, "approved before its last level"


def check_hands(session: Session) -> None:
    """Nobody has a hand in what he asked for, or in two levels of a round."""
    for request in _requests(session):
        asked = {request.asked_by_id}
        for _number, steps in itertools.groupby(request.steps, key=lambda step: step.round):
            levels = list(steps)
            asked |= {step.requested_by_id for step in levels}
            hands = [set(step.hands) - {None} for step in levels]
            assert sum(map(len, hands)) == len(set().union(*hands)), "one person had a hand in two levels"
            assert not asked & set().union(*hands), "whoever asked had a hand in it"


def check_links(session: Session) -> None:
    """What was decided by a link was decided by whom it was made for, before it ended; it is used, and nothing else is."""
    used = session.execute(sa.select(RequestLink, RequestStep).join(RequestLink.step).where(RequestLink.used_at.is_not(None)))
    found = {step.id: (link.approver_id, link.made_by_id, link.used_at) for link, step in used}
    by_link = session.scalars(sa.select(RequestStep).where(RequestStep.link_by_id.is_not(None))).all()
    assert found == {step.id: (step.decided_by_id, step.link_by_id, step.decided_at) for step in by_link}


def check_amounts(session: Session) -> None:
    """What was decided about is what was asked for, and what was carried out."""
    for request in _requests(session):
        actions = sa.select(AuditEntry).where(AuditEntry.detail["request"].as_integer() == request.id).order_by(AuditEntry.seq)
        told = [entry for entry in session.scalars(actions) if entry.action.startswith(request.kind)]
        begun = max(number for number, entry in enumerate(told) if entry.action.endswith((".ask", ".again")))
        amounts = {entry.detail.get("amount") for entry in told[begun:]}
        assert {Decimal(amount) if amount else None for amount in amounts} == {request.amount}, "decided about another amount"
    bought = session.execute(sa.select(Purchase, Request).join(Purchase.request))
    assert all(
        one.count * one.unit_price == asked.amount and (one.received is None) == (asked.state != "done") for one, asked in bought
    )
    for favour, request in session.execute(sa.select(Favour, Request).join(Favour.request)):
        if favour.receipt_id is not None:
            back = session.get(Receipt, favour.refund_id) if favour.refund_id else None
            assert (back is not None) == (request.state == "done") and (back is None or back.amount == -(request.amount or 0))
        else:
            off = session.scalars(sa.select(Charge).where(Charge.reverses_id == favour.charge_id)).one_or_none()
            assert request.state != "done" or (off is not None and off.amount == -(request.amount or 0))


def what_happened(session: Session) -> Iterator[str]:
    """Which kinds there are, how requests stand, and through whose hands levels went."""
    for request in _requests(session):
        yield from (request.kind, request.state)
        for step in request.steps:
            yield from ("by a deputy",) if step.for_id else ()
            yield from ("by link",) if step.link_by_id else ()
