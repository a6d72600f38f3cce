"""How old money is that has not come: by days, in steps that people know."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

STEPS = (1, 3, 7, 30)
"""The last day of each step but the last, which has none."""
NAMES = ("0–1", "2–3", "4–7", "8–30", "> 30")
NOTHING = (Decimal("0.00"),) * len(NAMES)
OLD = 3
"""From this step on it is old."""


@dataclass(frozen=True)
class Aged:
    """Somebody's money by its age; `key` leads to his page."""

    key: Any
    name: str
    sums: tuple[Decimal, ...]

    @property
    def sum(self) -> Decimal:
        """All of it."""
        return sum(self.sums, Decimal("0.00"))


def step_of(days: int) -> int:
    """Which step so many days are."""
    return next((step for step, last in enumerate(STEPS) if days <= last), len(STEPS))


def aged(rows: Iterable[tuple[Any, str, date, Decimal]], today: date) -> list[Aged]:
    """Amounts by whose they are and their day, brought together by age; who has the oldest comes first, then who has most."""
    found: dict[Any, tuple[str, list[Decimal]]] = {}
    for key, name, day, amount in rows:
        found.setdefault(key, (name, list(NOTHING)))[1][step_of((today - day).days)] += amount
    made = [Aged(key, name, tuple(sums)) for key, (name, sums) in found.items() if any(sums)]
    return sorted(made, key=lambda each: [-amount for amount in reversed(each.sums)])


def totals(rows: Sequence[Aged]) -> tuple[Decimal, ...]:
    """The sum of each step."""
    return tuple(sum(step, Decimal("0.00")) for step in zip(NOTHING, *(row.sums for row in rows), strict=True))


@dataclass(frozen=True)
class AgeBar:
    """One bar of the chart, in its own units."""

    x: float
    y: float
    width: float
    height: float
    name: str
    amount: Decimal
    old: bool


WIDTH, HEIGHT, GAP = 280.0, 72.0, 12.0


def bars(sums: Sequence[Decimal]) -> list[AgeBar]:
    """A bar for each step; what is below zero is drawn as nothing."""
    top, slot = max([*sums, Decimal(0)]), WIDTH / len(NAMES)
    drawn = []
    for step, (name, amount) in enumerate(zip(NAMES, sums, strict=True)):
        height = round(HEIGHT * float(max(amount, Decimal(0)) / top), 1) if top else 0.0
        drawn.append(AgeBar(step * slot, HEIGHT - height, slot - GAP, height, name, amount, step >= OLD))
    return drawn
