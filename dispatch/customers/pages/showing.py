"""Pages of customers, their people and their places."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from dispatch.clock import now
from dispatch.customers.forms import TIERS, read_contact, read_customer
from dispatch.customers.models import Customer
from dispatch.customers.operations import (
    Pin,
    add_customer,
    change_customer,
    contact_of,
    set_pin,
)
from dispatch.customers.operations import reveal_phone as reveal
from dispatch.customers.pages.blueprint import pages
from dispatch.customers.pages.correcting import correct, one, version
from dispatch.customers.queries import CUSTOMER_SORTS, VEHICLE_SORTS, customer, customers_page, vehicles_page
from dispatch.customers.rules import mask_phone
from dispatch.customers.wishes import KINDS, technicians_and_wishes
from dispatch.db import transaction
from dispatch.devices.queries import fitted_first
from dispatch.devices.warranty_queries import warranty_terms
from dispatch.devices.warranty_rules import STARTS
from dispatch.errors import Invalid, Refusal
from dispatch.fees.terms import overdue, usual_days
from dispatch.geo.forms import DATUMS
from dispatch.orders.forms import read_pin
from dispatch.orders.queries import ENDED, orders_of_customer, under_way_counts
from dispatch.typed import FILL_IN
from dispatch.web.access import allowed, current, may
from dispatch.web.forms import Form
from dispatch.web.listing import Heads, Leaf, cut_asked

MOST_WORDS = 60
FORM_FIELDS = ("name", "tier", "note", "silent_hours", "payment_days", "same_technician", "version")


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
    return customer_page(customer_id)


def customer_page(customer_id: int, **extra: Any) -> str:
    """A customer's page; `extra`: what was refused, or is shown this once."""
    with transaction() as db:
        found = customer(db, customer_id, current())
        words, cut = request.args.get("q", "").strip()[:MOST_WORDS], cut_asked(VEHICLE_SORTS, "plate")
        vehicles, every = vehicles_page(db, customer_id, words, cut=cut)
        orders = orders_of_customer(db, customer_id, current())
        given = {"phone": {}, "pin_form": None, "pin_site": None, "contact_form": None, "wish_form": None} | extra
        technicians, wishes = technicians_and_wishes(db, customer_id, found.branch_id)
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
            technicians=technicians,
            wishes=wishes,
            wish_kinds=KINDS,
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
            Form.of({name: getattr(found, name) for name in FORM_FIELDS}),
            found,
        )
    return correct(
        lambda db: change_customer(db, customer_id, version=version(), facts=read_customer(request.form), by=current(), at=now()),
        lambda form: _customer_form(form, found),
        version=found.version,
        then=url_for("customers.show", customer_id=customer_id),
    )


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
        return customer_page(customer_id, contact_form=form.refused(refusal)), refusal.status
    with transaction() as db:
        contact_of(db, customer=customer(db, customer_id, current()), name=name, phone=phone)
    flash(_("%(name)s is on record.", name=name), "success")
    return redirect(url_for("customers.show", customer_id=customer_id))


@pages.post("/customers/<int:customer_id>/contacts/<int:contact_id>/phone")
@may("customer.see")
def contact_phone(customer_id: int, contact_id: int) -> str:
    """A contact's whole number; the asking is logged."""
    with transaction() as db:
        found = one(customer(db, customer_id, current()).contacts, contact_id)
        shown = reveal(db, contact=found, by=current(), at=now())
    if "HX-Request" in request.headers:
        return render_template("customers/phone_shown.html", phone=shown)
    return customer_page(customer_id, phone={contact_id: shown})


@pages.post("/customers/<int:customer_id>/sites/<int:site_id>/pin")
@may("customer.change")
def pin(customer_id: int, site_id: int) -> Response | tuple[str, int]:
    """Put a site on the map."""
    form = Form.sent()
    try:
        place = read_pin(request.form)
    except Refusal as refusal:
        return customer_page(customer_id, pin_form=form.refused(refusal), pin_site=site_id), refusal.status
    with transaction() as db:
        site = one(customer(db, customer_id, current()).sites, site_id)
        set_pin(db, site=site, pin=Pin(place.lat, place.lon, place.source, place.accuracy_m), by=current(), at=now())
    flash(_("The place is on the map now."), "success")
    return redirect(url_for("customers.show", customer_id=customer_id))
