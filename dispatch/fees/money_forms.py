"""Charges, payments and refunds as typed: texts -> facts, or a refusal beside each field."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from dispatch.fees.forms import HIGHEST, read_amount
from dispatch.fees.rules import CHANNELS, invoice_warning, tidy_number, yuan
from dispatch.tabular.cells import plain, read_decimal, read_whole
from dispatch.typed import Typed, number_in
from dispatch.words import Text, say


@dataclass(frozen=True)
class TypedCharge:
    """What to charge: a code of the price list, how many, and for which vehicle (None: for the visit)."""

    code: str
    quantity: int
    line_id: int | None


@dataclass(frozen=True)
class TypedPayment:
    """Money as typed, in yuan. `warnings` by field are what a person may overrule."""

    amount: Decimal
    channel: str
    payer: str | None
    reference: str | None
    invoice_number: str | None
    warnings: Mapping[str, Text] = field(default_factory=dict)


@dataclass(frozen=True)
class TypedRefund:
    """Money to give back, in yuan, and why."""

    amount: Decimal
    reason: str


def read_charge(texts: Mapping[str, str]) -> TypedCharge:
    """Fields code, quantity (blank: one) and line. Raises Invalid."""
    typed = Typed(texts)
    code = typed.needed("code")
    quantity = typed.maybe("quantity", _read_quantity)
    facts = TypedCharge(plain(code).upper(), 1 if quantity is None else quantity, number_in(typed.line("line")))
    typed.check()
    return facts


def read_payment(texts: Mapping[str, str]) -> TypedPayment:
    """Fields amount, channel, payer, reference and invoice_number. Raises Invalid; an odd invoice number only warns."""
    typed = Typed(texts)
    invoice = tidy_number(typed.line("invoice_number")) or None
    warning = invoice_warning(invoice) if invoice else None
    facts = TypedPayment(
        amount=typed.need("amount", read_money, Decimal(0)),
        channel=typed.need("channel", _read_channel, ""),
        payer=typed.line("payer") or None,
        reference=typed.line("reference") or None,
        invoice_number=invoice,
        warnings={"invoice_number": warning} if warning else {},
    )
    typed.check()
    return facts


def read_refund(texts: Mapping[str, str]) -> TypedRefund:
    """Fields amount and reason. Raises Invalid."""
    typed = Typed(texts)
    facts = TypedRefund(typed.need("amount", read_money, Decimal(0)), typed.needed("reason"))
    typed.check()
    return facts


_GROUPED = re.compile(r"[0-9]{1,3}(,[0-9]{3})+(\.[0-9]*)?")
_POWER = re.compile(r"[0-9][eE]")


def read_money(text: str) -> Decimal | Text | None:
    """Yuan above zero, as `read_sum` reads them."""
    amount = read_sum(text)
    if isinstance(amount, Decimal) and amount == 0:
        return say("An amount above zero, please.")
    return amount


def read_sum(text: str) -> Decimal | Text | None:
    """Yuan from zero: 145.5, 1,280, ￥145.50, １２８０元. A comma that does not part thousands is asked back: 1,28 is no 128."""
    tidy = plain(text)
    if _POWER.search(tidy) or ("," in tidy and not _GROUPED.fullmatch(re.sub(r"[^0-9.,]", "", tidy))):
        return say("“%(text)s” is not clear: write it like 1,280 or 145.50", text=tidy)
    number = read_decimal(tidy)
    if isinstance(number, Decimal) and not 0 <= number <= HIGHEST:
        return say("“%(text)s” is no amount of money: from zero to %(most)s, please.", text=tidy, most=yuan(HIGHEST))
    return read_amount(tidy)


def _read_channel(text: str) -> str | Text:
    return text if text in CHANNELS else say("Choose how it was paid.")


def _read_quantity(text: str) -> int | Text | None:
    quantity = read_whole(text)
    return say("A whole number from 1, please.") if quantity == 0 else quantity
