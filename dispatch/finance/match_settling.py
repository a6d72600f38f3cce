"""What matching left to somebody: he settles it as the difference of a hand-in is settled, by the same acts.

Locks: the match's row, its audit head, then the accounts.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.errors import NotFound
from dispatch.fees.models import DifferenceSettlement
from dispatch.fees.operations import check_way, settle_owed, take_back_owed
from dispatch.fees.operations.reversing import booked
from dispatch.fees.settling_rules import Owed
from dispatch.finance.match_models import LineMatch
from dispatch.finance.owed_queries import owed_by_match
from dispatch.staff.rules import Actor


def settle_match(
    session: Session,
    match_id: int,
    *,
    how: str,
    amount: Decimal,
    reason: str,
    request_key: uuid.UUID | None,
    by: Actor,
    at: datetime,
) -> DifferenceSettlement:
    """Settle so much of what is open of a match's difference. Raises like `settle_owed`, and NotFound."""
    check_way(how, by)
    owed = _locked(session, match_id, by)
    return settle_owed(session, owed, how=how, amount=amount, reason=reason, request_key=request_key, by=by, at=at)


def take_back_match_settlement(
    session: Session, settlement_id: int, *, reason: str, by: Actor, at: datetime
) -> DifferenceSettlement:
    """Book such a settlement back. Raises like `take_back_owed`."""
    found = booked(session, DifferenceSettlement, settlement_id)
    check_way(found.how, by)
    return take_back_owed(session, found, _locked(session, found.match_id, by), reason=reason, by=by, at=at)


def _locked(session: Session, match_id: int | None, by: Actor) -> Owed:
    """The difference of a match under its row lock. Raises NotFound."""
    query = sa.select(LineMatch).where(LineMatch.id == match_id, LineMatch.why == "owed", LineMatch.run_id.is_not(None))
    row = session.scalar(query.with_for_update().execution_options(populate_existing=True))
    if row is None or not by.sees_branch(row.branch_id):
        raise NotFound
    return owed_by_match(session, row)
