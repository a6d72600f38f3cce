"""What the stores of a branch have, beside what is on the way to them and what planned visits will take out of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from dispatch.board.picked import reserved
from dispatch.board.rules import part_words
from dispatch.board.work import DayOfBranch, Ways
from dispatch.clock import local_day, now
from dispatch.devices.parts import part_key
from dispatch.devices.reorder_rules import split_key, ware_key
from dispatch.devices.reorders import wares
from dispatch.devices.shelves import Shelf
from dispatch.web.access import current
from dispatch.web.login import settings
from dispatch.words import Text, say

ANY_TERMINAL, SIM = part_key("terminal", None), part_key("sim", None)
ALL_SIMS = ware_key("sim", "")


@dataclass(frozen=True)
class Supply:
    """One part: how many the stores can issue, how many come, how many planned visits still need, how many to order."""

    part: str
    stored: int
    on_way: int
    reserved: int
    to_order: int

    @property
    def free(self) -> int:
        """What is left for other work; below zero there are too few."""
        return self.stored - self.reserved

    @property
    def word(self) -> Text | str:
        """The part in words."""
        return say("terminal of any model") if self.part == ANY_TERMINAL else part_words(self.part)


@dataclass(frozen=True)
class Supplies:
    """Each model and the SIMs, as far as a store has them or is to have them, or a visit needs them.

    `short` is how many things, counted parts too, are below their reorder point.
    """

    rows: list[Supply]
    short: int


def supplies(db: Session, branch_id: int, stores: Sequence[Shelf]) -> Supplies:
    """The supplies of a branch's stores."""
    at, zone = now(), current().zone
    needed = reserved(db, DayOfBranch(branch_id, local_day(at, zone), zone, at), Ways.of(settings()))
    stored, on_way, to_order = Counter[str](), Counter[str](), Counter[str]()
    listed = wares(db, [store.holder for store in stores], [held for store in stores for held in store.held])
    for ware in (each for each in listed if split_key(each.key)[0] != "part"):
        part = SIM if split_key(ware.key)[0] == SIM else ware.key
        to_order[part] += ware.to_order
        if part != SIM or ware.key == ALL_SIMS:
            stored[part] += ware.stored
            on_way[part] += ware.on_way
    known = sorted({*to_order, *needed})
    rows = [Supply(part, stored[part], on_way[part], needed.get(part, 0), to_order[part]) for part in known]
    return Supplies(rows, sum(1 for ware in listed if ware.to_order))
