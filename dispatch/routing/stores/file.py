"""An instance as a file: the problem in, the tours out. What is wrong with a line is told by a sentence that names it.

A heading "CREW COUNT …" with the numbers below it, then a row for each place: number, x, y, opens, closes, service, and as lists
skills, tools and parts; 0 is the store, 1 to the count of the crew are the technicians' homes, the rest are the requests.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dispatch.errors import RuleBroken
from dispatch.routing.stores.model import Place, Problem, Request, Technician, Tours
from dispatch.words import say

HEADING = "CREW COUNT"
LARGEST = 1_000_000.0
MOST = 1_000
NUMBER = re.compile(r"\s*(\d+)(?=\s)")
WORDS = ("X", "Y", "TWS", "TWE", "Serv")
LISTS = ("SKILLS", "TOOLS", "SPARE PARTS")
ROW = re.compile(r"\s*\d+" + r"\s+(\S+)" * len(WORDS) + r"\s*(\[.*?\])" * len(LISTS) + r"\s*$")


@dataclass(frozen=True)
class _Row:
    """A place as it stands in the file."""

    line: int
    number: int
    place: Place
    skills: tuple[int, ...]
    tools: tuple[int, ...]
    parts: tuple[int, ...]


def read_instance(text: str) -> Problem:
    """The problem of a file. RuleBroken names the line that cannot be taken."""
    lines = text.splitlines()
    at, crew = _crew(lines)
    rows = _by_number([_row(number, line) for number, line in enumerate(lines, 1) if number > at and NUMBER.match(line)])
    _demand_all(rows, crew)
    homes = [rows[number] for number in range(1, crew + 1)]
    asked = [row for number, row in rows.items() if number > crew]
    _demand_same_kinds([*homes, *asked])
    return Problem(
        tuple(Technician(one.number, one.place, frozenset(one.skills), frozenset(one.tools), one.parts) for one in homes),
        tuple(Request(one.number, one.place, frozenset(one.skills), frozenset(one.tools), one.parts) for one in asked),
        rows[0].place,
    )


def written_tours(tours: Tours) -> dict[str, Any]:
    """Tours for the file; who stays at home is not in it."""
    return {"routes": [{"technician": who, "visits": stops} for who, stops in sorted(tours.items()) if stops]}


def _crew(lines: Sequence[str]) -> tuple[int, int]:
    """(line, how many technicians)."""
    for number, line in enumerate(lines, 1):
        if line.startswith(HEADING):
            word = (lines[number].split() or [""])[0] if number < len(lines) else ""
            if not word.isdecimal() or int(word) > MOST:
                raise RuleBroken(say("line %(line)s: the number of technicians is needed here", line=number + 1))
            return number + 1, int(word)
    raise RuleBroken(say("A heading “%(heading)s” with the number of technicians below it is missing", heading=HEADING))


def _row(line: int, text: str) -> _Row:
    found = ROW.match(text)
    number = NUMBER.match(text)
    if not found or not number:
        raise RuleBroken(say("line %(line)s: needed are %(columns)s", line=line, columns=", ".join(("ID", *WORDS, *LISTS))))
    x, y, opens, closes, service = (_number(line, name, word) for name, word in zip(WORDS, found.groups(), strict=False))
    if opens > closes:
        raise RuleBroken(say("line %(line)s: “%(field)s” cannot be %(value)s", line=line, field="TWE", value=found.group(4)))
    skills, tools, parts = (_list(line, name, word) for name, word in zip(LISTS, found.groups()[len(WORDS) :], strict=True))
    return _Row(line, int(number.group(1)), Place((x, y), opens, closes, service), skills, tools, parts)


def _number(line: int, name: str, word: str) -> float:
    try:
        value = float(word)
    except ValueError:
        value = math.nan
    least = -LARGEST if name in WORDS[:2] else 0.0
    if not least <= value <= LARGEST:
        raise RuleBroken(say("line %(line)s: “%(field)s” cannot be %(value)s", line=line, field=name, value=word))
    return value


def _list(line: int, name: str, word: str) -> tuple[int, ...]:
    try:
        values = json.loads(word)
    except ValueError:
        values = [None]
    if not all(type(value) is int and 0 <= value <= LARGEST for value in values):
        raise RuleBroken(say("line %(line)s: “%(field)s” cannot be %(value)s", line=line, field=name, value=word))
    return tuple(values)


def _by_number(rows: Sequence[_Row]) -> dict[int, _Row]:
    found: dict[int, _Row] = {}
    for row in rows:
        if row.number in found:
            raise RuleBroken(say("line %(line)s: number %(number)s is there twice", line=row.line, number=row.number))
        found[row.number] = row
    return found


def _demand_all(rows: dict[int, _Row], crew: int) -> None:
    for number in range(crew + 1):
        if number not in rows:
            raise RuleBroken(say("The store (0) or the technician with number %(number)s is missing", number=number))
    if len(rows) - crew - 1 > MOST:
        raise RuleBroken(say("No more than %(most)s requests can be taken", most=MOST))


def _demand_same_kinds(rows: Sequence[_Row]) -> None:
    for row in rows:
        if len(row.parts) != len(rows[0].parts):
            raise RuleBroken(
                say(
                    "line %(line)s: %(count)s kinds of parts, elsewhere %(other)s",
                    line=row.line,
                    count=len(row.parts),
                    other=len(rows[0].parts),
                )
            )
