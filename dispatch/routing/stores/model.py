"""Who goes, what is asked for, and where the store is. Positions on a plane; travel takes as long as the way is."""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot

Position = tuple[float, float]


@dataclass(frozen=True)
class Place:
    """Where it is, when it is open, how long the stop takes there."""

    at: Position
    opens: float
    closes: float
    service: float = 0.0

    def far(self, other: Place) -> float:
        """The way to another place."""
        return hypot(self.at[0] - other.at[0], self.at[1] - other.at[1])


@dataclass(frozen=True)
class Technician:
    """Somebody with what is in the bag on leaving home: tools, and so many of each kind of part."""

    number: int
    home: Place
    skills: frozenset[int]
    tools: frozenset[int]
    parts: tuple[int, ...]


@dataclass(frozen=True)
class Request:
    """Work at a place, with the skills and tools that it needs and the parts that it takes."""

    number: int
    place: Place
    skills: frozenset[int]
    tools: frozenset[int]
    parts: tuple[int, ...]


@dataclass(frozen=True)
class Problem:
    """All of it. In a tour `STORE` stands for the store."""

    technicians: tuple[Technician, ...]
    requests: tuple[Request, ...]
    store: Place


STORE = 0
Tours = dict[int, list[int]]
"""Technician's number to the numbers of the requests in their order, with STORE among them at most once."""
