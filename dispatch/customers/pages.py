"""The pages of customers, their places and people, and the life page of a vehicle (P16)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from dispatch.clock import now
from dispatch.customers.forms import TIERS, read_contact, read_customer, read_vehicle
from dispatch.customers.models import Customer, Vehicle
from dispatch.customers.operations import (
    Pin,
    add_customer,
    change_customer,
    change_vehicle,
    contact_of,
    park_vehicle,
    reveal_driver_phone,
    set_pin,
)
from dispatch.customers.operations import reveal_phone as reveal
from dispatch.customers.queries import CUSTOMER_SORTS, VEHICLE_SORTS, customer, customers_page, vehicle, vehicles_page
from dispatch.customers.rules import COLOURS, mask_phone, read_phone
from dispatch.db import transaction
from dispatch.devices.operations import describe
from dispatch.devices.queries import fitted_by_role, fitted_first
from dispatch.devices.slot_rules import ROLES
from dispatch.devices.warranty_queries import warranty_terms
from dispatch.devices.warranty_rules import STARTS
from dispatch.errors import Invalid, NotFound, Refusal
from dispatch.fees.terms import overdue, usual_days
from dispatch.geo.forms import DATUMS
from dispatch.lives.pages import shown_of_vehicle
from dispatch.orders.forms import read_number, read_pin
from dispatch.orders.queries import ENDED, lines_of_vehicle, orders_of_customer, under_way_counts
from dispatch.orders.recall_queries import causes_of
from dispatch.orders.recall_rules import RECALL_STATES
from dispatch.typed import FILL_IN
from dispatch.web.access import allowed, current, may
from dispatch.web.forms import Form
from dispatch.web.listing import Heads, Leaf, cut_asked

pages = Blueprint("customers", __name__)

MOST_WORDS = 60
VEHICLE_FIELDS = ("plate", "plate_colour", "vin", "kind", "make", "engine_no", "fleet_no", "purchased_on", "version")


@pages.get("/customers")
@may("customer.see")
def index() -> str:
    """Customers by name, contact, phone or plate."""
    words = request.args.get("q", "").strip()[:MOST_WORDS]
    with transaction() as db:
        cut = cut_asked(CUSTOMER_SORTS, "name")
        found = customers_page(db, words, current(), cut=cut)
        shown = {
            "customers": found.part.rows,
            "vehicle_counts": found.vehicle_counts,
            "order_counts": under_way_counts(db, [c.id for c in found.part.rows]),
            "page": Leaf.of(found.part),
            "sort": Heads(cut.sort),
        }
        return render_template("customers/index.html", words=words, tiers=TIERS, mask=mask_phone, **shown)


@pages.get("/customers/<int:customer_id>")
@may("customer.see")
def show(customer_id: int) -> str:
    """One customer: people, places, vehicles, orders."""
    return _customer_page(customer_id)


def _customer_page(customer_id: int, **extra: Any) -> str:
    with transaction() as db:
        found = customer(db, customer_id, current())
        words, cut = request.args.get("q", "").strip()[:MOST_WORDS], cut_asked(VEHICLE_SORTS, "plate")
        vehicles, every = vehicles_page(db, customer_id, words, cut=cut)
        orders = orders_of_customer(db, customer_id, current())
        given = {"phone": {}, "pin_form": None, "pin_site": None, "contact_form": None} | extra
        return render_template(
            "customers/show.html",
            customer=found,
            vehicles=vehicles.rows,
            every=every,
            words=words,
            page=Leaf.of(vehicles, "customers.show"),
            sort=Heads(cut.sort, "customers.show"),
            contracts=[term for term in warranty_terms(db, customer_id) if term.withdrawn_at is None],
            starts=STARTS,
            inside=fitted_first(db, [v.id for v in vehicles.rows]),
            under_way=[order for order in orders if order.status not in ENDED],
            ended=[order for order in orders if order.status in ENDED],
            tiers=TIERS,
            datums=DATUMS,
            overdue=overdue(db, [customer_id], now()).get(customer_id),
            usual_days=usual_days(),
            mask=mask_phone,
            may_change=allowed("customer.change"),
            **given,
        )


@pages.route("/customers/new", methods=["GET", "POST"])
@may("customer.change")
def new() -> str | Response | tuple[str, int]:
    """Add a customer."""
    if request.method == "GET":
        return _customer_form(Form.of({"tier": "c"}), None)
    form = Form.sent()
    try:
        facts, contact = _new_customer()
        with transaction() as db:
            made = add_customer(db, branch_id=_branch(), facts=facts, contact=contact, by=current(), at=now())
    except Refusal as refusal:
        return _customer_form(form.refused(refusal), None), refusal.status
    flash(_("%(name)s is on record.", name=made.name), "success")
    return redirect(url_for("customers.show", customer_id=made.id))


def _new_customer() -> tuple[Any, tuple[str, str]]:
    """Both halves of the form, so that everything wrong is named at once."""
    errors: dict[str, Any] = {}
    read = []
    for reader in (read_customer, read_contact):
        try:
            read.append(reader(request.form))
        except Invalid as refusal:
            errors |= refusal.fields
    if errors:
        raise Invalid(errors)
    return read[0], read[1]  # type: ignore[return-value]


def _branch() -> int:
    branch_id = current().branch_id
    assert branch_id is not None
    return branch_id


def _customer_form(form: Form, found: Customer | None) -> str:
    return render_template("customers/form.html", form=form, customer=found, tiers=TIERS, usual_days=usual_days())


@pages.route("/customers/<int:customer_id>/edit", methods=["GET", "POST"])
@may("customer.change")
def edit(customer_id: int) -> str | Response | tuple[str, int]:
    """Change what is known of a customer."""
    with transaction() as db:
        found = customer(db, customer_id, current())
    if request.method == "GET":
        return _customer_form(
            Form.of({name: getattr(found, name) for name in ("name", "tier", "note", "silent_hours", "payment_days", "version")}),
            found,
        )
    return _correct(
        lambda db: change_customer(
            db, customer_id, version=_version(), facts=read_customer(request.form), by=current(), at=now()
        ),
        lambda form: _customer_form(form, found),
        version=found.version,
        then=url_for("customers.show", customer_id=customer_id),
    )


def _correct(
    change: Callable[[Session], object], page: Callable[[Form], str], *, version: int, then: str
) -> Response | tuple[str, int]:
    """Carry out what a form corrects and go to `then`; refused, the form comes again and is about `version` now."""
    form = Form.sent()
    try:
        with transaction() as db:
            change(db)
    except NotFound:
        raise
    except Refusal as refusal:
        form.values["version"] = version
        return page(form.refused(refusal)), refusal.status
    flash(_("Saved."), "success")
    return redirect(then)


def _version() -> int:
    return read_number(request.form.get("version", ""), -1)


@pages.post("/customers/<int:customer_id>/contacts")
@may("customer.change")
def add_contact(customer_id: int) -> Response | tuple[str, int]:
    """Add a contact to a customer; one who is known already stays as he is."""
    form = Form.sent()
    try:
        name, phone = read_contact(request.form)
        if not name:
            raise Invalid({"contact_name": FILL_IN})
    except Refusal as refusal:
        return _customer_page(customer_id, contact_form=form.refused(refusal)), refusal.status
    with transaction() as db:
        contact_of(db, customer=customer(db, customer_id, current()), name=name, phone=phone)
    flash(_("%(name)s is on record.", name=name), "success")
    return redirect(url_for("customers.show", customer_id=customer_id))


@pages.post("/customers/<int:customer_id>/contacts/<int:contact_id>/phone")
@may("customer.see")
def contact_phone(customer_id: int, contact_id: int) -> str:
    """A contact's whole number; the asking is logged."""
    with transaction() as db:
        found = _one(customer(db, customer_id, current()).contacts, contact_id)
        shown = reveal(db, contact=found, by=current(), at=now())
    if "HX-Request" in request.headers:
        return render_template("customers/phone_shown.html", phone=shown)
    return _customer_page(customer_id, phone={contact_id: shown})


def _one(things: list[Any], key: int) -> Any:
    """The thing with this id. Raises NotFound."""
    found = next((thing for thing in things if thing.id == key), None)
    if found is None:
        raise NotFound
    return found


@pages.post("/customers/<int:customer_id>/sites/<int:site_id>/pin")
@may("customer.change")
def pin(customer_id: int, site_id: int) -> Response | tuple[str, int]:
    """Put a site on the map."""
    form = Form.sent()
    try:
        place = read_pin(request.form)
    except Refusal as refusal:
        return _customer_page(customer_id, pin_form=form.refused(refusal), pin_site=site_id), refusal.status
    with transaction() as db:
        site = _one(customer(db, customer_id, current()).sites, site_id)
        set_pin(db, site=site, pin=Pin(place.lat, place.lon, accuracy_m=place.accuracy_m), by=current(), at=now())
    flash(_("The place is on the map now."), "success")
    return redirect(url_for("customers.show", customer_id=customer_id))


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
        found = _one(vehicle(db, vehicle_id, current()).drivers, driver_id)
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
    return _correct(
        lambda db: change_vehicle(db, vehicle_id, version=_version(), facts=read_vehicle(request.form), by=current(), at=now()),
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
