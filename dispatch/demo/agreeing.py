"""What was agreed with customers and carriers: a contract with a longer warranty, a SIM topped up, one suspended."""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from dispatch.devices.models import Unit
from dispatch.devices.sim_life import change_state, note_balance, top_up
from dispatch.devices.sim_rules import TopUp
from dispatch.devices.warranting import NewTerm, set_term
from dispatch.staff.rules import Actor

if TYPE_CHECKING:
    from dispatch.demo.company import Company

LONG = NewTerm(36, "installation", date(2024, 1, 1), date(2030, 12, 31), "HT-2024-17")
LATER = timedelta(days=899)
"""Nearly when the first call comes in."""


def agree_on_warranty(company: Company, customer_id: int, manager: Actor) -> None:
    """One customer's contract says more than the delivery notes."""
    key = uuid.uuid5(uuid.NAMESPACE_OID, f"contract {customer_id}")
    set_term(company.session, LONG, customer_id=customer_id, key=key, by=manager, at=company.at)


def look_after_sims(company: Company, cards: list[Unit], keeper: Actor) -> None:
    """Of three SIMs in vehicles one is topped up, one nearly empty, one suspended."""
    full, empty, unpaid = cards
    facts: dict[str, Any] = {"by": keeper, "at": company.at + LATER}
    note_balance(company.session, full.id, Decimal("6.20"), **facts)
    key = uuid.uuid5(uuid.NAMESPACE_OID, f"top-up {full.id}")
    top_up(company.session, full.id, TopUp(Decimal(60), "CZ20260518-03"), key=key, **facts)
    note_balance(company.session, empty.id, Decimal("2.35"), **facts)
    change_state(company.session, unpaid.id, "suspend", reason="客户欠费", **facts)
