"""The places of a branch that nobody walks into: the way to another branch, and where lost units are kept on record."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from dispatch.clock import local_day
from dispatch.devices.models import Holder, StoreSeries
from dispatch.staff.models import Branch

UNNAMED_PLACE = "-"
"""The name of a branch's only bench, and of its only heap of scrap: the pages say what it is in the reader's language."""


def place_of(session: Session, *, kind: str, branch_id: int) -> Holder:
    """A branch's one place of a kind ("transit", "lost", "scrapped"), made if there is none. It goes by the word of its kind."""
    name = UNNAMED_PLACE if kind in ("bench", "scrapped") else ""
    wanted = sa.select(Holder).where(Holder.kind == kind, Holder.branch_id == branch_id, Holder.name == name)
    found = session.scalar(wanted)
    if found is None:
        session.execute(insert(Holder).values(kind=kind, branch_id=branch_id, name=name).on_conflict_do_nothing())
        found = session.scalars(wanted).one()
    return found


def next_number(session: Session, series: str, branch_id: int, at: datetime) -> str:
    """The next number of a branch's papers in the year of `at` in its zone: DB-SZ-2026-0001. Takers wait for one another."""
    branch = session.get_one(Branch, branch_id)
    year = local_day(at, branch.zone).year
    first = insert(StoreSeries).values(series=series, branch_id=branch_id, year=year, last=1)
    following = first.on_conflict_do_update(
        index_elements=["series", "branch_id", "year"], set_={"last": StoreSeries.last + 1}
    ).returning(StoreSeries.last)
    return f"{series}-{branch.code}-{year}-{session.execute(following).scalar_one():04d}"
