"""When a store is to be filled up with a thing, and with how many.

Things go by a key: "terminal:BD-808A", "sim:中国移动", "sim:" for the SIMs of all carriers, "part:P101" for a counted part.
"""

from __future__ import annotations

from dataclasses import dataclass

from dispatch.devices.parts import part_key
from dispatch.words import Text, say

MOST = 100_000


@dataclass(frozen=True)
class Level:
    """Below `minimum` the store is filled up to `target`."""

    minimum: int
    target: int

    def to_order(self, there: int) -> int:
        """How many to order when so many are there or on the way; 0 while that is enough."""
        return self.target - there if there < self.minimum else 0


def ware_key(kind: str, name: str) -> str:
    """The key of a thing: of a terminal its model, of SIMs the carrier ("" for all carriers), of a part its code."""
    return part_key("terminal", name) if kind == "terminal" else f"{kind}:{name}"


def split_key(ware: str) -> tuple[str, str]:
    """A thing's key -> its kind, and its model, carrier or code."""
    kind, _colon, name = ware.partition(":")
    return kind, name


def ware_words(ware: str) -> Text | str:
    """A thing in words; a part that nobody has named goes by its code."""
    kind, name = split_key(ware)
    if kind == "terminal":
        return say("terminal %(model)s", model=name)
    if kind == "part":
        return name
    return say("SIM of %(carrier)s", carrier=name) if name else say("SIMs of all carriers")


def read_level(minimum: str, target: str) -> Level | dict[str, Text] | None:
    """Two typed numbers -> the level; None for none; else what is wrong, under "minimum" or "target"."""
    if not minimum and not target:
        return None
    numbers = {"minimum": _whole(minimum), "target": _whole(target)}
    wrong = {name: number for name, number in numbers.items() if isinstance(number, Text)}
    if wrong:
        return wrong
    least, most = numbers["minimum"], numbers["target"]
    assert isinstance(least, int) and isinstance(most, int)
    if most < least:
        return {"target": say("Less than the minimum: fill up to at least %(n)s.", n=least)}
    return Level(least, most)


def _whole(text: str) -> int | Text:
    if not text:
        return say("Fill in both numbers, or neither.")
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= MOST and len(text) < 9):
        return say("A whole number from 1 to %(n)s, please.", n=MOST)
    return int(text)
