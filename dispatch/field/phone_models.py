"""The phones of technicians, and the photos that are on their way from them."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dispatch.db import Base, Key
from dispatch.staff.models import Person


class PhoneDevice(Base):
    """A phone under the UUID that its app made for one person; `last_seq` is the number of the last fact that is kept of it.

    `measures` are the last measures of how far its clock is ahead, in ms; `offset_before_ms` what counted until it was set anew.
    `login_hash` is the login it came with last. Once it is `locked_at`, what it sends is kept for the office and it is told to
    wipe itself; `wiped_at` is when it said that it had.
    """

    __tablename__ = "phone_device"
    __table_args__ = (
        sa.CheckConstraint("(locked_at IS NULL) = (locked_by_id IS NULL)", name="lock_has_name"),
        sa.CheckConstraint("wiped_at IS NULL OR locked_at IS NOT NULL", name="wiped_was_locked"),
        sa.Index(None, "person_id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(sa.Uuid, primary_key=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    name: Mapped[str]
    app_version: Mapped[int | None]
    last_seq: Mapped[int] = mapped_column(server_default="0")
    first_seen_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    measures: Mapped[list[Any]] = mapped_column(server_default="[]")
    offset_before_ms: Mapped[int | None]
    login_hash: Mapped[bytes | None]
    locked_at: Mapped[datetime | None]
    locked_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    wiped_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship(foreign_keys=[person_id])
    locked_by: Mapped[Person | None] = relationship(foreign_keys=[locked_by_id])


class PhoneBlob(Base):
    """A photo under the sha256 of what the phone sends, and what it became: kept files are made anew, so theirs is another.

    `stored_sha256` is there once it is whole and read; `wrong` says why it is no photo (the bytes are kept all the same).
    """

    __tablename__ = "phone_blob"
    __table_args__ = (
        sa.CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name="sha256_is_hex"),
        sa.CheckConstraint("size > 0 AND received BETWEEN 0 AND size", name="received_is_part"),
        sa.CheckConstraint("(stored_sha256 IS NULL) = (done_at IS NULL)", name="done_is_stored"),
    )

    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"), primary_key=True)
    sha256: Mapped[str] = mapped_column(primary_key=True)
    size: Mapped[int]
    received: Mapped[int]
    begun_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    stored_sha256: Mapped[str | None] = mapped_column(sa.ForeignKey("stored_file.sha256"))
    told: Mapped[dict[str, Any] | None]
    wrong: Mapped[dict[str, Any] | None]


class PhoneBlobPiece(Base):
    """A piece of a photo that is not whole yet."""

    __tablename__ = "phone_blob_piece"
    __table_args__ = (
        sa.UniqueConstraint("person_id", "sha256", "start"),
        sa.ForeignKeyConstraint(
            ["person_id", "sha256"], ["phone_blob.person_id", "phone_blob.sha256"], name="fk_phone_blob_piece_blob"
        ),
    )

    id: Mapped[Key]
    person_id: Mapped[int]
    sha256: Mapped[str]
    start: Mapped[int]
    content: Mapped[bytes]
