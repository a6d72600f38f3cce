"""Who owns what a customer came with (Q2), the links by which customers confirm, and further calls about the same vehicle."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dispatch.customers.models import Customer, Vehicle
from dispatch.db import Base, Key, constraint_says, words_of
from dispatch.orders.contact_rules import ANSWERS, HOW, SETTLED, ContactFacts
from dispatch.orders.rules import CHANNELS, URGENCIES
from dispatch.staff.models import Person
from dispatch.words import say

if TYPE_CHECKING:
    from dispatch.orders.models import Order


class OwnedContact(Base):
    """What somebody took and owns until the customer has confirmed: an order, or remote help that needed none.

    An order and its contact have one owner: the database sees to it. `offered_to_id` is who is to accept it. `touched_at` is when
    something happened with it last, `alarmed_at` when it was found idle for too long since. `unsolved_at`: remote help did not
    help after all, and the order for it is still to be made.
    """

    __tablename__ = "owned_contact"
    __table_args__ = (
        words_of("confirmed_how", tuple(HOW)),
        sa.CheckConstraint("num_nonnulls(confirmed_at, confirmed_how) IN (0, 2)", name="confirmed_is_whole"),
        sa.CheckConstraint("confirmed_how <> 'phone' OR confirmed_by_id IS NOT NULL", name="phone_note_is_somebodys"),
        sa.CheckConstraint("num_nonnulls(offered_to_id, offered_by_id, offered_at) IN (0, 3)", name="offered_is_whole"),
        sa.CheckConstraint("offered_to_id <> owner_id", name="offered_to_another"),
        sa.CheckConstraint("order_id IS NULL OR unsolved_at IS NULL", name="unsolved_has_no_order"),
        sa.ForeignKeyConstraint(
            ["order_id", "owner_id"], ["work_order.id", "work_order.owner_id"], name="fk_owned_contact_order", onupdate="CASCADE"
        ),
        sa.UniqueConstraint("order_id"),
        sa.Index("ix_owned_contact_open", "owner_id", "id", postgresql_where=sa.text("confirmed_at IS NULL")),
        sa.Index("ix_owned_contact_branch_open", "branch_id", "id", postgresql_where=sa.text("confirmed_at IS NULL")),
        sa.Index("ix_owned_contact_offered", "offered_to_id", postgresql_where=sa.text("offered_to_id IS NOT NULL")),
        sa.Index("ix_owned_contact_idle", "touched_at", postgresql_where=sa.text("confirmed_at IS NULL AND alarmed_at IS NULL")),
        sa.Index(None, "vehicle_id"),
    )

    id: Mapped[Key]
    branch_id: Mapped[int] = mapped_column(sa.ForeignKey("branch.id"))
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("customer.id"))
    vehicle_id: Mapped[int | None] = mapped_column(sa.ForeignKey("vehicle.id"))
    order_id: Mapped[int | None] = mapped_column()
    owner_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    offered_to_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    offered_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    offered_at: Mapped[datetime | None]
    opened_at: Mapped[datetime]
    touched_at: Mapped[datetime]
    alarmed_at: Mapped[datetime | None]
    unsolved_at: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]
    confirmed_how: Mapped[str | None]
    confirmed_name: Mapped[str | None]
    confirmed_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    version: Mapped[int] = mapped_column(server_default="1")

    order: Mapped[Order | None] = relationship(
        primaryjoin="OwnedContact.order_id == Order.id", foreign_keys=[order_id], back_populates="owned"
    )
    customer: Mapped[Customer] = relationship()
    vehicle: Mapped[Vehicle | None] = relationship()
    owner: Mapped[Person] = relationship(foreign_keys=[owner_id])
    offered_to: Mapped[Person | None] = relationship(foreign_keys=[offered_to_id])
    offered_by: Mapped[Person | None] = relationship(foreign_keys=[offered_by_id])
    confirmed_by: Mapped[Person | None] = relationship(foreign_keys=[confirmed_by_id])

    __mapper_args__ = {"version_id_col": version}

    @property
    def facts(self) -> ContactFacts:
        """What the acts on it hang on."""
        status = self.order.status if self.order else None
        unsolved = self.unsolved_at is not None
        return ContactFacts(status, self.owner_id, self.offered_to_id, self.confirmed_at is not None, unsolved)

    @property
    def has_result(self) -> bool:
        """There is something to tell the customer."""
        return self.unsolved_at is None if self.order is None else self.order.status in SETTLED


class ContactLink(Base):
    """A link by which the customer says once whether it is solved. Only the hash of its token is stored; one is alive."""

    __tablename__ = "contact_link"
    __table_args__ = (
        words_of("answer", ANSWERS),
        sa.CheckConstraint("expires_at > made_at", name="lasts"),
        sa.CheckConstraint("num_nonnulls(used_at, answer) IN (0, 2)", name="used_is_answered"),
        sa.CheckConstraint("used_at IS NULL OR revoked_at IS NULL", name="used_or_revoked"),
        sa.CheckConstraint("used_at <= expires_at", name="used_in_time"),
        sa.UniqueConstraint("token_hash"),
        sa.Index(
            "uq_contact_link_alive",
            "contact_id",
            unique=True,
            postgresql_where=sa.text("used_at IS NULL AND revoked_at IS NULL"),
        ),
    )

    id: Mapped[Key]
    token_hash: Mapped[bytes]
    contact_id: Mapped[int] = mapped_column(sa.ForeignKey("owned_contact.id"))
    made_by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    answer: Mapped[str | None]
    revoked_at: Mapped[datetime | None]

    contact: Mapped[OwnedContact] = relationship()


class OrderCall(Base):
    """A further call about a vehicle whose order is under way: it joins that order and raises it. Never changed.

    `vehicle_id` is a vehicle of that order; none where whoever called about several named none of them.
    """

    __tablename__ = "order_call"
    __table_args__ = (
        words_of("channel", CHANNELS),
        words_of("urgency_before", URGENCIES),
        words_of("urgency_after", URGENCIES),
        sa.ForeignKeyConstraint(
            ["order_id", "vehicle_id"], ["order_line.order_id", "order_line.vehicle_id"], name="fk_order_call_vehicle"
        ),
        sa.UniqueConstraint("request_key"),
        sa.Index(None, "order_id"),
    )

    id: Mapped[Key]
    order_id: Mapped[int] = mapped_column(sa.ForeignKey("work_order.id"))
    vehicle_id: Mapped[int | None]
    caller: Mapped[str]
    phone: Mapped[str]
    channel: Mapped[str]
    said: Mapped[str]
    urgency_before: Mapped[str]
    urgency_after: Mapped[str]
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    by_name: Mapped[str]
    at: Mapped[datetime]
    request_key: Mapped[uuid.UUID | None] = mapped_column(sa.Uuid)


constraint_says("uq_contact_link_alive", say("Somebody made a link for the same contact just now. Please look again."))
constraint_says("uq_order_call_request_key", say("This call was added already."))
