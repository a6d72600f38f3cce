"""Whole days by chance, in the words of the file: a city, technicians with levels and bags, jobs with windows and priorities."""

from __future__ import annotations

from random import Random
from typing import Any

SKILLS = ("install", "repair", "video", "electrics", "oil-sensor", "taxi")
PARTS = ("terminal", "sim", "antenna")
EARLY, LATE = (30_600, 63_000), (43_200, 75_600)
LUNCHES = {EARLY: (41_400, 48_600), LATE: (61_200, 68_400)}
WINDOWS = ((34_200, 41_400), (37_800, 45_000), (41_400, 48_600), (48_600, 55_800), (55_800, 63_000))


def day_by_chance(jobs: int, technicians: int, *, seed: int) -> dict[str, Any]:
    """The same day for the same numbers. The more jobs, the larger the city."""
    chance = Random(f"{jobs}/{technicians}/{seed}")
    reach = 0.12 * max(1.0, jobs / 125) ** 0.5
    people = [_technician(chance, number, reach) for number in range(1, technicians + 1)]
    return {
        "travel": {"factor": 1.3, "speed_kmh": 30},
        "technicians": people,
        "jobs": [_job(chance, n, reach) for n in range(1, jobs + 1)],
    }


def _place(chance: Random, reach: float) -> list[float]:
    """Towards the middle more than at the edge."""
    return [round(centre + reach * (chance.random() + chance.random() - 1), 5) for centre in (22.6, 114.0)]


def _technician(chance: Random, number: int, reach: float) -> dict[str, Any]:
    shift = chance.choice((EARLY, EARLY, EARLY, EARLY, LATE))
    earliest, latest = LUNCHES[shift]
    return {
        "id": f"T{number}",
        "home": _place(chance, reach),
        "shift": list(shift),
        "lunch": {"earliest": earliest, "latest": latest, "minutes": 30},
        "skills": {skill: chance.randint(1, 3) for skill in chance.sample(SKILLS, chance.randint(2, 5))},
        "parts": {"terminal": chance.randint(2, 6), "sim": chance.randint(3, 10), "antenna": chance.randint(0, 4)},
    }


def _job(chance: Random, number: int, reach: float) -> dict[str, Any]:
    wanted = chance.sample(SKILLS, chance.choice((1, 1, 1, 1, 1, 2)))
    job = {
        "id": f"J{number}",
        "at": _place(chance, reach),
        "minutes": chance.randrange(20, 95, 5),
        "priority": chance.choices((1, 2, 5, 10), (50, 30, 15, 5))[0],
        "skills": {skill: chance.choices((1, 2), (4, 1))[0] for skill in wanted},
        "parts": {part: 1 for part, share in zip(PARTS, (0.45, 0.35, 0.08), strict=True) if chance.random() < share},
    }
    return {**job, "windows": [list(chance.choice(WINDOWS))]} if chance.random() < 0.3 else job
