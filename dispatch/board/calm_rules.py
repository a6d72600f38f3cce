"""What has happened in a running day and what is proposed about it, as it is kept and told."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from dispatch.board.rules import clock_of
from dispatch.words import Text, say

Json = dict[str, Any]
KINDS = ("ill", "leave", "late", "traffic", "urgent", "cancelled")
"""ill, traffic: somebody entered it; late: that too, or it shows; the rest shows in leaves and orders."""
NAMED_EACH = 3
STEP_MINUTES = 15
"""Being later by less than this is no new reason."""


@dataclass(frozen=True)
class NewEvent:
    """What somebody tells: kind, and about whom or where."""

    kind: str
    technician_id: int | None = None
    minutes: int | None = None
    percent: int | None = None
    area: str | None = None


@dataclass(frozen=True)
class Happened:
    """One thing that happened: whom or what it is about (`of`, an id), and how it is told (`name`, `number`)."""

    kind: str
    of: int
    name: str = ""
    number: int = 0

    @property
    def key(self) -> str:
        """What makes it new: who is late is so anew with each quarter of an hour."""
        step = self.number // STEP_MINUTES if self.kind == "late" else 0
        return f"{self.kind}:{self.of}:{step}"

    @property
    def text(self) -> Text:
        """The sentence about it."""
        return {
            "ill": say("%(name)s can do no more today", name=self.name),
            "leave": say("%(name)s is on leave while visits are planned for him", name=self.name),
            "late": say("%(name)s comes up to %(n)s min too late", name=self.name, n=self.number),
            "traffic": say("Traffic in %(name)s: drives take %(n)s %%", name=self.name, n=self.number)
            if self.name
            else say("Traffic everywhere: drives take %(n)s %%", n=self.number),
            "urgent": say("Urgent order %(order)s waits for somebody", order=self.name),
            "cancelled": say("The visit to %(order)s was cancelled", order=self.name),
        }[self.kind]


def told(found: Sequence[Happened]) -> list[Text]:
    """A sentence for each; of many urgent orders one for all of them."""
    urgent = [one for one in found if one.kind == "urgent"]
    if len(urgent) <= NAMED_EACH:
        return [one.text for one in found]
    names = ", ".join(one.name for one in urgent[:NAMED_EACH])
    all_of_them = say("%(n)s urgent orders wait for somebody: %(orders)s…", n=len(urgent), orders=names)
    return [*(one.text for one in found if one.kind != "urgent"), all_of_them]


def is_news(found: Iterable[Happened], known: Iterable[Happened]) -> bool:
    """Whether something happened that was not known."""
    return not {one.key for one in found} <= {one.key for one in known}


def happened_from(kept: Collection[Json]) -> list[Happened]:
    """As they were kept."""
    return [Happened(**one) for one in kept]


@dataclass(frozen=True)
class Move:
    """A visit that comes, goes or changes. `before` and `after`: (technician, his name, start, end in seconds of the day).

    `visit` is None for a new one, for the vehicles `lines`. Only what is `noticed` is told.
    """

    order_id: int
    order: str
    customer: str
    lines: tuple[int, ...]
    visit: int | None = None
    before: tuple[int, str, int, int] | None = None
    after: tuple[int, str, int, int] | None = None
    late_s: int = 0
    noticed: bool = True

    @property
    def kind(self) -> str:
        """new, back (nobody has it any more), person or time."""
        if self.before is None:
            return "new"
        if self.after is None:
            return "back"
        return "person" if self.before[0] != self.after[0] else "time"

    @property
    def who(self) -> str:
        """Whose phone shows it afterwards, or showed it."""
        end = self.after or self.before
        return end[1] if end else ""

    @property
    def old(self) -> str:
        """Who and when before."""
        return f"{self.before[1]} {clock_of(self.before[2])}" if self.before else ""

    @property
    def new(self) -> str:
        """Who and when then; the name where it is another."""
        if self.after is None:
            return ""
        named = self.before is None or self.before[0] != self.after[0]
        return f"{self.after[1]} {clock_of(self.after[2])}" if named else clock_of(self.after[2])


def move_to_json(move: Move) -> Json:
    """For the table."""
    return asdict(move)


def move_from_json(kept: Mapping[str, Any]) -> Move:
    """As it was kept."""
    ends = {end: tuple(kept[end]) if kept[end] else None for end in ("before", "after")}
    return Move(**{**kept, **ends, "lines": tuple(kept["lines"])})
