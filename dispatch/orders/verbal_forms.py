"""The form of an approval by word: texts -> what was said, or a sentence beside the field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from dispatch.orders.verbal_rules import VERBAL_CHANNELS
from dispatch.tabular.cells import read_moment
from dispatch.typed import Typed, number_in


@dataclass(frozen=True)
class TypedWord:
    """What was typed; `said_at` None means: just now."""

    approver_id: int
    channel: str
    said_at: datetime | None
    what_for: str


def read_word(texts: Mapping[str, Any], *, zone: str) -> TypedWord:
    """Who approved by word, by which channel, when (in the reader's zone) and what for. Raises Invalid."""
    typed = Typed(texts)
    said_at = typed.maybe("said_at", read_moment)
    word = TypedWord(
        approver_id=typed.need("approver", number_in, 0),
        channel=typed.need("channel", lambda text: text if text in VERBAL_CHANNELS else None, ""),
        said_at=said_at.replace(tzinfo=ZoneInfo(zone)) if said_at else None,
        what_for=typed.needed("what_for"),
    )
    typed.check()
    return word
