"""Which points of a test-run and which photos are asked for after which kind of work: what must be, and what may stay open."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from dispatch.field.rules import PHOTOS, PHOTOS_TO_ASK, TEST_ITEMS, TESTS
from dispatch.words import Text, say

SERVICES: dict[str, Text] = {
    "installation": say("Installation"),
    "repair": say("Repair, nothing exchanged"),
    "terminal": say("Terminal exchanged"),
    "sim": say("Only the SIM exchanged"),
    "move": say("Moved in from another vehicle"),
}
"""The kinds of work after which a vehicle is tested, by what was really done at it."""
REMOVAL = "removal"
"""No terminal is left in the vehicle, or none that could report: nothing can be tested, but photos can be taken."""
WORKS: dict[str, Text] = {**SERVICES, REMOVAL: say("Terminal or SIM taken out")}
"""The kinds of work for which photos are asked for."""

NEEDS: dict[str, Text] = {"must": say("Must pass"), "may": say("Optional"), "not": say("Not asked for")}
PHOTO_NEEDS: dict[str, Text] = {"must": say("Must take"), "may": say("May take"), "not": say("No photo")}

PHOTO_ITEMS = {f"photo_{kind}": kind for kind in PHOTOS_TO_ASK}
"""Item of the list of checks -> kind of photo."""
ITEMS: dict[str, Text] = {**TESTS, **{item: PHOTOS[kind] for item, kind in PHOTO_ITEMS.items()}}
"""Everything that can be asked for."""


def items_of(work: str) -> tuple[str, ...]:
    """What can be asked for after a kind of work."""
    return tuple(PHOTO_ITEMS) if work == REMOVAL else tuple(ITEMS)


@dataclass(frozen=True)
class Points:
    """What is asked for: points of the test-run and photos, each those that closing waits for, and those that may stay open."""

    must: tuple[str, ...] = ()
    may: tuple[str, ...] = ()
    photos: tuple[str, ...] = ()
    photos_may: tuple[str, ...] = ()

    @property
    def asked(self) -> tuple[str, ...]:
        """All points of the test-run, in the order in which they are tested."""
        return tuple(item for item in TEST_ITEMS if item in self.must or item in self.may)

    def need(self, item: str) -> str:
        """Of one item: "must", "may" or "not"."""
        kind = PHOTO_ITEMS.get(item)
        must, may = (self.photos, self.photos_may) if kind else (self.must, self.may)
        return "must" if (kind or item) in must else "may" if (kind or item) in may else "not"

    def lacking(self, results: Iterable[str]) -> tuple[str, ...]:
        """The points that must pass and have no result."""
        there = set(results)
        return tuple(item for item in self.asked if item in self.must and item not in there)


def points_of(needs: Mapping[str, str]) -> Points:
    """The same out of item -> need."""
    tests = (tuple(item for item in TEST_ITEMS if needs.get(item) == need) for need in ("must", "may"))
    photos = (tuple(kind for item, kind in PHOTO_ITEMS.items() if needs.get(item) == need) for need in ("must", "may"))
    return Points(*tests, *photos)


_ALL = Points(must=TEST_ITEMS)
AS_DELIVERED: dict[str, Points] = {
    "installation": _ALL,
    "repair": _ALL,
    "terminal": _ALL,
    "sim": Points(must=("online", "identity", "iccid", "signal"), may=("fix",)),
    "move": _ALL,
    REMOVAL: Points(),
}
"""What is asked for as long as nobody has decided otherwise: all points, but for what a new SIM cannot have changed; no photos
but those that a setting names."""


def delivered_with(photos: Mapping[str, Sequence[str]]) -> dict[str, Points]:
    """The same with photos by kind of order: an installation's after installing, a repair's after all other work."""
    return {
        work: replace(points, photos=tuple(photos.get("installation" if work == "installation" else "repair", ())))
        for work, points in AS_DELIVERED.items()
    }


class Decided(Protocol):
    """What somebody decided to ask for from a moment on."""

    @property
    def service(self) -> str: ...
    @property
    def must(self) -> Sequence[str]: ...
    @property
    def may(self) -> Sequence[str]: ...
    @property
    def photos(self) -> Sequence[str] | None: ...
    @property
    def photos_may(self) -> Sequence[str]: ...
    @property
    def at(self) -> datetime: ...


def in_force(
    decided: Iterable[Decided],
    service: str,
    moment: datetime | None = None,
    *,
    delivered: Mapping[str, Points] = AS_DELIVERED,
) -> Points:
    """What is asked for after a kind of work; of one that was done before, what was asked for at that moment.

    `decided` is in the order in which it was decided; `delivered` counts before, and for the photos of decisions that were silent
    about them (None).
    """
    own = [one for one in decided if one.service == service and (moment is None or one.at <= moment)]
    if not own:
        return delivered[service]
    last = own[-1]
    photos = delivered[service].photos if last.photos is None else tuple(last.photos)
    return Points(tuple(last.must), tuple(last.may), photos, tuple(last.photos_may))


class Change(Protocol):
    """What was fitted into one vehicle or taken out of it, and stands."""

    @property
    def kind(self) -> str: ...
    @property
    def unit_kind(self) -> str: ...
    @property
    def slot_id(self) -> int: ...


TAKEN_OUT = ("remove", "move_out")


def service_of(order_kind: str, changes: Sequence[Change]) -> str:
    """What was really done at a vehicle, by its changes in the order of time; without any, what the order is for.

    Of several terminals in it what asks for most: one that was taken out says nothing of the others.
    """
    places = {one.slot_id for one in changes}
    done = [_at_place(order_kind, [one for one in changes if one.slot_id == place]) for place in places]
    return next((work for work in WORKS if work in done), order_kind)


def _at_place(order_kind: str, changes: Sequence[Change]) -> str:
    terminals, sims = ([one for one in changes if one.unit_kind == kind] for kind in ("terminal", "sim"))
    if any(own and own[-1].kind in TAKEN_OUT for own in (terminals, sims)):
        return REMOVAL
    if terminals:
        return _of_terminal(order_kind, terminals)
    return "installation" if order_kind == "installation" else "sim"


def _of_terminal(order_kind: str, terminals: Sequence[Change]) -> str:
    """What brought the terminal that is in the vehicle now. Put into an empty vehicle it is installed, whatever was ordered."""
    if terminals[-1].kind == "move_in":
        return "move"
    return "installation" if order_kind == "installation" or terminals[0].kind == "install" else "terminal"
