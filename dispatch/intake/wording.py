"""What the text in the search field is, when nobody was found by it: the field of the call that it should go into."""

from __future__ import annotations

import re

from dispatch.customers.rules import PROVINCES, normalise_plate, normalise_vin, read_phone, vin_warnings


def starting_field(words: str) -> str:
    """ "phone", "plate", "vin" or "customer"; "" for a text too short to be any of them."""
    if len(words) < 2:
        return ""
    if read_phone(words).e164 or re.fullmatch(r"[\s+()\-]*(\d[\s+()\-]*){7,}", words):
        return "phone"
    plate = normalise_plate(words)
    if re.fullmatch(rf"[{PROVINCES}][A-Z][A-Z0-9\u4e00-\u9fff]{{4,6}}", plate):
        return "plate"
    vin = normalise_vin(words)
    return "vin" if len(vin) == 17 and not vin_warnings(vin) else "customer"
