"""The forms of the acts on several orders: which were chosen, and what is asked with the act."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from dispatch.errors import Invalid
from dispatch.orders.bulk_rules import MOST_AT_ONCE
from dispatch.orders.rules import URGENCIES
from dispatch.orders.waiting_forms import read_wait
from dispatch.orders.waiting_rules import wrong_with
from dispatch.typed import Typed, key_in, number_in
from dispatch.words import say

Json = dict[str, Any]
Texts = Mapping[str, Any]


def read_chosen(texts: Sequence[str], *, most: int = MOST_AT_ONCE) -> dict[int, int]:
    """Order -> its version as the list showed it, of boxes that say `order.version`. Raises Invalid for none and too many."""
    pairs = (text.partition(".") for text in texts)
    numbers = ((number_in(order), number_in(version)) for order, _dot, version in pairs)
    chosen = {order: -1 if version is None else version for order, version in numbers if order is not None}
    if not chosen:
        raise Invalid({"": say("Choose at least one order.")})
    if len(chosen) > most:
        raise Invalid({"": say("Choose at most %(n)s orders at once.", n=most)})
    return chosen


def read_given(kind: str, texts: Texts, today: date) -> Json:
    """What is asked with an act, as it is kept. Raises Invalid."""
    reader = _GIVEN.get(kind)
    return reader(texts, today) if reader else {}


def _wait(texts: Texts, today: date) -> Json:
    wait = read_wait(texts)
    wrong = wrong_with(wait, today)
    if wrong:
        raise Invalid(wrong)
    return {"why": wait.why, "next_on": wait.next_on.isoformat(), "words": wait.words}


def _urgency(texts: Texts, _today: date) -> Json:
    typed = Typed(texts)
    urgency = typed.need("urgency", lambda text: text if text in URGENCIES else None, "")
    typed.check()
    return {"urgency": urgency}


def _offer(texts: Texts, _today: date) -> Json:
    typed = Typed(texts)
    to, reason = typed.need("to", number_in, 0), typed.needed("reason")
    typed.check()
    return {"to": to, "reason": reason}


def _reason(texts: Texts, _today: date) -> Json:
    typed = Typed(texts)
    reason = typed.needed("reason")
    typed.check()
    return {"reason": reason}


_GIVEN: dict[str, Callable[[Texts, date], Json]] = {
    "wait": _wait,
    "urgency": _urgency,
    "offer": _offer,
    "take_off": _reason,
}


def press_key(form_key: str, kind: str, given: Json, chosen: Mapping[int, int]) -> uuid.UUID:
    """What stands for one press: the same form with the same choice again is the same press, another choice is another."""
    whole = (kind, sorted(given.items()), sorted(chosen.items()))
    return uuid.uuid5(key_in(form_key) or uuid.uuid4(), repr(whole))
