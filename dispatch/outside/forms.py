"""The forms of help from outside: texts -> what was asked for, offered, answered, or a sentence beside the field."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from dispatch.customers.rules import read_phone
from dispatch.outside.operations.answering import Acceptance
from dispatch.outside.operations.asking import Wanted
from dispatch.outside.rules import WHOM
from dispatch.tabular.cells import read_decimal, read_moment, read_whole
from dispatch.typed import Typed, number_in
from dispatch.words import Text, say

CENT = Decimal("0.01")


def read_money(cell: str) -> Decimal | Text | None:
    """An amount in yuan with at most two places."""
    amount = read_decimal(cell)
    if isinstance(amount, Decimal) and (abs(amount) >= Decimal(10) ** 9 or amount != amount.quantize(CENT)):
        return say("This is no amount that can be paid.")
    return amount


def read_wanted(texts: Mapping[str, Any], *, key: uuid.UUID, zone: str, at: datetime) -> Wanted:
    """Whom an order is to go to, why and when; times in the reader's zone, an empty beginning means `at`. Raises Invalid."""
    typed = Typed(texts)
    whom = typed.need("whom", lambda text: text if text in WHOM else None, "")
    starts = typed.maybe("starts_at", read_moment)
    until = typed.need("until", read_moment, at)
    outside = whom == "contractor"
    wanted = Wanted(
        whom=whom,
        reason=typed.needed("reason"),
        starts_at=starts.replace(tzinfo=ZoneInfo(zone)) if starts else at,
        until=until.replace(tzinfo=ZoneInfo(zone)),
        minutes=typed.need("minutes", read_whole, 0),
        key=key,
        ceiling=typed.need("ceiling", read_money, Decimal(0)) if outside else None,
        colleague_id=typed.need("colleague", number_in, 0) if whom == "colleague" else None,
    )
    typed.check()
    return wanted


def read_hours(texts: Mapping[str, Any], *, most: int) -> int:
    """For how many hours an offer is good. Raises Invalid."""
    typed = Typed(texts)
    hours = typed.need("hours", read_whole, 0)
    if "hours" not in typed.errors and not 0 < hours <= most:
        typed.errors["hours"] = say("Between 1 and %(most)s, please.", most=most)
    typed.check()
    return hours


def read_acceptance(texts: Mapping[str, Any], *, zone: str, at: datetime) -> Acceptance:
    """Who comes, when (in the branch's zone) and for how much; `at` is now. Raises Invalid."""
    typed = Typed(texts, longest=60)
    starts = typed.need("starts_at", read_moment, at)
    said = Acceptance(
        worker=typed.needed("worker"),
        phone=typed.need("phone", _read_phone, ""),
        starts_at=starts.replace(tzinfo=ZoneInfo(zone)),
        price=typed.need("price", read_money, Decimal(0)),
    )
    typed.check()
    return said


def _read_phone(text: str) -> str | Text:
    """A number by which he can be called."""
    found = read_phone(text)
    return found.shown if found.e164 else say("This is no phone number.")


def read_amount(texts: Mapping[str, Any]) -> Decimal | None:
    """What the work is worth. Raises Invalid."""
    typed = Typed(texts)
    amount = typed.maybe("amount", read_money)
    typed.check()
    return amount
