"""What is fitted where, what a technician carries, and which unit he means by the number he typed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased, joinedload

from dispatch.devices.models import CustodyEntry, CustodyPosition, Fitting, Holder, Sim, Terminal, Unit
from dispatch.devices.operations import describe
from dispatch.devices.queries import bag_ids, fitted, unit_anywhere, units_like
from dispatch.devices.rules import LEAST_ENDING, tidy
from dispatch.devices.slot_rules import MAIN
from dispatch.errors import RuleBroken
from dispatch.staff.models import Person
from dispatch.words import Text, say

# Made once: naming a table anew takes longer than asking it.
_later = aliased(Fitting)
_stands = sa.and_(Fitting.kind != "undo", ~sa.select(_later.id).where(_later.undoes_id == Fitting.id).exists())

# --- numbers


def unit_numbers(unit: Unit) -> dict[str, str | None]:
    """All numbers of a unit, as papers and the phone show them. A terminal's four are its own: no SIM changes them."""
    if unit.terminal:
        return {name: getattr(unit.terminal, name) for name in ("serial", "model", "imei", "terminal_id", "phone_808")}
    return {name: getattr(unit.sim, name) for name in ("iccid", "msisdn", "carrier")}


def whereabouts(holder: Holder, branch_id: int) -> Text | str:
    """Where that is, in words for somebody of a branch; of other branches no more than that it is one."""
    if holder.branch_id != branch_id:
        return say("at another branch")
    if holder.kind == "store" and holder.name:
        return say("in the store %(name)s", name=holder.name)
    return describe(holder)  # type: ignore[no-any-return]


# --- reads


def slot_units(session: Session, vehicle_id: int, role: str = MAIN) -> dict[str, Unit]:
    """What is in the place of one role of a vehicle now: kind -> unit."""
    return fitted(session, [vehicle_id], role).get(vehicle_id, {})


def bag_units(session: Session, person_id: int, kind: str | None = None) -> Sequence[Unit]:
    """What somebody carries, the oldest first."""
    query = sa.select(Unit).join(Unit.position).where(CustodyPosition.holder_id.in_(bag_ids(person_id)))
    if kind:
        query = query.where(Unit.kind == kind)
    loaded = query.options(joinedload(Unit.terminal), joinedload(Unit.sim), joinedload(Unit.owner_customer))
    return session.scalars(loaded.order_by(Unit.id)).unique().all()


def fittings_of(session: Session, order_id: int, lines: Collection[int] | None = None) -> Sequence[Fitting]:
    """What was fitted, swapped and removed for an order and still stands, in the order of time; of these `lines`, if given."""
    mine = [] if lines is None else [Fitting.line_id.in_(lines)]
    return _fittings(session, Fitting.order_id == order_id, *mine)


def fittings_at(session: Session, lines: Collection[int]) -> Sequence[Fitting]:
    """The same at these vehicles, whatever their orders."""
    return _fittings(session, Fitting.line_id.in_(lines))


def _fittings(session: Session, *which: sa.ColumnElement[bool]) -> Sequence[Fitting]:
    query = sa.select(Fitting).where(stands(), *which)
    units = [
        joinedload(unit).options(joinedload(Unit.terminal), joinedload(Unit.sim)) for unit in (Fitting.old_unit, Fitting.new_unit)
    ]
    other = [joinedload(half).joinedload(Fitting.vehicle) for half in (Fitting.moved_from, Fitting.moved_to)]
    more = (joinedload(Fitting.vehicle), joinedload(Fitting.slot), joinedload(Fitting.loan), *other)
    return session.scalars(query.options(*units, *more).order_by(Fitting.at, Fitting.id)).unique().all()


def stands() -> sa.ColumnElement[bool]:
    """SQL: a fitting that was not undone, and does not undo another."""
    return _stands


def standing_entry(session: Session, unit_id: int) -> CustodyEntry:
    """The newest move of a unit that was not taken back: a correction cancels the entry it names, and itself."""
    query = sa.select(CustodyEntry).where(CustodyEntry.unit_id == unit_id).order_by(CustodyEntry.seq)
    standing: list[CustodyEntry] = []
    for entry in session.scalars(query):
        if standing and entry.corrects_id == standing[-1].id:
            standing.pop()
        else:
            standing.append(entry)
    return standing[-1]


def bound_elsewhere(inside: Mapping[str, Unit]) -> tuple[Terminal, Sim] | None:
    """Terminal and SIM of one slot (kind -> unit) when the SIM is bound to another IMEI than the terminal's."""
    terminal = inside["terminal"].terminal if "terminal" in inside else None
    sim = inside["sim"].sim if "sim" in inside else None
    if terminal is None or sim is None or sim.bound_imei in (None, terminal.imei):
        return None
    return terminal, sim


def rebind_needed(inside: Mapping[str, Unit]) -> Text | None:
    """What to ask the carrier for when the SIM in a vehicle is bound to another IMEI than the terminal's beside it."""
    pair = bound_elsewhere(inside)
    if pair is None:
        return None
    terminal, sim = pair
    if terminal.imei is None:
        return say(
            "SIM %(sim)s is bound to IMEI %(bound)s, and the IMEI of terminal %(serial)s is not on record. "
            "Ask the carrier to check the binding.",
            sim=sim.iccid,
            bound=sim.bound_imei,
            serial=terminal.serial,
        )
    return say(
        "SIM %(sim)s is bound to IMEI %(bound)s, but the terminal's is %(imei)s. Ask the carrier to bind it anew.",
        sim=sim.iccid,
        bound=sim.bound_imei,
        imei=terminal.imei,
    )


# --- the unit that is meant


def own_unit(session: Session, number: str, person_id: int, kind: str, *, own: bool = True) -> Unit:
    """The unit of this kind in somebody's own bag by a typed, scanned or chosen number; an ending that fits only one is enough.

    Raises RuleBroken with a sentence when the number is none, fits several, is of the other kind, elsewhere, or unknown; with
    `own` false it names the person instead of saying "your bag".
    """
    typed, folded = read_number(number)
    mine = matching(bag_units(session, person_id), folded)
    fitting = [unit for unit in mine if unit.kind == kind]
    if len(fitting) == 1:
        return fitting[0]
    person = session.get_one(Person, person_id)
    if fitting:
        raise RuleBroken(_several(typed, len(fitting), None if own else person.name))
    if mine:
        raise RuleBroken(wrong_kind(mine[0]))
    whose = None if own else person.name
    raise RuleBroken(_nothing_in_bag(session, typed, folded, branch_id=person.branch_id, kind=kind, whose=whose))


def _several(typed: str, count: int, whose: str | None) -> Text:
    if whose:
        return say("%(number)s fits %(n)s units in %(name)s's bag; type more characters.", number=typed, n=count, name=whose)
    return say("%(number)s fits %(n)s units in your bag; type more characters.", number=typed, n=count)


def wrong_kind(unit: Unit) -> Text:
    """Why a unit cannot stand where one of the other kind belongs."""
    if unit.kind == "terminal":
        return say("%(unit)s is a terminal, but a SIM is asked for.", unit=unit.number)
    return say("%(unit)s is a SIM, but a terminal is asked for.", unit=unit.number)


TO_DO: dict[str, Text] = {
    "bag": say("Have it handed to you first."),
    "store": say("Have the store issue it to you first."),
    "slot": say("Take it out there first, or move it from there."),
    "bench": say("The repair bench has to hand it back first."),
    "transit": say("It has to arrive first."),
    "contractor": say("The store has to take it back first."),
}
"""What gets a unit into the own bag, by where it is."""
ASK_OFFICE = say("Ask the office about it.")
IN_YOUR_BAG = say("%(unit)s is not in your bag: it is %(place)s.").msgid


def not_in_bag(unit: Unit, branch_id: int, *, whose: str | None = None) -> Text:
    """Where a unit is that should be in the own bag, and what to do; or that it is not in the bag of a person of this name."""
    assert unit.position is not None
    place = whereabouts(unit.position.holder, branch_id)
    if whose:
        return say("%(unit)s is not in %(name)s's bag: it is %(place)s.", unit=unit.number, name=whose, place=place)
    here = unit.position.holder.branch_id == branch_id
    todo = TO_DO.get(unit.position.holder.kind, ASK_OFFICE) if here else ASK_OFFICE
    return say("%(said)s %(todo)s", said=Text(IN_YOUR_BAG, {"unit": unit.number, "place": place}), todo=todo)


def read_number(number: str) -> tuple[str, str]:
    """A number as typed, and folded: without a label, spaces and dashes. Raises RuleBroken for what is no number."""
    typed = "".join(unicodedata.normalize("NFKC", number).split()).upper()
    folded = tidy(typed)
    if not folded:
        raise RuleBroken(say("Type, scan or choose a number."))
    if not re.fullmatch(r"[!-~]+", folded):
        raise RuleBroken(
            say("“%(number)s” is not a number of a terminal or SIM: those have letters and digits only.", number=typed)
        )
    return typed, folded


def matching(units: Iterable[Unit], folded: str) -> list[Unit]:
    """Those with exactly this number; where there are none, those with a number that ends so."""
    numbered = [(unit, known_by(unit)) for unit in units]
    exact = [unit for unit, numbers in numbered if folded in numbers]
    if exact or len(folded) < LEAST_ENDING:
        return exact
    return [unit for unit, numbers in numbered if any(number.endswith(folded) for number in numbers)]


def known_by(unit: Unit) -> set[str]:
    """What a unit goes by, folded like a typed number; an ICCID with and without its check digit."""
    if unit.terminal:
        return _folded(unit.terminal.serial, unit.terminal.imei, unit.terminal.terminal_id)
    return _folded(unit.sim.iccid, unit.sim.iccid_key, unit.sim.msisdn) if unit.sim else set()


def _folded(*numbers: str | None) -> set[str]:
    return {tidy(number) for number in numbers if number}


def _nothing_in_bag(session: Session, typed: str, folded: str, *, branch_id: int, kind: str, whose: str | None) -> Text:
    """Why no unit of the bag was found: it is elsewhere, of the other kind, or nobody knows it."""
    found = unit_anywhere(session, {typed, folded})
    if found is None and len(folded) < LEAST_ENDING:
        return say("%(number)s is too short: type at least %(n)s characters.", number=typed, n=LEAST_ENDING)
    if found is None:
        ending = matching(units_like(session, folded, branch_id=branch_id, kind=kind), folded)
        found = ending[0] if len(ending) == 1 else None
    if found is None:
        return say("%(number)s is not on record.", number=typed)
    return wrong_kind(found) if found.kind != kind else not_in_bag(found, branch_id, whose=whose)
