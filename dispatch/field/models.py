"""Facts from the field, stored as they were sent before any rule looks at them (rule 6 of the house), and what they told."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dispatch.db import Base, Key, constraint_says, words_of
from dispatch.devices.observation_models import Observation
from dispatch.field.phone_models import PhoneBlob as PhoneBlob
from dispatch.field.phone_models import PhoneBlobPiece as PhoneBlobPiece
from dispatch.field.phone_models import PhoneDevice as PhoneDevice
from dispatch.field.point_models import PointList as PointList
from dispatch.field.rules import DEPARTURE_ITEMS, PHOTO_KINDS, TEST_ITEMS, TEST_RESULTS
from dispatch.words import say

STATES = ("new", "waiting", "applied", "disputed")
PENDING = ("new", "waiting")
"""Kept, and not yet applied: the next one to look applies it, once the photo is there that it waits for."""


class FieldFact(Base):
    """One thing a technician did, under the UUID his device gave it.

    `clock_offset_ms` is device clock minus server clock as last measured; `lat`, `lon` (WGS-84) and `accuracy_m` where the device
    was, if it said so; `app_version` is that of the app that sent it, none for a page; `state` says how applying it ended.
    """

    __tablename__ = "field_fact"
    __table_args__ = (
        words_of("state", STATES),
        sa.CheckConstraint("(lat IS NULL) = (lon IS NULL)", name="place_is_whole"),
        sa.UniqueConstraint("device", "device_seq"),
        sa.Index(None, "order_id"),
        sa.Index("ix_field_fact_open", "received_at", postgresql_where=sa.text("state <> 'applied'")),
        sa.Index("ix_field_fact_pending", "device", "device_seq", postgresql_where=sa.text("state IN ('new', 'waiting')")),
    )

    id: Mapped[uuid.UUID] = mapped_column(sa.Uuid, primary_key=True)
    kind: Mapped[str]
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    device: Mapped[str]
    device_seq: Mapped[int]
    order_id: Mapped[int | None] = mapped_column(sa.ForeignKey("work_order.id"))
    visit_id: Mapped[int | None] = mapped_column(sa.ForeignKey("visit.id"))
    content: Mapped[dict[str, Any]]
    content_hash: Mapped[bytes]
    device_at: Mapped[datetime]
    clock_offset_ms: Mapped[int | None]
    app_version: Mapped[int | None]
    lat: Mapped[float | None]
    lon: Mapped[float | None]
    accuracy_m: Mapped[float | None]
    received_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(server_default="new")
    outcome: Mapped[dict[str, Any] | None]

    @property
    def happened_at(self) -> datetime:
        """When it was done: the device's time, corrected by how much its clock was off; not after we heard of it."""
        return min(self.device_at - timedelta(milliseconds=self.clock_offset_ms or 0), self.received_at)

    @property
    def settled(self) -> dict[str, Any] | None:
        """How a disputed one was settled: how, by, by_name, at (ISO), reason; None while it waits."""
        return (self.outcome or {}).get("settled")

    @property
    def settled_at(self) -> datetime | None:
        """When it was settled."""
        return datetime.fromisoformat(self.settled["at"]) if self.settled else None


class DepartureCheck(Base):
    """One point that was checked before leaving (P5); the newest row of an item counts."""

    __tablename__ = "departure_check"
    __table_args__ = (words_of("item", DEPARTURE_ITEMS), sa.Index(None, "visit_id"))

    id: Mapped[Key]
    visit_id: Mapped[int] = mapped_column(sa.ForeignKey("visit.id"))
    item: Mapped[str]
    ok: Mapped[bool]
    note: Mapped[str | None]
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    at: Mapped[datetime]


class Arrival(Base):
    """Where a technician was when he said that he had arrived. Distances in metres, WGS-84."""

    __tablename__ = "arrival"

    visit_id: Mapped[int] = mapped_column(sa.ForeignKey("visit.id"), primary_key=True)
    lat: Mapped[float | None]
    lon: Mapped[float | None]
    accuracy_m: Mapped[float | None]
    distance_m: Mapped[float | None]
    at: Mapped[datetime]


class TestResult(Base):
    """One point of the test-run of one vehicle (P11); the newest row of an item counts, if it is later than the last swap.

    `corrects_id` is the row that the office puts right by this one; `observation_id` is what the terminal told that proved the
    point, nothing where it was judged by hand.
    """

    __test__ = False  # no test of pytest's
    __tablename__ = "test_result"
    __table_args__ = (
        words_of("item", TEST_ITEMS),
        words_of("result", TEST_RESULTS),
        sa.CheckConstraint("result <> 'overruled' OR reason IS NOT NULL", name="overruled_has_reason"),
        sa.CheckConstraint("corrects_id IS NULL OR reason IS NOT NULL", name="correction_has_reason"),
        sa.CheckConstraint("observation_id IS NULL OR result = 'passed'", name="only_passed_is_proven"),
        sa.ForeignKeyConstraint(["line_id", "order_id"], ["order_line.id", "order_line.order_id"], name="fk_test_result_line"),
        sa.ForeignKeyConstraint(["visit_id", "order_id"], ["visit.id", "visit.order_id"], name="fk_test_result_visit"),
        sa.Index(None, "line_id"),
        sa.Index(None, "order_id"),
        sa.Index("ix_test_result_observation_id", "observation_id", postgresql_where=sa.text("observation_id IS NOT NULL")),
    )

    id: Mapped[Key]
    order_id: Mapped[int]
    line_id: Mapped[int]
    visit_id: Mapped[int | None]
    item: Mapped[str]
    result: Mapped[str]
    reason: Mapped[str | None]
    corrects_id: Mapped[int | None] = mapped_column(sa.ForeignKey("test_result.id"))
    observation_id: Mapped[int | None] = mapped_column(sa.ForeignKey("observation.id"))
    fact_id: Mapped[uuid.UUID | None] = mapped_column(sa.Uuid)
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    by_name: Mapped[str]
    at: Mapped[datetime]

    observation: Mapped[Observation | None] = relationship()


class Photo(Base):
    """A photo from the field, already without EXIF: when and where the camera took it is in the row, as far as it said so."""

    __tablename__ = "photo"
    __table_args__ = (
        words_of("kind", PHOTO_KINDS),
        sa.ForeignKeyConstraint(["line_id", "order_id"], ["order_line.id", "order_line.order_id"], name="fk_photo_line"),
        sa.Index(None, "order_id"),
        sa.Index(None, "visit_id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(sa.Uuid, primary_key=True)
    kind: Mapped[str]
    order_id: Mapped[int] = mapped_column(sa.ForeignKey("work_order.id"))
    visit_id: Mapped[int] = mapped_column(sa.ForeignKey("visit.id"))
    line_id: Mapped[int | None]
    sha256: Mapped[str] = mapped_column(sa.ForeignKey("stored_file.sha256"))
    width: Mapped[int]
    height: Mapped[int]
    taken_at: Mapped[datetime | None]
    lat: Mapped[float | None]
    lon: Mapped[float | None]
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    by_name: Mapped[str]
    at: Mapped[datetime]
    received_at: Mapped[datetime]


class PhotoWithdrawal(Base):
    """The office's word that a photo shows something else than it should: it stays on record, but nothing shows or counts it."""

    __tablename__ = "photo_withdrawal"

    photo_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("photo.id"), primary_key=True)
    reason: Mapped[str]
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    by_name: Mapped[str]
    at: Mapped[datetime]


class Signature(Base):
    """The customer's word under a summary: signed by finger, or refused with reason and photo. The newest of a visit counts.

    `points` are the strokes as drawn; `summary` is what was shown and `summary_hash` the sha256 of its canonical JSON.
    `summary_then` is what the record said when the signature came, where that was something else: it was changed after it was
    shown.
    """

    __tablename__ = "signature"
    __table_args__ = (
        sa.CheckConstraint("refused = (points IS NULL)", name="signed_has_points"),
        sa.CheckConstraint("NOT refused OR (reason IS NOT NULL AND photo_id IS NOT NULL)", name="refusal_has_evidence"),
        sa.Index(None, "visit_id"),
        sa.Index(None, "order_id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(sa.Uuid, primary_key=True)
    order_id: Mapped[int] = mapped_column(sa.ForeignKey("work_order.id"))
    visit_id: Mapped[int] = mapped_column(sa.ForeignKey("visit.id"))
    refused: Mapped[bool]
    signer: Mapped[str]
    phone: Mapped[str | None]
    points: Mapped[list[Any] | None]
    reason: Mapped[str | None]
    photo_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("photo.id"))
    summary: Mapped[dict[str, Any]]
    summary_hash: Mapped[bytes]
    summary_then: Mapped[dict[str, Any] | None]
    device: Mapped[str]
    lat: Mapped[float | None]
    lon: Mapped[float | None]
    accuracy_m: Mapped[float | None]
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    by_name: Mapped[str]
    at: Mapped[datetime]
    received_at: Mapped[datetime]


constraint_says("uq_field_fact_device_device_seq", say("This device sent something else under this number. Please look again."))
