"""What matching looks at and what it answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from dispatch.finance.match_rules import FITTING

EARLY, LATE = timedelta(days=1), timedelta(days=7)
"""How long before and after its receipt a line that names it may be without anybody wondering. A bank's line may have no time."""


@dataclass(frozen=True, slots=True)
class OpenLine:
    """A line that is not matched; `receipt` is the number of ours that reading found in it, `day` a bank's day at the branch."""

    id: int
    channel: str
    kind: str
    at: datetime
    amount: Decimal
    branch_id: int
    receipt: str | None = None
    reference: str | None = None
    party: str | None = None
    note: str | None = None
    day: date | None = None


@dataclass(frozen=True, slots=True)
class OpenItem:
    """Money of ours that is not matched; `others` are further numbers it may be known by, `people` who may have paid it.

    `day` is the branch's day of what was paid by card.
    """

    id: int
    channel: str
    at: datetime
    amount: Decimal
    branch_id: int
    number: str
    others: tuple[str, ...] = ()
    reference: str | None = None
    people: tuple[str, ...] = ()
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """Lines and items that belong together: in which way that was seen, and how certain it is (0 to 100)."""

    lines: tuple[int, ...]
    items: tuple[int, ...]
    way: str
    confidence: int

    @property
    def key(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """What it is about, however it was found."""
        return tuple(sorted(self.lines)), tuple(sorted(self.items))


@dataclass
class Outcome:
    """What came of matching: what is certain, what a person is asked, and by line why nothing fits it."""

    sure: list[Found] = field(default_factory=list)
    asked: list[Found] = field(default_factory=list)
    findings: dict[int, str] = field(default_factory=dict)


def fits(line: OpenLine, item: OpenItem) -> bool:
    """May the line show this at all: the same channel, money that goes the same way?"""
    return item.channel in FITTING[line.channel] and (item.amount > 0) == (line.amount > 0)


def in_time(line: OpenLine, item: OpenItem) -> bool:
    """Is the line where one looks for it?"""
    return item.at - EARLY <= line.at <= item.at + LATE
