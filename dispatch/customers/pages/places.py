"""Where an address is: the places that may be meant, for the forms in which a pin is set; and sites that no map knows yet."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from dispatch.clock import now
from dispatch.customers.finding import LONGEST, find_places
from dispatch.customers.pages.blueprint import pages
from dispatch.customers.unplaced import UNPLACED_SORTS, take_place, unplaced
from dispatch.db import transaction
from dispatch.errors import Conflict
from dispatch.typed import number_in
from dispatch.web.access import current, may
from dispatch.web.forms import Form
from dispatch.web.listing import Leaf, cut_asked
from dispatch.web.locale import tr
from dispatch.words import say

WHY = {
    "several": say("Several places may be meant."),
    "coarse": say("Only the district is known."),
    "unknown": say("Nobody knows this address."),
    "away": say("The address service did not answer."),
}


@pages.get("/places")
@may("customer.see", "order.take")
def places() -> str:
    """The places of `?address=`, each to be pressed; a piece of a page. With `?aside=1` Tab leads past them."""
    address = request.args.get("address", "").strip()[:LONGEST]
    found = find_places(address, current(), near=None, at=now())
    return render_template("customers/places.html", found=found, address=address, aside="aside" in request.args)


@pages.get("/places/unclear")
@may("customer.see")
def unclear_places() -> str:
    """The sites that are not on the map, with what came of looking for them."""
    with transaction() as db:
        found = unplaced(db, current(), cut=cut_asked(UNPLACED_SORTS, "-newest"))
        return render_template("customers/unclear.html", rows=found.rows, page=Leaf.of(found), WHY=WHY)


@pages.post("/places/unclear/<int:site_id>")
@may("customer.change")
def take_unclear(site_id: int) -> Response:
    """Take one of the places that may be meant."""
    form, nth = Form.sent(), number_in(request.form.get("nth"))
    try:
        with transaction() as db:
            site = take_place(db, site_id, -1 if nth is None else nth, seen=form.text("seen"), by=current(), at=now())
            flash(_("%(address)s is on the map now.", address=site.address), "success")
    except Conflict as refusal:
        flash(tr(refusal.text), "warning")
    return redirect(url_for("customers.unclear_places", page=request.args.get("page")))
