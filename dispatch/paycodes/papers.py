"""What payment codes see to when money is given back: what was paid by a code goes back through its channel."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from dispatch.fees.models import Receipt
from dispatch.fees.operations.paying import follows_refund
from dispatch.paycodes.operations import ask_refund


@follows_refund
def refund_by_code(session: Session, receipt: Receipt, back: Receipt, at: datetime) -> None:
    """Have the channel give it back."""
    ask_refund(session, receipt, back, at=at)
