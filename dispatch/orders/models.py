"""Work orders, their lines (one vehicle each), visits (one trip of one technician) and approvals."""

from __future__ import annotations

import uuid
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, column_property, mapped_column, relationship

from dispatch.approvals.models import ApprovalRule as ApprovalRule
from dispatch.approvals.models import Step
from dispatch.customers.models import Customer, Site, Vehicle
from dispatch.db import Base, Key, constraint_says, words_of
from dispatch.devices.slot_rules import MAIN, ROLES, role_word
from dispatch.orders.bulk_models import BulkAct as BulkAct
from dispatch.orders.bulk_models import BulkItem as BulkItem
from dispatch.orders.clock_models import BranchHours as BranchHours
from dispatch.orders.clock_models import ClockLimit as ClockLimit
from dispatch.orders.clock_models import ClockNotice as ClockNotice
from dispatch.orders.clock_models import OrderClock as OrderClock
from dispatch.orders.contact_models import OwnedContact as OwnedContact
from dispatch.orders.filter_models import SavedFilter as SavedFilter
from dispatch.orders.lifecycle import LINE_STATUSES, ORDER_STATUSES, VISIT_LIVE, VISIT_STATUSES
from dispatch.orders.link_models import ApprovalLink as ApprovalLink
from dispatch.orders.paper_models import OrderCounter as OrderCounter
from dispatch.orders.paper_models import OrderPapers as OrderPapers
from dispatch.orders.recall_models import Recall as Recall
from dispatch.orders.rules import CHANNELS, KINDS, URGENCIES
from dispatch.orders.verbal_models import VerbalApproval, disowned, undecided
from dispatch.orders.waiting_models import OrderWait as OrderWait
from dispatch.orders.waiting_rules import WHYS
from dispatch.search import grams_index, text_column
from dispatch.staff.models import Branch, Person
from dispatch.words import Text, say


class Order(Base):
    """A work order: an installation request or a repair call on its way to being done and paid.

    `approved` is what visits refer to: the database lets no visit exist for an order that was not approved (P3).
    `request_key` is the form's own UUID, so that a second press of the button finds the first order.
    """

    __tablename__ = "work_order"
    __table_args__ = (
        words_of("status", ORDER_STATUSES),
        words_of("kind", KINDS),
        words_of("urgency", URGENCIES),
        words_of("channel", CHANNELS),
        sa.CheckConstraint("status <> 'waiting' OR waiting_reason IS NOT NULL", name="waiting_has_reason"),
        sa.CheckConstraint("(status = 'waiting') = (waiting_why IS NOT NULL)", name="waiting_has_why"),
        sa.CheckConstraint("(status = 'waiting') = (wakes_on IS NOT NULL)", name="waiting_wakes"),
        words_of("waiting_why", tuple(WHYS)),
        sa.CheckConstraint(
            "approved OR status IN ('draft', 'awaiting_approval', 'rejected', 'cancelled')", name="unapproved_goes_nowhere"
        ),
        sa.CheckConstraint("window_from < window_to", name="window_has_length"),
        sa.UniqueConstraint("id", "approved"),
        sa.UniqueConstraint("id", "owner_id"),
        sa.Index(None, "branch_id", "status", "id"),
        sa.Index(None, "branch_id", "created_at"),
        sa.Index(None, "created_at"),
        sa.Index(None, "customer_id"),
        grams_index("work_order"),
    )

    id: Mapped[Key]
    number: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    status: Mapped[str] = mapped_column(server_default="draft")
    approved: Mapped[bool] = mapped_column(server_default=sa.false())
    urgency: Mapped[str] = mapped_column(server_default="normal")
    channel: Mapped[str] = mapped_column(server_default="phone")
    branch_id: Mapped[int] = mapped_column(sa.ForeignKey("branch.id"))
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("customer.id"))
    site_id: Mapped[int] = mapped_column(sa.ForeignKey("site.id"))
    contact_name: Mapped[str]
    contact_phone: Mapped[str]
    owner_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    created_by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    created_at: Mapped[datetime]
    received_at: Mapped[datetime]
    wanted_on: Mapped[date | None]
    window_from: Mapped[time | None]
    window_to: Mapped[time | None]
    product_model: Mapped[str | None]
    purchased_on: Mapped[date | None]
    symptom: Mapped[str | None]
    symptom_text: Mapped[str | None]
    diagnosis: Mapped[str | None]
    note: Mapped[str | None]
    waiting_reason: Mapped[str | None]
    waiting_why: Mapped[str | None]
    wakes_on: Mapped[date | None]
    request_key: Mapped[uuid.UUID | None] = mapped_column(sa.Uuid, unique=True)
    left_from_id: Mapped[int | None] = mapped_column(sa.ForeignKey("work_order.id"))
    """The order whose vehicles did not come: they are this one's."""
    version: Mapped[int] = mapped_column(server_default="1")
    search_text: Mapped[str] = text_column()

    branch: Mapped[Branch] = relationship()
    left_from: Mapped[Order | None] = relationship(remote_side="Order.id")
    customer: Mapped[Customer] = relationship()
    site: Mapped[Site] = relationship()
    owner: Mapped[Person] = relationship(foreign_keys=[owner_id])
    created_by: Mapped[Person] = relationship(foreign_keys=[created_by_id])
    lines: Mapped[list[OrderLine]] = relationship(back_populates="order", order_by="OrderLine.position")
    visits: Mapped[list[Visit]] = relationship(back_populates="order", order_by="Visit.starts_at", overlaps="order")
    approvals: Mapped[list[Approval]] = relationship(back_populates="order", order_by="Approval.id")
    owned: Mapped[OwnedContact | None] = relationship(
        primaryjoin=lambda: Order.id == OwnedContact.order_id,
        foreign_keys=lambda: [OwnedContact.order_id],
        back_populates="order",
        uselist=False,
    )
    verbal_approvals: Mapped[list[VerbalApproval]] = relationship(back_populates="order", order_by="VerbalApproval.id")
    papers: Mapped[OrderPapers | None] = relationship(viewonly=True)
    clocks: Mapped[list[OrderClock]] = relationship(back_populates="order", order_by="OrderClock.due_at")

    if TYPE_CHECKING:
        backfill_due: Mapped[datetime | None]
        disowned: Mapped[bool]

    __mapper_args__ = {"version_id_col": version}


_owed = sa.select(sa.func.min(VerbalApproval.due_at)).where(VerbalApproval.order_id == Order.id, undecided())
Order.backfill_due = column_property(_owed.scalar_subquery())
"""By when the approvals given by word are to be backfilled, the first of them; None where nothing is owed."""
Order.disowned = column_property(sa.exists().where(VerbalApproval.order_id == Order.id, disowned()))
"""An approval by word was refused afterwards, and nobody has said how that was settled."""


class OrderLine(Base):
    """One vehicle of an order. `attention` lists what a person should look at; `site_id` only where it is not the order's.

    `role` is which of the vehicle's terminals it is about.
    """

    __tablename__ = "order_line"
    __table_args__ = (
        words_of("status", LINE_STATUSES),
        words_of("role", tuple(ROLES)),
        sa.CheckConstraint("status NOT IN ('not_done', 'residual') OR reason IS NOT NULL", name="undone_has_reason"),
        sa.UniqueConstraint("order_id", "position"),
        sa.UniqueConstraint("order_id", "vehicle_id"),
        sa.UniqueConstraint("id", "order_id"),
        sa.Index(None, "vehicle_id"),
    )

    id: Mapped[Key]
    order_id: Mapped[int] = mapped_column(sa.ForeignKey("work_order.id"))
    position: Mapped[int]
    vehicle_id: Mapped[int] = mapped_column(sa.ForeignKey("vehicle.id"))
    site_id: Mapped[int | None] = mapped_column(sa.ForeignKey("site.id"))
    role: Mapped[str] = mapped_column(server_default=MAIN, default=MAIN)
    status: Mapped[str] = mapped_column(server_default="open")
    reason: Mapped[str | None]
    model: Mapped[str | None]
    source_row: Mapped[int | None]
    parking: Mapped[str | None]
    remark: Mapped[str | None]
    attention: Mapped[list[Any]] = mapped_column(server_default=sa.text("'[]'"))

    order: Mapped[Order] = relationship(back_populates="lines")
    vehicle: Mapped[Vehicle] = relationship()
    own_site: Mapped[Site | None] = relationship()
    recall: Mapped[Recall | None] = relationship(
        primaryjoin="foreign(Recall.line_id) == OrderLine.id", uselist=False, viewonly=True
    )

    @property
    def role_word(self) -> Text | None:
        """Which of the vehicle's terminals it is about, where that is not the main one."""
        return role_word(self.role)


class Visit(Base):
    """One trip of one technician to one order's site. Live visits of a technician never overlap, and he is on the way to one
    at most: the database sees to it.
    """

    __tablename__ = "visit"
    __table_args__ = (
        words_of("status", VISIT_STATUSES),
        sa.CheckConstraint("ends_at > starts_at", name="has_length"),
        sa.CheckConstraint("order_approved", name="order_is_approved"),
        sa.CheckConstraint("status <> 'abandoned' OR reason IS NOT NULL", name="abandoned_has_reason"),
        sa.ForeignKeyConstraint(["order_id", "order_approved"], ["work_order.id", "work_order.approved"], name="fk_visit_order"),
        sa.UniqueConstraint("id", "order_id"),
        ExcludeConstraint(
            (sa.column("technician_id"), "="),
            (sa.text("tstzrange(starts_at, ends_at)"), "&&"),
            name="ex_visit_no_overlap",
            using="gist",
            where=sa.text(f"status IN ({', '.join(repr(s) for s in VISIT_LIVE)})"),
            deferrable=True,  # visits of a proposal change places in one transaction
            initially="IMMEDIATE",
        ),
        sa.Index("uq_visit_one_on_the_way", "technician_id", unique=True, postgresql_where=sa.text("status = 'on_the_way'")),
        sa.Index(None, "order_id"),
        sa.Index(None, "technician_id", "starts_at"),
        sa.Index(None, "branch_id", "starts_at"),
    )

    id: Mapped[Key]
    order_id: Mapped[int]
    order_approved: Mapped[bool] = mapped_column(server_default=sa.true())
    branch_id: Mapped[int] = mapped_column(sa.ForeignKey("branch.id"))
    technician_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    status: Mapped[str] = mapped_column(server_default="planned")
    reason: Mapped[str | None]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    sequence: Mapped[int] = mapped_column(server_default="0")
    by_hand: Mapped[bool] = mapped_column(server_default=sa.false())
    dispatched_at: Mapped[datetime | None]
    departed_at: Mapped[datetime | None]
    arrived_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default="1")

    order: Mapped[Order] = relationship(back_populates="visits", overlaps="visits")
    technician: Mapped[Person] = relationship()
    visit_lines: Mapped[list[VisitLine]] = relationship(back_populates="visit", cascade="all, delete-orphan")

    __mapper_args__ = {"version_id_col": version}


class VisitLine(Base):
    """Which vehicles a visit is for. Both sides name the order, so a visit cannot borrow another order's line."""

    __tablename__ = "visit_line"
    __table_args__ = (
        sa.ForeignKeyConstraint(["visit_id", "order_id"], ["visit.id", "visit.order_id"]),
        sa.ForeignKeyConstraint(["line_id", "order_id"], ["order_line.id", "order_line.order_id"]),
        sa.Index(None, "line_id"),
    )

    visit_id: Mapped[int] = mapped_column(primary_key=True)
    line_id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int]

    visit: Mapped[Visit] = relationship(back_populates="visit_lines", overlaps="line")
    line: Mapped[OrderLine] = relationship(overlaps="visit,visit_lines")


class Approval(Step, Base):
    """One step of the approval of an order; nobody decides his own or two of them (P3).

    `following` is None for what was sent in before it was kept: then the rules of now hold. Decided `by_word`, it was decided by
    whoever is said to have approved: a VerbalApproval tells the rest.
    """

    __tablename__ = "approval"
    __table_args__ = (
        words_of("decision", ("approved", "by_word", "rejected", "withdrawn")),
        sa.CheckConstraint("decided_by_id <> requested_by_id", name="not_by_himself"),
        sa.CheckConstraint("(step = 1) = (permission = 'order.approve')", name="manager_is_first"),
        sa.CheckConstraint("NOT following @> '[\"order.approve\"]'", name="manager_is_not_asked_twice"),
        sa.CheckConstraint("for_id <> decided_by_id", name="for_somebody_else"),
        sa.CheckConstraint("for_id <> requested_by_id", name="not_for_who_asked"),
        sa.CheckConstraint("(decision IS NULL) = (decided_at IS NULL)", name="decided_is_whole"),
        sa.CheckConstraint("decision <> 'rejected' OR reason IS NOT NULL", name="rejected_has_reason"),
        sa.UniqueConstraint("id", "order_id"),
        sa.UniqueConstraint("order_id", "round", "step"),
        sa.Index("uq_approval_open_step", "order_id", unique=True, postgresql_where=sa.text("decision IS NULL")),
        sa.Index(
            "uq_approval_one_each",
            "order_id",
            "round",
            "decided_by_id",
            unique=True,
            postgresql_where=sa.text("decided_by_id IS NOT NULL"),
        ),
        sa.Index(None, "order_id"),
        sa.Index("ix_approval_waiting", "permission", "id", postgresql_where=sa.text("decision IS NULL")),
    )

    id: Mapped[Key]
    order_id: Mapped[int] = mapped_column(sa.ForeignKey("work_order.id"))

    order: Mapped[Order] = relationship(back_populates="approvals")
    requested_by: Mapped[Person] = relationship(foreign_keys="Approval.requested_by_id")
    decided_by: Mapped[Person | None] = relationship(foreign_keys="Approval.decided_by_id")
    decided_for: Mapped[Person | None] = relationship(foreign_keys="Approval.for_id")
    link_by: Mapped[Person | None] = relationship(foreign_keys="Approval.link_by_id")


constraint_says("ex_visit_no_overlap", say("The technician already has a visit at this time."))
constraint_says("uq_visit_one_on_the_way", say("The technician is on the way to another visit. End that one first."))
constraint_says("uq_approval_open_step", say("This order is already waiting for this approval."))
constraint_says("uq_approval_order_id_round_step", say("This order is already waiting for this approval."))
constraint_says("uq_approval_one_each", say("You have decided an earlier level: somebody else has to decide this one."))
constraint_says("uq_work_order_request_key", say("This order was saved already."))
constraint_says("uq_order_line_order_id_vehicle_id", say("This vehicle stands twice in the order."))
constraint_says("fk_visit_order", say("This order is not approved, so nobody can be sent."))
