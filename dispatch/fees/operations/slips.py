"""Keeping photos of slips beside hand-ins and deposits."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.errors import Invalid, NotAllowed, NotFound
from dispatch.fees.deposit_models import BankDeposit
from dispatch.fees.ledger_models import HandIn
from dispatch.fees.slip_models import SlipPhoto
from dispatch.files.operations import keep
from dispatch.files.scans import Scan
from dispatch.staff.rules import Actor
from dispatch.words import say

MOST = 10
"""More photos of one slip than this are a slip of the finger."""


def add_slip(session: Session, of: HandIn | BankDeposit, scan: Scan, *, by: Actor, at: datetime) -> SlipPhoto:
    """Keep a photo of the slip of a hand-in or deposit; the same one again is the first.

    Raises NotFound for another branch's, NotAllowed for one's own hand-in, Invalid when there are too many.
    """
    by.must("money.confirm")
    if not by.sees_branch(of.branch_id):
        raise NotFound
    handed = isinstance(of, HandIn)
    if isinstance(of, HandIn) and of.person_id == by.id:
        raise NotAllowed(say("Finance adds this to other people's hand-ins, nobody to his own."))
    session.execute(sa.select(type(of).id).where(type(of).id == of.id).with_for_update())
    mine = {"hand_in_id": of.id} if handed else {"bank_deposit_id": of.id}
    kept = keep(session, scan.content, scan.media_type, at=at)
    there = session.scalars(sa.select(SlipPhoto).filter_by(**mine)).all()
    first = next((row for row in there if row.sha256 == kept.sha256), None)
    if first is not None:
        return first
    if len(there) >= MOST:
        raise Invalid({"file": say("There are %(most)s photos of this slip already.", most=MOST)})
    row = SlipPhoto(**mine, sha256=kept.sha256, media_type=scan.media_type, by_id=by.id, by_name=by.name, at=at)
    session.add(row)
    session.flush()
    subject = "hand_in" if handed else "bank_deposit"
    record(session, (subject, of.id), f"{subject}.slip", by=by, at=at, detail={"number": of.number, "sha256": kept.sha256})
    return row
