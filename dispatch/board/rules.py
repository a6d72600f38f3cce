"""What the board knows without a database: days and clocks, and how the planner's sentences read to a dispatcher."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, time
from typing import Any

from dispatch.clock import day_bounds as day_bounds
from dispatch.clock import moment_of as moment_of
from dispatch.clock import seconds_of as seconds_of
from dispatch.clock import seconds_of_clock as seconds_of_clock
from dispatch.staff.rules import SKILLS
from dispatch.words import Text, say

_DISTRICT = re.compile(r"^(?:.*?(?:省|自治区))?(?:.*?(?:市|州|盟))?(?P<district>[^省市]{1,6}?(?:区|县|旗))")


@dataclass(frozen=True)
class Choice:
    """Who shall start when (seconds after midnight); `anyway` overrules what speaks softly against it."""

    technician_id: int
    start: int
    anyway: bool = False


def clock_of(seconds: int) -> str:
    """13:05 for seconds after midnight."""
    return f"{seconds // 3600:02d}:{seconds % 3600 // 60:02d}"


def wanted_words(on: date | None, opens: time | None, closes: time | None) -> str:
    """When a customer wants somebody: 2026-12-03 14:00–16:00; "" when he did not say."""
    hours = [f"{clock:%H:%M}" if clock else "…" for clock in (opens, closes)] if opens or closes else []
    return " ".join(part for part in (on.isoformat() if on else "", "–".join(hours)) if part)


def shifts_over(ends: Collection[int], not_before: int | None) -> bool:
    """Whether nobody has time left: when those who are there go home, and what time it is (None: the day has not begun)."""
    return not_before is not None and bool(ends) and all(end <= not_before for end in ends)


def district_of(address: str) -> str:
    """The district an address names (宝安区), else its first words."""
    found = _DISTRICT.search(address)
    return found["district"] if found else address[:14]


def worded(text: Text, jobs: Mapping[Any, str] | None = None) -> Text:
    """A sentence of the planner with the words of skills, parts and orders in place of their codes."""
    return Text(text.msgid, {name: _worded(name, value, jobs or {}) for name, value in text.params.items()})


def _worded(name: str, value: Any, jobs: Mapping[Any, str]) -> Any:
    if isinstance(value, Text):
        return worded(value, jobs)
    if name == "part":
        return part_words(value)
    tables: dict[str, Mapping[Any, Any]] = {"skill": SKILLS, "job": jobs}
    return tables[name].get(value, value) if name in tables else value


def taken_out(bag: Mapping[str, int], needed: Mapping[str, int]) -> tuple[dict[str, int], dict[str, int]]:
    """What a bag has left when so much is taken out of it, and what it is short of, part by part.

    Where no model is wanted any terminal will do, but only one that nobody wants by its model: such terminals go last.
    """
    left, short = dict(bag), {}
    for part in sorted(needed, key=lambda each: (":" not in each, each)):
        counts = {part, part.partition(":")[0]}
        taken = min(needed[part], *(left.get(each, 0) for each in counts))
        left |= {each: left.get(each, 0) - taken for each in counts}
        if taken < needed[part]:
            short[part] = needed[part] - taken
    return left, dict(sorted(short.items()))


def part_words(part: str) -> Text | str:
    """A part of the bag in words: "sim", "terminal", "terminal:BD-808A"."""
    kind, _, model = part.partition(":")
    if kind == "terminal":
        return say("terminal %(model)s", model=model) if model else say("terminal")
    return say("SIM") if kind == "sim" else part
