"""Where an address is: the places that may be meant, for the forms in which a pin is set."""

from __future__ import annotations

from flask import render_template, request

from dispatch.clock import now
from dispatch.customers.finding import LONGEST, find_places
from dispatch.customers.pages.blueprint import pages
from dispatch.web.access import current, may


@pages.get("/places")
@may("customer.see", "order.take")
def places() -> str:
    """The places of `?address=`, each to be pressed; a piece of a page. With `?aside=1` Tab leads past them."""
    address = request.args.get("address", "").strip()[:LONGEST]
    found = find_places(address, current(), near=None, at=now())
    return render_template("customers/places.html", found=found, address=address, aside="aside" in request.args)
