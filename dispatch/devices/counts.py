"""Counts of stores and bags as they are read: what was found, and what is to be done about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from dispatch.devices.models import CountScan, CountUnit, CustodyPosition, Holder, StockCount, Unit
from dispatch.errors import NotFound
from dispatch.lists import Cut
from dispatch.staff.models import Branch
from dispatch.staff.rules import Actor

BOOKED_FROM = ("store", "bag", "lost")
"""A count corrects the record of what the store holds. What is in a vehicle, on a bench or on the way has papers of its own."""


@dataclass(frozen=True)
class Finding:
    """What a count says of one unit, and where the record has it now.

    `kind`: there, missing, surplus (of the same branch, to be moved here), not_booked (surplus that has papers elsewhere), moved
    (left or came while people counted).
    """

    line: CountUnit
    place: CustodyPosition
    kind: str

    @property
    def is_difference(self) -> bool:
        """It needs an explanation."""
        return self.kind in ("missing", "surplus", "not_booked")

    @property
    def is_booked(self) -> bool:
        """Approving moves it."""
        return self.kind in ("missing", "surplus")


def findings(session: Session, count: StockCount) -> Sequence[Finding]:
    """What a count that is not settled says of each unit, in the order of their ids, by the record of this moment."""
    query = sa.select(CountUnit, CustodyPosition).join(CustodyPosition, CustodyPosition.unit_id == CountUnit.unit_id)
    unit = joinedload(CountUnit.unit)
    holder = joinedload(CustodyPosition.holder).options(joinedload(Holder.person), joinedload(Holder.vehicle))
    loaded = query.where(CountUnit.count_id == count.id).options(
        unit.options(joinedload(Unit.terminal), joinedload(Unit.sim)), holder
    )
    session.flush()
    rows = session.execute(loaded.order_by(CountUnit.unit_id).execution_options(populate_existing=True))
    return [Finding(line, place, _kind(count, line, place)) for line, place in rows]


_SETTLED = {"lost": "missing", "moved_here": "surplus", "moved_meanwhile": "moved"}


def _kind(count: StockCount, line: CountUnit, place: CustodyPosition) -> str:
    if line.outcome is not None:
        return _SETTLED.get(line.outcome, line.outcome)
    here, still = place.holder_id == count.holder_id, place.seq == line.seq
    if line.expected and line.times:
        return "there" if here else "moved"
    if line.expected:
        return "missing" if here and still else "moved"
    if here or not still:
        return "moved"
    return "surplus" if place.holder_kind in BOOKED_FROM and place.holder.branch_id == count.branch_id else "not_booked"


def count_numbered(session: Session, number: str, by: Actor) -> StockCount:
    """One count with its place. Raises NotFound for another branch's."""
    place = joinedload(StockCount.holder).joinedload(Holder.person)
    found = session.scalar(sa.select(StockCount).where(StockCount.number == number).options(place))
    if found is None or not by.sees_branch(found.branch_id):
        raise NotFound
    return found


COUNT_SORTS = {
    "number": (StockCount.id,),
    "status": (StockCount.status, -StockCount.id),
    "begun": (StockCount.started_at, StockCount.id),
}


def counts(session: Session, by: Actor, *, status: str | None = None, cut: Cut) -> Sequence[StockCount]:
    """A page of the counts of one's branch (or of all)."""
    query = sa.select(StockCount).where(_visible(by)).options(joinedload(StockCount.holder).joinedload(Holder.person))
    if status:
        query = query.where(StockCount.status == status)
    return session.scalars(cut.of(query, COUNT_SORTS)).all()


def count_totals(session: Session, by: Actor) -> Counter[str]:
    """How many counts there are of each status."""
    rows = session.execute(sa.select(StockCount.status, sa.func.count()).where(_visible(by)).group_by(StockCount.status))
    return Counter({str(row[0]): int(row[1]) for row in rows})


def _visible(by: Actor) -> sa.ColumnElement[bool]:
    return sa.true() if by.may("branches.all") else StockCount.branch_id == by.branch_id


def under_way(session: Session, holder_id: int) -> StockCount | None:
    """The count of a place that is not settled."""
    query = sa.select(StockCount).where(StockCount.holder_id == holder_id, StockCount.status.in_(("open", "finished")))
    return session.scalar(query)


def last_scan(session: Session, count: StockCount) -> CountScan | None:
    """The newest list that was scanned."""
    query = sa.select(CountScan).where(CountScan.count_id == count.id)
    return session.scalar(query.order_by(CountScan.id.desc()).limit(1))


def strangers(session: Session, count: StockCount) -> list[str]:
    """The numbers scanned in a count that are on nobody's record, each once."""
    told = session.scalars(sa.select(CountScan.told).where(CountScan.count_id == count.id).order_by(CountScan.id))
    return list(dict.fromkeys(number for answers in told for number, verdict, _place in answers if verdict == "unknown"))


def has_counted(session: Session, count: StockCount, person_id: int | None) -> bool:
    """Whether somebody has started, scanned for or finished a count."""
    if person_id in (count.started_by_id, count.finished_by_id):
        return True
    query = sa.select(CountScan.id).where(CountScan.count_id == count.id, CountScan.by_id == person_id)
    return session.scalar(query.limit(1)) is not None


def holders_named(session: Session, holder_ids: Collection[int]) -> dict[int, Holder]:
    """Holders with their people and vehicles: id -> holder."""
    query = sa.select(Holder).where(Holder.id.in_(holder_ids))
    return {each.id: each for each in session.scalars(query.options(joinedload(Holder.person), joinedload(Holder.vehicle)))}


def branch_names(session: Session) -> dict[int, str]:
    """The branches by id."""
    return {branch.id: branch.name for branch in session.scalars(sa.select(Branch))}
