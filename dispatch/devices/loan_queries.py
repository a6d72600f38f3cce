"""Reading loans: who has a loaner of ours, and when it is due."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from dispatch.customers.models import Vehicle
from dispatch.devices.loan_models import Loan
from dispatch.devices.models import CustodyPosition, Holder, Unit
from dispatch.staff.rules import Actor

MOST = 200


@dataclass(frozen=True)
class LoanList:
    """The loans that are asked for, the first due first, and how many are out and overdue in all."""

    rows: Sequence[Loan]
    out: int
    overdue: int


def loans(session: Session, by: Actor, *, today: date, which: str = "out") -> LoanList:
    """Those that are `out`, `overdue` or `ended`; of all branches for whoever sees them."""
    visible = sa.true() if by.may("branches.all") else Loan.branch_id == by.branch_id
    late = sa.and_(Loan.state == "out", Loan.due_on < today)
    counted = sa.select(sa.func.count().filter(Loan.state == "out"), sa.func.count().filter(late)).where(visible)
    out, overdue = session.execute(counted).one()
    tests = {"out": Loan.state == "out", "overdue": late, "ended": Loan.state.in_(("returned", "sold"))}
    order = Loan.ended_at.desc() if which == "ended" else Loan.due_on
    query = sa.select(Loan).where(visible, tests[which]).options(*_whole()).order_by(order, Loan.id).limit(MOST)
    return LoanList(session.scalars(query).unique().all(), out, overdue)


def _whole() -> list[Any]:
    place = joinedload(Unit.position).joinedload(CustodyPosition.holder)
    holder = (place.joinedload(Holder.vehicle), place.joinedload(Holder.person))
    own = joinedload(Loan.own_unit).options(joinedload(Unit.terminal), *holder)
    return [joinedload(Loan.unit).joinedload(Unit.terminal), own, joinedload(Loan.vehicle).joinedload(Vehicle.customer)]
