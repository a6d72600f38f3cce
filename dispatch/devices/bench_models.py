"""A unit that came out of a vehicle, or never worked: owed by whoever carries it, then on the bench, until it is of use again or
given up (P6)."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dispatch.customers.models import Vehicle
from dispatch.db import Base, Key, constraint_says, words_of
from dispatch.devices.bench_rules import CLOSED, FAULT_KNOWN, FAULTS, OPEN, SET_ASIDE, STATUSES, STEPS
from dispatch.words import say

if TYPE_CHECKING:
    from dispatch.devices.models import CustodyEntry, Holder, Unit


def listed(words: tuple[str, ...]) -> str:
    """'a', 'b' for SQL."""
    return ", ".join(f"'{word}'" for word in words)


class UnitReturn(Base):
    """One stay of a unit outside of vehicles: why it came out, by when it is owed, what was found and what became of it.

    It came out of a vehicle by a fitting, or it was set aside in the store or bag `from_holder_id` and no vehicle had it.
    `step` counts what was done, so that a stale page is known by it; `last_key` is the form that did the last of it.
    `ended_entry_id` is the move that ended a return without the bench: taken back, it opens the return again.
    """

    __tablename__ = "unit_return"
    __table_args__ = (
        words_of("status", STATUSES),
        words_of("fault", tuple(FAULTS)),
        sa.CheckConstraint("due_at >= opened_at", name="due_after_opening"),
        sa.CheckConstraint("num_nonnulls(fitting_id, order_id, vehicle_id) IN (0, 3)", name="fitting_is_whole"),
        sa.CheckConstraint("(fitting_id IS NULL) = (from_holder_id IS NOT NULL)", name="comes_from_somewhere"),
        sa.CheckConstraint("fitting_id IS NOT NULL OR symptom IS NOT NULL", name="set_aside_for_a_reason"),
        sa.CheckConstraint(f"(status IN ({listed(CLOSED)})) = (ended_at IS NOT NULL)", name="closed_has_end"),
        sa.CheckConstraint("status IN ('owed', 'void') OR received_at IS NOT NULL", name="bench_has_received"),
        sa.CheckConstraint(f"status NOT IN ({listed(FAULT_KNOWN)}) OR fault IS NOT NULL", name="fault_is_known"),
        sa.CheckConstraint("status <> 'no_fault_found' OR fault IS NULL", name="no_fault_names_none"),
        sa.CheckConstraint(
            "status NOT IN ('at_supplier', 'replaced') OR (supplier IS NOT NULL AND rma_number IS NOT NULL)",
            name="supplier_has_rma",
        ),
        sa.CheckConstraint("(status = 'replaced') = (replacement_id IS NOT NULL)", name="replaced_names_new"),
        sa.CheckConstraint("replacement_id <> unit_id", name="replacement_is_another"),
        sa.CheckConstraint(
            "status NOT IN ('scrap_proposed', 'scrapped') OR (scrap_by_id IS NOT NULL AND scrap_reason IS NOT NULL)",
            name="scrap_is_proposed",
        ),
        sa.CheckConstraint("(status = 'scrapped') = (approved_by_id IS NOT NULL)", name="scrap_is_approved"),
        sa.CheckConstraint("approved_by_id <> scrap_by_id", name="two_decide_scrap"),
        sa.UniqueConstraint("fitting_id"),
        sa.Index("uq_unit_return_open", "unit_id", unique=True, postgresql_where=sa.text(f"status IN ({listed(OPEN)})")),
        sa.Index(None, "unit_id"),
        sa.Index(None, "branch_id", "status"),
        sa.Index(None, "ended_entry_id"),
    )

    id: Mapped[Key]
    unit_id: Mapped[int] = mapped_column(sa.ForeignKey("unit.id"))
    branch_id: Mapped[int] = mapped_column(sa.ForeignKey("branch.id"))
    fitting_id: Mapped[int | None] = mapped_column(sa.ForeignKey("fitting.id"))
    order_id: Mapped[int | None] = mapped_column(sa.ForeignKey("work_order.id"))
    vehicle_id: Mapped[int | None] = mapped_column(sa.ForeignKey("vehicle.id"))
    from_holder_id: Mapped[int | None] = mapped_column(sa.ForeignKey("holder.id"))
    plate: Mapped[str | None]
    plate_colour: Mapped[str | None]
    symptom: Mapped[str | None]
    symptom_text: Mapped[str | None]
    opened_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    opened_by_name: Mapped[str]
    opened_at: Mapped[datetime]
    due_at: Mapped[datetime]
    status: Mapped[str]
    step: Mapped[int] = mapped_column(server_default="1")
    last_key: Mapped[uuid.UUID | None] = mapped_column(sa.Uuid)
    changed_at: Mapped[datetime]
    received_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    received_by_name: Mapped[str | None]
    received_at: Mapped[datetime | None]
    fault: Mapped[str | None]
    remark: Mapped[str | None]
    supplier: Mapped[str | None]
    rma_number: Mapped[str | None]
    tracking_number: Mapped[str | None]
    replacement_id: Mapped[int | None] = mapped_column(sa.ForeignKey("unit.id"))
    scrap_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    scrap_by_name: Mapped[str | None]
    scrap_reason: Mapped[str | None]
    approved_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    approved_by_name: Mapped[str | None]
    ended_at: Mapped[datetime | None]
    ended_entry_id: Mapped[int | None] = mapped_column(sa.ForeignKey("custody_entry.id"))

    unit: Mapped[Unit] = relationship(foreign_keys=[unit_id])
    replacement: Mapped[Unit | None] = relationship(foreign_keys=[replacement_id])
    vehicle: Mapped[Vehicle | None] = relationship()
    from_holder: Mapped[Holder | None] = relationship()
    ended_entry: Mapped[CustodyEntry | None] = relationship()


class ReturnStep(Base):
    """What somebody did with a return, never changed: `seq` is the return's `step` afterwards, `entry_id` the move that it made.

    `before` is what it changed of the return, as it was; `owners` are the entries of whose things are that it made. A step that
    was a mistake is taken back by another one that names it (`corrects_id`) and says why.
    """

    __tablename__ = "return_step"
    __table_args__ = (
        words_of("action", (SET_ASIDE, *STEPS)),
        sa.CheckConstraint(
            "(corrects_id IS NULL) = (reason IS NULL) AND (reason IS NULL OR btrim(reason) <> '')", name="counter_has_reason"
        ),
        sa.CheckConstraint("corrects_id < id", name="counter_comes_later"),
        sa.ForeignKeyConstraint(["corrects_id", "return_id"], ["return_step.id", "return_step.return_id"]),
        sa.UniqueConstraint("id", "return_id"),
        sa.UniqueConstraint("return_id", "seq"),
        sa.UniqueConstraint("corrects_id"),
        sa.UniqueConstraint("entry_id"),
    )

    id: Mapped[Key]
    return_id: Mapped[int] = mapped_column(sa.ForeignKey("unit_return.id"))
    seq: Mapped[int]
    action: Mapped[str]
    before: Mapped[dict[str, Any]] = mapped_column(JSONB)
    owners: Mapped[list[int]] = mapped_column(JSONB)
    entry_id: Mapped[int | None] = mapped_column(sa.ForeignKey("custody_entry.id"))
    by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    by_name: Mapped[str]
    at: Mapped[datetime]
    corrects_id: Mapped[int | None]
    reason: Mapped[str | None]

    entry: Mapped[CustodyEntry | None] = relationship()


constraint_says("uq_unit_return_open", say("This unit has a return already that is not settled."))
constraint_says("ck_unit_return_two_decide_scrap", say("You have proposed this yourself: somebody else has to decide."))
constraint_says("uq_return_step_corrects_id", say("Somebody has taken this back already."))
