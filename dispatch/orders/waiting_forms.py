"""The form of waiting: texts -> why, in which words and until which day, or a sentence beside the field."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from dispatch.orders.waiting_rules import WHYS, WaitFor
from dispatch.tabular.cells import read_date
from dispatch.typed import Typed


def read_wait(texts: Mapping[str, Any]) -> WaitFor:
    """What was typed. Raises Invalid; whether the day is still to come is the operation's to say."""
    typed = Typed(texts)
    why = typed.need("why", lambda text: text if text in WHYS else None, "")
    next_on = typed.need("next_on", read_date, date.min)
    words = typed.line("words")
    typed.check()
    return WaitFor(why, next_on, words)
