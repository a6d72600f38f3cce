"""Links by which one person decides one level of one order without signing in, once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, relationship

from dispatch.approvals.link_models import TWO_AT_ONCE, Link, rules_of
from dispatch.db import Base, Key, constraint_says
from dispatch.staff.models import Person

if TYPE_CHECKING:
    from dispatch.orders.models import Approval


class ApprovalLink(Link, Base):
    """A link to decide one level of an order."""

    __tablename__ = "approval_link"
    __table_args__ = (
        sa.ForeignKeyConstraint(["approval_id", "order_id"], ["approval.id", "approval.order_id"], name="fk_approval_link_step"),
        *rules_of("approval_link", "approval_id"),
    )

    id: Mapped[Key]
    order_id: Mapped[int]
    approval_id: Mapped[int]

    step: Mapped[Approval] = relationship()
    approver: Mapped[Person] = relationship(foreign_keys="ApprovalLink.approver_id")
    made_by: Mapped[Person] = relationship(foreign_keys="ApprovalLink.made_by_id")


constraint_says("uq_approval_link_alive", TWO_AT_ONCE)
