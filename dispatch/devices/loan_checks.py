"""Proving loans: what is lent is in the vehicle for which it was lent, and what was given back has not been put in again."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.devices.models import CustodyPosition, Fitting, Holder, Loan
from dispatch.words import Text, say

_place = sa.select(CustodyPosition.unit_id).join(Holder, Holder.id == CustodyPosition.holder_id)
_there = _place.where(CustodyPosition.unit_id == Loan.unit_id, Holder.vehicle_id == Loan.vehicle_id).exists()
_undone = sa.exists().where(Fitting.undoes_id == Loan.ended_fitting_id)
LENT_ELSEWHERE = sa.select(Loan.unit_id).where(Loan.state == "out", ~_there).order_by(Loan.unit_id)
RETURN_UNDONE = sa.select(Loan.unit_id).where(Loan.state == "returned", _undone).order_by(Loan.unit_id)


def wrong_loans(session: Session, label: Callable[[Session, int], str]) -> Iterator[Text]:
    """One sentence for each loaner that is out and elsewhere, and for each that counts as given back and is not."""
    for unit_id in session.scalars(LENT_ELSEWHERE):
        yield say("%(unit)s is on loan, but not in the vehicle for which it was lent", unit=label(session, unit_id))
    for unit_id in session.scalars(RETURN_UNDONE):
        yield say(
            "%(unit)s counts as given back from loan, but the fitting that took it out was undone", unit=label(session, unit_id)
        )
