"""Records of a file that is JSON: whatever is wrong with one is told by a sentence that names it."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, TypeVar

from dispatch.errors import RuleBroken
from dispatch.routing.model import Id, Lunch, Prices, Span, Travel
from dispatch.words import Text, say

T = TypeVar("T")
DAY_S = 86_400
LONGEST_MINUTES = 24 * 60
HIGHEST_PRIORITY = 1_000
HIGHEST_PRICE = 1_000_000


class Record:
    """One object of the file, known by a name; whatever is wrong with a field is told with that name."""

    def __init__(self, name: Text, row: object) -> None:
        if not isinstance(row, dict):
            raise RuleBroken(say("%(record)s: an object is needed here", record=name))
        self.name, self.row = name, row

    def only(self, *known: str) -> None:
        """Refuses fields that nobody would read: silently left out, they would make a plan that breaks them."""
        for field in self.row:
            if field not in known:
                raise RuleBroken(say("%(record)s: “%(field)s” is nothing that can be planned", record=self.name, field=field))

    def rows(self, field: str, named: Callable[[object], Text]) -> list[Record]:
        """The records of a list, each with an id of its own."""
        found = self.row.get(field)
        if not isinstance(found, list):
            raise RuleBroken(say("%(record)s: a list “%(field)s” is needed", record=self.name, field=field))
        records = [Record(named(id_of(row, number)), row) for number, row in enumerate(found, 1)]
        known: set[Id] = set()
        for record in records:
            one = record.field("id", id_in)
            if one in known:
                raise RuleBroken(say("%(record)s: this id is there twice", record=record.name))
            known.add(one)
        return records

    def maybe(self, field: str, read: Callable[[Any], T]) -> T | None:
        """The same, or nothing."""
        return self.field(field, read) if self.row.get(field) is not None else None

    def field(self, field: str, read: Callable[[Any], T], absent: T | None = None) -> T:
        """A field as `read` understands it; `absent` if it is not there."""
        value = self.row.get(field)
        if value is None:
            if absent is None:
                raise RuleBroken(say("%(record)s: “%(field)s” is missing", record=self.name, field=field))
            return absent
        try:
            return read(value)
        except (ValueError, TypeError, KeyError, OverflowError):
            told = json.dumps(value, ensure_ascii=False)[:80]
            raise RuleBroken(
                say("%(record)s: “%(field)s” cannot be %(value)s", record=self.name, field=field, value=told)
            ) from None


def id_of(row: object, number: int) -> object:
    return row["id"] if isinstance(row, dict) and isinstance(row.get("id"), str | int) else number


def id_in(value: Any) -> Id:
    """A name or a number."""
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        raise ValueError
    return value


def number_in(value: Any, least: int, most: int) -> int:
    """A whole number within bounds."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value) or not least <= value <= most:
        raise ValueError
    return int(value)


def real_in(value: Any, least: float, most: float) -> float:
    """Any number within bounds."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or not least <= value <= most:
        raise ValueError
    return float(value)


def place_in(value: Any) -> tuple[float, float]:
    """Latitude and longitude."""
    lat, lon = value
    return real_in(lat, -90, 90), real_in(lon, -180, 180)


def span_in(value: Any) -> Span:
    """From one second of the day to another."""
    opens, closes = (number_in(moment, 0, 2 * DAY_S) for moment in value)
    if opens > closes:
        raise ValueError
    return opens, closes


def lunch_in(value: Any) -> Lunch:
    """Starts within, and takes so long."""
    earliest, latest = span_in((value["earliest"], value["latest"]))
    return Lunch(earliest, latest, number_in(value["minutes"], 0, LONGEST_MINUTES))


def counts_in(value: Any) -> Mapping[str, int]:
    """Name -> whole number."""
    return {str(name): number_in(count, 0, 1_000_000) for name, count in dict(value).items()}


def travel_in(value: Any) -> Travel:
    """How ways become seconds."""
    return Travel(real_in(value["factor"], 0.01, 100), real_in(value["speed_kmh"], 0.1, 1000))


def flag_in(value: Any) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise ValueError
    return value


def price_in(value: Any) -> int:
    """Seconds on the road."""
    return number_in(value, 0, HIGHEST_PRICE)


def minutes_in(value: Any) -> int:
    """A length within a day."""
    return number_in(value, 0, LONGEST_MINUTES)


def ids_in(value: Any) -> tuple[Id, ...]:
    """A list of ids."""
    if not isinstance(value, list):
        raise ValueError
    return tuple(map(id_in, value))


def date_in(value: Any) -> date:
    """2026-11-23."""
    return date.fromisoformat(value)


def dates_in(value: Any) -> Mapping[str, date]:
    """Name -> date."""
    return {str(name): date_in(day) for name, day in dict(value).items()}


def prices_in(value: Any) -> Prices:
    """What is not given costs nothing."""
    given = {str(name): price_in(price) for name, price in dict(value).items()}
    return Prices(**{"not_preferred": 0, **given})
