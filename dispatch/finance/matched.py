"""What of a day's receipts is matched with statements, and which differences of the matching are open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from dispatch.words import Text


@dataclass(frozen=True)
class Unmatched:
    """An open difference of the matching."""

    id: int
    what: Text
    owner: str
    amount: Decimal
    since: datetime
    paper: str


def unmatched(session: Session, branch_id: int, day: date) -> Sequence[Unmatched]:
    """The differences that are open until a day."""
    return []


def matched_sums(session: Session, branch_id: int, since: date, until: date) -> Mapping[tuple[date, str], Decimal]:
    """What of the receipts of each day and channel is matched."""
    return {}
