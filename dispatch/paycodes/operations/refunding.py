"""Giving back what a code was paid: the receipt is written by the approved refund, the money goes through the channel."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.errors import Conflict, NotFound
from dispatch.fees.models import Receipt
from dispatch.jobs import enqueue
from dispatch.paycodes.gateway import RefundAnswer
from dispatch.paycodes.models import CodeRefund, PayCode
from dispatch.staff.rules import Actor
from dispatch.words import say

JOB = "paycodes.refund"


def ask_refund(session: Session, receipt: Receipt, back: Receipt, *, at: datetime) -> CodeRefund | None:
    """Have the channel give back `back` of what `receipt` took, if that was paid by a code; the worker does it."""
    code_id = session.scalar(sa.select(PayCode.id).where(PayCode.receipt_id == receipt.id))
    if code_id is None:
        return None
    asked = CodeRefund(refund_id=back.id, code_id=code_id, state="asked", asked_at=at)
    session.add(asked)
    session.flush()
    enqueue(session, JOB, refund=back.id)
    return asked


def ask_again(session: Session, refund_id: int, *, by: Actor, at: datetime) -> CodeRefund:
    """Try a refund that the channel has refused once more. Raises NotFound, and Conflict when it is not refused."""
    by.must("money.confirm")
    found = _locked(session, refund_id)
    if not by.sees_branch(found.code.branch_id):
        raise NotFound
    if found.state != "failed":
        raise Conflict(say("This refund is under way or done already."))
    found.state, found.settled_at, found.asked_at = "asked", None, at
    session.flush()
    enqueue(session, JOB, refund=refund_id)
    return found


def keep_answer(session: Session, refund_id: int, answer: RefundAnswer, *, at: datetime) -> CodeRefund:
    """What the channel says of a refund; one that is over stays so."""
    found = _locked(session, refund_id)
    if found.state == "asked":
        found.attempts += 1
        found.state, found.told = answer.state, answer.told
        found.channel_reference = answer.reference or found.channel_reference
        found.settled_at = None if answer.state == "asked" else at
        session.flush()
    return found


def _locked(session: Session, refund_id: int) -> CodeRefund:
    found = session.get(CodeRefund, refund_id, with_for_update={"of": CodeRefund}, populate_existing=True)
    if found is None:
        raise NotFound
    return found
