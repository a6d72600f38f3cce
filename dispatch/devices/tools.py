"""The tools of a branch, which of them are due, and what a technician may not work with."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from dispatch.devices.models import Calibration, CustodyPosition, Holder, Tool, Unit
from dispatch.devices.tool_rules import STATES
from dispatch.lists import FIRST, Cut
from dispatch.staff.rules import Actor

GONE = ("scrapped", "lost")


TOOL_SORTS = {
    "until": (Tool.valid_until, Tool.name, Tool.serial),
    "name": (Tool.name, Tool.serial),
    "number": (Tool.serial, Tool.unit_id),
}


def tools(session: Session, by: Actor, *, on: date, soon_days: int, state: str | None = None, cut: Cut = FIRST) -> Sequence[Unit]:
    """A page of the tools in use of the reader's branch with their places."""
    holder = joinedload(Unit.position).joinedload(CustodyPosition.holder)
    whose = (holder.joinedload(Holder.person), holder.joinedload(Holder.vehicle))
    numbers = (joinedload(Unit.terminal), joinedload(Unit.sim))  # a tool has neither; else each would be asked for in vain
    query = _in_use(sa.select(Unit), by).options(*numbers, *whose)
    if state:
        query = query.where(_state(on, soon_days) == state)
    return session.scalars(cut.of(query, TOOL_SORTS)).all()


def tool_counts(session: Session, by: Actor, *, on: date, soon_days: int) -> dict[str | None, int]:
    """How many tools in each state, and under None how many there are."""
    state = _state(on, soon_days)
    rows = session.execute(_in_use(sa.select(state, sa.func.count()), by).group_by(state))
    counts: dict[str, int] = {state: count for state, count in rows}  # noqa: C416 - rows are not pairs to mypy
    return {None: sum(counts.values()), **{each: counts.get(each, 0) for each in STATES}}


def _in_use(query: Any, by: Actor) -> Any:
    joined = query.select_from(Unit).join(Tool, Tool.unit_id == Unit.id).join(Unit.position)
    own = sa.true() if by.may("branches.all") else Unit.branch_id == by.branch_id
    return joined.where(CustodyPosition.holder_kind.not_in(GONE), own)


def _state(on: date, soon_days: int) -> sa.ColumnElement[str]:
    until = Tool.valid_until
    soon = until <= on + timedelta(days=soon_days)
    return sa.case((until.is_(None), "without"), (until < on, "over"), (soon, "soon"), else_="holds")


def overdue_tools(session: Session, person_id: int, on: date) -> Sequence[Tool]:
    """The tools in somebody's bag that he may not work with on a day, by name."""
    query = sa.select(Tool).join(CustodyPosition, CustodyPosition.unit_id == Tool.unit_id)
    held = query.join(Holder, Holder.id == CustodyPosition.holder_id).where(Holder.person_id == person_id, Tool.valid_until < on)
    return session.scalars(held.order_by(Tool.name, Tool.serial)).all()


def calibrations(session: Session, unit_id: int) -> Sequence[Calibration]:
    """When a tool was calibrated, newest first."""
    query = sa.select(Calibration).where(Calibration.unit_id == unit_id)
    return session.scalars(query.order_by(Calibration.done_on.desc(), Calibration.id.desc())).all()
