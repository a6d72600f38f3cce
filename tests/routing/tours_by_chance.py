"""Small problems by chance for the search with a store: people who lack tools and parts, requests with windows."""

from __future__ import annotations

from random import Random

from dispatch.routing.stores.model import Place, Problem, Request, Technician

DAY = 230
KINDS = 3


def problem_by_chance(seed: int, people: int, requests: int) -> Problem:
    """The same problem for the same numbers. Technician 1 has every skill."""
    chance = Random(f"{people}/{requests}/{seed}")
    return Problem(
        tuple(_technician(chance, number) for number in range(1, people + 1)),
        tuple(_request(chance, number) for number in range(people + 1, people + requests + 1)),
        Place((50, 50), 0, DAY),
    )


def file_of(problem: Problem) -> str:
    """The problem in the words of the file."""
    rows = [f"0 {_numbers(problem.store)} [] [] []"]
    for one in problem.technicians:
        rows.append(f"{one.number} {_numbers(one.home)} {_lists(one)}")
    for asked in problem.requests:
        rows.append(f"{asked.number} {_numbers(asked.place)} {_lists(asked)}")
    return "\n".join(["by chance", "CREW COUNT  SKILLS", f"{len(problem.technicians)}  {KINDS}", "ID X Y", *rows])


def _technician(chance: Random, number: int) -> Technician:
    skills = range(KINDS) if number == 1 else _some(chance, 0.6)
    parts = tuple(chance.randint(0, 2) for _ in range(KINDS))
    return Technician(number, Place(_at(chance), 0, DAY), frozenset(skills), frozenset(_some(chance, 0.6)), parts)


def _request(chance: Random, number: int) -> Request:
    opens = chance.choice((0, 0, chance.randint(20, 120)))
    place = Place(_at(chance), opens, chance.randint(opens + 20, 200), chance.randint(1, 10))
    parts = tuple(int(chance.random() < 0.3) for _ in range(KINDS))
    return Request(number, place, frozenset([chance.randrange(KINDS)]), frozenset(_some(chance, 0.2)), parts)


def _some(chance: Random, share: float) -> list[int]:
    return [kind for kind in range(KINDS) if chance.random() < share]


def _at(chance: Random) -> tuple[float, float]:
    return chance.randint(0, 100), chance.randint(0, 100)


def _numbers(place: Place) -> str:
    return f"{place.at[0]} {place.at[1]} {place.opens} {place.closes} {place.service}"


def _lists(one: Technician | Request) -> str:
    return " ".join(str(list(values)) for values in (sorted(one.skills), sorted(one.tools), one.parts))
