"""A swap that came late: what the office sees of it, and how it is entered as it was sent (rule 6 of the house).

It happened when the technician's device says; the ledger hears of it now. Whatever was booked of the units in between is
countered by entries that name it.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from dispatch.devices.belated import Trace, bring_back, fitted_since, in_the_way, traces_since, unit_meant
from dispatch.devices.fitted import whereabouts
from dispatch.devices.models import UNIT_KINDS, Unit
from dispatch.devices.operations import bag_of, slot_of
from dispatch.devices.slots import Work
from dispatch.errors import Invalid, NotFound, RuleBroken
from dispatch.field.acts import Act
from dispatch.field.correcting import corrected
from dispatch.field.models import FieldFact
from dispatch.field.operations import LATE_KINDS, as_sent, close_dispute, open_dispute
from dispatch.field.working import fit_in
from dispatch.orders.models import Order, OrderLine, Visit
from dispatch.staff.models import Person
from dispatch.staff.rules import Actor
from dispatch.words import Text, say


@dataclass(frozen=True)
class LateUnit:
    """One unit that was told to be fitted: where it is by now, and what was booked and counted since."""

    unit: Unit
    place: Text | str
    traces: Sequence[Trace]


@dataclass(frozen=True)
class LateFact:
    """A swap or installation that fitted nothing, as the office decides on it; `obstacles` is what stands in the way now."""

    fact: FieldFact
    sender: Person
    line: OrderLine
    units: Sequence[LateUnit]
    obstacles: Sequence[Text]

    @property
    def order(self) -> Order:
        """Its order."""
        return self.line.order


def late_fact(session: Session, fact_id: uuid.UUID, *, by: Actor) -> LateFact:
    """One disputed swap or installation with its units, settled or not. Raises NotFound for another branch's and other kinds."""
    fact, sender, line = _told(session, fact_id, by)
    units, obstacles = _meant(session, fact, sender)
    branch_id, vehicle_id = line.order.branch_id, line.vehicle_id
    ways = (in_the_way(unit, vehicle_id=vehicle_id, branch_id=branch_id) for unit in units)
    obstacles += [way for way in ways if way is not None]
    obstacles += fitted_since(session, vehicle_id, [unit.kind for unit in units], fact.happened_at)
    if line.order.status == "closed":
        obstacles.append(say("This order is closed. Reopen it first."))
    traces = traces_since(session, [unit.id for unit in units], fact.happened_at, branch_id)
    return LateFact(fact, sender, line, [LateUnit(unit, _place(unit, branch_id), traces[unit.id]) for unit in units], obstacles)


def _place(unit: Unit, branch_id: int) -> Text | str:
    assert unit.position is not None
    return whereabouts(unit.position.holder, branch_id)


def _told(session: Session, fact_id: uuid.UUID, by: Actor) -> tuple[FieldFact, Person, OrderLine]:
    """The fact, who sent it, and the vehicle it is about."""
    query = sa.select(FieldFact, Person).join(Person, Person.id == FieldFact.person_id)
    found = session.execute(query.where(FieldFact.id == fact_id, FieldFact.state == "disputed")).one_or_none()
    if found is None or found[0].kind not in LATE_KINDS or not by.sees_branch(found[1].branch_id):
        raise NotFound
    asked = sa.select(OrderLine).where(OrderLine.id == (found[0].content.get("line") or 0))
    line = session.scalar(asked.options(joinedload(OrderLine.vehicle), joinedload(OrderLine.order)))
    if line is None or not by.sees_branch(line.order.branch_id):
        raise NotFound
    return found[0], found[1], line


def _meant(session: Session, fact: FieldFact, sender: Person) -> tuple[list[Unit], list[Text]]:
    """The units that a fact names, terminal first, and why one cannot be told."""
    units, wrong = [], []
    for kind in UNIT_KINDS:
        number = str(fact.content.get(kind) or "").strip()
        try:
            units += [unit_meant(session, number, sender, kind)] if number else []
        except RuleBroken as refusal:
            wrong.append(refusal.text)
    if not units and not wrong:
        wrong.append(say("It names no new unit."))
    return units, wrong


def apply_as_sent(session: Session, fact_id: uuid.UUID, *, reason: str, by: Actor, at: datetime) -> FieldFact:
    """Enter a late swap or installation as it was sent, by the time of the device; the fact stays as it was, with who decided.

    Raises NotFound, Invalid without a reason, Conflict when somebody settled it before, RuleBroken saying what stands in the way.
    """
    by.must("fact.correct")
    order_id = _told(session, fact_id, by)[2].order_id
    with corrected(session, order_id, by=by, at=at) as order:
        fact = open_dispute(session, fact_id, by=by)
        if not reason.strip():
            raise Invalid({"reason": say("Please give a reason.")})
        found = late_fact(session, fact_id, by=by)
        if found.obstacles:
            raise RuleBroken(found.obstacles[0])
        _fit(session, order, found, reason=reason.strip(), by=by, at=at)
        close_dispute(session, fact, "applied", reason=reason, by=by, at=at)
    return fact


def _fit(session: Session, order: Order, found: LateFact, *, reason: str, by: Actor, at: datetime) -> None:
    """The units out of where they were booked, and into the vehicle."""
    fact = found.fact
    bag = bag_of(session, person_id=fact.person_id, branch_id=found.sender.branch_id)
    slot = slot_of(session, vehicle_id=found.line.vehicle_id, branch_id=order.branch_id)
    units = [each.unit for each in found.units]
    bring_back(session, units, bag, slot, reason=reason, by=by, at=at)
    work = Work(
        order_id=order.id,
        line_id=found.line.id,
        vehicle_id=found.line.vehicle_id,
        branch_id=order.branch_id,
        visit_id=fact.visit_id,
        fact_id=fact.id,
        device_at=fact.happened_at,
        technician_id=fact.person_id,
    )
    visit = session.get_one(Visit, fact.visit_id)
    fit_in(session, Act(visit, order, as_sent(fact), by, at), work, units)
