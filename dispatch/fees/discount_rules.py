"""How far below the list somebody may quote without being asked: his own limit, else the highest of his roles."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, Decimal

HUNDREDTH = Decimal("0.01")


@dataclass(frozen=True)
class DatedDiscount:
    """A limit as it is kept: of a person, or of a role in one branch or all, from a day on and perhaps to another."""

    id: int
    percent: Decimal
    branch_id: int | None
    role: str | None
    person_id: int | None
    valid_from: date
    valid_to: date | None

    def holds_on(self, day: date) -> bool:
        """Whether it counts on a day."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


def discount_for(
    person_id: int | None,
    roles: Collection[str],
    branch_id: int | None,
    day: date,
    kept: Iterable[DatedDiscount],
    usual: Decimal,
) -> Decimal:
    """How many per cent below the list somebody may go on a day.

    His own limit counts before those of his roles; of a role that of his branch before that of all branches, of several the one
    that began last. Who has several roles may what the most generous of them allows; of whom nothing is said, the `usual`.
    """
    holding = [row for row in kept if row.holds_on(day)]
    own = [row for row in holding if row.person_id is not None and row.person_id == person_id]
    if own:
        return max(own, key=_last).percent
    found = [_of_role(role, branch_id, holding) for role in roles]
    return max((row.percent for row in found if row is not None), default=usual)


def _of_role(role: str, branch_id: int | None, holding: Iterable[DatedDiscount]) -> DatedDiscount | None:
    fitting = [row for row in holding if row.role == role and row.branch_id in (None, branch_id)]
    return max(fitting, key=lambda row: (row.branch_id is not None, *_last(row)), default=None)


def _last(row: DatedDiscount) -> tuple[date, int]:
    return row.valid_from, row.id


def deepest(lines: Iterable[tuple[Decimal, Decimal]]) -> Decimal:
    """How many per cent below the list the line goes that goes furthest, out of (quoted, listed), rounded up.

    Line by line, not over the sum: what is charged in the end may be that line alone.
    """
    shares = ((listed - quoted) * 100 / listed for quoted, listed in lines if listed > 0)
    return max(shares, default=Decimal(0)).quantize(HUNDREDTH, ROUND_CEILING)
