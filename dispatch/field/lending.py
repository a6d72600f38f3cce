"""The office turns a loan into a sale: what it costs is charged on the order that lent it, and its papers follow."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from dispatch.devices.lending import sell
from dispatch.devices.loan_models import Loan
from dispatch.devices.models import Fitting
from dispatch.errors import NotFound
from dispatch.fees.operations import charge_fittings
from dispatch.field.correcting import corrected
from dispatch.staff.rules import Actor


def sell_loan(session: Session, loan_id: int, *, reason: str, by: Actor, at: datetime) -> Loan:
    """The customer keeps the loaner. P10 decides whether he pays for it, as for any terminal given in exchange.

    Raises NotFound, Invalid without a reason, Conflict when the loan has ended, RuleBroken while its order is closed.
    """
    found = session.get(Loan, loan_id)
    if found is None or not by.sees_branch(found.branch_id):
        raise NotFound
    with corrected(session, found.order_id, by=by, at=at) as order:
        loan = sell(session, loan_id, reason=reason, by=by, at=at)
        fitting = session.get_one(Fitting, loan.fitting_id)
        session.expire(fitting, ["loan"])
        charge_fittings(session, order, visit_id=fitting.visit_id, by=by, at=at)
    return loan
