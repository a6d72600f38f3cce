"""One stop: what is needed there, and its steps from setting out to the end."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from typing import Any

from flask import render_template, url_for
from sqlalchemy.orm import Session

from dispatch.clock import local_day, now
from dispatch.db import transaction
from dispatch.errors import NotFound
from dispatch.field.fit_to_leave import held_back
from dispatch.field.forms import LEFT, LEFT_ONE, REASONS, read_abandon, read_departure, read_finish, read_position
from dispatch.field.pages.blueprint import pages
from dispatch.field.pages.disputes import KIND_WORDS
from dispatch.field.pages.sending import Acts, Answer, Refused, taken
from dispatch.field.presenting.day import gone
from dispatch.field.presenting.stops import Stop
from dispatch.field.queries import checks_of, own_visit
from dispatch.field.rules import DEPARTURE
from dispatch.orders.verbal_rules import VERBAL_CHANNELS
from dispatch.sheets.presenting import order_sheets
from dispatch.web.access import current, may
from dispatch.web.forms import Form
from dispatch.web.locale import tr
from dispatch.words import say


def stop_url(visit_id: int) -> str:
    """The stop's own page."""
    return url_for("field.stop", visit_id=visit_id)


def step_urls(stop: Stop) -> Mapping[str, str]:
    """Where each step leads."""
    visit = stop.visit.id
    urls = {
        "vehicles": url_for("field.vehicles", visit_id=visit),
        "price": url_for("field.price", visit_id=visit),
        "pay": url_for("field.payment", visit_id=visit),
        "sign": url_for("field.signature", visit_id=visit),
        "finish": url_for("field.ending", visit_id=visit),
    }
    if not stop.many:
        line = stop.line.id
        urls["photo"] = url_for("field.photos", visit_id=visit, kind="condition", line=line)
        urls["work"] = url_for("field.vehicle", visit_id=visit, line_id=line)
        first = next((kind for kind, one in stop.photos_to_take(stop.line).items() if not one.there), "plate")
        urls["proof"] = url_for("field.photos", visit_id=visit, kind=first, line=line)
        urls["test"] = url_for("field.test_run", visit_id=visit, line_id=line)
    return urls


def shown(db: Session, visit_id: int, refused: Refused | None = None, also: Collection[int] = ()) -> dict[str, Any]:
    """What every page of a stop is drawn from, and of its order's vehicles these, too; raises NotFound for somebody else's."""
    try:
        stop = Stop(db, own_visit(db, visit_id, current(), also))
    except NotFound:
        raise gone(db, visit_id, current()) from None
    return {"stop": stop, "urls": step_urls(stop), "refused": refused, "new_fact": uuid.uuid4, "fact_words": KIND_WORDS}


@pages.get("/my-day/visits/<int:visit_id>")
@may("visit.drive")
def stop(visit_id: int) -> str:
    """The stop with its steps."""
    return stop_page(visit_id)


def stop_page(visit_id: int, refused: Refused | None = None) -> str:
    """The stop's page, with a refused form on it."""
    with transaction() as db:
        seen = shown(db, visit_id, refused)
        stop: Stop = seen["stop"]
        checked = checks_of(db, visit_id) if stop.visit.status == "on_the_way" else {}
        sheets = order_sheets(db, stop.order, now()) if stop.visit.status == "finished" else None
        words = {"departure": DEPARTURE, "reasons": REASONS, "channels": VERBAL_CHANNELS}
        leaving = stop.visit.status == "dispatched"
        held = held_back(db, current().id or 0, local_day(now(), current().zone)) if leaving else {}
        return render_template("field/stop.html", **seen, **words, checked=checked, sheets=sheets, held=held)


@pages.post("/my-day/visits/<int:visit_id>/depart")
@may("visit.drive")
def depart(visit_id: int) -> Answer:
    """He sets out, with what he checked before."""
    return _drive(visit_id, "visit.depart", lambda form: read_departure(form.values))


@pages.post("/my-day/visits/<int:visit_id>/arrive")
@may("visit.drive")
def arrive(visit_id: int) -> Answer:
    """He is there."""
    return _drive(visit_id, "visit.arrive", lambda form: read_position(form.values))


TOLD = {"visit.depart": say("Drive carefully."), "visit.arrive": say("You have arrived.")}


def _drive(visit_id: int, step: str, read: Any) -> Answer:
    return taken(
        visit_id,
        step,
        lambda form: [(step, read(form))],
        told=TOLD[step],
        to=stop_url(visit_id),
        again=lambda refused: stop_page(visit_id, refused),
    )


@pages.post("/my-day/visits/<int:visit_id>/abandon")
@may("visit.drive")
def abandon(visit_id: int) -> Answer:
    """The visit is broken off with a reason."""
    return taken(
        visit_id,
        "visit.abandon",
        _broken_off,
        told=say("The visit is broken off. The office knows."),
        to=url_for("field.today"),
        again=lambda refused: stop_page(visit_id, refused),
    )


def _broken_off(form: Form) -> Acts:
    why, wait = read_abandon(form.values, local_day(now(), current().zone))
    return [("visit.abandon", {"reason": tr(why), **wait})]


@pages.get("/my-day/visits/<int:visit_id>/finish")
@may("visit.drive")
def ending(visit_id: int) -> Answer:
    """What is still missing, and the end of the visit."""
    return ending_page(visit_id)


def ending_page(visit_id: int, refused: Refused | None = None) -> str:
    """The last page of a visit."""
    with transaction() as db:
        return render_template("field/finish.html", **shown(db, visit_id, refused), left=LEFT, left_one=LEFT_ONE)


@pages.post("/my-day/visits/<int:visit_id>/finish")
@may("visit.drive")
def finish(visit_id: int) -> Answer:
    """The visit ends; vehicles without a tick are not done, for one reason."""
    return taken(
        visit_id,
        "visit.finish",
        _finished,
        told=say("The visit is finished."),
        to=url_for("field.today"),
        again=lambda refused: ending_page(visit_id, refused),
    )


def _finished(form: Form) -> Acts:
    return [("visit.finish", read_finish(form.texts("shown"), form.texts("done"), form.values).content)]
