"""What was fitted into vehicles and taken out of them."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dispatch.customers.models import Vehicle
from dispatch.db import Base, Key, constraint_says, words_of
from dispatch.devices.loan_models import Loan
from dispatch.devices.rules import UNIT_KINDS
from dispatch.devices.swap_rules import WHYS, why_told
from dispatch.words import Text, say

if TYPE_CHECKING:
    from dispatch.devices.models import CustodyEntry, Holder, Unit

FITTING_KINDS = ("install", "swap", "remove", "move_out", "move_in", "undo")


class Fitting(Base):
    """What was changed in a vehicle's slot: one terminal or one SIM, out, in, or one for the other (P6, P7).

    A swap without both numbers is impossible, and so is a unit without its entry in the ledger (`out_entry_id` of the old one,
    `in_entry_id` of the new one). A row is never changed: a wrong one is undone by a row that names it, whose old and new are
    the first one's in reverse. A move between vehicles is two rows, the second of which names the first in `moved_from_id`.
    `why` is the reason of a swap, one of WHYS, `reason` that of an undo. `at` is the corrected time of the technician's device.
    """

    __tablename__ = "fitting"
    __table_args__ = (
        words_of("kind", FITTING_KINDS),
        words_of("unit_kind", UNIT_KINDS),
        sa.CheckConstraint("old_unit_id <> new_unit_id", name="old_is_not_new"),
        sa.CheckConstraint("kind <> 'swap' OR (old_unit_id IS NOT NULL AND new_unit_id IS NOT NULL)", name="swap_names_both"),
        sa.CheckConstraint(
            "kind NOT IN ('install', 'move_in') OR (old_unit_id IS NULL AND new_unit_id IS NOT NULL)", name="install_names_new"
        ),
        sa.CheckConstraint(
            "kind NOT IN ('remove', 'move_out') OR (old_unit_id IS NOT NULL AND new_unit_id IS NULL)", name="remove_names_old"
        ),
        sa.CheckConstraint("(kind = 'move_in') = (moved_from_id IS NOT NULL)", name="move_names_its_other_half"),
        sa.UniqueConstraint("moved_from_id"),
        sa.CheckConstraint("old_unit_id IS NOT NULL OR new_unit_id IS NOT NULL", name="names_a_unit"),
        sa.CheckConstraint("(old_unit_id IS NULL) = (out_entry_id IS NULL)", name="old_unit_has_entry"),
        sa.CheckConstraint("(new_unit_id IS NULL) = (in_entry_id IS NULL)", name="new_unit_has_entry"),
        sa.CheckConstraint("(kind = 'undo') = (undoes_id IS NOT NULL)", name="undo_names_its_first"),
        sa.CheckConstraint("kind <> 'undo' OR reason IS NOT NULL", name="undo_has_reason"),
        words_of("why", tuple(WHYS)),
        sa.CheckConstraint("(kind = 'swap') = (why IS NOT NULL)", name="swap_has_why"),
        sa.CheckConstraint("why_words IS NULL OR why IS NOT NULL", name="words_beside_why"),
        sa.CheckConstraint("why <> 'other' OR btrim(coalesce(why_words, '')) <> ''", name="other_why_has_words"),
        sa.UniqueConstraint("undoes_id"),
        sa.ForeignKeyConstraint(["old_unit_id", "unit_kind"], ["unit.id", "unit.kind"], name="fk_fitting_old_unit"),
        sa.ForeignKeyConstraint(["new_unit_id", "unit_kind"], ["unit.id", "unit.kind"], name="fk_fitting_new_unit"),
        sa.ForeignKeyConstraint(["line_id", "order_id"], ["order_line.id", "order_line.order_id"], name="fk_fitting_line"),
        sa.Index(
            "uq_fitting_fact",
            "fact_id",
            "unit_kind",
            unique=True,
            postgresql_where=sa.text("kind IN ('install', 'swap', 'remove')"),
        ),
        sa.Index(None, "line_id"),
        sa.Index(None, "order_id"),
        sa.Index(None, "vehicle_id", "at"),
        sa.Index(None, "at"),
        sa.Index(None, "old_unit_id"),
        sa.Index(None, "new_unit_id"),
    )

    id: Mapped[Key]
    kind: Mapped[str]
    unit_kind: Mapped[str]
    vehicle_id: Mapped[int] = mapped_column(sa.ForeignKey("vehicle.id"))
    slot_id: Mapped[int] = mapped_column(sa.ForeignKey("holder.id"))
    order_id: Mapped[int]
    line_id: Mapped[int]
    visit_id: Mapped[int | None] = mapped_column(sa.ForeignKey("visit.id"))
    old_unit_id: Mapped[int | None]
    new_unit_id: Mapped[int | None]
    out_entry_id: Mapped[int | None] = mapped_column(sa.ForeignKey("custody_entry.id"))
    in_entry_id: Mapped[int | None] = mapped_column(sa.ForeignKey("custody_entry.id"))
    undoes_id: Mapped[int | None] = mapped_column(sa.ForeignKey("fitting.id"))
    moved_from_id: Mapped[int | None] = mapped_column(sa.ForeignKey("fitting.id"))
    reason: Mapped[str | None]
    why: Mapped[str | None]
    why_words: Mapped[str | None]
    fact_id: Mapped[uuid.UUID | None] = mapped_column(sa.Uuid)
    by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    by_name: Mapped[str]
    at: Mapped[datetime]
    recorded_at: Mapped[datetime]

    old_unit: Mapped[Unit | None] = relationship(primaryjoin="foreign(Fitting.old_unit_id) == Unit.id", viewonly=True)
    new_unit: Mapped[Unit | None] = relationship(primaryjoin="foreign(Fitting.new_unit_id) == Unit.id", viewonly=True)
    out_entry: Mapped[CustodyEntry | None] = relationship(foreign_keys=[out_entry_id])
    in_entry: Mapped[CustodyEntry | None] = relationship(foreign_keys=[in_entry_id])
    slot: Mapped[Holder] = relationship()
    vehicle: Mapped[Vehicle] = relationship(viewonly=True)
    loan: Mapped[Loan | None] = relationship(primaryjoin="Fitting.id == foreign(Loan.fitting_id)", viewonly=True, uselist=False)
    moved_from: Mapped[Fitting | None] = relationship(
        primaryjoin="foreign(Fitting.moved_from_id) == remote(Fitting.id)", viewonly=True, uselist=False
    )
    moved_to: Mapped[Fitting | None] = relationship(
        primaryjoin="Fitting.id == foreign(remote(Fitting.moved_from_id))", viewonly=True, uselist=False
    )

    @property
    def why_told(self) -> Text | None:
        """Why it was swapped, as it is read; None where nobody said."""
        return why_told(self.why, self.why_words)

    @property
    def lent_until(self) -> date | None:
        """Until when what was put in is only lent."""
        return self.loan.due_on if self.loan is not None and self.loan.lent else None

    @property
    def other_vehicle(self) -> Vehicle | None:
        """Of a move: where the unit came from, or went to."""
        other = self.moved_from if self.kind == "move_in" else self.moved_to if self.kind == "move_out" else None
        return other.vehicle if other else None


constraint_says("fk_fitting_line", say("This vehicle does not belong to this order."))
constraint_says("uq_fitting_fact", say("Somebody has entered this already."))
constraint_says("uq_fitting_undoes_id", say("Somebody has undone this already."))
