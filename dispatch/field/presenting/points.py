"""What a test-run asks for, as its page shows it: what counts now, and who decided what before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from dispatch.field.point_models import PointList
from dispatch.field.point_rules import AS_DELIVERED, SERVICES, Points, in_force
from dispatch.field.rules import TEST_ITEMS

MOST = 20
"""So many decisions are shown."""


@dataclass(frozen=True)
class Turn:
    """One point that is asked for otherwise than before: `old` and `new` are needs."""

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
    now = {service: in_force(lists, service) for service in SERVICES}
    return {f"{service}-{item}": points.need(item) for service, points in now.items() for item in TEST_ITEMS}


def decisions(lists: Sequence[PointList]) -> list[Decision]:
    """The newest first."""
    return list(_decisions(lists))[::-1][:MOST]


def _decisions(lists: Sequence[PointList]) -> Iterator[Decision]:
    before = dict(AS_DELIVERED)
    for (at, by_id), rows in groupby(lists, key=lambda row: (row.at, row.by_id)):
        turns: list[Turn] = []
        name = None
        for row in rows:
            now, name = in_force([row], row.service), row.by_name
            turns += _turns(row.service, before[row.service], now)
            before[row.service] = now
        if by_id is not None:
            yield Decision(name, at, turns)
        elif at.year > 1970:
            yield Decision(None, at, turns)


def _turns(service: str, old: Points, new: Points) -> list[Turn]:
    both = ((item, old.need(item), new.need(item)) for item in TEST_ITEMS)
    return [Turn(service, item, before, now) for item, before, now in both if before != now]
