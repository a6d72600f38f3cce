"""Which sheets there are, how they are named, and what a stranger with the code may read."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from dispatch.words import Text, say

SHEET_KINDS = ("installation", "repair", "vehicle")
TITLES: dict[str, Text] = {
    "installation": say("Installation dispatch order"),
    "repair": say("Repair service sheet"),
    "vehicle": say("Vehicle installation sheet"),
}
FORMAT = "gps-dispatch/sheet/1"
TRIES = 3
"""How often a sheet is tried before a person is told."""

FAILED = say("The sheet could not be made. It was written down and will be looked at; nothing that was recorded is lost.")
UNREADABLE = say("A photo of this order can no longer be read from the store, so the sheet could not be made.")
UNSOUND = say("The finished PDF did not pass its own check and was not released.")

_UNFIT_FOR_NAMES = re.compile(r"[^\w.-]+")


def file_name(*, branch: str, number: str, vehicle: str | None, day: date, version: int) -> str:
    """Branch, order, vehicle where it is about one, day and version: `SZ_WX-20261202-0001_粤BQ5T88_20261202_v1.pdf` (Q16)."""
    parts = [branch, number, *([vehicle] if vehicle else []), f"{day:%Y%m%d}", f"v{version}"]
    return "_".join(_UNFIT_FOR_NAMES.sub("", part) for part in parts) + ".pdf"


def vehicle_name(plate: str | None, vin: str | None) -> str:
    """What a vehicle is called in a file's name: its plate, else the last six signs of its VIN."""
    return plate or f"VIN{(vin or '')[-6:]}"


def print_missing(value: Any, missing: str) -> Any:
    """The same facts with every sign that the font lacks written as 〓 and its code: 𠮷 -> 〓(U+20BB7)."""
    if not missing:
        return value
    signs = {ord(sign): f"〓(U+{ord(sign):04X})" for sign in missing}
    return every_text(value, lambda text: text.translate(signs))


def every_text(value: Any, change: Callable[[str], str]) -> Any:
    """The same JSON with every text changed; the names of fields stay."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {name: every_text(inner, change) for name, inner in value.items()}
    return [every_text(inner, change) for inner in value] if isinstance(value, list) else value


def missing_warning(missing: str) -> Text:
    """What the office is told about signs that could not be printed."""
    signs = ", ".join(f"{sign} (U+{ord(sign):04X})" for sign in missing)
    return say("The font of the sheets lacks these signs; they are printed as 〓 with their code: %(signs)s", signs=signs)


def tries(failure: Mapping[str, Any] | None) -> int:
    """How many tries have failed since somebody asked; `failure` is what the version keeps."""
    return int((failure or {}).get("tries", 0))


def given_up(failure: Mapping[str, Any] | None) -> bool:
    """Whether the machine has stopped trying by itself."""
    return tries(failure) >= TRIES
