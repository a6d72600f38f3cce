"""Rules for the binding of SIMs to terminals. One that is written anew ends the one before; none is changed or forgotten."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dispatch.db import Base, Key, constraint_says, words_of
from dispatch.devices.sim_binding_rules import MODES
from dispatch.staff.models import Branch
from dispatch.words import say


class BindingRule(Base):
    """For the SIMs of a branch, a carrier, or one of its plans: whether a swap asks for a binding. None means any."""

    __tablename__ = "binding_rule"
    __table_args__ = (
        words_of("mode", tuple(MODES)),
        sa.CheckConstraint("plan IS NULL OR carrier IS NOT NULL", name="plan_is_a_carriers"),
        sa.CheckConstraint("btrim(carrier) <> '' AND btrim(plan) <> ''", name="names_something"),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_by_name IS NULL)", name="ended_is_whole"),
        sa.Index(
            "uq_binding_rule_standing",
            "branch_id",
            "carrier",
            "plan",
            unique=True,
            postgresql_nulls_not_distinct=True,
            postgresql_where=sa.text("ended_at IS NULL"),
        ),
    )

    id: Mapped[Key]
    branch_id: Mapped[int | None] = mapped_column(sa.ForeignKey("branch.id"))
    carrier: Mapped[str | None]
    plan: Mapped[str | None]
    mode: Mapped[str]
    by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    by_name: Mapped[str]
    at: Mapped[datetime]
    ended_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    ended_by_name: Mapped[str | None]
    ended_at: Mapped[datetime | None]

    branch: Mapped[Branch | None] = relationship()


constraint_says("uq_binding_rule_standing", say("Somebody else has written a rule for these SIMs just now. Please look again."))
