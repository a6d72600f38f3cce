"""How the vehicles and visits of an order stand, counted: there may be thousands of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Standing:
    """The vehicles and visits of an order, counted. `lines`: status, model and how many, as the order first names them."""

    lines: Sequence[tuple[str, str | None, int]]
    visits: Sequence[tuple[str, bool, int]]
    """Status, whether it was ever dispatched, and how many."""

    @property
    def total(self) -> int:
        """How many vehicles."""
        return sum(count for *_, count in self.lines)

    @property
    def visits_in_all(self) -> int:
        """How many visits."""
        return sum(count for *_, count in self.visits)

    @property
    def by_status(self) -> dict[str, int]:
        """How many vehicles stand in which status, the most first."""
        found: Counter[str] = Counter()
        for status, _, count in self.lines:
            found[status] += count
        return dict(found.most_common())

    def models(self, usual: str | None) -> list[tuple[str, int]]:
        """How many vehicles want which model, the most first; `usual` is that of vehicles that name none."""
        found: Counter[str] = Counter()
        for _, named, count in self.lines:
            if model := named or usual:
                found[model] += count
        return found.most_common()

    def visits_that_are(self, *statuses: str) -> int:
        """How many visits are in one of these."""
        return sum(count for status, _, count in self.visits if status in statuses)

    @property
    def line_statuses(self) -> tuple[str, ...]:
        """The statuses that there are among the vehicles, each once: all that the lifecycle asks."""
        return tuple(self.by_status)

    @property
    def visit_statuses(self) -> tuple[str, ...]:
        """The same among the visits."""
        return tuple(dict.fromkeys(status for status, *_ in self.visits))

    @property
    def under_way(self) -> bool:
        """Whether anybody was ever sent."""
        return any(sent for _, sent, _ in self.visits)
