"""The words of a sheet: it speaks Chinese and English at once, since the customer and whoever checks it later may read either."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from markupsafe import Markup, escape

from dispatch.customers.rules import COLOURS, show_plate
from dispatch.devices.slot_rules import ROLES
from dispatch.devices.swap_rules import WHYS
from dispatch.fees.rules import CHANNEL_WORDS
from dispatch.field.rules import DEPARTURE, PHOTOS, RESULTS, TESTS
from dispatch.geo.rules import distance_words
from dispatch.orders.rules import SYMPTOMS
from dispatch.orders.status_words import LINE_WORDS
from dispatch.sheets.rules import TITLES
from dispatch.web.locale import catalogue, tr_in
from dispatch.words import Text, say, text_from_json

ZH, EN = "zh_Hans_CN", "en"
DONE: dict[str, Text] = {
    "install-terminal": say("Terminal installed"),
    "install-sim": say("SIM installed"),
    "swap-terminal": say("Terminal swapped"),
    "swap-sim": say("SIM swapped"),
    "remove-terminal": say("Terminal taken out"),
    "remove-sim": say("SIM taken out"),
    "move_out-terminal": say("Terminal moved to another vehicle"),
    "move_out-sim": say("SIM moved to another vehicle"),
    "move_in-terminal": say("Terminal moved in"),
    "move_in-sim": say("SIM moved in"),
}
WORDS: dict[str, dict[str, Text]] = {
    "title": TITLES,
    "channel": CHANNEL_WORDS,
    "departure": DEPARTURE,
    "test": TESTS,
    "result": RESULTS,
    "photo": PHOTOS,
    "line": LINE_WORDS,
    "colour": COLOURS,
    "symptom": {code: symptom.words for code, symptom in SYMPTOMS.items()},
    "done": DONE,
    "why": WHYS,
    "role": ROLES,
}


def two(said: str | Text, **params: Any) -> Markup:
    """A sentence in both languages, Chinese first: 客户 <span lang="en">Customer</span>."""
    text = said if isinstance(said, Text) else Text(said, params)
    return _both(tr_in(ZH, text), tr_in(EN, text))


def two_in_context(context: str, msgid: str) -> Markup:
    """The same for a word that means something else elsewhere."""
    return _both(str(catalogue(ZH).pgettext(context, msgid)), msgid)


def _both(chinese: str, english: str) -> Markup:
    if chinese == english:
        return escape(chinese)
    return Markup('<span class="zh">{}</span> <span class="en" lang="en">{}</span>').format(chinese, english)


def word(kind: str, code: str) -> Markup:
    """The word of a code in both languages: word("result", "passed"). A code that nobody knows any more stays as it is."""
    known = WORDS[kind].get(code)
    return two(known) if known else escape(code)


def told(stored: dict[str, Any]) -> Markup:
    """A kept sentence in both languages."""
    return two(text_from_json(stored))


def in_chinese(said: Text) -> str:
    """A sentence in Chinese alone, for a document's own name."""
    return tr_in(ZH, said)


def moment(stored: str | None) -> str:
    """2026-12-02 14:05, in the zone that the moment was written in."""
    return f"{datetime.fromisoformat(stored):%Y-%m-%d %H:%M}" if stored else "—"


def clock(stored: str | None) -> str:
    """12-02 14:05"""
    return f"{datetime.fromisoformat(stored):%m-%d %H:%M}" if stored else "—"


def distance(metres: float) -> str:
    """850 m, 12.3 km: the same signs in both languages."""
    return tr_in(EN, distance_words(metres))


def money(amount: str | Decimal | None) -> str:
    """¥1,280.00, negative with a minus before the sign."""
    value = Decimal(amount or 0)
    return f"{'-' if value < 0 else ''}¥{abs(value):,.2f}"


def on_account(receipts: Iterable[Mapping[str, Any]]) -> Decimal:
    """What the receipts only promise to be paid later, in yuan: a customer who reads "still to pay 0" has not paid that yet."""
    return sum((Decimal(receipt["amount"]) for receipt in receipts if receipt["channel"] == "account"), Decimal(0))


def ending(number: str | None) -> Markup:
    """A long number whose last six digits stand out. It has no gaps: what is copied out of the PDF is the number."""
    return Markup("{}<b>{}</b>").format(number[:-6], number[-6:]) if number else Markup("—")


def plate_words(vehicle: dict[str, Any]) -> str:
    """粤B·12345, or VIN …012345 for a vehicle without a plate."""
    return show_plate(vehicle["plate"]) if vehicle["plate"] else f"VIN …{(vehicle['vin'] or '')[-6:]}"


def plate(vehicle: dict[str, Any]) -> Markup:
    """A plate as a chip in its colour, a dashed one for a vehicle without."""
    look = (vehicle["colour"] or "blue") if vehicle["plate"] else "none"
    return Markup('<span class="plate plate-{}">{}</span>').format(look, plate_words(vehicle))
