"""Rewards and deductions for the appraisal (Q19): their kinds, and rates of what people give away and miss."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from dispatch.words import Text, say

REWARD, DEDUCTION = "reward", "deduction"
WAYS: dict[str, Text] = {REWARD: say("Reward"), DEDUCTION: say("Deduction")}


@dataclass(frozen=True)
class Kind:
    """A controlled reason: whether it is a reward or a deduction, and its word."""

    way: str
    word: Text


KINDS: dict[str, Kind] = {
    "complaint": Kind(DEDUCTION, say("Justified complaint")),
    "late_cash": Kind(DEDUCTION, say("Cash handed in too late")),
    "difference": Kind(DEDUCTION, say("Difference in a hand-in")),
    "papers": Kind(DEDUCTION, say("Papers missing or wrong")),
    "rework": Kind(DEDUCTION, say("Work had to be done again")),
    "other_deduction": Kind(DEDUCTION, say("Another deduction")),
    "praise": Kind(REWARD, say("Praise by a customer")),
    "quality": Kind(REWARD, say("Very good work")),
    "help": Kind(REWARD, say("Helped out")),
    "other_reward": Kind(REWARD, say("Another reward")),
}
LEAST = {"complaint": Decimal(10)}
"""The least of a deduction of a kind, in yuan, where it is one in money."""
MOST_AMOUNT, MOST_POINTS = Decimal(100_000), 1000


@dataclass(frozen=True)
class Rate:
    """What one person took in over a span, gave away on goodwill and as discounts, and answers for in differences: how often, how
    much."""

    person_id: int
    name: str
    branch: str
    receipts: int
    received: Decimal
    favours: int
    given_away: Decimal
    differences: int
    missed: Decimal
    discounts: int = 0
    discounted: Decimal = Decimal(0)

    @property
    def given_share(self) -> Decimal | None:
        """Given away in per cent of what he took in; None where he took nothing."""
        return _share(self.given_away, self.received)

    @property
    def discounted_share(self) -> Decimal | None:
        """Discounts in per cent of what he took in."""
        return _share(self.discounted, self.received)

    @property
    def missed_share(self) -> Decimal | None:
        """Differences in per cent of what he took in."""
        return _share(self.missed, self.received)


def _share(part: Decimal, whole: Decimal) -> Decimal | None:
    return (part * 100 / whole).quantize(Decimal("0.1"), ROUND_HALF_UP) if whole > 0 else None
