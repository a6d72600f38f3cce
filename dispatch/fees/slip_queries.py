"""Reading photos of slips; from which sum on a deposit needs one."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.errors import NotFound
from dispatch.fees.deposit_models import BankDeposit
from dispatch.fees.ledger_models import HandIn
from dispatch.fees.slip_models import SlipPhoto
from dispatch.staff.rules import Actor

_needed_from = Decimal(5000)


def configure(needed_from: float) -> None:
    """Take over the setting of this process: a deposit of so much or more needs the photo of the bank's slip."""
    global _needed_from
    _needed_from = Decimal(str(needed_from))


def needed_from() -> Decimal:
    """From which sum on a deposit needs the photo of the bank's slip."""
    return _needed_from


def slips_of(session: Session, *, hand_in_id: int | None = None, deposit_id: int | None = None) -> Sequence[SlipPhoto]:
    """The photos of a hand-in's or a deposit's slip, the newest first."""
    mine = SlipPhoto.hand_in_id == hand_in_id if hand_in_id else SlipPhoto.bank_deposit_id == deposit_id
    return session.scalars(sa.select(SlipPhoto).where(mine).order_by(SlipPhoto.id.desc())).all()


def slip_seen(session: Session, slip_id: int, by: Actor) -> SlipPhoto:
    """One photo, for those who see its hand-in or deposit. Raises NotFound."""
    row = session.get(SlipPhoto, slip_id)
    handed = session.get(HandIn, row.hand_in_id) if row and row.hand_in_id else None
    paid_in = session.get(BankDeposit, row.bank_deposit_id) if row and row.bank_deposit_id else None
    of = handed or paid_in
    own = handed is not None and handed.person_id == by.id
    if row is None or of is None or not (own or (by.may("money.see") and by.sees_branch(of.branch_id))):
        raise NotFound
    return row
