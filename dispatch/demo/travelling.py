"""What the drives of the last months taught each branch: its morning rush is worse than is usual, its evenings are better."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime
from random import Random
from typing import TYPE_CHECKING

from dispatch.board.drive_rules import Drive, corrections
from dispatch.board.operations.travel import keep_learned, mark_of, say_speeds
from dispatch.board.travel_queries import Said
from dispatch.geo.paces import BANDS, along, usual_paces

if TYPE_CHECKING:
    from dispatch.demo.company import Company

TOOK = {"morning": 1.32, "day": 1.08, "evening": 1.18, "night": 0.92}
OFTEN = {"morning": 34, "day": 96, "evening": 12, "night": 3}
RARER = {"street": 1.0, "town": 0.8, "suburb": 0.4, "country": 0.05}
SPREAD = 0.22


def build(company: Company, moment: datetime) -> None:
    """The suburbs of one branch are quicker than elsewhere; both have learned from three months of drives."""
    admin = company.people["admin"]
    quick = Said(speeds={"suburb": 50.0}, percent={"morning": 70.0})
    say_speeds(company.session, company.branches["SZ"].id, quick, seen=mark_of(Said()), by=admin, at=moment)
    for code, branch in company.branches.items():
        drives = list(_drives(Random(code)))
        keep_learned(company.session, branch.id, "usual", corrections(drives), at=moment)


def _drives(random: Random) -> Iterator[Drive]:
    paces = usual_paces(1.3, 30)
    for band, facts in BANDS.items():
        for part, often in OFTEN.items():
            expected = along(paces.curves[part], facts.middle_m)
            for _ in range(math.ceil(often * RARER[band])):
                yield Drive(band, part, expected, expected * TOOK[part] * math.exp(random.gauss(0, SPREAD)))
