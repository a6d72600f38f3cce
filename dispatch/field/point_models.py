"""Which checks are asked for after each kind of work: who decided it and when; nothing is overwritten."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.db import Base, Key, words_of
from dispatch.field.point_rules import WORKS
from dispatch.field.rules import PHOTOS_TO_ASK, TEST_ITEMS

_PHOTOS = f"ARRAY[{', '.join(repr(kind) for kind in PHOTOS_TO_ASK)}]"
_ITEMS = f"ARRAY[{', '.join(repr(item) for item in TEST_ITEMS)}]"


class PointList(Base):
    """What is asked for after one kind of work from a moment on; the newest row that is not later than the work counts for it.

    A point that is neither in `must` nor in `may` is not asked for; the same for `photos` and `photos_may`. Without any row,
    `AS_DELIVERED` counts; of a row from before photos could be decided (NULL) the photos of the setting. Rows without a person
    were brought by an upgrade of the program.
    """

    __tablename__ = "point_list"
    __table_args__ = (
        words_of("service", tuple(WORKS)),
        sa.CheckConstraint(f"must <@ {_ITEMS} AND may <@ {_ITEMS}", name="points_are_known"),
        sa.CheckConstraint("NOT must && may", name="point_is_one_or_the_other"),
        sa.CheckConstraint(f"photos <@ {_PHOTOS} AND photos_may <@ {_PHOTOS}", name="photos_are_known"),
        sa.CheckConstraint("NOT photos && photos_may", name="photo_is_one_or_the_other"),
        sa.CheckConstraint("service <> 'removal' OR must || may = '{}'", name="removal_is_not_tested"),
        sa.Index(None, "service", "at"),
    )

    id: Mapped[Key]
    service: Mapped[str]
    must: Mapped[list[str]] = mapped_column(ARRAY(sa.Text))
    may: Mapped[list[str]] = mapped_column(ARRAY(sa.Text))
    photos: Mapped[list[str] | None] = mapped_column(ARRAY(sa.Text))
    photos_may: Mapped[list[str]] = mapped_column(ARRAY(sa.Text), server_default="{}", default=list)
    by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    by_name: Mapped[str]
    at: Mapped[datetime]
