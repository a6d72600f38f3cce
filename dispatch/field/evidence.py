"""What the fitted terminal has said since the last change at a vehicle, read for the points of its test-run (P11)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.devices.firmware import least_firmware
from dispatch.devices.fitted import slot_units
from dispatch.devices.models import Fitting, Observation, Unit
from dispatch.devices.observation_models import OBSERVATION_KINDS
from dispatch.field.evidence_rules import Asked, Evidence, Fitted, Told, evidence
from dispatch.field.models import Arrival
from dispatch.geo.rules import Coordinates
from dispatch.orders.models import OrderLine, Visit

MOST_OF_A_KIND = 1_000
"""The newest so many observations of each kind are looked at: nearly three hours of a terminal that reports every ten seconds."""


@dataclass(frozen=True)
class Measures:
    """What the company asks of a terminal, and whether it hears of them here (TEST_METRES and the like)."""

    within_m: int = 500
    least_signal: int = 10
    least_satellites: int = 4
    listening: bool = False


_measures = Measures()


def configure(*, within_m: int, least_signal: int, listening: bool, least_satellites: int = 4) -> None:
    """Take over the settings of this process."""
    global _measures
    _measures = Measures(within_m, least_signal, least_satellites, listening)


def evidence_of(
    session: Session, line: OrderLine, visit: Visit, fittings: Iterable[Fitting], inside: Mapping[str, Unit] | None = None
) -> Mapping[str, Evidence]:
    """Point -> what the terminal in a vehicle says of it; `fittings` are the order's that stand, `inside` what is in the vehicle.

    Empty where there is nothing to be said: no terminal on record in the vehicle, or nobody listens and none was ever heard.
    """
    fittings = list(fittings)
    inside = slot_units(session, line.vehicle_id, tested_role(line, fittings)) if inside is None else inside
    since = _since(line, visit, fittings)
    if "terminal" not in inside or since is None:
        return {}
    told = _told(session, inside["terminal"].id, since)
    if not told and not _measures.listening:
        return {}
    return evidence(_asked(session, inside, since, visit), told)


def tested_role(line: OrderLine, fittings: Iterable[Fitting]) -> str:
    """Which of a vehicle's terminals is tested: the one that was changed last, else the one that the order is about."""
    own = [fitting for fitting in fittings if fitting.line_id == line.id]
    return max(own, key=lambda fitting: fitting.at).slot.role or line.role if own else line.role


def _since(line: OrderLine, visit: Visit, fittings: Iterable[Fitting]) -> datetime | None:
    """The moment of the last change at the vehicle; without one that of the arrival."""
    return max((fitting.at for fitting in fittings if fitting.line_id == line.id), default=visit.arrived_at)


def _asked(session: Session, inside: Mapping[str, Unit], since: datetime, visit: Visit) -> Asked:
    terminal, sim = inside["terminal"].terminal, inside["sim"].sim if "sim" in inside else None
    assert terminal is not None
    arrival = session.get(Arrival, visit.id)
    return Asked(
        fitted=Fitted(terminal.terminal_id, terminal.phone_808, terminal.imei, sim.iccid_key if sim else None),
        since=since,
        place=_place(arrival),
        accuracy_m=(arrival.accuracy_m if arrival else None) or 0,
        within_m=_measures.within_m,
        least_signal=_measures.least_signal,
        least_satellites=_measures.least_satellites,
        least_firmware=least_firmware(session, terminal.model),
    )


def _place(arrival: Arrival | None) -> Coordinates | None:
    if arrival is None or arrival.lat is None or arrival.lon is None:
        return None
    return (arrival.lat, arrival.lon)


_READ = [
    Observation.id,
    Observation.kind,
    Observation.source,
    Observation.phone,
    Observation.received_at,
    Observation.device_time,
    Observation.late,
    Observation.whole,
    Observation.positioned,
    Observation.lat,
    Observation.lon,
    Observation.acc,
    Observation.satellites,
    Observation.signal,
    Observation.power_cut,
    Observation.iccid,
    Observation.imei,
    Observation.terminal_id,
    Observation.firmware,
]


def _told(session: Session, unit_id: int, since: datetime) -> Sequence[Told]:
    """What a terminal has said since, in the order of time."""
    newest = sa.func.row_number().over(partition_by=Observation.kind, order_by=Observation.received_at.desc())
    each = Observation.kind.in_(OBSERVATION_KINDS)  # all there are: the index goes straight to the newest of each
    since_then = (Observation.unit_id == unit_id, each, Observation.received_at > since)
    of_it = sa.select(Observation.id, newest.label("nth")).where(*since_then)
    near = of_it.subquery()
    query = sa.select(*_READ).join(near, near.c.id == Observation.id).where(near.c.nth <= MOST_OF_A_KIND)
    return cast("Sequence[Told]", session.execute(query.order_by(Observation.received_at, Observation.id)).all())
