"""The picking list (备货单): what the visits of a day take, what the bags lack for it, and what the store gives them.

Who drives first is served first. No database here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from dispatch.board.rules import part_words, taken_out
from dispatch.board.work import Ways, still_needed
from dispatch.devices.issuing import Wanted
from dispatch.devices.parts import part_key
from dispatch.orders.models import Visit
from dispatch.staff.models import Person
from dispatch.words import Text

Parts = Mapping[str, int]
ANY_TERMINAL = part_key("terminal", None)


@dataclass(frozen=True)
class Pick:
    """One part of a technician's day. `given` of what he `lacks` the store has left for him."""

    part: str
    needed: int
    has: int
    lacks: int
    given: int

    @property
    def word(self) -> Text | str:
        """The part in words."""
        return part_words(self.part)

    @property
    def short(self) -> int:
        """What nobody here can give him."""
        return self.lacks - self.given


@dataclass(frozen=True)
class BagList:
    """What one technician has to take along. `gives` is what leaves the store for him: terminals by their model."""

    person: Person
    visits: int
    first_at: datetime
    picks: tuple[Pick, ...]
    gives: Parts

    @property
    def complete(self) -> bool:
        """Whether his bag has all that he needs."""
        return not any(pick.lacks for pick in self.picks)

    @property
    def short(self) -> int:
        """How many pieces the store cannot give."""
        return sum(pick.short for pick in self.picks)

    @property
    def wanted(self) -> Wanted:
        """What is to be issued to him."""
        models = {part.partition(":")[2]: count for part, count in self.gives.items() if ":" in part}
        return Wanted(terminals=models, sims=self.gives.get("sim", 0))


@dataclass(frozen=True)
class Total:
    """One part over all technicians, beside what the store has."""

    part: str
    needed: int
    has: int
    lacks: int
    stored: int
    short: int

    @property
    def word(self) -> Text | str:
        """The part in words."""
        return part_words(self.part)


@dataclass(frozen=True)
class PickingList:
    """A branch's day. The bags stand in the order in which their owners drive."""

    bags: tuple[BagList, ...]
    stored: Parts

    @property
    def gives(self) -> int:
        """How many pieces leave the store when everything is issued."""
        return sum(sum(bag.gives.values()) for bag in self.bags)

    @property
    def short(self) -> int:
        """How many pieces are in no bag and not in the store."""
        return sum(bag.short for bag in self.bags)

    @property
    def totals(self) -> list[Total]:
        """Each part over all bags."""
        picks: dict[str, list[Pick]] = {}
        for pick in (pick for bag in self.bags for pick in bag.picks):
            picks.setdefault(pick.part, []).append(pick)
        return [_total(part, rows, self.stored.get(part, 0)) for part, rows in sorted(picks.items())]


def _total(part: str, rows: Sequence[Pick], stored: int) -> Total:
    needed, has, lacks, short = (sum(getattr(row, name) for row in rows) for name in ("needed", "has", "lacks", "short"))
    return Total(part, needed, has, lacks, stored, short)


def picking_list(visits: Sequence[Visit], bags: Mapping[int, Parts], stored: Parts, ways: Ways, *, branch_id: int) -> PickingList:
    """The list from its parts: live visits, what bags hold by person, and what can be issued from the store.

    A visitor from another branch is listed; his own store provides for him.
    """
    by_person: dict[int, list[Visit]] = {}
    for visit in sorted(visits, key=lambda each: (each.starts_at, each.technician_id)):
        by_person.setdefault(visit.technician_id, []).append(visit)
    asked = {who: still_needed(own, ways) for who, own in by_person.items()}
    guests = {who for who, own in by_person.items() if own[0].technician.branch_id != branch_id}
    short = [taken_out(bags.get(who, {}), needed)[1] for who, needed in asked.items() if who not in guests]
    shelf, none = _Shelf(stored, short), _Shelf({}, [])
    made = [_bag_list(own, asked[who], bags.get(who, {}), none if who in guests else shelf) for who, own in by_person.items()]
    return PickingList(tuple(bag for bag in made if bag.picks), stored)


def _bag_list(visits: Sequence[Visit], needed: Parts, bag: Parts, shelf: _Shelf) -> BagList:
    _left, short = taken_out(bag, needed)
    gives: Counter[str] = Counter()
    picks = []
    for part in sorted(needed, key=lambda each: (each == ANY_TERMINAL, each)):
        taken = shelf.take(part, short.get(part, 0))
        gives.update(taken)
        picks.append(Pick(part, needed[part], needed[part] - short.get(part, 0), short.get(part, 0), sum(taken.values())))
    return BagList(visits[0].technician, len(visits), visits[0].starts_at, tuple(picks), dict(gives))


class _Shelf:
    """What the store has left while one after the other is served; `wanted` is what they all lack."""

    def __init__(self, stored: Parts, wanted: Sequence[Parts]) -> None:
        self._left = {part: count for part, count in stored.items() if part != ANY_TERMINAL}
        self._spoken_for: Counter[str] = Counter()
        for short in wanted:
            self._spoken_for.update(short)

    def take(self, part: str, count: int) -> Counter[str]:
        """As many of a part as there are; terminals of any model come from the model that the others want least."""
        taken: Counter[str] = Counter()
        self._spoken_for[part] -= count
        while count > 0 and (source := self._source(part)) is not None:
            some = count if part != ANY_TERMINAL else 1
            some = min(some, self._left[source])
            self._left[source] -= some
            taken[source] += some
            count -= some
        return taken

    def _source(self, part: str) -> str | None:
        if part != ANY_TERMINAL:
            return part if self._left.get(part, 0) else None
        models = [each for each, count in self._left.items() if count and ":" in each]
        return max(models, key=lambda each: self._left[each] - self._spoken_for[each], default=None)
