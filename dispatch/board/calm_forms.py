"""What is typed about something that happened: who is ill or late, how slow the roads are."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from dispatch.board.calm_rules import NewEvent
from dispatch.errors import Invalid
from dispatch.typed import number_in
from dispatch.words import Text, say

LATEST_MINUTES, SLOWEST_PERCENT = 720, 500
LONGEST_AREA = 40


def read_event(values: Mapping[str, Any], technicians: Collection[int]) -> NewEvent:
    """From the fields kind, technician, minutes, percent, area: those that the kind asks for. Raises Invalid."""
    kind, area = str(values.get("kind") or ""), str(values.get("area") or "").strip()
    who, minutes, percent = (number_in(values.get(name)) for name in ("technician", "minutes", "percent"))
    wrong: dict[str, Text] = {}
    if kind not in ("ill", "late", "traffic"):
        wrong["kind"] = say("Choose what has happened.")
    if kind in ("ill", "late") and who not in technicians:
        wrong["technician"] = say("Choose a technician.")
    if kind == "late" and not 1 <= (minutes or 0) <= LATEST_MINUTES:
        wrong["minutes"] = say("Give minutes from 1 to %(most)s.", most=LATEST_MINUTES)
    if kind == "traffic" and not 100 < (percent or 0) <= SLOWEST_PERCENT:
        wrong["percent"] = say("Give a number from 101 to %(most)s: 150 is half as long again.", most=SLOWEST_PERCENT)
    if wrong:
        raise Invalid(wrong)
    if kind == "traffic":
        return NewEvent(kind, percent=percent, area=area[:LONGEST_AREA] or None)
    return NewEvent(kind, technician_id=who, minutes=minutes if kind == "late" else None)
