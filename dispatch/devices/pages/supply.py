"""What the stores of a branch have beside what its planned visits will take of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from dispatch.board.picked import reserved
from dispatch.board.rules import part_words
from dispatch.board.work import DayOfBranch, Ways
from dispatch.clock import local_day, now
from dispatch.devices.models import Holder
from dispatch.devices.parts import part_key
from dispatch.devices.usable import parts_in_stores
from dispatch.web.access import current
from dispatch.web.login import settings
from dispatch.words import Text, say

ANY_TERMINAL = part_key("terminal", None)


@dataclass(frozen=True)
class Supply:
    """One part: how many the stores can issue, and how many of them the planned visits still need."""

    part: str
    stored: int
    reserved: int

    @property
    def free(self) -> int:
        """What is left for other work; below zero there are too few."""
        return self.stored - self.reserved

    @property
    def word(self) -> Text | str:
        """The part in words."""
        return say("terminal of any model") if self.part == ANY_TERMINAL else part_words(self.part)


def supplies(db: Session, branch_id: int, stores: Sequence[Holder]) -> list[Supply]:
    """Each model and the SIMs, as far as a store has them or a visit needs them."""
    at, zone = now(), current().zone
    needed = reserved(db, DayOfBranch(branch_id, local_day(at, zone), zone, at), Ways.of(settings()))
    stored: dict[str, int] = {}
    for parts in parts_in_stores(db, [store.id for store in stores]).values():
        for part, count in parts.items():
            stored[part] = stored.get(part, 0) + count
    listed = sorted({part for part in {**stored, **needed} if part != ANY_TERMINAL or part in needed})
    return [Supply(part, stored.get(part, 0), needed.get(part, 0)) for part in listed]
