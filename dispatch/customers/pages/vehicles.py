"""The life page of a vehicle (P16), and changing it."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from dispatch.clock import now
from dispatch.customers.forms import read_vehicle
from dispatch.customers.models import Vehicle
from dispatch.customers.operations import (
    change_vehicle,
    park_vehicle,
    reveal_driver_phone,
)
from dispatch.customers.pages.blueprint import pages
from dispatch.customers.pages.correcting import correct, one, version
from dispatch.customers.queries import vehicle
from dispatch.customers.rules import COLOURS, read_phone
from dispatch.db import transaction
from dispatch.devices.operations import describe
from dispatch.devices.queries import fitted_by_role
from dispatch.devices.slot_rules import ROLES
from dispatch.lives.pages import shown_of_vehicle
from dispatch.orders.queries import lines_of_vehicle
from dispatch.orders.recall_queries import causes_of
from dispatch.orders.recall_rules import RECALL_STATES
from dispatch.web.access import allowed, current, may
from dispatch.web.forms import Form

VEHICLE_FIELDS = ("plate", "plate_colour", "vin", "kind", "make", "engine_no", "fleet_no", "purchased_on", "version")


@pages.get("/vehicles/<int:vehicle_id>", endpoint="vehicle")
@may("customer.see")
def show_vehicle(vehicle_id: int) -> str:
    """The life of a vehicle."""
    return _vehicle_page(vehicle_id)


def _vehicle_page(vehicle_id: int, phone: dict[int, str] | None = None) -> str:
    with transaction() as db:
        found = vehicle(db, vehicle_id, current())
        return render_template("customers/vehicle.html", vehicle=found, phone=phone or {}, **_vehicle_facts(db, vehicle_id))


def _vehicle_facts(db: Session, vehicle_id: int) -> dict[str, Any]:
    """What is in it, its orders, its history, and what the page does with them."""
    lines = lines_of_vehicle(db, vehicle_id, current())
    known = {
        "inside": fitted_by_role(db, [vehicle_id]).get(vehicle_id, {}),
        "roles": ROLES,
        "lines": lines,
        "recalls": causes_of(db, [line.id for line in lines]) if lines else {},
        "recall_words": RECALL_STATES,
        "life": shown_of_vehicle(db, vehicle_id),
        "describe": describe,
    }
    return known | {"may_change": allowed("customer.change"), "mask": lambda phone: read_phone(phone).masked}


@pages.post("/vehicles/<int:vehicle_id>/drivers/<int:driver_id>/phone")
@may("customer.see")
def driver_phone(vehicle_id: int, driver_id: int) -> str:
    """A driver's whole number; the asking is logged."""
    with transaction() as db:
        found = one(vehicle(db, vehicle_id, current()).drivers, driver_id)
        shown = reveal_driver_phone(db, driver=found, by=current(), at=now())
    if "HX-Request" in request.headers:
        return render_template("customers/phone_shown.html", phone=shown)
    return _vehicle_page(vehicle_id, {driver_id: shown})


@pages.route("/vehicles/<int:vehicle_id>/edit", methods=["GET", "POST"])
@may("customer.change")
def edit_vehicle(vehicle_id: int) -> str | Response | tuple[str, int]:
    """Correct a vehicle's plate, colour, VIN and facts."""
    with transaction() as db:
        found = vehicle(db, vehicle_id, current())
    if request.method == "GET":
        return _vehicle_form(Form.of({name: getattr(found, name) for name in VEHICLE_FIELDS}), found)
    return correct(
        lambda db: change_vehicle(db, vehicle_id, version=version(), facts=read_vehicle(request.form), by=current(), at=now()),
        lambda form: _vehicle_form(form, found),
        version=found.version,
        then=url_for("customers.vehicle", vehicle_id=vehicle_id),
    )


@pages.post("/vehicles/<int:vehicle_id>/parked")
@may("customer.change")
def parked(vehicle_id: int) -> Response:
    """A vehicle is not in use, or is again."""
    with transaction() as db:
        park_vehicle(db, vehicle_id, parked="parked" in request.form, by=current(), at=now())
    return redirect(url_for("customers.vehicle", vehicle_id=vehicle_id), 303)


def _vehicle_form(form: Form, found: Vehicle) -> str:
    return render_template("customers/vehicle_form.html", form=form, vehicle=found, colours=COLOURS)
