"""Papers of the store: moves that were taken back, transfers from branch to branch, and counts of a store or bag (P12).

What a paper says about a unit names the ledger entry that did it, so that paper and ledger can be held against each other.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dispatch.db import Base, Key, constraint_says, words_of
from dispatch.staff.models import Branch
from dispatch.words import say

if TYPE_CHECKING:
    from dispatch.devices.models import Holder, Unit
    from dispatch.devices.part_paper_models import TransferPart

TRANSFER_STATUSES = ("sent", "received", "withdrawn")
TRANSFER_UNIT_STATUSES = ("on_way", "accepted", "missing", "found", "lost", "withdrawn")
COUNT_STATUSES = ("open", "finished", "approved", "dropped")
COUNT_OUTCOMES = ("there", "lost", "moved_here", "moved_meanwhile", "not_booked")
STORE_SERIES = ("DB", "PD", "CG")
"""DB: transfers (调拨). PD: counts (盘点). CG: purchases (采购)."""

STILL_OUT = "status IN ('on_way', 'missing')"
UNSETTLED = "status IN ('open', 'finished')"


class StoreSeries(Base):
    """The last number given of a branch's transfers, counts or purchases of a year; its lock keeps them without gaps."""

    __tablename__ = "store_series"
    __table_args__ = (words_of("series", STORE_SERIES),)

    series: Mapped[str] = mapped_column(primary_key=True)
    branch_id: Mapped[int] = mapped_column(sa.ForeignKey("branch.id"), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True)
    last: Mapped[int]


class TakenBack(Base):
    """A move that was a mistake (`wrong_id`), the entry that moved the unit back, and why, in somebody's words."""

    __tablename__ = "taken_back"
    __table_args__ = (
        sa.CheckConstraint("entry_id > wrong_id", name="comes_later"),
        sa.CheckConstraint("btrim(reason) <> ''", name="has_reason"),
        sa.UniqueConstraint("wrong_id"),
    )

    entry_id: Mapped[int] = mapped_column(sa.ForeignKey("custody_entry.id"), primary_key=True, autoincrement=False)
    wrong_id: Mapped[int] = mapped_column(sa.ForeignKey("custody_entry.id"))
    reason: Mapped[str]


class Transfer(Base):
    """Units and counted parts that one branch sends to another: in transit until the other says what has arrived, or the sender
    takes them back."""

    __tablename__ = "transfer"
    __table_args__ = (
        words_of("status", TRANSFER_STATUSES),
        sa.CheckConstraint("from_branch_id <> to_branch_id", name="has_two_sides"),
        sa.CheckConstraint("(status = 'sent') = (settled_at IS NULL)", name="settled_has_a_moment"),
        sa.CheckConstraint("(status = 'received') = (into_id IS NOT NULL)", name="received_somewhere"),
        sa.UniqueConstraint("number"),
        sa.UniqueConstraint("key"),
        sa.Index(None, "from_branch_id"),
        sa.Index(None, "to_branch_id"),
    )

    id: Mapped[Key]
    number: Mapped[str]
    key: Mapped[uuid.UUID] = mapped_column(sa.Uuid)
    from_branch_id: Mapped[int] = mapped_column(sa.ForeignKey("branch.id"))
    to_branch_id: Mapped[int] = mapped_column(sa.ForeignKey("branch.id"))
    store_id: Mapped[int] = mapped_column(sa.ForeignKey("holder.id"))
    transit_id: Mapped[int] = mapped_column(sa.ForeignKey("holder.id"))
    into_id: Mapped[int | None] = mapped_column(sa.ForeignKey("holder.id"))
    status: Mapped[str]
    note: Mapped[str | None]
    sent_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    sent_by_name: Mapped[str]
    sent_at: Mapped[datetime]
    settled_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    settled_by_name: Mapped[str | None]
    settled_at: Mapped[datetime | None]

    from_branch: Mapped[Branch] = relationship(foreign_keys=[from_branch_id])
    to_branch: Mapped[Branch] = relationship(foreign_keys=[to_branch_id])
    store: Mapped[Holder] = relationship(foreign_keys=[store_id])
    transit: Mapped[Holder] = relationship(foreign_keys=[transit_id])
    into: Mapped[Holder | None] = relationship(foreign_keys=[into_id])
    lines: Mapped[list[TransferUnit]] = relationship(order_by="TransferUnit.unit_id")
    parts: Mapped[list[TransferPart]] = relationship(order_by="TransferPart.part_id")


class TransferUnit(Base):
    """One unit of a transfer: the entry with which it left, the one with which it arrived, and who answers for a missing one."""

    __tablename__ = "transfer_unit"
    __table_args__ = (
        words_of("status", TRANSFER_UNIT_STATUSES),
        sa.CheckConstraint(f"({STILL_OUT}) = (in_entry_id IS NULL)", name="arrives_once"),
        sa.CheckConstraint(
            "status NOT IN ('missing', 'found', 'lost') OR (btrim(coalesce(reason, '')) <> '' AND answers_id IS NOT NULL)",
            name="missing_is_answered_for",
        ),
        sa.CheckConstraint("(status IN ('found', 'lost')) = (settled_at IS NOT NULL)", name="settled_has_a_moment"),
        sa.CheckConstraint("status <> 'lost' OR btrim(coalesce(settled_note, '')) <> ''", name="lost_has_note"),
        sa.CheckConstraint("status <> 'lost' OR settled_by_id <> answers_id", name="lost_not_his_own"),
        sa.UniqueConstraint("out_entry_id"),
        sa.UniqueConstraint("in_entry_id"),
        sa.Index("uq_transfer_unit_out", "unit_id", unique=True, postgresql_where=sa.text(STILL_OUT)),
    )

    transfer_id: Mapped[int] = mapped_column(sa.ForeignKey("transfer.id"), primary_key=True)
    unit_id: Mapped[int] = mapped_column(sa.ForeignKey("unit.id"), primary_key=True)
    status: Mapped[str]
    out_entry_id: Mapped[int] = mapped_column(sa.ForeignKey("custody_entry.id"))
    in_entry_id: Mapped[int | None] = mapped_column(sa.ForeignKey("custody_entry.id"))
    reason: Mapped[str | None]
    answers_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    answers_name: Mapped[str | None]
    settled_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    settled_by_name: Mapped[str | None]
    settled_at: Mapped[datetime | None]
    settled_note: Mapped[str | None]

    unit: Mapped[Unit] = relationship()


class StockCount(Base):
    """A count of what is in a store or bag. Who counted does not approve it; only one is under way at a place."""

    __tablename__ = "stock_count"
    __table_args__ = (
        words_of("status", COUNT_STATUSES),
        sa.CheckConstraint("status NOT IN ('finished', 'approved') OR finished_at IS NOT NULL", name="finished_has_a_moment"),
        sa.CheckConstraint("(status IN ('approved', 'dropped')) = (settled_at IS NOT NULL)", name="settled_has_a_moment"),
        sa.CheckConstraint(
            "status <> 'approved' OR (settled_by_id IS NOT NULL AND settled_by_id <> started_by_id)", name="not_his_own"
        ),
        sa.UniqueConstraint("number"),
        sa.UniqueConstraint("key"),
        sa.Index("uq_stock_count_unsettled", "holder_id", unique=True, postgresql_where=sa.text(UNSETTLED)),
        sa.Index(None, "branch_id"),
    )

    id: Mapped[Key]
    number: Mapped[str]
    key: Mapped[uuid.UUID] = mapped_column(sa.Uuid)
    branch_id: Mapped[int] = mapped_column(sa.ForeignKey("branch.id"))
    holder_id: Mapped[int] = mapped_column(sa.ForeignKey("holder.id"))
    status: Mapped[str]
    started_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    started_by_name: Mapped[str]
    started_at: Mapped[datetime]
    finished_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    finished_by_name: Mapped[str | None]
    finished_at: Mapped[datetime | None]
    settled_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    settled_by_name: Mapped[str | None]
    settled_at: Mapped[datetime | None]
    sent_back: Mapped[str | None]

    holder: Mapped[Holder] = relationship()


class CountUnit(Base):
    """One unit of a count: expected there when it began, or counted there, or both.

    `seq` is its newest entry when it was expected or first counted: what moved since is told and not booked. `entry_id` is the
    entry that the approval booked.
    """

    __tablename__ = "count_unit"
    __table_args__ = (
        sa.CheckConstraint("expected OR times > 0", name="says_something"),
        sa.CheckConstraint("(times > 0) = (counted_at IS NOT NULL)", name="counted_has_a_moment"),
        sa.CheckConstraint(f"outcome IN {COUNT_OUTCOMES}", name="outcome_known"),
        sa.CheckConstraint(
            "(entry_id IS NOT NULL) = (outcome IS NOT NULL AND outcome IN ('lost', 'moved_here'))", name="booked_has_entry"
        ),
        sa.CheckConstraint("entry_id IS NULL OR btrim(coalesce(explanation, '')) <> ''", name="booked_is_explained"),
        sa.UniqueConstraint("entry_id"),
        sa.Index(None, "unit_id"),
    )

    count_id: Mapped[int] = mapped_column(sa.ForeignKey("stock_count.id"), primary_key=True)
    unit_id: Mapped[int] = mapped_column(sa.ForeignKey("unit.id"), primary_key=True)
    expected: Mapped[bool]
    seq: Mapped[int]
    times: Mapped[int] = mapped_column(server_default="0")
    counted_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    counted_by_name: Mapped[str | None]
    counted_at: Mapped[datetime | None]
    explanation: Mapped[str | None]
    outcome: Mapped[str | None]
    entry_id: Mapped[int | None] = mapped_column(sa.ForeignKey("custody_entry.id"))

    unit: Mapped[Unit] = relationship()


class CountScan(Base):
    """One list of numbers that somebody scanned, typed or sent, and what was said to each: `told` is [number, verdict, place]."""

    __tablename__ = "count_scan"
    __table_args__ = (sa.UniqueConstraint("key"), sa.Index(None, "count_id"))

    id: Mapped[Key]
    key: Mapped[uuid.UUID] = mapped_column(sa.Uuid)
    count_id: Mapped[int] = mapped_column(sa.ForeignKey("stock_count.id"))
    by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    by_name: Mapped[str]
    at: Mapped[datetime]
    told: Mapped[list[Any]]


constraint_says("uq_taken_back_wrong_id", say("Somebody has taken this back already."))
constraint_says("uq_transfer_unit_out", say("One of these is on the way in another transfer."))
constraint_says("uq_transfer_unit_in_entry_id", say("Somebody else has settled this transfer a moment ago."))
constraint_says("ck_transfer_unit_lost_not_his_own", say("Who answers for a missing unit does not write it off himself."))
constraint_says("uq_stock_count_unsettled", say("A count of this place is under way already."))
constraint_says("ck_stock_count_not_his_own", say("Who counted does not approve the count. Another manager decides."))
constraint_says("stock_count_counted_himself", say("Who counted does not approve the count. Another manager decides."))
for _table in ("transfer", "stock_count", "count_scan"):
    constraint_says(f"uq_{_table}_key", say("This form was sent before. Look at what came of it and open it anew."))
