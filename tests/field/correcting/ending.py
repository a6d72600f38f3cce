"""The end of the visit after which things are corrected."""

from __future__ import annotations

from sqlalchemy.orm import Session

from dispatch.devices.models import Unit
from dispatch.orders.models import Visit
from tests.conftest import Cast
from tests.field.building import do

Swapped = tuple[Unit, Unit]


def finish(db: Session, cast: Cast, visit: Visit) -> None:
    do(db, visit, "visit.finish", cast.su)
