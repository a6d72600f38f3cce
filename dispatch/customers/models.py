"""Customers, their people, their places and their vehicles."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dispatch.db import Base, Key, constraint_says, words_of
from dispatch.search import grams_index, text_column
from dispatch.words import say

WISHES = ("preferred", "forbidden")
PLACE_SOURCES = ("pin", "file", "geocoder", "device", "district")


class Customer(Base):
    """A company or person that owns vehicles. `tier` is the service class (Q11): A is best.

    A terminal that has not reported for `silent_hours` is proposed for repair; nothing: none is. What is on account is paid
    within `payment_days`; nothing: within those that are usual. `same_technician`: all vehicles of one of his orders are to be
    done by one person.
    """

    __tablename__ = "customer"
    __table_args__ = (
        words_of("tier", ("vip", "a", "b", "c")),
        sa.CheckConstraint("silent_hours BETWEEN 1 AND 8760", name="silent_hours_in_a_year"),
        sa.CheckConstraint("payment_days BETWEEN 0 AND 365", name="payment_days_in_a_year"),
        sa.Index(None, "branch_id", "name"),
        grams_index("customer"),
    )

    id: Mapped[Key]
    branch_id: Mapped[int] = mapped_column(sa.ForeignKey("branch.id"))
    name: Mapped[str]
    tier: Mapped[str] = mapped_column(server_default="c")
    note: Mapped[str | None]
    silent_hours: Mapped[int | None]
    payment_days: Mapped[int | None]
    same_technician: Mapped[bool] = mapped_column(server_default=sa.false(), default=False)
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(server_default="1")
    search_text: Mapped[str] = text_column()

    contacts: Mapped[list[Contact]] = relationship(order_by="Contact.id")
    sites: Mapped[list[Site]] = relationship(order_by="Site.id")

    __mapper_args__ = {"version_id_col": version}


class Contact(Base):
    """A person at the customer's. `phone_digits` is what searches compare; `phone` is as it was given."""

    __tablename__ = "contact"
    __table_args__ = (sa.Index(None, "customer_id"), grams_index("contact"))

    id: Mapped[Key]
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("customer.id"))
    name: Mapped[str]
    phone: Mapped[str | None]
    phone_digits: Mapped[str | None] = mapped_column(index=True)
    search_text: Mapped[str] = text_column()

    customer: Mapped[Customer] = relationship(overlaps="contacts")


class Site(Base):
    """A place where work is done. Coordinates are WGS-84; `accuracy_m` says how far off they may be."""

    __tablename__ = "site"
    __table_args__ = (
        sa.CheckConstraint("(lat IS NULL) = (lon IS NULL)", name="place_is_whole"),
        sa.CheckConstraint("lat BETWEEN -90 AND 90 AND lon BETWEEN -180 AND 180", name="place_on_earth"),
        sa.CheckConstraint("lat IS NULL OR source IS NOT NULL", name="place_has_source"),
        words_of("source", PLACE_SOURCES),
        sa.UniqueConstraint("customer_id", "address"),
        sa.UniqueConstraint("id", "customer_id"),
        sa.Index("ix_site_nowhere", "id", postgresql_where=sa.text("lat IS NULL")),
    )

    id: Mapped[Key]
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("customer.id"))
    address: Mapped[str]
    lat: Mapped[float | None]
    lon: Mapped[float | None]
    source: Mapped[str | None]
    accuracy_m: Mapped[int | None]


class TechnicianWish(Base):
    """Whom a customer would rather have, or does not let in, everywhere or at one site, and why."""

    __tablename__ = "technician_wish"
    __table_args__ = (
        words_of("kind", WISHES),
        sa.CheckConstraint("btrim(reason) <> ''", name="has_reason"),
        sa.UniqueConstraint("customer_id", "site_id", "person_id", postgresql_nulls_not_distinct=True),
        sa.ForeignKeyConstraint(["site_id", "customer_id"], ["site.id", "site.customer_id"], name="fk_technician_wish_site"),
        sa.Index(None, "person_id"),
    )

    id: Mapped[Key]
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("customer.id"))
    site_id: Mapped[int | None]
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    kind: Mapped[str]
    reason: Mapped[str]
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    at: Mapped[datetime]


class SiteSearch(Base):
    """What came of looking for a site that is not on the map: why it is not there yet, and the places that may be meant."""

    __tablename__ = "site_search"
    __table_args__ = (words_of("why", ("several", "coarse", "unknown", "away")), sa.Index(None, "at"))

    site_id: Mapped[int] = mapped_column(sa.ForeignKey("site.id", ondelete="CASCADE"), primary_key=True)
    why: Mapped[str]
    places: Mapped[list[Any]]
    at: Mapped[datetime]


class FoundAddress(Base):
    """What the address services said of an address, for a while: the same question costs money again."""

    __tablename__ = "found_address"
    __table_args__ = (sa.Index(None, "at"),)

    address: Mapped[str] = mapped_column(primary_key=True)
    places: Mapped[list[Any]]
    at: Mapped[datetime]


class Vehicle(Base):
    """A vehicle. Its key is plate and colour; one without a plate is known by its VIN.

    From `parked_at` on it is not in use: its terminal may be silent.
    """

    __tablename__ = "vehicle"
    __table_args__ = (
        sa.CheckConstraint("plate IS NOT NULL OR vin IS NOT NULL", name="has_a_name"),
        sa.CheckConstraint("plate IS NULL OR plate_colour IS NOT NULL", name="plate_has_colour"),
        sa.CheckConstraint("(parked_at IS NULL) = (parked_by_name IS NULL)", name="parked_by_somebody"),
        sa.UniqueConstraint("plate", "plate_colour"),
        sa.UniqueConstraint("vin"),
        sa.Index(None, "customer_id"),
        grams_index("vehicle"),
    )

    id: Mapped[Key]
    branch_id: Mapped[int] = mapped_column(sa.ForeignKey("branch.id"))
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("customer.id"))
    plate: Mapped[str | None]
    plate_colour: Mapped[str | None]
    vin: Mapped[str | None]
    kind: Mapped[str | None]
    make: Mapped[str | None]
    engine_no: Mapped[str | None]
    fleet_no: Mapped[str | None]
    purchased_on: Mapped[date | None]
    parked_at: Mapped[datetime | None]
    parked_by_name: Mapped[str | None]
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(server_default="1")
    search_text: Mapped[str] = text_column()

    customer: Mapped[Customer] = relationship()
    drivers: Mapped[list[Driver]] = relationship(cascade="all, delete-orphan", order_by="Driver.id")

    __mapper_args__ = {"version_id_col": version}


class Driver(Base):
    """Somebody who drives a vehicle; day and night shift may have one each."""

    __tablename__ = "driver"
    __table_args__ = (
        sa.UniqueConstraint("vehicle_id", "name", "phone", postgresql_nulls_not_distinct=True),
        grams_index("driver"),
    )

    id: Mapped[Key]
    vehicle_id: Mapped[int] = mapped_column(sa.ForeignKey("vehicle.id", ondelete="CASCADE"))
    name: Mapped[str]
    phone: Mapped[str | None]
    shift: Mapped[str | None]
    search_text: Mapped[str] = text_column()


constraint_says("uq_vehicle_plate_plate_colour", say("A vehicle with this plate and colour is already on record."))
constraint_says("uq_technician_wish_customer_id_site_id_person_id", say("Something is on record about him there already."))
constraint_says("uq_vehicle_vin", say("A vehicle with this VIN is already on record."))
