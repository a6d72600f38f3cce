"""What terminals told over JT/T 808: one row per observation, kept as evidence for the test-run (P11)."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.db import Base, Key, words_of

OBSERVATION_KINDS = ("registered", "online", "heartbeat", "position", "properties", "left")


class Observation(Base):
    """One fact from one terminal, as `jt808.observations.Observation` describes it; what was not told is nothing.

    `unit_id` is the terminal that the gateway found for the numbers shown. Rows are only added, and forgotten after some time.
    """

    __tablename__ = "observation"
    __table_args__ = (
        words_of("kind", OBSERVATION_KINDS),
        sa.Index("ix_observation_unit", "unit_id", "kind", sa.text("received_at DESC")),
        sa.Index("ix_observation_received", "received_at", postgresql_using="brin"),
    )

    id: Mapped[Key]
    unit_id: Mapped[int] = mapped_column(sa.ForeignKey("terminal.unit_id"))
    kind: Mapped[str]
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
