"""What the picking list of a day gives to others: whoever issues the same things before is told. No database here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from dispatch.board.picking import PickingList
from dispatch.board.rules import part_words
from dispatch.words import Text, say


@dataclass(frozen=True)
class Spoken:
    """So many pieces of a part that a day's list gives: name -> how many."""

    day: date
    part: str
    wanted: Mapping[str, int]

    @property
    def note(self) -> Text:
        """What is said beside the part: for whom, and when."""
        return say("for %(day)s: %(names)s", day=f"{self.day:%m-%d}", names=self._names)

    def warning(self, left: int) -> Text:
        """What is said when fewer are left than the list gives."""
        told = {"part": part_words(self.part), "left": left, "day": f"{self.day:%m-%d}", "names": self._names}
        return say("%(part)s: %(left)s are left in the store, and the picking list of %(day)s gives %(names)s.", **told)

    @property
    def _names(self) -> str:
        return ", ".join(f"{name} {count}" for name, count in self.wanted.items())


def spoken_for(made: PickingList, day: date, *, without: int | None) -> dict[str, Spoken]:
    """What a day's list gives to everybody but one person: part -> for whom."""
    wanted: dict[str, dict[str, int]] = {}
    for bag in made.bags:
        for part, count in bag.gives.items() if bag.person.id != without else ():
            wanted.setdefault(part, {})[bag.person.name] = count
    return {part: Spoken(day, part, names) for part, names in sorted(wanted.items())}


def runs_short(spoken: Mapping[str, Spoken], stored: Mapping[str, int], taken: Mapping[str, int]) -> list[Text]:
    """A sentence for each part of which so much is taken out of a store that the list cannot be served any more."""
    left = {part: stored.get(part, 0) - taken.get(part, 0) for part in spoken}
    short = [each for part, each in spoken.items() if taken.get(part) and left[part] < sum(each.wanted.values())]
    return [each.warning(left[each.part]) for each in short]
