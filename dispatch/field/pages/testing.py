"""The test-run of one vehicle: the points, all passed with one press, single ones put right."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from flask import Response, render_template, request, url_for
from sqlalchemy.orm import Session

from dispatch.clock import now
from dispatch.db import transaction
from dispatch.devices.asking import configured
from dispatch.devices.fitted import slot_units
from dispatch.devices.models import PlatformLook
from dispatch.devices.platform_rules import LOOKS
from dispatch.field.evidence import evidence_of, tested_role
from dispatch.field.evidence_rules import Evidence
from dispatch.field.forms import read_results
from dispatch.field.pages.blueprint import pages
from dispatch.field.pages.sending import Acts, Answer, Refused, taken
from dispatch.field.pages.stop import shown
from dispatch.field.pages.vehicles import line_of, vehicle_page, vehicle_url
from dispatch.field.presenting.stops import Stop
from dispatch.field.queries import was_tested
from dispatch.field.rules import RESULTS, TEST_ITEMS, TESTS
from dispatch.field.watching import ask_about
from dispatch.orders.models import OrderLine
from dispatch.web.access import may
from dispatch.web.forms import Form
from dispatch.words import say


@pages.get("/my-day/visits/<int:visit_id>/vehicles/<int:line_id>/test")
@may("visit.drive")
def test_run(visit_id: int, line_id: int) -> str:
    """The points with what was found."""
    return run_page(visit_id, line_id)


def run_page(visit_id: int, line_id: int, refused: Refused | None = None) -> str:
    """The page of the test-run, with a refused form on it."""
    with transaction() as db:
        seen = shown(db, visit_id, refused, [line_id])
        line = line_of(seen["stop"], line_id)
        tests = seen["stop"].run(line)
        again = not tests and was_tested(db, line.id)
        known, look = _known(db, seen["stop"], line)
        told = {"known": known, "digest": _digest(known, look), "proven": any(row.observation_id for row in tests.values())}
        told |= {"look": look, "looks": LOOKS, "platform": configured()}
        items = {item: word for item, word in TESTS.items() if item in seen["stop"].points(line).asked or item in tests}
        words = {"items": items, "results": RESULTS}
        points = seen["stop"].points(line)
        state = {
            "line": line,
            "tests": tests,
            "points": points,
            "service": seen["stop"].asking.service(line),
            "run_state": seen["stop"].run_state(line),
            "again": again,
        }
        return render_template("field/test.html", **seen, **words, **told, **state)


@pages.get("/my-day/visits/<int:visit_id>/vehicles/<int:line_id>/test/told")
@may("visit.drive")
def told(visit_id: int, line_id: int) -> str | Response:
    """What the terminal says of each point, for a page that is open; nothing new since `seen`: 204."""
    with transaction() as db:
        stop: Stop = shown(db, visit_id, also=[line_id])["stop"]
        line = line_of(stop, line_id)
        known, look = _known(db, stop, line)
        digest = _digest(known, look)
        if digest == request.args.get("seen"):
            return Response(status=204)
        tests = stop.run(line)
        return render_template("field/told.html", known=known, tests=tests, digest=digest, look=look, looks=LOOKS)


def _known(db: Session, stop: Stop, line: OrderLine) -> tuple[Mapping[str, Evidence], PlatformLook | None]:
    """What the terminal says, in the order of the points, and how asking the platform went, while somebody is there to test it.

    Whoever looks has the platform asked again; the worker does that, so a platform that is slow holds nobody up.
    """
    if not stop.live:
        return {}, None
    inside = slot_units(db, line.vehicle_id, tested_role(line, stop.fittings))
    found = evidence_of(db, line, stop.visit, stop.fittings, inside)
    look = ask_about(db, inside["terminal"].id, at=now()) if "terminal" in inside else None
    shown = {*stop.points(line).asked, *stop.run(line)}
    return {item: found[item] for item in TESTS if item in found and item in shown}, look


def _digest(known: Mapping[str, Evidence], look: PlatformLook | None) -> str:
    said = [f"{item} {one.verdict} {one.told.id if one.told else ''} {one.said}" for item, one in known.items()]
    said += [f"{look.outcome} {look.asked_at:%H:%M}"] if look and look.asked_at else []
    return hashlib.sha256("\n".join(said).encode()).hexdigest()[:16]


@pages.post("/my-day/visits/<int:visit_id>/vehicles/<int:line_id>/test")
@may("visit.drive")
def save_test_run(visit_id: int, line_id: int) -> Answer:
    """Keep the results that are new. `from` says which page the press came from."""
    short = request.form.get("from") == "vehicle"
    to = vehicle_url(visit_id, line_id) if short else url_for("field.test_run", visit_id=visit_id, line_id=line_id)
    return taken(
        visit_id,
        "test.run",
        lambda form: _results(form, line_id),
        told=say("The results are kept."),
        to=to,
        again=lambda refused: (vehicle_page if short else run_page)(visit_id, line_id, refused),
    )


def _results(form: Form, line_id: int) -> Acts:
    """A fact, unless nothing is other than the page showed it."""
    # The page says "none" as well; one from before there were optional points says nothing.
    results = read_results(form.values, form.texts("must") or TEST_ITEMS)
    return [("test.run", {"line": line_id, "results": results})] if results else []
