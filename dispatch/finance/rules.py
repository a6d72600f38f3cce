"""What is a risk about cash in hand: too much of it, or too old."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from dispatch.fees.rules import yuan
from dispatch.words import Text, say


@dataclass(frozen=True)
class CashLimits:
    """How much cash one person should hold at most, in yuan, and for how long."""

    most: Decimal
    longest: timedelta


def cash_risks(cash: Decimal, oldest_at: datetime | None, limits: CashLimits, now: datetime) -> list[Text]:
    """A sentence for each limit that somebody's cash is beyond; they warn and block nothing."""
    risks = []
    if cash > limits.most:
        risks.append(say("Over the limit of %(most)s.", most=yuan(limits.most)))
    if oldest_at is not None and now - oldest_at > limits.longest:
        risks.append(say("Held longer than %(hours)s hours.", hours=f"{limits.longest.total_seconds() / 3600:g}"))
    return risks
