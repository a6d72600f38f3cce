"""Reading loans: who has a loaner of ours, and when it is due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from dispatch.customers.models import Vehicle
from dispatch.devices.loan_models import Loan
from dispatch.devices.models import CustodyPosition, Holder, Unit
from dispatch.lists import FIRST, Cut, Part
from dispatch.staff.rules import Actor


@dataclass(frozen=True)
class LoanList:
    """A page of the loans that are asked for, and how many are out and overdue in all."""

    part: Part[Loan]
    out: int
    overdue: int


LOAN_SORTS = {"due": (Loan.due_on, Loan.id), "ended": (Loan.ended_at, Loan.id), "lent": (Loan.id,)}


def loans(session: Session, by: Actor, *, today: date, which: str = "out", cut: Cut = FIRST) -> LoanList:
    """Those that are `out`, `overdue` or `ended`; of all branches for whoever sees them."""
    visible = sa.true() if by.may("branches.all") else Loan.branch_id == by.branch_id
    late = sa.and_(Loan.state == "out", Loan.due_on < today)
    tests = {"out": Loan.state == "out", "overdue": late, "ended": Loan.state.in_(("returned", "sold"))}
    counted = sa.select(*(sa.func.count().filter(test).label(name) for name, test in tests.items())).where(visible)
    counts = dict(session.execute(counted).one()._mapping)
    query = cut.of(sa.select(Loan).where(visible, tests[which]).options(*_whole()), LOAN_SORTS)
    part = Part(session.scalars(query).unique().all(), cut.number, counts[which])
    return LoanList(part, counts["out"], counts["overdue"])


def _whole() -> list[Any]:
    place = joinedload(Unit.position).joinedload(CustodyPosition.holder)
    holder = (place.joinedload(Holder.vehicle), place.joinedload(Holder.person))
    own = joinedload(Loan.own_unit).options(joinedload(Unit.terminal), *holder)
    return [joinedload(Loan.unit).joinedload(Unit.terminal), own, joinedload(Loan.vehicle).joinedload(Vehicle.customer)]
