"""Proving returns: a unit is where the status of its return says, and what is on a bench has a return."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.devices.bench_models import ReturnStep, UnitReturn
from dispatch.devices.bench_rules import OPEN, PLACES_OF, STATUS_WORDS
from dispatch.devices.models import CustodyEntry, CustodyPosition, Holder, Sim, Terminal, Tool
from dispatch.devices.operations import describe
from dispatch.words import Text, say


def wrong_returns(session: Session) -> Iterator[Text]:
    """One sentence for each return whose unit is elsewhere, and for each unit on a bench that nobody has returned."""
    yield from _elsewhere(session)
    yield from _unexplained(session)
    yield from _wrong_steps(session)


def _elsewhere(session: Session) -> Iterator[Text]:
    """A return is asked about its unit until it has ended, and where a unit has ended with it for good."""
    right = sa.or_(*(sa.and_(UnitReturn.status == word, Holder.kind.in_(kinds)) for word, kinds in PLACES_OF.items()))
    query = sa.select(UnitReturn.id, UnitReturn.status, _number(), Holder).join(
        CustodyPosition, CustodyPosition.unit_id == UnitReturn.unit_id
    )
    placed = _numbered(query.join(Holder, Holder.id == CustodyPosition.holder_id), UnitReturn.unit_id)
    wrong = placed.where(UnitReturn.status.in_(PLACES_OF), ~right).order_by(UnitReturn.id)
    for return_id, status, number, holder in session.execute(wrong):
        yield say(
            "Return %(id)s of %(unit)s says “%(status)s”, but the unit is elsewhere: %(place)s",
            id=return_id,
            unit=number,
            status=STATUS_WORDS[status],
            place=describe(holder),
        )


def _unexplained(session: Session) -> Iterator[Text]:
    open_one = sa.exists().where(UnitReturn.unit_id == CustodyPosition.unit_id, UnitReturn.status.in_(OPEN))
    query = sa.select(_number()).select_from(CustodyPosition).where(CustodyPosition.holder_kind == "bench", ~open_one)
    for number in session.scalars(_numbered(query, CustodyPosition.unit_id).order_by(CustodyPosition.unit_id)):
        yield say("%(unit)s is on the repair bench, but no return says why", unit=number)


def _wrong_steps(session: Session) -> Iterator[Text]:
    """Steps that moved another unit, or were taken back otherwise than their ledger entry."""
    wrong, first, entry = sa.orm.aliased(ReturnStep), sa.orm.aliased(CustodyEntry), sa.orm.aliased(CustodyEntry)
    disagrees = sa.or_(
        sa.and_(ReturnStep.action != "replace", entry.unit_id != UnitReturn.unit_id),
        ReturnStep.seq > UnitReturn.step,
        wrong.action != ReturnStep.action,
        wrong.corrects_id.is_not(None),
        sa.and_(wrong.id.is_not(None), entry.corrects_id.is_distinct_from(wrong.entry_id)),
        first.to_holder_id.is_distinct_from(sa.case((first.id.is_not(None), entry.from_holder_id))),
    )
    query = (
        sa.select(ReturnStep.return_id, ReturnStep.seq)
        .join(UnitReturn, UnitReturn.id == ReturnStep.return_id)
        .outerjoin(entry, entry.id == ReturnStep.entry_id)
        .outerjoin(wrong, wrong.id == ReturnStep.corrects_id)
        .outerjoin(first, first.id == wrong.entry_id)
    )
    for return_id, seq in session.execute(query.where(disagrees).order_by(ReturnStep.id)):
        yield say("Step %(step)s of return %(id)s does not agree with what it names", step=seq, id=return_id)


def _number() -> sa.ColumnElement[str]:
    return sa.func.coalesce(Terminal.serial, Sim.iccid, Tool.serial)


def _numbered(query: sa.Select, unit_id: sa.orm.InstrumentedAttribute[int]) -> sa.Select:  # type: ignore[type-arg]
    numbered = query.outerjoin(Terminal, Terminal.unit_id == unit_id).outerjoin(Sim, Sim.unit_id == unit_id)
    return numbered.outerjoin(Tool, Tool.unit_id == unit_id)
