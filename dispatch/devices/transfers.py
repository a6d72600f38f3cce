"""Transfers between branches as their pages show them: both branches see them, nobody else does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from dispatch.devices.models import Transfer, TransferPart, TransferPartMove, TransferUnit, Unit
from dispatch.errors import NotFound
from dispatch.lists import Cut
from dispatch.staff.models import Person
from dispatch.staff.rules import Actor

KINDS = ("to_us", "from_us", "missing")
"""The looks of the list: on the way to us, on the way from us, with units or parts that have not arrived."""


@dataclass(frozen=True)
class TransferRow:
    """A transfer in a list, with how many units and kinds of parts it has; `missing` are units, `short` kinds of parts."""

    transfer: Transfer
    units: int
    kinds: int
    missing: int
    short: int


_STILL_MISSING = TransferPart.missing > TransferPart.found + TransferPart.lost


def _visible(by: Actor) -> sa.ColumnElement[bool]:
    if by.may("branches.all"):
        return sa.true()
    return sa.or_(Transfer.from_branch_id == by.branch_id, Transfer.to_branch_id == by.branch_id)


def _of_kind(kind: str | None, by: Actor) -> sa.ColumnElement[bool]:
    """SQL: which transfers one of KINDS, or None for all, is about."""
    missing = sa.or_(
        sa.exists().where(TransferUnit.transfer_id == Transfer.id, TransferUnit.status == "missing"),
        sa.exists().where(TransferPart.transfer_id == Transfer.id, _STILL_MISSING),
    )
    kinds = {
        "to_us": sa.and_(Transfer.status == "sent", Transfer.to_branch_id == by.branch_id),
        "from_us": sa.and_(Transfer.status == "sent", Transfer.from_branch_id == by.branch_id),
        "missing": missing,
    }
    return kinds.get(kind or "", sa.true())


TRANSFER_SORTS = {
    "number": (Transfer.id,),
    "status": (Transfer.status, -Transfer.id),
    "sent": (Transfer.sent_at, Transfer.id),
}
NEWEST = Cut(1, "-number")


def transfers(session: Session, by: Actor, *, kind: str | None = None, cut: Cut = NEWEST) -> Sequence[TransferRow]:
    """A page of the transfers from or to one's branch (or of all); `kind` is one of KINDS."""
    units, parts = TransferUnit.transfer_id == Transfer.id, TransferPart.transfer_id == Transfer.id
    missing = (_counted(units, TransferUnit.status == "missing"), _counted(parts, _STILL_MISSING))
    query = sa.select(Transfer, _counted(units), _counted(parts), *missing).where(_visible(by), _of_kind(kind, by))
    sides = (joinedload(Transfer.from_branch), joinedload(Transfer.to_branch))
    rows = session.execute(cut.of(query.options(*sides), TRANSFER_SORTS))
    return [TransferRow(*row) for row in rows]


def _counted(*which: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
    return sa.select(sa.func.count()).where(*which).correlate(Transfer).scalar_subquery()


def transfer_counts(session: Session, by: Actor) -> dict[str | None, int]:
    """How many transfers each of KINDS has; None: all."""
    columns = [sa.func.count().filter(_of_kind(kind, by)) for kind in (*KINDS, None)]
    found = session.execute(sa.select(*columns).select_from(Transfer).where(_visible(by))).one()
    return dict(zip((*KINDS, None), found, strict=True))


def transfer(session: Session, number: str, by: Actor) -> Transfer:
    """One transfer with its units and parts. Raises NotFound for somebody of a third branch."""
    counted = selectinload(Transfer.parts)
    parts = (counted.joinedload(TransferPart.part), counted.selectinload(TransferPart.moves).joinedload(TransferPartMove.entry))
    unit = selectinload(Transfer.lines).joinedload(TransferUnit.unit)
    sides = [joinedload(side) for side in (Transfer.from_branch, Transfer.to_branch, Transfer.store, Transfer.into)]
    query = sa.select(Transfer).where(Transfer.number == number, _visible(by))
    found = session.scalar(query.options(unit.options(joinedload(Unit.terminal), joinedload(Unit.sim)), *sides, *parts))
    if found is None:
        raise NotFound
    return found


def who_may_answer(session: Session, made: Transfer) -> Sequence[Person]:
    """The people of both branches: one of them answers for what is missing."""
    of_both = Person.branch_id.in_((made.from_branch_id, made.to_branch_id))
    return session.scalars(sa.select(Person).where(of_both, Person.active).order_by(Person.branch_id, Person.staff_no)).all()
