"""The day as numbers for the map."""

from __future__ import annotations

from typing import Any

from flask import url_for
from flask_babel import ngettext

from dispatch.board.problem import home_of
from dispatch.board.rules import clock_of
from dispatch.board.views import Overview, RouteView, StopView, Waiting
from dispatch.board.work import place_of_visit
from dispatch.config import Settings
from dispatch.orders.models import OrderLine

Json = dict[str, Any]


def map_json(seen: Overview, settings: Settings) -> Json:
    """Stops, routes, technicians and tiles, as static/board/map.js reads them."""
    drawn = [route for route in seen.routes if route.stops]
    return {
        "stops": [*(_stop(route, stop) for route in drawn for stop in route.stops), *_loose(seen.queue)],
        "routes": [_route(route) for route in drawn],
        "technicians": [_technician(route) for route in seen.routes if home_of(route.person)],
        "tiles": tiles(settings),
    }


def tiles(settings: Settings) -> Json | None:
    """Whose map tiles are drawn underneath, None for the plain grid."""
    if not settings.map_tiles_url:
        return None
    url = settings.map_tiles_url.replace("{key}", settings.map_tiles_key)
    return {"url": url, "datum": settings.map_tiles_datum, "attribution": settings.map_tiles_attribution, "max_zoom": 18}


def label(lines: list[OrderLine]) -> str:
    """What is worked on: the plate, or how many vehicles."""
    if len(lines) == 1:
        return lines[0].vehicle.plate or lines[0].vehicle.vin or ""
    return str(ngettext("%(num)d vehicle", "%(num)d vehicles", len(lines)))


def _stop(route: RouteView, stop: StopView) -> Json:
    place = place_of_visit(stop.visit) or (None, None)
    order = stop.visit.order
    times = f"{clock_of(stop.start)}–{clock_of(stop.end)}"
    return {
        "id": stop.visit.id,
        "lat": place[0],
        "lon": place[1],
        "seq": stop.number,
        "route": route.person.id,
        "title": f"{times} {label(stop.lines)}",
        "text": f"{order.customer.name} · {stop.site.address}",
        "url": url_for("orders.show", number=order.number),
    }


def _loose(queue: tuple[Waiting, ...]) -> list[Json]:
    return [
        {
            "id": f"{entry.order.id}-{entry.site.id}",
            "lat": entry.site.lat,
            "lon": entry.site.lon,
            "seq": None,
            "route": None,
            "title": label(list(entry.lines)),
            "text": f"{entry.order.customer.name} · {entry.site.address}",
            "url": url_for("orders.show", number=entry.order.number),
        }
        for entry in queue
        if entry.placed
    ]


def _route(route: RouteView) -> Json:
    home = home_of(route.person)
    points = [home, *(place_of_visit(stop.visit) for stop in route.stops), home]
    return {"id": route.person.id, "name": route.person.name, "colour": route.colour, "points": [p for p in points if p]}


def _technician(route: RouteView) -> Json:
    home = home_of(route.person)
    assert home is not None
    text = ngettext("%(num)d stop", "%(num)d stops", len(route.stops))
    return {"id": route.person.id, "name": route.person.name, "lat": home[0], "lon": home[1], "text": text}
