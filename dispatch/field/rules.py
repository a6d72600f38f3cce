"""What is checked before leaving and after the work, which photos there are, and when a test-run counts as passed."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from dispatch.words import Text, say

DEPARTURE: dict[str, Text] = {
    "facts": say("Order and address read, customer called"),
    "tools": say("Tools complete"),
    "parts": say("Terminals, SIMs and parts in the bag"),
    "papers": say("Receipts, invoices and sheets with me"),
}
"""What a technician checks before he leaves (P5)."""
DEPARTURE_ITEMS = tuple(DEPARTURE)

TESTS: dict[str, Text] = {
    "online": say("Terminal is online"),
    "identity": say("Terminal reports its own number"),
    "firmware": say("Firmware is new enough"),
    "iccid": say("Terminal reports the fitted SIM"),
    "fix": say("Position is right"),
    "satellites": say("Enough satellites are seen"),
    "signal": say("Signal is strong enough"),
    "acc": say("ACC off and on is reported"),
    "power": say("Power cut raises the alarm"),
}
"""The points of a test-run (P11)."""
TEST_ITEMS = tuple(TESTS)

RESULTS: dict[str, Text] = {
    "passed": say("Passed"),
    "failed": say("Failed"),
    "not_available": say("Not available"),
    "overruled": say("Overruled"),
}
TEST_RESULTS = tuple(RESULTS)
NEEDS_REASON: dict[str, Text] = {
    "overruled": say("Say why this counts as passed."),
    "not_available": say("Say why this cannot be tested."),
}
"""The results of a point that must pass which are nothing without a word, and how to ask for it."""


def without_reason(item: str, result: str, reason: str | None, must: Collection[str]) -> dict[str, Text]:
    """What to say beside a point whose result needs a reason and has none; `must`: the points that must pass."""
    if reason or result not in NEEDS_REASON or (result == "not_available" and item not in must):
        return {}
    return {f"reason-{item}": NEEDS_REASON[result]}


def is_settled(result: str, reason: str | None) -> bool:
    """Whether a point that must pass holds nothing back any more: what is not available says why."""
    return result == "passed" or (result in NEEDS_REASON and bool(reason))


PHOTOS: dict[str, Text] = {
    "condition": say("Vehicle before the work"),
    "work": say("The work done"),
    "unit": say("Terminal or SIM"),
    "plate": say("Plate"),
    "imei": say("IMEI label"),
    "iccid": say("ICCID on the SIM"),
    "wiring": say("Wiring"),
    "place": say("Where the terminal sits"),
    "refusal": say("Refused signature"),
    "paper": say("Paper"),
}
PHOTO_KINDS = tuple(PHOTOS)

PHOTOS_TO_ASK = ("plate", "imei", "iccid", "wiring", "place")
"""The kinds of photos that can be asked for after a kind of work."""
SHOWS_VEHICLE = {"repair": ("condition",), "installation": ("condition", "work", "unit", *PHOTOS_TO_ASK)}
"""Which photos closing accepts as one of the vehicle (P8), by the kind of order: what a repair found must be seen untouched."""
SHOWS_CHANGE = ("imei", "iccid", "wiring", "place")
"""What looks otherwise after a change at the vehicle: a photo from before it shows what is there no more."""
SHOWS_UNIT = {"imei": "terminal", "iccid": "sim"}
"""What shows a unit's number is asked for only where such a unit was fitted."""


def photos_asked(listed: Sequence[str], fitted: Collection[str]) -> list[str]:
    """Of the kinds of photos that are asked for those of one vehicle; `fitted` are the kinds of units that were put into it."""
    return [one for one in listed if one not in SHOWS_UNIT or SHOWS_UNIT[one] in fitted]
