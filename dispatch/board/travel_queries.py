"""How fast a branch gets about: the usual figures, what the branch says itself over them, what its drives taught."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.board.travel_models import TravelCorrection, TravelHour, TravelSpeed, TravelUse
from dispatch.geo.paces import Learned, Pace, Paces, usual_paces
from dispatch.routing import Travel
from dispatch.staff.models import Person

OFFICE_HOURS = (8 * 3600 + 1800, 17 * 3600 + 1800)


@dataclass(frozen=True)
class Said:
    """What a branch says itself, by band and by part of the day, and about which sources it uses what was learned."""

    factors: Mapping[str, float] = field(default_factory=dict)
    speeds: Mapping[str, float] = field(default_factory=dict)
    percent: Mapping[str, float] = field(default_factory=dict)
    used: Mapping[str, bool] = field(default_factory=dict)

    def uses(self, source: str) -> bool:
        """Whether what was learned about a source is used: of a road engine only where somebody said so."""
        return self.used.get(source, source == "usual")

    def unlike(self, usual: Paces) -> Said:
        """The same without what is usual anyhow."""
        return Said(
            {band: factor for band, factor in self.factors.items() if factor != usual.bands[band].factor},
            {band: speed for band, speed in self.speeds.items() if speed != usual.bands[band].speed_kmh},
            {part: percent for part, percent in self.percent.items() if percent != usual.percent[part]},
            self.used,
        )

    def over(self, usual: Paces) -> Paces:
        """The usual figures with these over them."""
        bands = {
            band: Pace(self.factors.get(band, pace.factor), self.speeds.get(band, pace.speed_kmh))
            for band, pace in usual.bands.items()
        }
        return Paces(bands, {**usual.percent, **self.percent})


def said_by(session: Session, branch_id: int) -> Said:
    """What a branch says itself."""
    speeds = session.scalars(sa.select(TravelSpeed).where(TravelSpeed.branch_id == branch_id)).all()
    hours = session.scalars(sa.select(TravelHour).where(TravelHour.branch_id == branch_id))
    used = session.scalars(sa.select(TravelUse).where(TravelUse.branch_id == branch_id))
    return Said(
        {row.band: row.factor for row in speeds if row.factor is not None},
        {row.band: row.speed_kmh for row in speeds if row.speed_kmh is not None},
        {row.part: row.percent for row in hours},
        {row.source: row.used for row in used},
    )


def learned_of(session: Session, branch_id: int) -> Sequence[TravelCorrection]:
    """All that was learned in a branch."""
    return session.scalars(sa.select(TravelCorrection).where(TravelCorrection.branch_id == branch_id)).all()


def told(said: Said, learned: Iterable[TravelCorrection]) -> dict[str, Any]:
    """All of it as it is kept with the branch; of what was learned only what is used."""
    used: dict[str, list[tuple[str, str, float]]] = {}
    for row in learned:
        if said.uses(row.source):
            used.setdefault(row.source, []).append((row.band, row.part, row.factor))
    kept = {"factors": said.factors, "speeds": said.speeds, "percent": said.percent}
    return {name: dict(figures) for name, figures in kept.items()} | {"learned": used}


def paces_told(kept: Mapping[str, Any] | None, travel: Travel, engine: str = "") -> Paces:
    """How a branch gets about, from what is kept with it; `travel` is what is usual in the company, `engine` who is asked."""
    kept = kept or {}
    said = Said(*(kept.get(name, {}) for name in ("factors", "speeds", "percent")))
    paces = said.over(usual_paces(travel.factor, travel.speed_kmh))
    return replace(paces, learned=_learned(kept, "usual"), measured=_learned(kept, engine))


def _learned(kept: Mapping[str, Any], source: str) -> Learned:
    return {(band, part): factor for band, part, factor in kept.get("learned", {}).get(source, ())}


def hours_of(people: Iterable[Person]) -> tuple[int, int]:
    """From when to when a team works, whatever a single day brings."""
    shifts = [(person.shift_from, person.shift_to) for person in people]
    if not shifts:
        return OFFICE_HOURS
    first, last = min(start for start, _ in shifts), max(end for _, end in shifts)
    return first.hour * 3600 + first.minute * 60, last.hour * 3600 + last.minute * 60
