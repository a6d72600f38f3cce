"""What terminals told, over JT/T 808 or by way of a platform: one row per observation, evidence for the test-run (P11)."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.db import Base, Key, words_of
from dispatch.devices.platform_rules import LOOK_OUTCOMES

OBSERVATION_KINDS = ("registered", "online", "heartbeat", "position", "properties", "left")
OBSERVATION_SOURCES = ("jt808", "traccar")


class Observation(Base):
    """One fact from one terminal, as `jt808.observations.Observation` describes it; what was not told is nothing.

    `unit_id` is the terminal that the gateway found for the numbers shown. `platform_id` is the number a platform gave to what it
    passed on: asked twice, it is kept once. Rows are only added, and forgotten after some time.
    """

    __tablename__ = "observation"
    __table_args__ = (
        words_of("kind", OBSERVATION_KINDS),
        words_of("source", OBSERVATION_SOURCES),
        sa.CheckConstraint("(source = 'jt808') = (platform_id IS NULL)", name="platform_numbers_its_own"),
        sa.Index(
            "uq_observation_platform",
            "unit_id",
            "source",
            "platform_id",
            "device_time",
            unique=True,
            postgresql_where=sa.text("platform_id IS NOT NULL"),
        ),
        sa.Index("ix_observation_unit", "unit_id", "kind", sa.text("received_at DESC")),
        sa.Index("ix_observation_received", "received_at", postgresql_using="brin"),
    )

    id: Mapped[Key]
    unit_id: Mapped[int] = mapped_column(sa.ForeignKey("terminal.unit_id"))
    kind: Mapped[str]
    source: Mapped[str] = mapped_column(server_default="jt808")
    platform_id: Mapped[int | None]
    phone: Mapped[str]
    serial: Mapped[int]
    received_at: Mapped[datetime]
    device_time: Mapped[datetime | None]
    late: Mapped[bool]
    whole: Mapped[bool]
    positioned: Mapped[bool | None]
    lat: Mapped[float | None]
    lon: Mapped[float | None]
    speed_kmh: Mapped[float | None]
    acc: Mapped[bool | None]
    satellites: Mapped[int | None]
    signal: Mapped[int | None]
    mileage_km: Mapped[float | None]
    power_cut: Mapped[bool | None]
    power_low: Mapped[bool | None]
    iccid: Mapped[str | None]
    imei: Mapped[str | None]
    terminal_id: Mapped[str | None]
    model: Mapped[str | None]
    hardware: Mapped[str | None]
    firmware: Mapped[str | None]
    plate: Mapped[str | None]
    raw: Mapped[str]


class PlatformLook(Base):
    """When a platform was last asked about a terminal, and how that went. `newest` is the terminal's time of its newest report.

    `wanted_at` is when somebody last decided to ask: whoever sets it asks, so that two never ask at once.
    """

    __tablename__ = "platform_look"
    __table_args__ = (
        words_of("outcome", LOOK_OUTCOMES),
        sa.CheckConstraint("(asked_at IS NULL) = (outcome IS NULL)", name="asked_has_outcome"),
    )

    unit_id: Mapped[int] = mapped_column(sa.ForeignKey("terminal.unit_id"), primary_key=True)
    wanted_at: Mapped[datetime]
    asked_at: Mapped[datetime | None]
    outcome: Mapped[str | None]
    device_id: Mapped[int | None]
    newest: Mapped[datetime | None]
