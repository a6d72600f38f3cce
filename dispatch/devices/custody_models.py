"""Whoever can have a unit in custody, and every move from one to another."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dispatch.customers.models import Vehicle
from dispatch.db import Base, Key, constraint_says, words_of
from dispatch.devices.rules import Spot, spot_of
from dispatch.devices.slot_rules import ROLES, role_word
from dispatch.staff.models import Person
from dispatch.words import Text, say

HOLDER_KINDS = ("store", "bag", "slot", "customer", "supplier", "scrapped", "lost", "bench", "transit", "contractor")


class Holder(Base):
    """Whatever can have a unit in custody. A bag belongs to a person, a slot to a vehicle, which has one for each role."""

    __tablename__ = "holder"
    __table_args__ = (
        words_of("kind", HOLDER_KINDS),
        words_of("role", tuple(ROLES)),
        sa.UniqueConstraint("id", "kind"),
        sa.CheckConstraint("(kind = 'bag') = (person_id IS NOT NULL)", name="bag_has_person"),
        sa.CheckConstraint("(kind = 'slot') = (vehicle_id IS NOT NULL)", name="slot_has_vehicle"),
        sa.CheckConstraint("(kind = 'slot') = (role IS NOT NULL)", name="slot_has_role"),
        sa.UniqueConstraint("person_id"),
        sa.UniqueConstraint("vehicle_id", "role"),
        sa.Index(
            "uq_holder_store_name",
            "branch_id",
            "kind",
            "name",
            unique=True,
            postgresql_where=sa.text("kind NOT IN ('bag', 'slot')"),
        ),
        sa.Index("ix_holder_stock", "branch_id", postgresql_where=sa.text("kind IN ('store', 'bag')")),
    )

    id: Mapped[Key]
    kind: Mapped[str]
    branch_id: Mapped[int] = mapped_column(sa.ForeignKey("branch.id"))
    name: Mapped[str | None]
    person_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    vehicle_id: Mapped[int | None] = mapped_column(sa.ForeignKey("vehicle.id"))
    role: Mapped[str | None]

    person: Mapped[Person | None] = relationship()
    vehicle: Mapped[Vehicle | None] = relationship()

    @property
    def role_word(self) -> Text | None:
        """Of a vehicle's place which one it is; None for that of its main terminal, and for what is no place in a vehicle."""
        return role_word(self.role)


class CustodyEntry(Base):
    """One move of one unit, never changed. A mistake is mended by a new entry that names it in `corrects_id`.

    `lat`, `lon` (WGS-84) and `accuracy_m` are where the phone was that told it, where it said so.
    """

    __tablename__ = "custody_entry"
    __table_args__ = (
        sa.UniqueConstraint("unit_id", "seq"),
        sa.CheckConstraint("from_holder_id <> to_holder_id", name="really_moves"),
        sa.CheckConstraint("(lat IS NULL) = (lon IS NULL)", name="place_is_whole"),
        sa.CheckConstraint("lat BETWEEN -90 AND 90 AND lon BETWEEN -180 AND 180", name="place_is_on_earth"),
        sa.Index(None, "order_id"),
        sa.Index(None, "to_holder_id"),
        sa.Index(None, "from_holder_id"),
    )

    id: Mapped[Key]
    unit_id: Mapped[int] = mapped_column(sa.ForeignKey("unit.id"))
    seq: Mapped[int]
    from_holder_id: Mapped[int | None] = mapped_column(sa.ForeignKey("holder.id"))
    to_holder_id: Mapped[int] = mapped_column(sa.ForeignKey("holder.id"))
    reason: Mapped[str]
    order_id: Mapped[int | None] = mapped_column(sa.ForeignKey("work_order.id"))
    by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    by_name: Mapped[str]
    at: Mapped[datetime]
    device_at: Mapped[datetime | None]
    lat: Mapped[float | None]
    lon: Mapped[float | None]
    accuracy_m: Mapped[float | None]
    corrects_id: Mapped[int | None] = mapped_column(sa.ForeignKey("custody_entry.id"))
    prev_hash: Mapped[bytes]
    hash: Mapped[bytes]

    from_holder: Mapped[Holder | None] = relationship(foreign_keys=[from_holder_id])
    to_holder: Mapped[Holder] = relationship(foreign_keys=[to_holder_id])

    @property
    def spot(self) -> Spot | None:
        """Where the phone was that told it."""
        return spot_of(self.lat, self.lon, self.accuracy_m)


constraint_says("uq_custody_entry_unit_id_seq", say("Somebody else moved this unit a moment ago. Please look again."))
