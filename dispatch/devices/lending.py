"""Loans follow the fittings: one begins with a fitting that lends, ends when the loaner comes out, and an undo takes both back.

Whoever fits holds the slot and the bag, and so no two of them change one loan at a time; a sale takes the slot's turn first.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.devices.loan_models import Loan
from dispatch.devices.models import Fitting, Unit
from dispatch.devices.ownership_following import sold_to_customer
from dispatch.devices.slots import take_turn
from dispatch.errors import Conflict, Invalid, NotFound, RuleBroken
from dispatch.staff.rules import Actor
from dispatch.words import say

MOST_DAYS = 365
SOLD_ALREADY = say("The loan of this terminal was turned into a sale, so it stays as it is.")


def check_lending(unit: Unit, due_on: date, today: date) -> None:
    """Raises Invalid (`lend_days`) for what cannot be lent, or not until that day."""
    if unit.terminal is None:
        raise Invalid({"lend_days": say("Only a terminal can be lent.")})
    if unit.owner == "customer":
        raise Invalid({"lend_days": say("This terminal belongs to a customer and cannot be lent: fit it for good.")})
    if not today < due_on <= today + timedelta(days=MOST_DAYS):
        raise Invalid({"lend_days": say("A loan lasts from 1 to %(most)s days.", most=MOST_DAYS)})


def lent_unit(session: Session, unit_id: int) -> Loan | None:
    """The loan by which a unit is in a customer's vehicle now."""
    return session.scalar(sa.select(Loan).where(Loan.unit_id == unit_id, Loan.state == "out"))


def must_not_be_lent(session: Session, unit: Unit) -> None:
    """Raises RuleBroken for a loaner: it is not the customer's to be moved about."""
    if lent_unit(session, unit.id) is not None:
        raise RuleBroken(say("%(unit)s is a loaner: put the customer's own terminal back first.", unit=unit.number))


def follow_fitting(session: Session, fitting: Fitting, *, due_on: date | None, by: Actor, at: datetime) -> None:
    """What a fitting just written down means for loans; `due_on`: it lends what it puts in until that day.

    Raises RuleBroken where an undo would take back a loan that was sold.
    """
    if fitting.undoes_id is not None:
        _undone(session, fitting, by=by, at=at)
    elif fitting.old_unit_id is not None:
        _taken_out(session, fitting, by=by, at=at)
    if due_on is not None:
        _begin(session, fitting, due_on, by=by, at=at)


def _begin(session: Session, fitting: Fitting, due_on: date, *, by: Actor, at: datetime) -> None:
    before = _loan(session, Loan.fitting_id.in_(_lending(fitting))) if fitting.old_unit_id else None
    loan = Loan(
        fitting_id=fitting.id,
        unit_id=fitting.new_unit_id,
        own_unit_id=before.own_unit_id if before else fitting.old_unit_id,
        vehicle_id=fitting.vehicle_id,
        order_id=fitting.order_id,
        branch_id=fitting.slot.branch_id,
        due_on=due_on,
        state="out",
        by_id=by.id,
        by_name=by.name,
        at=fitting.at,
    )
    session.add(loan)
    session.flush()
    record(session, ("order", loan.order_id), "loan.begin", by=by, at=at, detail=_told(session, loan, fitting))


def _lending(fitting: Fitting) -> sa.Select[int]:
    """SQL: the fitting whose loaner this one took out: one loaner for another stands for the same own terminal."""
    return sa.select(Loan.fitting_id).where(Loan.ended_fitting_id == fitting.id)


def _taken_out(session: Session, fitting: Fitting, *, by: Actor, at: datetime) -> None:
    loan = _loan(session, Loan.unit_id == fitting.old_unit_id, Loan.state == "out")
    if loan is not None:
        loan.state, loan.ended_fitting_id = "returned", fitting.id
        _ended(session, loan, by=by, at=at)
        # In the trail of the order that brought it back: the other one may be at work in somebody else's hands.
        record(session, ("order", fitting.order_id), "loan.end", by=by, at=at, detail=_told(session, loan, fitting))


def _undone(session: Session, fitting: Fitting, *, by: Actor, at: datetime) -> None:
    lent = _loan(session, Loan.fitting_id == fitting.undoes_id)
    if lent is not None and lent.state == "sold":
        raise RuleBroken(SOLD_ALREADY)
    if lent is not None:
        lent.state = "void"
        _ended(session, lent, by=by, at=at)
    back = _loan(session, Loan.ended_fitting_id == fitting.undoes_id)
    if back is not None:
        if (unit := session.get_one(Unit, back.unit_id)).owner == "customer":
            raise RuleBroken(say("%(unit)s was lent and belongs to a customer by now: do the work anew.", unit=unit.number))
        back.state, back.ended_fitting_id, back.ended_at = "out", None, None
        back.ended_by_id = back.ended_by_name = None
        session.flush()


def sell(session: Session, loan_id: int, *, reason: str, by: Actor, at: datetime) -> Loan:
    """Turn a loan into a sale: the terminal is the customer's from now on. What it costs is charged by whoever calls.

    Raises NotFound, Invalid without a reason, Conflict when the loan has ended meanwhile.
    """
    loan = session.get(Loan, loan_id)
    if loan is None or not by.sees_branch(loan.branch_id):
        raise NotFound
    fitting = session.get_one(Fitting, loan.fitting_id)
    take_turn(session, [fitting.slot_id])
    session.refresh(loan, with_for_update=True)
    if not reason.strip():
        raise Invalid({"reason": say("Please give a reason.")})
    if loan.state != "out":
        raise Conflict(say("This loan has ended meanwhile. Please look again."))
    loan.state, loan.sold_reason = "sold", reason.strip()[:200]
    _ended(session, loan, by=by, at=at)
    sold_to_customer(session, loan, by=by, at=at)
    detail = _told(session, loan, fitting) | {"reason": loan.sold_reason}
    record(session, ("order", loan.order_id), "loan.sell", by=by, at=at, detail=detail)
    return loan


def _ended(session: Session, loan: Loan, *, by: Actor, at: datetime) -> None:
    loan.ended_by_id, loan.ended_by_name, loan.ended_at = by.id, by.name, at
    session.flush()


def _loan(session: Session, *which: sa.ColumnElement[bool]) -> Loan | None:
    return session.scalar(sa.select(Loan).where(*which).with_for_update().execution_options(populate_existing=True))


def _told(session: Session, loan: Loan, fitting: Fitting) -> dict[str, Any]:
    number = session.get_one(Unit, loan.unit_id).number
    return {"line": fitting.line_id, "loan": loan.id, "number": number, "day": loan.due_on.isoformat()}
