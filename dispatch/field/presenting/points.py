"""Which checks are asked for, as their page shows it: what counts now, and who decided what before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from dispatch.field.point_models import PointList
from dispatch.field.point_rules import ITEMS, Points, in_force, items_of
from dispatch.field.points import as_delivered, asked_now

MOST = 20
"""So many decisions are shown."""


@dataclass(frozen=True)
class Turn:
    """One item that is asked for otherwise than before: `old` and `new` are needs."""

    service: str
    item: str
    old: str
    new: str


@dataclass(frozen=True)
class Decision:
    """What somebody decided at one time; without `by_name` it came with an upgrade of the program."""

    by_name: str | None
    at: datetime
    turns: Sequence[Turn]


def needs_now(lists: Sequence[PointList]) -> Mapping[str, str]:
    """Name of a cell (service-item) -> what counts now."""
    return {f"{work}-{item}": points.need(item) for work, points in asked_now(lists).items() for item in items_of(work)}


def decisions(lists: Sequence[PointList]) -> list[Decision]:
    """The newest first."""
    return list(_decisions(lists))[::-1][:MOST]


def _decisions(lists: Sequence[PointList]) -> Iterator[Decision]:
    before = dict(as_delivered())
    for (at, by_id), rows in groupby(lists, key=lambda row: (row.at, row.by_id)):
        turns: list[Turn] = []
        name = None
        for row in rows:
            now, name = in_force([row], row.service, delivered=as_delivered()), row.by_name
            turns += _turns(row.service, before[row.service], now)
            before[row.service] = now
        if by_id is not None:
            yield Decision(name, at, turns)
        elif at.year > 1970:
            yield Decision(None, at, turns)


def _turns(service: str, old: Points, new: Points) -> list[Turn]:
    both = ((item, old.need(item), new.need(item)) for item in ITEMS)
    return [Turn(service, item, before, now) for item, before, now in both if before != now]
