"""Loaners (备用机): a terminal of ours in a customer's vehicle until his own one is back, or until it is sold to him."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dispatch.customers.models import Vehicle
from dispatch.db import Base, Key, constraint_says, words_of
from dispatch.words import say

if TYPE_CHECKING:
    from dispatch.devices.models import Unit

LOAN_STATES = ("out", "returned", "sold", "void")
LENT = ("out", "returned")
"""While it is so, the terminal was only lent; one that was sold is the customer's own."""


class Loan(Base):
    """One loan: the fitting that put the loaner in, whose own unit it stands for (None: there was none), and by when it is due.

    It ends with the fitting that takes the loaner out, or when a person turns it into a sale. Void: the fitting was undone.
    """

    __tablename__ = "loan"
    __table_args__ = (
        words_of("state", LOAN_STATES),
        sa.CheckConstraint("own_unit_id <> unit_id", name="stands_for_another"),
        sa.CheckConstraint("(state = 'out') = (ended_at IS NULL)", name="ended_has_time"),
        sa.CheckConstraint("(state = 'returned') = (ended_fitting_id IS NOT NULL)", name="returned_by_fitting"),
        sa.CheckConstraint("(state = 'sold') = (sold_reason IS NOT NULL)", name="sold_has_reason"),
        sa.UniqueConstraint("fitting_id"),
        sa.Index("uq_loan_out", "unit_id", unique=True, postgresql_where=sa.text("state = 'out'")),
        sa.Index("ix_loan_due", "branch_id", "due_on", postgresql_where=sa.text("state = 'out'")),
        sa.Index(None, "ended_fitting_id"),
    )

    id: Mapped[Key]
    fitting_id: Mapped[int] = mapped_column(sa.ForeignKey("fitting.id"))
    unit_id: Mapped[int] = mapped_column(sa.ForeignKey("unit.id"))
    own_unit_id: Mapped[int | None] = mapped_column(sa.ForeignKey("unit.id"))
    vehicle_id: Mapped[int] = mapped_column(sa.ForeignKey("vehicle.id"))
    order_id: Mapped[int] = mapped_column(sa.ForeignKey("work_order.id"))
    branch_id: Mapped[int] = mapped_column(sa.ForeignKey("branch.id"))
    due_on: Mapped[date]
    state: Mapped[str]
    by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    by_name: Mapped[str]
    at: Mapped[datetime]
    ended_fitting_id: Mapped[int | None] = mapped_column(sa.ForeignKey("fitting.id"))
    ended_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    ended_by_name: Mapped[str | None]
    ended_at: Mapped[datetime | None]
    sold_reason: Mapped[str | None]

    unit: Mapped[Unit] = relationship(foreign_keys=[unit_id])
    own_unit: Mapped[Unit | None] = relationship(foreign_keys=[own_unit_id])
    vehicle: Mapped[Vehicle] = relationship()

    @property
    def lent(self) -> bool:
        """Whether the loaner is, or was, only lent by it."""
        return self.state in LENT


constraint_says("uq_loan_out", say("This terminal is lent to somebody already."))
