"""The history on the life pages of units and vehicles, and all of it on paper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from dispatch.clock import now
from dispatch.customers.queries import vehicle
from dispatch.db import transaction
from dispatch.devices.operations import describe
from dispatch.devices.queries import fitted_by_role, unit
from dispatch.devices.slot_rules import ROLES
from dispatch.lives.presenting import Event, events
from dispatch.lives.queries import Life, life_of_unit, life_of_vehicle
from dispatch.lives.rules import CHAPTERS, PAGE_SIZE
from dispatch.sheets.drawing import qr_svg
from dispatch.web.access import current, may
from dispatch.web.locale import tr

pages = Blueprint("lives", __name__)

MOST_PAGES = 10_000


@dataclass(frozen=True)
class Chip:
    """One filter of the history."""

    label: str
    url: str
    active: bool
    count: int


@dataclass(frozen=True)
class Pager:
    """Where in a long life we are."""

    number: int
    total: int
    chapter: str

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return max(1, -(-self.total // PAGE_SIZE))

    def url(self, number: int) -> str:
        """The address of another page of it."""
        return _address(self.chapter, number)


@dataclass(frozen=True)
class Shown:
    """A page of a history with its filters."""

    events: Sequence[Event]
    chips: Sequence[Chip]
    pager: Pager


def shown_of_unit(db: Session, unit_id: int) -> Shown:
    """What the address asks of a unit's history."""
    chapter, page = _asked()
    life = life_of_unit(db, unit_id, current(), chapter=chapter, page=page)
    return _shown(life, events(life, unit_id), chapter, page)


def shown_of_vehicle(db: Session, vehicle_id: int) -> Shown:
    """What the address asks of a vehicle's history."""
    chapter, page = _asked()
    life = life_of_vehicle(db, vehicle_id, current(), chapter=chapter, page=page)
    return _shown(life, events(life), chapter, page)


def _asked() -> tuple[str, int]:
    chapter = request.args.get("what", "")
    return chapter if chapter in CHAPTERS else "", min(max(1, request.args.get("page", 1, type=int)), MOST_PAGES)


def _shown(life: Life, told: Sequence[Event], chapter: str, page: int) -> Shown:
    chips = [Chip(_("Everything"), _address(), not chapter, life.total)]
    chips += [
        Chip(tr(word), _address(name), name == chapter, life.counts[name])
        for name, word in CHAPTERS.items()
        if name in life.counts
    ]
    total = life.counts.get(chapter, 0) if chapter else life.total
    return Shown(told, chips, Pager(page, total, chapter))


def _address(chapter: str = "", page: int = 1) -> str:
    asked: dict[str, Any] = {"what": chapter or None, "page": page if page > 1 else None, **(request.view_args or {})}
    return url_for(request.endpoint or "", _anchor="life", **asked)


@pages.get("/units/<int:unit_id>/paper")
@may("stock.see")
def unit_paper(unit_id: int) -> str:
    """The whole life of a terminal, SIM or tool, to be printed."""
    with transaction() as db:
        found = unit(db, unit_id, current())
        life = life_of_unit(db, unit_id, current(), whole=True)
        back = url_for("devices.unit", unit_id=unit_id)
        return _paper("lives/unit.html", life, back, events=events(life, unit_id), unit=found)


@pages.get("/vehicles/<int:vehicle_id>/paper")
@may("customer.see")
def vehicle_paper(vehicle_id: int) -> str:
    """The whole life of a vehicle, to be printed."""
    with transaction() as db:
        found = vehicle(db, vehicle_id, current())
        life = life_of_vehicle(db, vehicle_id, current(), whole=True)
        back = url_for("customers.vehicle", vehicle_id=vehicle_id)
        inside = fitted_by_role(db, [vehicle_id]).get(vehicle_id, {})
        return _paper("lives/vehicle.html", life, back, events=events(life), vehicle=found, inside=inside, roles=ROLES)


def _paper(template: str, life: Life, back: str, **shown: object) -> str:
    code = qr_svg(request.url_root.rstrip("/") + back)
    told = {"total": life.total, "back": back, "qr": code, "at": now(), "by": current()}
    return render_template(template, describe=describe, **told, **shown)
