"""What a store issues to technicians and takes back from them: by number, by count, or all that a bag lacks.

The store says yes with it; it goes over when the technician has said yes, too: on his phone, or with his signature at the counter
(see `handing_over`). Until then it is promised and stays where it is. A form carries a key of its own: sent twice it counts once.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain, islice, zip_longest

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.devices.models import HandOver, HandOverUnit, Holder, Unit
from dispatch.devices.numbers import units_called
from dispatch.devices.operations import bag_of, describe
from dispatch.devices.promising import Lot, paper_with, promise, store_side
from dispatch.devices.usable import oldest_units, parts_in_bags
from dispatch.errors import Invalid, NotFound, RuleBroken
from dispatch.staff.models import Person
from dispatch.staff.rules import Actor
from dispatch.words import Text, say


@dataclass(frozen=True)
class Wanted:
    """What should go into a bag.

    `numbers` are serials, IMEIs, ICCIDs, SIM numbers or last digits; `terminals` how many by model; `sims` how many.
    """

    numbers: tuple[str, ...] = ()
    terminals: Mapping[str, int] = field(default_factory=dict)
    sims: int = 0

    @property
    def anything(self) -> bool:
        """Whether any unit is asked for."""
        return bool(self.numbers or self.sims or any(self.terminals.values()))


@dataclass(frozen=True)
class Load:
    """How many terminals and SIMs a technician's bag should hold."""

    person_id: int
    name: str
    terminals: int
    sims: int


@dataclass(frozen=True)
class Filled:
    """What filling bags came to: units moved, and who still lacks what, as (name, terminals, SIMs)."""

    moved: int
    short: tuple[tuple[str, int, int], ...]


class CannotIssue(Invalid):
    """Numbers that cannot be issued, each with its reason."""

    def __init__(self, problems: Sequence[Text]) -> None:
        self.problems = tuple(problems)
        super().__init__({"numbers": say("%(n)s of the numbers cannot be issued; nothing was moved.", n=len(problems))})


def issue(
    session: Session,
    *,
    store: Holder,
    person_id: int,
    wanted: Wanted,
    note: str = "",
    key: uuid.UUID,
    by: Actor,
    at: datetime,
) -> int:
    """Promise a technician what is wanted from a store, all or nothing; returns how many units.

    Returns 0 for a form that was carried out before. Raises CannotIssue for numbers, Invalid for counts the store does not have.
    """
    if not _begin(session, store, key, by=by):
        return 0
    ids = wanted_units(session, wanted, store, by)
    bag = bag_of(session, person_id=person_id, branch_id=store.branch_id)
    promise(session, Lot(ids, note=note), source=store, to=bag, first="giver", key=key, by=by, at=at)
    return len(ids)


def hand_over(
    session: Session, unit_ids: Sequence[int], *, source: Holder, to: Holder, key: uuid.UUID, by: Actor, at: datetime
) -> int:
    """Chosen units go from a store to a bag of its branch, or come back: the store has said so, the technician's yes is due.

    Returns how many, 0 for a form that came twice. Raises NotFound from bag to bag: there the giver offers them himself.
    """
    if not unit_ids:
        raise RuleBroken(say("Nothing was chosen."))
    if not _begin(session, source, key, by=by):
        return 0
    made = promise(session, Lot(unit_ids), source=source, to=to, first=store_side(source, to), key=key, by=by, at=at)
    return len(made.units)


def fill_bags(session: Session, loads: Sequence[Load], *, store: Holder, key: uuid.UUID, by: Actor, at: datetime) -> Filled:
    """Give each technician what his bag lacks: the oldest units of the store, its models in turn."""
    own = {load.person_id: uuid.uuid5(key, str(load.person_id)) for load in loads}  # each bag has a paper of its own
    if not _begin(session, store, key, by=by) or _made_before(session, own.values()):
        return Filled(0, ())
    carried = parts_in_bags(session, [load.person_id for load in loads])
    terminals = _in_turn(oldest_units(session, store.id, kind="terminal"))
    sims = (unit_id for unit_id, _ in oldest_units(session, store.id, kind="sim"))
    moved, short = 0, []
    for load in loads:
        has = carried.get(load.person_id, {})
        lacks = (max(0, load.terminals - has.get("terminal", 0)), max(0, load.sims - has.get("sim", 0)))
        boxes, cards = list(islice(terminals, lacks[0])), list(islice(sims, lacks[1]))
        moved += _fill(session, load.person_id, [*boxes, *cards], store, key=own[load.person_id], by=by, at=at)
        if len(boxes) < lacks[0] or len(cards) < lacks[1]:
            short.append((load.name, lacks[0] - len(boxes), lacks[1] - len(cards)))
    return Filled(moved, tuple(short))


def _fill(session: Session, person_id: int, ids: Sequence[int], store: Holder, *, key: uuid.UUID, by: Actor, at: datetime) -> int:
    if not ids:
        return 0
    bag = bag_of(session, person_id=person_id, branch_id=store.branch_id)
    promise(session, Lot(ids), source=store, to=bag, first="giver", key=key, by=by, at=at)
    return len(ids)


def _made_before(session: Session, keys: Iterable[uuid.UUID]) -> bool:
    return session.scalar(sa.select(HandOver.id).where(HandOver.key.in_(keys)).limit(1)) is not None


def _in_turn(units: Iterable[tuple[int, str | None]]) -> Iterator[int]:
    """Unit ids, one of each model after the other, the oldest of a model first."""
    by_model: dict[str | None, list[int]] = {}
    for unit_id, model in units:
        by_model.setdefault(model, []).append(unit_id)
    rounds = zip_longest(*by_model.values())
    return (unit_id for unit_id in chain.from_iterable(rounds) if unit_id is not None)


def _begin(session: Session, source: Holder, key: uuid.UUID, *, by: Actor) -> bool:
    """Lock the place that gives; False when this form was carried out before."""
    by.must("stock.change")
    if not by.sees_branch(source.branch_id):
        raise NotFound
    return paper_with(session, source, key, by=by) is None


# --- numbers


def wanted_units(session: Session, wanted: Wanted, store: Holder, by: Actor) -> list[int]:
    """The units of a store that are wanted, whose row is locked: those named by number, then the oldest of those counted.

    Raises CannotIssue with a sentence for each number that cannot go, Invalid for counts the store does not have and for nothing.
    """
    named = _named_units(session, wanted.numbers, store, by)
    ids = [*named, *_counted_units(session, wanted, store, without=set(named))]
    if not ids:
        raise Invalid({"numbers": say("Scan or type a number, or say how many.")})
    return ids


def _named_units(session: Session, typed: Sequence[str], store: Holder, by: Actor) -> list[int]:
    """Typed or scanned numbers -> unit ids of the store. Raises CannotIssue with a sentence for each that cannot go."""
    found = units_called(session, typed, holder_id=store.id, by=by)
    gone = _promised(session, [unit.id for unit in found.values() if isinstance(unit, Unit)])
    problems = [problem for number, unit in found.items() if (problem := _problem(number, unit, store, gone))]
    if problems:
        raise CannotIssue(problems)
    return list(dict.fromkeys(unit.id for unit in found.values() if isinstance(unit, Unit)))


def _promised(session: Session, unit_ids: Sequence[int]) -> dict[int, str]:
    """To whom units are promised: unit id -> name."""
    line = sa.select(HandOverUnit.unit_id, Person.name).join(HandOver, HandOver.id == HandOverUnit.hand_over_id)
    taker = line.join(Holder, Holder.id == HandOver.to_holder_id).join(Person, Person.id == Holder.person_id)
    return dict(session.execute(taker.where(HandOverUnit.unit_id.in_(unit_ids), HandOverUnit.open)).all())


def _problem(number: str, unit: Unit | Text, store: Holder, gone: Mapping[int, str]) -> Text | None:
    """Why what was found for a number cannot go out of this store."""
    if isinstance(unit, Text):
        return unit
    if unit.id in gone:
        return say("%(unit)s is promised to %(name)s and waits for his yes.", unit=number, name=gone[unit.id])
    if unit.position and unit.position.holder_id == store.id:
        return None
    place = describe(unit.position.holder) if unit.position else say("nowhere")
    return say("%(unit)s is elsewhere: %(place)s.", unit=number, place=place)


# --- counts


def _counted_units(session: Session, wanted: Wanted, store: Holder, *, without: set[int]) -> list[int]:
    """The oldest units of each kind that was asked for by count. Raises Invalid naming each count the store cannot meet."""
    errors: dict[str, Text] = {}
    ids: list[int] = []
    asked = [("terminal", model, count) for model, count in wanted.terminals.items()] + [("sim", None, wanted.sims)]
    for kind, model, count in asked:
        if count <= 0:
            continue
        free = [unit_id for unit_id, _ in oldest_units(session, store.id, kind=kind, model=model) if unit_id not in without]
        if len(free) < count:
            errors[count_field(model)] = say("The store has %(n)s of these.", n=len(free))
        ids += free[:count]
    if errors:
        raise Invalid(errors)
    return ids


def count_field(model: str | None) -> str:
    """The form field in which so many of a model (None: of SIMs) are asked for."""
    return f"count-{model}" if model else "sims"
