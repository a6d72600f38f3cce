"""Lists that page and sort in the database: which part is asked for, and the part itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import sqlalchemy as sa

T = TypeVar("T")
Q = TypeVar("Q", bound=sa.Select[*tuple[Any, ...]])
LEAF = 50
MOST_LEAVES = 10_000
Sorts = Mapping[str, tuple[Any, ...]]
"""What a list can be sorted by: the name that stands in its address, and the columns; the last one makes the order certain."""


@dataclass(frozen=True)
class Cut:
    """Which part of a list: its page from 1, and what it is sorted by, with a minus where the greatest comes first."""

    number: int = 1
    sort: str = ""

    def of(self, query: Q, sorts: Sorts, size: int = LEAF) -> Q:
        """The query cut to the page, in order."""
        return query.order_by(*self.order(sorts)).limit(size).offset((self.number - 1) * size)

    def order(self, sorts: Sorts) -> list[sa.UnaryExpression[Any]]:
        """SQL: the columns to sort by, of the first sort where the asked one is unknown; rows without a value come last."""
        columns = sorts.get(self.sort.removeprefix("-")) or next(iter(sorts.values()))
        turned = self.sort.startswith("-")
        return [(sa.desc(column) if turned else sa.asc(column)).nulls_last() for column in columns]


FIRST = Cut()


@dataclass(frozen=True)
class Part(Generic[T]):
    """One page of a list: its rows, its number, and how many rows there are in all."""

    rows: Sequence[T]
    number: int
    total: int
    size: int = LEAF

    @property
    def pages(self) -> int:
        """How many pages there are to leaf through."""
        return max(1, -(-self.total // self.size))
