"""Installing, swapping, removing, undoing and finding, as hypothesis draws it: chosen by a page, then done in a session."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from dispatch.devices.fitting import install, move, register_found, remove, swap, undo, work_of
from dispatch.devices.models import CustodyEntry, Fitting, Holder
from dispatch.devices.moving import MOVES, pair_of
from tests.devices.acting import Doing, Outcome, Page, fact_id, numbered, sent_once


@dataclass(frozen=True)
class Installing:
    who: str
    line: int
    kinds: tuple[str, ...]
    pick: int
    fact: int

    def on(self, page: Page) -> Doing:
        by, work = page.people[self.who], page.work(self.who, self.line, self.fact)
        units = [page.unit(self.pick, page.carrier(self.who), kind) for kind in self.kinds]
        return sent_once(page, self, by, lambda s: _fitted([install(s, work, unit, by=by, at=page.at) for unit in units]))


@dataclass(frozen=True)
class Swapping:
    """`named`: the old unit as the page shows it, or a wrong one, or none."""

    who: str
    line: int
    kinds: tuple[str, ...]
    pick: int
    named: str
    fact: int
    lent: bool = False

    def on(self, page: Page) -> Doing:
        by, work, inside = page.people[self.who], page.work(self.who, self.line, self.fact), page.inside(self.line)
        new = {kind: page.unit(self.pick, page.carrier(self.who), kind) for kind in self.kinds}
        wrong = {kind: page.unit(self.pick, page.store_id) for kind in self.kinds}
        old = {"right": inside, "wrong": wrong, "none": {}}[self.named]
        due = {"terminal": (page.at + timedelta(days=14)).date()} if self.lent else {}

        def exchange(s: Session) -> Outcome:
            given = [(unit, {"old_unit_id": old.get(kind), "lend_until": due.get(kind)}) for kind, unit in new.items()]
            return _fitted([swap(s, work, unit, **facts, by=by, at=page.at) for unit, facts in given])

        return sent_once(page, self, by, exchange)


@dataclass(frozen=True)
class Removing:
    who: str
    line: int
    kinds: tuple[str, ...]
    fact: int

    def on(self, page: Page) -> Doing:
        by, work, inside = page.people[self.who], page.work(self.who, self.line, self.fact), page.inside(self.line)
        units = [inside.get(kind) or page.unit(0, page.store_id, kind) for kind in self.kinds]
        return sent_once(page, self, by, lambda s: _fitted([remove(s, work, unit, by=by, at=page.at) for unit in units]))


@dataclass(frozen=True)
class Moving:
    """Out of another vehicle of the order into one, or (`line` and `source` alike) into itself."""

    who: str
    line: int
    source: int
    kinds: tuple[str, ...]
    fact: int

    def on(self, page: Page) -> Doing:
        by, work = page.people[self.who], page.work(self.who, self.line, self.fact)
        vehicle = page.works[self.source].vehicle_id
        return sent_once(page, self, by, lambda s: _fitted(move(s, work, vehicle, self.kinds, by=by, at=page.at)))


@dataclass(frozen=True)
class Undoing:
    """Who did it, or somebody else."""

    pick: int
    who: str | None
    fact: int

    def on(self, page: Page) -> Doing:
        first = page.fitting(self.pick)
        owner = next(name for name, actor in page.people.items() if actor.id == first.by_id)
        by = page.people[self.who or owner]
        facts: dict[str, Any] = {"reason": "wrong", "fact_id": fact_id(self.fact), "by": by, "at": page.at}
        return sent_once(page, self, by, lambda s: _fitted(_both(s, undo(s, first.id, **facts))))


@dataclass(frozen=True)
class Replacing:
    """Another unit was fitted than the one entered: undone, and done again out of the same bag."""

    pick: int
    other: int

    def on(self, page: Page) -> Doing:
        first = page.fitting(self.pick, ("install", "swap"), replaceable=True)
        entry, by = page.session.get_one(CustodyEntry, first.in_entry_id), page.people["wang"]
        bag = page.session.get_one(Holder, entry.from_holder_id)
        unit = page.unit(self.other, bag.id, first.unit_kind)
        work = work_of(first, device_at=page.at, technician_id=bag.person_id)
        again = swap if first.kind == "swap" else install

        def mend(s: Session) -> Outcome:
            undone = undo(s, first.id, reason="another one", by=by, at=page.at)
            return _fitted([undone, again(s, work, unit, by=by, at=page.at)])

        return mend


@dataclass(frozen=True)
class Finding:
    """An old unit that nobody knew is taken onto the record, and exchanged for one of the bag at once, or not."""

    who: str
    line: int
    kind: str
    number: int
    swapped: bool
    fact: int

    def on(self, page: Page) -> Doing:
        by, work = page.people[self.who], page.work(self.who, self.line, self.fact)
        unit = page.unit(0, page.carrier(self.who), self.kind)
        facts: dict[str, Any] = {
            "number": numbered(self.kind, page.new_number(self.number)),
            "model": "OLD-1",
            "by": by,
            "at": page.at,
        }

        def find(s: Session) -> Outcome:
            register_found(s, work, kind=self.kind, **facts)
            done = _fitted([swap(s, work, unit, by=by, at=page.at)] if self.swapped else [])
            return replace(done, units=1, moves=done.moves + 1)

        return sent_once(page, self, by, find)


def _both(session: Session, undone: Fitting) -> Sequence[Fitting]:
    """What was undone, and with it the other half of a move."""
    first = session.get_one(Fitting, undone.undoes_id)
    whole = [each.id for each in pair_of(session, first)] if first.kind in MOVES else [first.id]
    return session.scalars(sa.select(Fitting).where(Fitting.undoes_id.in_(whole))).all()


def _fitted(fittings: Sequence[Fitting]) -> Outcome:
    entries = [entry for fitting in fittings for entry in (fitting.out_entry_id, fitting.in_entry_id) if entry]
    return Outcome(tuple(fitting.id for fitting in fittings), moves=len(entries))


_WORKERS = st.sampled_from(["su", "su", "su", "wei", "wei", "wei", "zhou", "wang", "lin"])
_LINE, _KIND = st.sampled_from([0, 0, 0, 1, 2]), st.sampled_from(["terminal", "sim"])
_KINDS = st.sampled_from([("terminal",), ("sim",), ("terminal", "sim"), ("sim", "terminal")])
_PICK = st.sampled_from([0, 0, 0, 0, 1, 1, 2, 3, 9])
_FACT = st.one_of(st.just(0), st.integers(1, 2_000))

INSTALL = st.builds(Installing, _WORKERS, _LINE, _KINDS, _PICK, _FACT)
_NAMED = st.sampled_from(["right", "right", "none", "none", "wrong"])
SWAP = st.builds(Swapping, _WORKERS, _LINE, _KINDS, _PICK, _NAMED, _FACT, st.sampled_from([False, False, True]))
MOVE = st.builds(Moving, _WORKERS, _LINE, st.sampled_from([0, 0, 1, 1, 2]), _KINDS, _FACT)
REMOVE = st.builds(Removing, _WORKERS, _LINE, _KINDS, _FACT)
UNDO = st.builds(Undoing, _PICK, st.sampled_from([None, None, None, "lin", "wei"]), _FACT)
REPLACE = st.builds(Replacing, _PICK, _PICK)
FIND = st.builds(Finding, _WORKERS, _LINE, _KIND, st.sampled_from([0, 0, 0, 1, 4]), st.booleans(), _FACT)
