"""The tables of words that a pack carries: the same that the pages are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dispatch.customers.rules import COLOURS
from dispatch.devices.rules import UNIT_WORDS
from dispatch.devices.slot_rules import ROLES
from dispatch.devices.swap_rules import whys_for
from dispatch.fees.rules import CHANNEL_WORDS
from dispatch.field.forgiving import WHY
from dispatch.field.forms import LEFT, LEFT_ONE, REASONS
from dispatch.field.packing.price_shapes import Channel
from dispatch.field.point_rules import WORKS
from dispatch.field.rules import DEPARTURE, PHOTOS, RESULTS, TESTS
from dispatch.orders.rules import KIND_WORDS, URGENCY_WORDS
from dispatch.orders.status_words import LINE_WORDS, VISIT_WORDS
from dispatch.orders.verbal_rules import VERBAL_CHANNELS
from dispatch.words import Text

_TABLES: Mapping[str, Mapping[str, Text]] = {
    "departure": DEPARTURE,
    "tests": TESTS,
    "results": RESULTS,
    "photos": PHOTOS,
    "reasons": REASONS,
    "left": LEFT,
    "left_one": LEFT_ONE,
    "why_terminal": whys_for(["terminal"]),
    "why_sim": whys_for(["sim"]),
    "verbal": VERBAL_CHANNELS,
    "goodwill": WHY,
    "roles": ROLES,
    "unit_kinds": UNIT_WORDS,
    "works": WORKS,
    "line_statuses": LINE_WORDS,
    "visit_statuses": VISIT_WORDS,
    "kinds": KIND_WORDS,
    "urgencies": URGENCY_WORDS,
    "plate_colours": COLOURS,
}


def lists() -> dict[str, Sequence[tuple[str, str]]]:
    """Every table: name -> [(key, msgid), …] in the order in which it is shown."""
    return {name: [(key, word.msgid) for key, word in table.items()] for name, table in _TABLES.items()}


def channels(codes: Sequence[str]) -> list[Channel]:
    """The ways to pay; `codes` are those for which a dynamic code can be shown."""
    return [
        Channel(key, word, key in codes, key == "account", key not in ("cash", "account")) for key, word in CHANNEL_WORDS.items()
    ]
