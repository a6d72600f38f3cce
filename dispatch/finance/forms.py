"""What finance types: the count by denomination, why it differs and how that is settled, payments on account, deposits."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from dispatch.fees.ledger_rules import DENOMINATIONS
from dispatch.fees.money_forms import read_money, read_sum
from dispatch.fees.operations.cash_limits import NewLimit
from dispatch.finance.code_rules import Code
from dispatch.finance.merits import NewMerit
from dispatch.finance.month_rules import Month, month_of, read_month
from dispatch.finance.paying_contractors import Paid
from dispatch.finance.settlement_rules import Correction
from dispatch.tabular.cells import plain, read_decimal, read_moment
from dispatch.typed import Typed, key_in, number_in, read_day
from dispatch.words import Text, say

MOST_HOURS, MOST_PIECES, MOST_POINTS = 10_000, 100_000, 1_000


@dataclass(frozen=True)
class Count:
    """What was counted."""

    counts: dict[str, int]
    counted: Decimal | None
    reason: str
    owner_id: int | None


def read_count(texts: Mapping[str, str]) -> Count:
    """The count out of the fields n100 … n0.1, counted, reason and owner. Raises Invalid."""
    typed = Typed(texts)
    counts = {str(worth): typed.maybe(f"n{worth}", _read_pieces) or 0 for worth in DENOMINATIONS}
    facts = Count(counts, typed.maybe("counted", read_sum), typed.line("reason"), number_in(typed.line("owner")))
    if not any(typed.line(name) for name in ("counted", *(f"n{worth}" for worth in DENOMINATIONS))):
        typed.errors["n100"] = say("Nothing is counted yet: how many of each?")
    typed.check()
    return facts


@dataclass(frozen=True)
class TypedSettlement:
    """How much of a difference is settled, how and why."""

    how: str
    amount: Decimal
    reason: str
    request_key: uuid.UUID | None


def read_settlement(texts: Mapping[str, str]) -> TypedSettlement:
    """The settlement out of the fields how, amount, reason and request_key. Raises Invalid."""
    typed = Typed(texts)
    amount = typed.need("amount", read_money, Decimal(0))
    facts = TypedSettlement(typed.line("how"), amount, typed.line("reason"), key_in(typed.line("request_key")))
    typed.check()
    return facts


@dataclass(frozen=True)
class TypedAccountPayment:
    """What a customer pays of a receipt on account, in yuan."""

    receipt_id: int
    amount: Decimal
    channel: str
    payer: str | None
    reference: str | None
    request_key: uuid.UUID | None


def read_account_payment(texts: Mapping[str, str]) -> TypedAccountPayment:
    """The payment out of the fields receipt, amount, channel, payer, reference and request_key. Raises Invalid."""
    typed = Typed(texts)
    facts = TypedAccountPayment(
        receipt_id=typed.need("receipt", number_in, 0),
        amount=typed.need("amount", read_money, Decimal(0)),
        channel=typed.line("channel"),
        payer=typed.line("payer") or None,
        reference=typed.line("reference") or None,
        request_key=key_in(typed.line("request_key")),
    )
    typed.check()
    return facts


@dataclass(frozen=True)
class TypedDeposit:
    """What was paid into the bank, in yuan, when, and out of which hand-ins."""

    hand_in_ids: frozenset[int]
    amount: Decimal
    bank_account: str
    slip: str
    paid_at: datetime
    reason: str | None
    request_key: uuid.UUID | None


def read_deposit(texts: Mapping[str, str], hand_ins: Iterable[str], *, zone: str, at: datetime) -> TypedDeposit:
    """The deposit out of the fields amount, bank_account, slip, paid_at (in `zone`), reason and request_key. Raises Invalid."""
    typed = Typed(texts)
    facts = TypedDeposit(
        hand_in_ids=frozenset(number for number in map(number_in, hand_ins) if number is not None),
        amount=typed.need("amount", read_money, Decimal(0)),
        bank_account=typed.needed("bank_account"),
        slip=typed.needed("slip"),
        paid_at=typed.need("paid_at", _read_paid_at, at).replace(tzinfo=ZoneInfo(zone)),
        reason=typed.line("reason") or None,
        request_key=key_in(typed.line("request_key")),
    )
    typed.check()
    return facts


def read_cash_limit(texts: Mapping[str, str], today: date) -> NewLimit:
    """The limit out of the fields whom (all or "", b and a branch's or p and a person's number), most, hours (blank: at once on
    return), valid_from (blank: today), valid_to and reason. Raises Invalid."""
    typed = Typed(texts)
    whom = typed.line("whom")
    facts = NewLimit(
        branch_id=number_in(whom[1:]) if whom.startswith("b") else None,
        person_id=number_in(whom[1:]) if whom.startswith("p") else None,
        most=typed.need("most", read_money, Decimal(0)),
        hours=typed.maybe("hours", _read_hours),
        valid_from=typed.maybe("valid_from", read_day) or today,
        valid_to=typed.maybe("valid_to", read_day),
        reason=typed.line("reason"),
    )
    if whom not in ("", "all") and (facts.branch_id, facts.person_id) == (None, None):
        typed.errors["whom"] = say("Choose whom it is for.")
    typed.check()
    return facts


@dataclass(frozen=True)
class TypedCode:
    """What an account is called in exports from a day on."""

    kind: str
    channel: str
    said: Code
    valid_from: date


def read_code(texts: Mapping[str, str]) -> TypedCode:
    """The code out of the fields account (`kind:channel`), code, zh, en and valid_from. Raises Invalid."""
    typed = Typed(texts)
    kind, _colon, channel = typed.needed("account").partition(":")
    said = Code(typed.needed("code"), typed.needed("zh"), typed.needed("en"))
    facts = TypedCode(kind, channel, said, typed.need("valid_from", read_day, date.min))
    typed.check()
    return facts


def read_merit(texts: Mapping[str, str]) -> NewMerit:
    """The record out of the fields person, kind, amount or points, reason and evidence. Raises Invalid."""
    typed = Typed(texts)
    facts = NewMerit(
        person_id=typed.need("person", number_in, 0),
        kind=typed.needed("kind"),
        amount=typed.maybe("amount", read_money),
        points=typed.maybe("points", _read_points),
        reason=typed.line("reason"),
        evidence=typed.line("evidence"),
    )
    typed.check()
    return facts


@dataclass(frozen=True)
class TypedSheet:
    """A contractor's settlement as somebody draws it up."""

    month: Month
    corrections: tuple[Correction, ...]
    reason: str
    key: uuid.UUID


def read_sheet(texts: Mapping[str, str]) -> TypedSheet:
    """The settlement out of the fields month, reason, request_key, and of its correction (all blank: none). Raises Invalid."""
    typed = Typed(texts)
    month = typed.need("month", lambda text: read_month(text) or say("A month like 2026-11, please."), month_of(date.min))
    amount, words = typed.maybe("correction", read_money), typed.line("correction_words")
    if words and not typed.line("correction"):
        typed.errors.setdefault("correction", say("An amount, please."))
    sign = -1 if typed.line("correction_way") == "off" else 1
    corrections = (Correction(amount * sign, words),) if amount else ()
    facts = TypedSheet(month, corrections, typed.line("reason"), key_in(typed.line("request_key")) or uuid.uuid4())
    typed.check()
    return facts


def read_paid(texts: Mapping[str, str]) -> tuple[Paid, uuid.UUID | None]:
    """How a settlement was paid, out of the fields channel, paid_on, reference and request_key. Raises Invalid."""
    typed = Typed(texts)
    facts = Paid(typed.line("channel"), typed.maybe("paid_on", read_day), typed.line("reference"))
    typed.check()
    return facts, key_in(typed.line("request_key"))


def _read_points(text: str) -> int | Text:
    return _whole(text, MOST_POINTS) or say("A whole number, please.")


def _read_hours(text: str) -> Decimal | Text:
    value = read_decimal(text)
    if not isinstance(value, Decimal) or not 0 < value <= MOST_HOURS or value != value.quantize(Decimal("0.01")):
        return say("Hours above zero, at most %(most)s.", most=MOST_HOURS)
    return value


def _read_pieces(text: str) -> int | Text:
    return _whole(text, MOST_PIECES)


def _whole(text: str, most: int) -> int | Text:
    number = number_in(plain(text))
    if number is None:
        return say("A whole number, please.")
    return number if number <= most else say("At most %(n)s, please.", n=most)


def _read_paid_at(text: str) -> datetime | Text | None:
    day = read_day(text)
    return day if isinstance(day, Text) else read_moment(text)
