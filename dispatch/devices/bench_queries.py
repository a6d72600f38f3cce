"""What the bench has to do, what technicians owe it, what became of the rest."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from dispatch.customers.models import Vehicle
from dispatch.devices.bench_models import UnitReturn
from dispatch.devices.bench_rules import OPEN
from dispatch.devices.models import CustodyPosition, Holder, Terminal, Unit
from dispatch.devices.queries import bag_ids
from dispatch.errors import NotFound
from dispatch.lists import Cut, Part
from dispatch.search import found_in
from dispatch.staff.rules import Actor

FIGURES_DAYS = 90
TOP_FAULTS = 8
ENDED_AT_BENCH = ("repaired", "no_fault_found", "replaced", "scrapped")


def _returns() -> sa.Select[UnitReturn]:
    unit = joinedload(UnitReturn.unit)
    place = unit.joinedload(Unit.position).joinedload(CustodyPosition.holder)
    numbers = (unit.joinedload(Unit.terminal), unit.joinedload(Unit.sim))
    origin = joinedload(UnitReturn.from_holder).joinedload(Holder.person)
    return sa.select(UnitReturn).options(*numbers, place.joinedload(Holder.person), joinedload(UnitReturn.vehicle), origin)


RETURN_SORTS = {
    "due": (UnitReturn.due_at, UnitReturn.id),
    "changed": (UnitReturn.changed_at, UnitReturn.id),
    "ended": (UnitReturn.ended_at, UnitReturn.id),
    "order": (UnitReturn.order_id, UnitReturn.id),
}


def usual_sort(statuses: Collection[str]) -> str:
    """What is due first, what waits longest; of those that have ended the newest."""
    if "owed" in statuses:
        return "due"
    return "-ended" if "repaired" in statuses else "changed"


def returns(session: Session, branch_id: int, statuses: Collection[str], *, cut: Cut) -> Part[UnitReturn]:
    """A page of the returns of a branch in these statuses."""
    where = (UnitReturn.branch_id == branch_id, UnitReturn.status.in_(statuses))
    total = session.scalar(sa.select(sa.func.count()).select_from(UnitReturn).where(*where)) or 0
    found = session.scalars(cut.of(_returns().where(*where), RETURN_SORTS)).unique().all()
    return Part(found, cut.number, total)


def return_counts(session: Session, branch_id: int) -> Mapping[str, int]:
    """How many returns of a branch there are in each status."""
    query = sa.select(UnitReturn.status, sa.func.count()).where(UnitReturn.branch_id == branch_id)
    return {row[0]: row[1] for row in session.execute(query.group_by(UnitReturn.status))}


def returns_numbered(session: Session, branch_id: int, words: str, *, limit: int = 50) -> Sequence[UnitReturn]:
    """Returns by part of the unit's number; those that are still open first."""
    query = _returns().join(UnitReturn.unit).where(UnitReturn.branch_id == branch_id, found_in(Unit.search_text, words))
    ordered = query.order_by(UnitReturn.status.in_(OPEN).desc(), UnitReturn.id.desc())
    return session.scalars(ordered.limit(limit)).unique().all()


def unit_return(session: Session, return_id: int, by: Actor) -> UnitReturn:
    """One return, with vehicle and customer. Raises NotFound for another branch's."""
    replacement = joinedload(UnitReturn.replacement)
    named = (replacement.joinedload(Unit.terminal), replacement.joinedload(Unit.sim))
    owner = joinedload(UnitReturn.unit).joinedload(Unit.owner_customer)
    query = _returns().options(*named, owner, joinedload(UnitReturn.vehicle).joinedload(Vehicle.customer))
    found = session.scalars(query.where(UnitReturn.id == return_id)).unique().one_or_none()
    if found is None or not by.sees_branch(found.branch_id):
        raise NotFound
    return found


def carried_return(session: Session, return_id: int, by: Actor) -> UnitReturn:
    """One return as its label needs it: of one's branch, or for a technician one that he carries. Raises NotFound."""
    found = unit_return(session, return_id, by)
    place = found.unit.position
    if not by.may("bench.see") and (place is None or place.holder.person_id != by.id):
        raise NotFound
    return found


def carried_by_fitting(session: Session, fitting_ids: Collection[int], person_id: int) -> Mapping[int, int]:
    """fitting id -> id of the return that it has opened, of what somebody carries and owes."""
    query = sa.select(UnitReturn.fitting_id, UnitReturn.id).where(UnitReturn.fitting_id.in_(fitting_ids))
    placed = query.join(CustodyPosition, CustodyPosition.unit_id == UnitReturn.unit_id)
    his = placed.where(CustodyPosition.holder_id.in_(bag_ids(person_id)))
    rows = session.execute(his.where(UnitReturn.status == "owed"))
    return {fitting_id: return_id for fitting_id, return_id in rows if fitting_id is not None}


def debts(session: Session, person_id: int) -> Sequence[UnitReturn]:
    """What somebody carries that came out of a vehicle and is to be brought to the bench, the most urgent first."""
    query = _returns().join(CustodyPosition, CustodyPosition.unit_id == UnitReturn.unit_id)
    his = query.join(Holder, Holder.id == CustodyPosition.holder_id).where(Holder.person_id == person_id)
    return session.scalars(his.where(UnitReturn.status == "owed").order_by(UnitReturn.due_at, UnitReturn.id)).unique().all()


@dataclass(frozen=True)
class Owed:
    """How many units somebody owes the bench, and how many of them are overdue."""

    units: int
    overdue: int


def owed_by_people(session: Session, branch_id: int, at: datetime) -> Mapping[int, Owed]:
    """person id -> what he owes, for everybody with a bag at this branch who owes something."""
    overdue = sa.func.count().filter(UnitReturn.due_at < at)
    query = sa.select(Holder.person_id, sa.func.count(), overdue).join(CustodyPosition, CustodyPosition.holder_id == Holder.id)
    owed = query.join(UnitReturn, UnitReturn.unit_id == CustodyPosition.unit_id).where(UnitReturn.status == "owed")
    rows = session.execute(owed.where(Holder.branch_id == branch_id, Holder.kind == "bag").group_by(Holder.person_id))
    return {person_id: Owed(units, late) for person_id, units, late in rows if person_id is not None}


@dataclass(frozen=True)
class Outcome:
    """How often returns ended so, and the median days between bench and end. `status` None: all of them."""

    status: str | None
    count: int
    days: float


def outcomes(session: Session, branch_id: int, at: datetime) -> Mapping[str | None, Outcome]:
    """What became of the returns that ended at the bench in the last FIGURES_DAYS days, by outcome and (None) in all."""
    seconds = sa.extract("epoch", UnitReturn.ended_at - UnitReturn.received_at)
    median = sa.func.percentile_cont(0.5).within_group(seconds)
    query = sa.select(UnitReturn.status, sa.func.count(), median).where(
        UnitReturn.branch_id == branch_id,
        UnitReturn.status.in_(ENDED_AT_BENCH),
        UnitReturn.ended_at > at - timedelta(days=FIGURES_DAYS),
    )
    rows = session.execute(query.group_by(sa.func.rollup(UnitReturn.status)))
    return {status: Outcome(status, count, (middle or 0) / 86_400) for status, count, middle in rows if count}


def top_faults(session: Session, branch_id: int, at: datetime) -> Sequence[sa.Row[str, str | None, str | None, int]]:
    """(fault, model, batch, how many) of what was received in the last FIGURES_DAYS days, the most frequent first."""
    count = sa.func.count()
    query = (
        sa.select(UnitReturn.fault, Terminal.model, Terminal.batch, count)
        .outerjoin(Terminal, Terminal.unit_id == UnitReturn.unit_id)
        .where(UnitReturn.branch_id == branch_id, UnitReturn.fault.is_not(None))
        .where(UnitReturn.received_at > at - timedelta(days=FIGURES_DAYS))
        .group_by(UnitReturn.fault, Terminal.model, Terminal.batch)
        .order_by(count.desc(), UnitReturn.fault, Terminal.model, Terminal.batch)
    )
    return session.execute(query.limit(TOP_FAULTS)).all()  # type: ignore[return-value]
