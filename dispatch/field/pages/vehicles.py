"""The vehicles of a stop: the list of many, and the work at one of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from flask import render_template, request, url_for
from sqlalchemy.orm import Session

from dispatch.db import transaction
from dispatch.devices.bench_queries import carried_by_fitting
from dispatch.devices.fitted import bag_units, slot_units
from dispatch.devices.models import UNIT_KINDS, Unit
from dispatch.devices.ownership_rules import suits
from dispatch.devices.part_queries import parts_carried
from dispatch.devices.queries import fitted_by_role, models
from dispatch.devices.slot_rules import ROLES, role_in
from dispatch.devices.swap_rules import usual_why, whys_for
from dispatch.errors import NotFound
from dispatch.field.forms import LEFT_ONE, read_fitting, read_move, read_not_done, read_part, read_reason, read_removal, read_role
from dispatch.field.pages.blueprint import pages
from dispatch.field.pages.sending import Answer, Refused, taken
from dispatch.field.pages.stop import shown, stop_url
from dispatch.field.pages.taking import label_acts
from dispatch.field.presenting.site_steps import NO_PHOTO
from dispatch.field.presenting.stops import Stop
from dispatch.field.presenting.vehicles import bag_choices, fleet_of, movable
from dispatch.field.queries import came_out, fleet_page, own_visit, was_tested
from dispatch.field.rebinding import rebind_told
from dispatch.field.rules import PHOTOS
from dispatch.lists import LEAF
from dispatch.orders.models import OrderLine
from dispatch.orders.order_queries import LineFilter
from dispatch.typed import number_in
from dispatch.web.access import current, may
from dispatch.web.forms import Form
from dispatch.web.listing import Leaf, cut_asked
from dispatch.web.login import settings
from dispatch.web.security import allow_compiled
from dispatch.words import Text, say

KINDS_OF_SWAP = {"terminal": ("terminal",), "sim": ("sim",), "both": UNIT_KINDS}


@pages.get("/my-day/visits/<int:visit_id>/vehicles")
@may("visit.drive")
def vehicles(visit_id: int) -> str:
    """The vehicles of the order: one's own first, those of colleagues too."""
    with transaction() as db:
        chosen = LineFilter(request.args.get("q", "")[:60])
        page = fleet_page(db, visit_id, chosen, cut_asked({}, ""))
        seen = shown(db, visit_id, also=page.part.rows)
        fleet = fleet_of(seen["stop"])
        listed = {"page": page, "leaf": Leaf.of(page.part), "chosen": chosen, "many": page.all > LEAF or bool(chosen)}
        return render_template("field/vehicles.html", **seen, **listed, fleet=fleet, listed=fleet.only(page.part.rows))


@pages.get("/my-day/visits/<int:visit_id>/vehicles/<int:line_id>")
@may("visit.drive")
def vehicle(visit_id: int, line_id: int) -> str:
    """One vehicle: what is in it, what was done, what comes next."""
    return vehicle_page(visit_id, line_id)


def vehicle_page(visit_id: int, line_id: int, refused: Refused | None = None) -> str:
    """The page of one vehicle, with a refused form on it."""
    allow_compiled()
    with transaction() as db:
        seen = shown(db, visit_id, refused, [line_id])
        return render_template("field/vehicle.html", **seen, **_vehicle(db, seen["stop"], line_id), left_one=LEFT_ONE)


def _vehicle(db: Session, stop: Stop, line_id: int) -> dict[str, Any]:
    line = line_of(stop, line_id)
    fittings = [fitting for fitting in stop.fittings if fitting.line_id == line.id]
    tests = stop.run(line)
    role, places = _role(line), fitted_by_role(db, [line.vehicle_id]).get(line.vehicle_id, {})
    present = places.get(role, {})
    taken_out = [fitting.id for fitting in fittings if fitting.old_unit_id]
    at_place = [fitting for fitting in fittings if fitting.slot.role == role]
    fits_now = stop.live and stop.order.kind == "installation" and not at_place and not present
    return {
        "line": line,
        "role": role,
        "places": places,
        "roles": ROLES,
        "row": next(row for row in fleet_of(stop).rows if row.line.id == line.id),
        "present": present,
        "fittings": fittings,
        "tests": tests,
        "run_state": stop.run_state(line),
        "points": stop.points(line),
        "again": not tests and bool(fittings) and was_tested(db, line.id),
        "rebind": rebind_told(db, stop.order.branch_id, present, at_place) if at_place and stop.live else None,
        "labels": carried_by_fitting(db, taken_out, current().id or 0) if taken_out else {},
        "no_photo": NO_PHOTO,
        "photo_kinds": PHOTOS,
        "kinds": UNIT_KINDS,
        "choices": _choices(db, line, present, propose=True) if fits_now else {},
        "usual_why": usual_why(line.order.symptom, present),
        **_parts(db, offered=stop.live and not fits_now),
    }


def _role(line: OrderLine) -> str:
    """Which of the vehicle's terminals the page is about: the one that is named, else the order's. Raises NotFound."""
    role = role_in(request.values.get("role"), line.role)
    if role is None:
        raise NotFound
    return role


def _parts(db: Session, *, offered: bool) -> dict[str, Any]:
    """The counted parts of his bag, and the others that could be in it although the record says otherwise."""
    held = parts_carried(db, current().id or 0) if offered else ()
    return {"carried": [row for row in held if row.quantity], "others": [row for row in held if not row.quantity]}


def line_of(stop: Stop, line_id: int) -> OrderLine:
    """A vehicle of the stop's order. Raises NotFound."""
    found = next((line for line in stop.order.lines if line.id == line_id), None)
    if found is None:
        raise NotFound
    return found


def _choices(db: Session, line: OrderLine, present: Mapping[str, Unit], *, propose: bool) -> dict[str, Any]:
    """What is in the bag: new before used, of the model that is in the vehicle now, else of the one wanted, before the others."""
    old = present["terminal"].terminal if "terminal" in present else None
    model = old.model if old else line.model or line.order.product_model
    me = current().id or 0
    fit = [unit for unit in bag_units(db, me) if suits(unit.owned, line.order.customer_id)]
    return bag_choices(fit, model, used=came_out(db, me), propose=propose)


@pages.get("/my-day/visits/<int:visit_id>/vehicles/<int:line_id>/swap")
@may("visit.drive")
def swapping(visit_id: int, line_id: int) -> str:
    """Choose what goes in: `what` is terminal, sim or both."""
    return swap_page(visit_id, line_id, request.args.get("what", "both"))


def swap_page(visit_id: int, line_id: int, what: str, refused: Refused | None = None) -> str:
    """The page on which new units are chosen from the bag."""
    if what not in KINDS_OF_SWAP:
        raise NotFound
    allow_compiled()
    with transaction() as db:
        seen = shown(db, visit_id, refused, [line_id])
        line = line_of(seen["stop"], line_id)
        role, kinds = _role(line), KINDS_OF_SWAP[what]
        present = slot_units(db, line.vehicle_id, role)
        known = models(db) if "terminal" in kinds and "terminal" not in present else ()
        choices = _choices(db, line, present, propose=False)
        asked = {"line": line, "what": what, "kinds": kinds, "present": present, "models": known, "choices": choices}
        asked |= {
            "role": role,
            "roles": ROLES,
            "loan_days": _loan_days() if "terminal" in kinds and line.order.kind == "repair" else (),
            "usual_days": settings().loan_days,
        }
        asked |= _whys(line, kinds)
        return render_template("field/swap.html", **seen, **asked)


def _whys(line: OrderLine, kinds: Collection[str]) -> dict[str, Any]:
    """The reasons to tap, and the one that the order lets expect."""
    return {"whys": list(whys_for(kinds).items()), "usual_why": usual_why(line.order.symptom, kinds)}


def _loan_days() -> list[tuple[int, int]]:
    """For how many days a terminal can be lent by a tap, the usual number among them."""
    return [(days, days) for days in sorted({7, settings().loan_days, 30})]


@pages.get("/my-day/visits/<int:visit_id>/vehicles/<int:line_id>/move")
@may("visit.drive")
def moving(visit_id: int, line_id: int) -> str:
    """Choose the vehicle out of which terminal and SIM are moved into this one."""
    return move_page(visit_id, line_id)


def move_page(visit_id: int, line_id: int, refused: Refused | None = None) -> str:
    """The customer's vehicles with something in them, those of the order first."""
    with transaction() as db:
        seen = shown(db, visit_id, refused, [line_id])
        line = line_of(seen["stop"], line_id)
        role = _role(line)
        others = movable(db, line, role)
        return render_template("field/move.html", **seen, line=line, role=role, others=others, kinds=UNIT_KINDS)


@pages.post("/my-day/visits/<int:visit_id>/vehicles/<int:line_id>/move")
@may("visit.drive")
def move(visit_id: int, line_id: int) -> Answer:
    """Move them: one fact, both vehicles."""
    return taken(
        visit_id,
        "line.move",
        lambda form: [("line.move", {"line": line_id, **read_move(form.values, form.texts("units"))})],
        told=say("Moved. Both vehicles have it on record."),
        to=vehicle_url(visit_id, line_id),
        again=lambda refused: move_page(visit_id, line_id, refused),
    )


@pages.post("/my-day/visits/<int:visit_id>/vehicles/<int:line_id>/fit")
@may("visit.drive")
def fit(visit_id: int, line_id: int) -> Answer:
    """Put new units in: into an empty place, or instead of what is there, which goes into the bag."""
    what = request.form.get("what", "")
    if what:
        again: Callable[[Refused], str] = lambda refused: swap_page(visit_id, line_id, what, refused)  # noqa: E731
    else:
        again = lambda refused: vehicle_page(visit_id, line_id, refused)  # noqa: E731
    return taken(
        visit_id,
        "line.swap",
        lambda form: [*read_fitting(form.values, form.texts("present"), line_id), *label_acts(line_id)],
        told=say("Fitted. What came out is in your bag.") if "present" in request.form else say("Fitted."),
        to=vehicle_url(visit_id, line_id),
        again=again,
    )


def vehicle_url(visit_id: int, line_id: int) -> str:
    """The page of one vehicle, of the terminal that the form was about."""
    return url_for("field.vehicle", visit_id=visit_id, line_id=line_id, role=request.form.get("role"))


def _at_vehicle(visit_id: int, line_id: int, step: str, read: Callable[[Form], dict[str, Any]], told: Text, to: str) -> Answer:
    return taken(
        visit_id,
        step,
        lambda form: [(step, {"line": line_id, **read(form)})],
        told=told,
        to=to,
        again=lambda refused: vehicle_page(visit_id, line_id, refused),
    )


@pages.post("/my-day/visits/<int:visit_id>/vehicles/<int:line_id>/undo")
@may("visit.drive")
def undo(visit_id: int, line_id: int) -> Answer:
    """Take back what was entered wrongly."""
    told = say("Undone. Everything is where it was before.")
    return _at_vehicle(visit_id, line_id, "line.undo", _undone, told, vehicle_url(visit_id, line_id))


def _undone(form: Form) -> dict[str, Any]:
    fitting = number_in(form.text("fitting"))
    if fitting is None:
        raise NotFound
    return {"fitting": fitting, "reason": read_reason(form.values)}


@pages.post("/my-day/visits/<int:visit_id>/vehicles/<int:line_id>/parts")
@may("visit.drive")
def use_part(visit_id: int, line_id: int) -> Answer:
    """A counted part went into the vehicle."""
    told = say("Noted: it is out of your bag.")
    return _at_vehicle(visit_id, line_id, "part.use", lambda form: read_part(form.values), told, vehicle_url(visit_id, line_id))


@pages.post("/my-day/visits/<int:visit_id>/vehicles/<int:line_id>/parts/back")
@may("visit.drive")
def put_back_part(visit_id: int, line_id: int) -> Answer:
    """It was not used after all."""
    told = say("Undone. It is in the bag again.")
    return _at_vehicle(visit_id, line_id, "part.put_back", _put_back, told, vehicle_url(visit_id, line_id))


def _put_back(form: Form) -> dict[str, Any]:
    entry = number_in(form.text("entry"))
    if entry is None:
        raise NotFound
    return {"entry": entry, "reason": read_reason(form.values)}


@pages.post("/my-day/visits/<int:visit_id>/vehicles/<int:line_id>/remove")
@may("visit.drive")
def remove(visit_id: int, line_id: int) -> Answer:
    """Take units out for good."""
    told = say("Taken out. It is in your bag.")
    to = vehicle_url(visit_id, line_id)
    return _at_vehicle(visit_id, line_id, "line.remove", _removed, told, to)


def _removed(form: Form) -> dict[str, Any]:
    return {"units": read_removal(form.values, form.texts("units")), **read_role(form.values)}


@pages.post("/my-day/visits/<int:visit_id>/vehicles/<int:line_id>/done")
@may("visit.drive")
def done(visit_id: int, line_id: int) -> Answer:
    """The vehicle is done; on to the next."""
    told = say("Vehicle done.")
    return _at_vehicle(visit_id, line_id, "line.done", lambda form: {}, told, next_url(visit_id, line_id))


@pages.post("/my-day/visits/<int:visit_id>/vehicles/<int:line_id>/not-done")
@may("visit.drive")
def not_done(visit_id: int, line_id: int) -> Answer:
    """The vehicle did not come, or cannot be done; on to the next."""
    told = say("Noted. The office knows.")
    to = next_url(visit_id, line_id)
    return _at_vehicle(visit_id, line_id, "line.not_done", lambda form: read_not_done(form.values), told, to)


def next_url(visit_id: int, line_id: int) -> str:
    """The page of the next vehicle to be done after this one; without one the stop."""
    with transaction() as db:
        following = fleet_of(Stop(db, own_visit(db, visit_id, current()))).next(after=line_id)
        return url_for("field.vehicle", visit_id=visit_id, line_id=following.id) if following else stop_url(visit_id)
