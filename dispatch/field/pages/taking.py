"""Pictures on their way into facts: of which kind, when and where they were taken, and the labels that were scanned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import request
from sqlalchemy.orm import Session

from dispatch.clock import now
from dispatch.db import transaction
from dispatch.devices.rules import Spot, spot_of
from dispatch.errors import Invalid
from dispatch.field.forms import read_position
from dispatch.field.pages.sending import Acts
from dispatch.files.operations import keep
from dispatch.files.pictures import CAMERA_YEARS, Picture, read_picture
from dispatch.web.access import current

LABELS = {"label_terminal": "imei", "label_sim": "iccid", "label_old_terminal": "unit", "label_old_sim": "unit"}
"""The pictures that scanning leaves in a form, and the kind of photo each is kept as."""


@dataclass(frozen=True)
class Beside:
    """When and where a picture was taken, as the phone says beside it: what is drawn anew there carries no word of the camera."""

    taken_at: datetime | None = None
    spot: Spot | None = None

    @classmethod
    def sent(cls, values: Mapping[str, Any]) -> Beside:
        """What was sent along with the form; what cannot be counts as not sent."""
        place = read_position({"lat": values.get("taken_lat"), "lon": values.get("taken_lon")})
        return cls(_moment(str(values.get("taken_at") or "")), spot_of(place.get("lat"), place.get("lon")))


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return _zoned(moment) if moment.year in CAMERA_YEARS else None


def _zoned(moment: datetime | None) -> datetime | None:
    """A time without a zone is a camera's, which is taken to show the branch's time."""
    return moment.replace(tzinfo=ZoneInfo(current().zone)) if moment and not moment.tzinfo else moment


NOTHING = Beside()


def photo_act(
    db: Session, picture: Picture, *, kind: str, line: int | None, at: datetime, beside: Beside = NOTHING
) -> tuple[str, dict[str, Any]]:
    """Keep a picture for good; what is told of it. What the camera wrote into it goes before what was sent `beside` it."""
    kept = keep(db, picture.jpeg, "image/jpeg", at=at)
    taken_at = _zoned(picture.taken_at) or beside.taken_at
    spot = spot_of(picture.lat, picture.lon) or beside.spot
    return "photo", {
        "kind": kind,
        "line": line,
        "sha256": kept.sha256,
        "width": picture.width,
        "height": picture.height,
        "taken_at": taken_at.isoformat() if taken_at else None,
        "lat": spot.lat if spot else None,
        "lon": spot.lon if spot else None,
    }


def label_acts(line_id: int) -> Acts:
    """The labels that were scanned for this form. One that is no picture is left out: the form counts without it."""
    return [act for name, kind in LABELS.items() if (act := _label(name, kind, line_id))]


def _label(name: str, kind: str, line_id: int) -> tuple[str, dict[str, Any]] | None:
    file, at = request.files.get(name), now()
    if file is None or not file.filename:
        return None
    try:
        picture = read_picture(file.read())
    except Invalid:
        return None
    with transaction() as db:
        return photo_act(db, picture, kind=kind, line=line_id, at=at)  # without a time of its own: pressed twice it is the same
