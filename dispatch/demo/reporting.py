"""What the terminals of the demonstration told by themselves while somebody tested them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from dispatch.devices.fitted import slot_units
from dispatch.devices.jt808.observations import Observation
from dispatch.devices.observing import keep
from dispatch.geo.rules import Coordinates
from dispatch.orders.models import OrderLine

STRONG, WEAK = 24, 4
NEWEST = "V2.1.6"


def report(
    session: Session, line: OrderLine, at: datetime, place: Coordinates | None, *, failed: str | None = None, whole: bool = True
) -> None:
    """The terminal in a vehicle comes online and tells what it can, all within a minute of `at`.

    `failed` is the point of the test-run that it does not pass; without `whole` its power was not cut and the key not turned yet.
    """
    inside = slot_units(session, line.vehicle_id)
    terminal, sim = inside.get("terminal"), inside.get("sim")
    if terminal is None or terminal.terminal is None:
        return
    card = sim.sim.iccid if sim and sim.sim else None
    numbers = {"terminal_id": terminal.terminal.terminal_id, "iccid": card, "firmware": NEWEST}
    there: dict[str, Any] = {
        "positioned": place is not None and failed != "fix",
        "signal": WEAK if failed == "signal" else STRONG,
    }
    if there["positioned"] and place:
        there |= {"lat": place[0], "lon": place[1], "satellites": 11, "speed_kmh": 0.0}
    told: list[tuple[str, dict[str, Any]]] = [("online", {}), ("properties", numbers), ("position", {**there, "acc": True})]
    if whole:
        told.append(("position", {**there, "acc": failed == "acc", "power_cut": failed != "power"}))
    keep(session, [_said(terminal.id, nth, kind, at, facts) for nth, (kind, facts) in enumerate(told, 1)])


def _said(unit_id: int, nth: int, kind: Any, at: datetime, facts: dict[str, Any]) -> Observation:
    moment = at + timedelta(seconds=12 * nth)
    own: dict[str, Any] = {"device_time": moment - timedelta(seconds=2)} if kind == "position" else {}
    return Observation(unit_id, kind, f"{13_900_000_000 + unit_id:012d}", nth, moment, "", **own, **facts)
