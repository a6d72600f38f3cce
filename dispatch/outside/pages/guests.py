"""A contractor's worker on the phone's own pages: let in by the link of his order, to its visit and to nothing else.

The pages are those of our technicians, and so are the facts that they send: work from outside is told in the same way, and
there is one set of steps to keep right. What is different is the door. It looks at the offer anew with each request, so that a
link that was taken back, has ended, or whose order somebody else was given opens nothing from that moment on.
"""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa
from flask import redirect, request, session, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from dispatch.clock import now
from dispatch.db import transaction
from dispatch.devices.contractor_workers import actor_of_worker
from dispatch.field.models import Photo
from dispatch.outside.models import OutsideOffer
from dispatch.outside.queries import facts_of_offer, offer_behind
from dispatch.outside.rules import why_not_work
from dispatch.staff.rules import Actor
from dispatch.web.access import lets_in

MOST_LINKS = 5
"""So many links one browser keeps open; the oldest is forgotten first, and asks for its PIN again."""
INSIDE = ("field.by_word", "field.record_word", "field.ask_on_site")
"""What is between our own people: whose word counts, and who forgives whom."""
BACK = ("field.today", "web.home")
"""Where the phone's pages lead when there is nothing more to do: for him that is the page of his link."""


def opened() -> list[str]:
    """The tokens of the links whose PIN was given in this browser, the newest last."""
    return list(session.get("links", []))


def remember(token: str) -> None:
    """The PIN of this link was right."""
    session["links"] = [*(one for one in opened() if one != token), token][-MOST_LINKS:]


@lets_in
def by_link() -> Actor | Response | None:
    """The worker whose visit this address is about; an address that he cannot see leads to the page that says why."""
    tokens = opened()
    if not tokens:
        return None
    if request.endpoint in (*BACK, *INSIDE):
        return redirect(url_for("outside.link", token=tokens[-1]), 303)
    if request.blueprint != "field":
        return None
    with transaction() as db:
        for token in reversed(tokens):
            offer = offer_behind(db, token)
            if offer is not None and _is_about(db, offer):
                return _worker(db, offer, token)
    return None


def _is_about(db: Session, offer: OutsideOffer) -> bool:
    """Whether this request is about the visit of an offer, or a photo of it."""
    asked = request.view_args or {}
    if "visit_id" in asked:
        return bool(asked["visit_id"] == offer.visit_id)
    photo = asked.get("photo_id")
    if request.endpoint != "field.photo" or not isinstance(photo, UUID):
        return False
    return offer.visit_id is not None and db.scalar(sa.select(Photo.visit_id).where(Photo.id == photo)) == offer.visit_id


def _worker(db: Session, offer: OutsideOffer, token: str) -> Actor | Response:
    if why_not_work(facts_of_offer(db, offer), now()) is not None or offer.worker is None:
        return redirect(url_for("outside.link", token=token), 303)
    return actor_of_worker(offer.worker, offer.request.order.branch)
