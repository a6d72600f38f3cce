"""What a contractor did, was docked, collected for us and was paid over a span: his settlement, read from offers and receipts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.devices.contractor_models import ContractorWorker
from dispatch.fees.models import Account, Receipt
from dispatch.finance.queries import at_the_desk
from dispatch.finance.settlement_models import ContractorSheetLine
from dispatch.orders.models import Order
from dispatch.outside.models import OutsideOffer
from dispatch.staff.models import Person


@dataclass(frozen=True)
class Job:
    """Accepted work on one order: what was agreed, what it is worth and why less, what he collected, and the payment."""

    order: str
    worker: str
    accepted_at: datetime
    price: Decimal
    amount: Decimal
    note: str | None
    collected: Decimal
    held: Decimal
    paid_at: datetime | None
    reference: str | None

    @property
    def docked(self) -> Decimal:
        """What was taken off the price that was agreed on."""
        return self.price - self.amount

    @property
    def owed(self) -> Decimal:
        """What is still to be paid to him."""
        return Decimal(0) if self.paid_at else self.amount


@dataclass(frozen=True)
class Settlement:
    """All of it over a span."""

    jobs: list[Job]

    def sum(self, name: str) -> Decimal:
        """The sum of one figure over all orders."""
        return sum((getattr(job, name) for job in self.jobs), Decimal("0.00"))

    @property
    def paid(self) -> Decimal:
        """What he was paid."""
        return self.sum("amount") - self.sum("owed")

    @property
    def balance(self) -> Decimal:
        """What we owe him, less our cash that he still holds; below zero he owes us."""
        return self.sum("owed") - self.sum("held")


def settlement(session: Session, contractor_id: int, *, since: datetime, until: datetime) -> Settlement:
    """The work of a contractor that was accepted in [since, until), in the order of time. One statement."""
    his = sa.select(sa.func.coalesce(sa.func.sum(Receipt.amount), 0)).where(Receipt.visit_id == OutsideOffer.visit_id)
    collected = his.where(Receipt.channel != "account").scalar_subquery()
    held = his.where(Receipt.channel == "cash", Receipt.by_id == OutsideOffer.worker_id, ~at_the_desk()).scalar_subquery()
    offer = OutsideOffer
    money = (offer.price, offer.amount, offer.work_note, collected, held)
    rows = (
        sa.select(Order.number, Person.name, offer.work_at, *money, offer.settled_at, offer.settled_reference)
        .join(Order, Order.id == offer.order_id)
        .join(Person, Person.id == offer.worker_id)
        .where(offer.contractor_id == contractor_id, offer.work_at >= since, offer.work_at < until)
    )
    return Settlement([_job(row) for row in session.execute(rows.order_by(offer.work_at, offer.id))])


def _job(row: Any) -> Job:
    return Job(*row)


@dataclass(frozen=True)
class Work:
    """Accepted work that stands in no settlement and was not paid otherwise, as a line of one has it."""

    offer_id: int
    order_number: str
    worker: str
    accepted_at: datetime
    price: Decimal
    amount: Decimal
    note: str | None


def open_work(session: Session, contractor_id: int, *, until: datetime) -> list[Work]:
    """A contractor's work that was accepted before a moment and waits to be settled, in the order of time."""
    offer, line = OutsideOffer, ContractorSheetLine
    stands = sa.exists().where(line.offer_id == offer.id, line.live)
    rows = (
        sa.select(offer.id, Order.number, Person.name, offer.work_at, offer.price, offer.amount, offer.work_note)
        .join(Order, Order.id == offer.order_id)
        .join(Person, Person.id == offer.worker_id)
        .where(offer.contractor_id == contractor_id, offer.work_at < until, offer.settled_at.is_(None), ~stands)
    )
    found: sa.Result[*tuple[Any, ...]] = session.execute(rows.order_by(offer.work_at, offer.id))
    return [Work(*row) for row in found]


def held_of(session: Session, contractor_id: int) -> Decimal:
    """What of our cash a contractor's people hold."""
    his = sa.select(ContractorWorker.person_id).where(ContractorWorker.contractor_id == contractor_id)
    held = sa.select(sa.func.sum(Account.balance)).where(Account.kind == "cash_in_hand", Account.person_id.in_(his))
    return session.scalar(held) or Decimal("0.00")
