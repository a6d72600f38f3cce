"""What of a branch's days the matching has settled and what it has not, as whoever closes a day looks at it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.fees.models import Voucher
from dispatch.finance.match_models import MatchItem


@dataclass(frozen=True)
class Sums:
    """What a branch took by one channel on a day: matched with a statement, and not."""

    matched: Decimal
    open: Decimal


def matched_sums(session: Session, branch_id: int | None, since: date, until: date) -> Mapping[tuple[int, date, str], Sums]:
    """Of the receipts by branch, accounting day and channel."""
    item = MatchItem

    def of(state: str) -> sa.ColumnElement[Decimal]:
        return sa.func.coalesce(sa.func.sum(item.amount).filter(item.state == state), 0)

    key = (Voucher.branch_id, Voucher.booked_on, item.channel)
    rows = sa.select(*key, of("matched"), of("open")).join(item, item.receipt_id == Voucher.receipt_id)
    rows = rows.where(Voucher.booked_on.between(since, until))
    rows = rows if branch_id is None else rows.where(Voucher.branch_id == branch_id)
    found = session.execute(rows.group_by(*key))
    return {(branch, day, channel): Sums(done, left) for branch, day, channel, done, left in found}
