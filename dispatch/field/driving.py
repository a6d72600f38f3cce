"""A technician's visit, walked by him: depart with what was checked, arrive, finish or break off."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.clock import local_day
from dispatch.customers.models import Site
from dispatch.errors import Invalid, NotFound
from dispatch.fees.operations import charge_fittings
from dispatch.field.acts import Act
from dispatch.field.endings import tell
from dispatch.field.fit_to_leave import held_back
from dispatch.field.models import Arrival, DepartureCheck, FieldFact
from dispatch.field.rules import DEPARTURE_ITEMS
from dispatch.geo.rules import is_place, metres
from dispatch.orders.operations.moves import move_line, move_visit
from dispatch.orders.operations.putting_off import put_off_from_site
from dispatch.orders.waiting_rules import WaitFor
from dispatch.words import say

LINE_TO_DO = ("open", "residual")


def depart(session: Session, act: Act) -> None:
    """He sets out. `checks` says what he checked before (P5): item -> whether it is in order; `note` what is not."""
    move_visit(session, act.visit, "depart", by=act.by, at=act.at, when=act.when)
    checks, note = act.content.get("checks") or {}, str(act.content.get("note") or "").strip() or None
    if any(item not in DEPARTURE_ITEMS for item in checks):
        raise NotFound
    _check_fitness(session, act, {item for item, ok in checks.items() if ok})
    rows = {"visit_id": act.visit.id, "by_id": act.by.id or 0, "at": act.when}
    session.add_all(DepartureCheck(item=item, ok=bool(ok), note=None if ok else note, **rows) for item, ok in checks.items())


def _check_fitness(session: Session, act: Act, ticked: set[str]) -> None:
    """Raises Invalid beside each item that is ticked although something of it has ended."""
    held = held_back(session, act.by.id or 0, local_day(act.when, act.by.zone))
    wrong = {f"check-{item}": texts[0] for item, texts in held.items() if item in ticked}
    if wrong:
        raise Invalid({**wrong, "note": say("Leave it unticked, and write what you do about it.")})


def arrive(session: Session, act: Act) -> None:
    """He is there; `lat`, `lon` and `accuracy_m` where his phone says so."""
    move_visit(session, act.visit, "arrive", by=act.by, at=act.at, when=act.when)
    lat, lon, accuracy = (_number(act.content.get(name)) for name in ("lat", "lon", "accuracy_m"))
    if lat is None or lon is None or not is_place(lat, lon):
        lat = lon = accuracy = None
    away = _away(_site(act), lat, lon)
    session.merge(Arrival(visit_id=act.visit.id, lat=lat, lon=lon, accuracy_m=accuracy, distance_m=away, at=act.when))


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) and math.isfinite(value) else None


def _site(act: Act) -> Site:
    first = min((row.line for row in act.visit.visit_lines), key=lambda line: line.position, default=None)
    return (first.own_site if first else None) or act.order.site


def _away(site: Site, lat: float | None, lon: float | None) -> float | None:
    """Metres from the site, where both places are known."""
    if site.lat is None or site.lon is None or lat is None or lon is None:
        return None
    return round(metres((site.lat, site.lon), (lat, lon)))


def finish(session: Session, act: Act) -> None:
    """The visit ends. `not_done` names the vehicles that were not done, `how` (leave_over, give_up) what becomes of them, and
    `reason` why; all others are done.
    """
    if act.visit.status == "on_site":
        # What had no price when it was fitted may have one by now.
        charge_fittings(session, act.order, visit_id=act.visit.id, by=act.by, at=act.at)
        _settle_lines(session, act)
    move_visit(session, act.visit, "finish", by=act.by, at=act.at, when=act.when)
    tell(session, act.order.id, at=act.at)


def abandon(session: Session, act: Act) -> None:
    """The visit is broken off, for the `reason` named; `wait` says for what and until when the order is to wait (P4)."""
    wait = _wait(act.content.get("wait"))
    move_visit(session, act.visit, "abandon", by=act.by, at=act.at, reason=act.content.get("reason"))
    if wait is not None:
        put_off_from_site(session, act.order, wait, by=act.by, at=act.at)


def _wait(told: Any) -> WaitFor | None:
    """What was sent. Raises NotFound for what says no day."""
    if told is None:
        return None
    try:
        return WaitFor(str(told["why"]), date.fromisoformat(told["next_on"]), str(told.get("words") or ""))
    except (KeyError, TypeError, ValueError, AttributeError):
        raise NotFound from None


def _settle_lines(session: Session, act: Act) -> None:
    """Before the visit ends, so that the order goes straight from working to done."""
    not_done = act.content.get("not_done", ())
    left = _left_today(session, act)
    for line in (row.line for row in act.visit.visit_lines):
        if line.id in left and line.status == "residual":
            continue
        if line.status in LINE_TO_DO and line.id not in not_done:
            move_line(session, line, "complete", by=act.by, at=act.at)
        elif line.status == "open" or (line.status == "residual" and act.content["how"] == "give_up"):
            # One that was left over before and did not come again stays left over.
            move_line(session, line, act.content["how"], by=act.by, at=act.at, reason=act.content["reason"])


def _left_today(session: Session, act: Act) -> set[int]:
    """The vehicles that were left over on this very visit: they do not become done by its end."""
    said = sa.select(FieldFact.content["line"].as_integer()).where(
        FieldFact.visit_id == act.visit.id, FieldFact.kind == "line.not_done", FieldFact.state == "applied"
    )
    return set(session.scalars(said))
