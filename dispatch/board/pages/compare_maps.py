"""Two plans as numbers for two maps: what is different stands out, the rest is there for the way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flask import url_for
from flask_babel import gettext as _

from dispatch.board.compare import Comparison, Placed, Side
from dispatch.board.pages.drawing import tiles
from dispatch.board.problem import home_of
from dispatch.board.rules import clock_of
from dispatch.board.views import RouteView
from dispatch.config import Settings
from dispatch.geo.rules import Coordinates
from dispatch.orders.models import Order

Json = dict[str, Any]
Places = Mapping[int, Coordinates]
"""Where the work on a vehicle is done."""


def both_maps(
    both: Comparison, orders: Mapping[int, Order], places: Places, there: Mapping[int, RouteView], settings: Settings
) -> tuple[Json, Json]:
    """The left plan and the right one; one colour for one technician."""
    touched = {one.technician_id for move in both.moves for one in (move.before, move.after) if one}
    drawn = _Drawn(orders, places, there, {who: n for n, who in enumerate(both.people)}, touched)
    base = tiles(settings)
    return drawn.side(both.left) | {"tiles": base}, drawn.side(both.right) | {"tiles": base}


class _Drawn:
    """What both maps are drawn from."""

    def __init__(
        self,
        orders: Mapping[int, Order],
        places: Places,
        there: Mapping[int, RouteView],
        colours: Mapping[int, int],
        touched: set[int],
    ) -> None:
        self.orders, self.places, self.there, self.colours, self.touched = orders, places, there, colours, touched
        self.words = {
            "person": _("another technician"),
            "time": _("another time"),
            "new": _("new"),
            "gone": _("given to nobody"),
        }

    def side(self, side: Side) -> Json:
        """One plan: its routes, and its visits as numbers where they differ, as dots where they do not."""
        stops = [stop for who, mine in side.stops.items() for stop in self._stops(who, mine)]
        return {"routes": [self._route(who, mine) for who, mine in side.stops.items()], "stops": stops}

    def _route(self, who: int, stops: Iterable[Placed]) -> Json:
        route = self.there.get(who)
        home = home_of(route.person) if route else None
        points = [home, *(self._place(stop) for stop in stops), home]
        name = route.person.name if route else ""
        drawn = {"id": who, "name": name, "colour": self.colours[who], "points": [point for point in points if point]}
        return drawn | {"quiet": who not in self.touched}

    def _place(self, stop: Placed) -> Coordinates | None:
        return next((self.places[one] for one in sorted(stop.line_ids) if one in self.places), None)

    def _stops(self, who: int, stops: Iterable[Placed]) -> list[Json]:
        listed = ((number, stop, self._place(stop)) for number, stop in enumerate(stops, 1))
        return [self._stop(who, number, stop, place) for number, stop, place in listed if place]

    def _stop(self, who: int, number: int, stop: Placed, place: Coordinates) -> Json:
        order, route = self.orders.get(stop.order_id), self.there.get(who)
        name = route.person.name if route else ""
        told = [name, order.customer.name if order else "", self.words.get(stop.mark, "")]
        shown = {"lat": place[0], "lon": place[1], "seq": number, "route": who, "mark": stop.mark, "quiet": not stop.mark}
        words = {"title": f"{clock_of(stop.start)}–{clock_of(stop.end)}", "text": " · ".join(word for word in told if word)}
        return shown | words | ({"url": url_for("orders.show", number=order.number)} if order else {})
