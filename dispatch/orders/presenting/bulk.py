"""What the order list shows of acts on several orders: the bar, and what became of the last one."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dispatch.orders.bulk_queries import Done
from dispatch.orders.bulk_rules import BULK, why_not_undo
from dispatch.orders.rules import URGENCY_WORDS
from dispatch.staff.rules import Actor
from dispatch.words import Text, say, text_from_json


def bulk_bar(by: Actor, back: str) -> dict[str, Any]:
    """The acts that the reader may take on what he chooses, the urgencies, what stands for his next press, and the way back."""
    mine = {name: kind for name, kind in BULK.items() if by.may(kind.permission)}
    return {"kinds": mine, "urgencies": list(URGENCY_WORDS.items()), "key": str(uuid.uuid4()), "back": back}


TO_IT = say("Open the order")


@dataclass(frozen=True)
class Named:
    """One order and what is said of it."""

    subject: str
    text: Text
    url: str
    label: Text


@dataclass(frozen=True)
class Told:
    """What became of an act on several orders, and of taking it back."""

    act_id: int
    label: Text
    done: list[str]
    not_done: list[Named]
    undone: list[str]
    not_undone: list[Named]
    may_undo: bool
    for_good: Text | None
    """Why it cannot be taken back, where there is something to be said of it."""


def told_of(found: Done, at: datetime, url: Callable[[str], str], *, lasts: int) -> Told:
    """As the list tells it at a moment; it can be taken back for so many minutes. `url` is an order's page by its number."""
    kind, act = BULK[found.act.kind], found.act
    no = why_not_undo(act.kind, minutes_ago=(at - act.at).total_seconds() / 60, lasts=lasts)
    return Told(
        act.id,
        kind.label,
        [number for _item, number in found.done],
        [Named(number, text_from_json(item.refused), url(number), TO_IT) for item, number in found.items if item.refused],
        [number for item, number in found.done if item.undone_at],
        [Named(number, text_from_json(item.not_undone), url(number), TO_IT) for item, number in found.done if item.not_undone],
        no is None and bool(found.to_undo),
        no if found.to_undo else None,
    )
