"""Limits on cash in hand: five days were allowed until today, one day from now on; who forgets to hand in is over it."""

from __future__ import annotations

import uuid
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from dispatch.clock import local_day
from dispatch.fees.cash_queries import held_in
from dispatch.fees.operations import end_cash_limit, set_cash_limit
from dispatch.fees.operations.cash_limits import NewLimit

if TYPE_CHECKING:
    from dispatch.demo.company import Company

GENEROUS, USUAL = Decimal(120), Decimal(24)
MOST = Decimal(5000)
FAR = "片区偏远，每周两次到网点交款"
SMALL = "试用期，先按小额执行"
NEAR = Decimal("0.9")


def agree(company: Company) -> None:
    """What held from the first day on."""
    _set(company, None, MOST, GENEROUS, company.at, name="first")


def build(company: Company, moment: datetime) -> None:
    """One day from now on; one may keep it longer, another one only as much as he nearly has."""
    kept = _set(company, None, MOST, GENEROUS, company.at, name="first")
    _set(company, company.branches["SZ"].id, MOST, USUAL, moment)
    end_cash_limit(company.session, kept, by=company.people["qian"], at=moment)
    _set(company, None, MOST, Decimal(72), moment, person="liang", reason=FAR)
    held = held_in(company.session, at=moment, branch_id=company.branches["SZ"].id)
    names = {person.id: name for name, person in company.people.items()}
    fine = [one for one in held if one.standing.state == "fine" and names.get(one.person_id) != "su"]
    for one in fine[-1:]:
        most = (one.cash / NEAR).quantize(Decimal(10))
        _set(company, None, most, USUAL, moment, person=names[one.person_id], reason=SMALL)


def _set(
    company: Company,
    branch_id: int | None,
    most: Decimal,
    hours: Decimal,
    at: datetime,
    *,
    person: str | None = None,
    reason: str = "",
    name: str = "",
) -> int:
    """A limit set by finance; of the same name it is the same."""
    key = uuid.uuid5(uuid.NAMESPACE_OID, f"{name or at.isoformat()}/{branch_id}/{person}")
    person_id = company.people[person].id if person else None
    day = local_day(at, company.zone)
    new = NewLimit(branch_id, person_id, most, hours, day, reason=reason)
    return set_cash_limit(company.session, new, key=key, by=company.people["qian"], at=at).id
