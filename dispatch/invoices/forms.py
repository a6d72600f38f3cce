"""What people type about invoices: the buyer, the number, what is red-lettered, tax codes. Texts -> values, or a refusal."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from dispatch.errors import Invalid
from dispatch.fees.money_forms import read_money
from dispatch.fees.rules import invoice_warning, tidy_number
from dispatch.invoices.rules import KINDS, MEDIUMS, Buyer, read_tax_code, read_uscc, tidy_title
from dispatch.typed import Typed, key_in, read_day
from dispatch.words import say

ANYWAY = "invoice_anyway"
"""The tick that says that an odd number is right."""


@dataclass(frozen=True)
class TypedRequest:
    """Whom the invoice is for, a remark, and the form's own key."""

    buyer: Buyer
    remark: str | None
    key: uuid.UUID | None


def read_request(texts: Mapping[str, Any]) -> TypedRequest:
    """Fields title, uscc, kind, medium, address, phone, bank, account, send_to and remark. Raises Invalid."""
    typed = Typed(texts)
    buyer = Buyer(
        title=tidy_title(typed.needed("title")),
        kind=typed.choice("kind", KINDS, "ordinary"),
        medium=typed.choice("medium", MEDIUMS, "electronic"),
        uscc=typed.maybe("uscc", read_uscc),
        **{name: typed.line(name) or None for name in ("address", "phone", "bank", "account", "send_to")},
    )
    typed.check()
    return TypedRequest(buyer, typed.line("remark") or None, key_in(typed.line("request_key")))


def read_number(texts: Mapping[str, Any]) -> str:
    """Field invoice_number. Raises Invalid; an odd one is asked about once."""
    number = tidy_number(str(texts.get("invoice_number") or ""))
    warning = invoice_warning(number) if number else say("Please fill this in.")
    if warning and not (number and texts.get(ANYWAY)):
        raise Invalid({"invoice_number": warning})
    return number


@dataclass(frozen=True)
class TypedRed:
    """How much is red-lettered and why; without a number it is asked for."""

    amount: Decimal
    reason: str
    number: str | None
    key: uuid.UUID | None


def read_red(texts: Mapping[str, Any]) -> TypedRed:
    """Fields amount, reason, invoice_number (may be left out) and request_key. Raises Invalid."""
    typed = Typed(texts)
    amount, reason = typed.need("amount", read_money, Decimal(0)), typed.needed("reason")
    number = tidy_number(typed.line("invoice_number"))
    warning = invoice_warning(number) if number and not texts.get(ANYWAY) else None
    if warning:
        typed.errors["invoice_number"] = warning
    typed.check()
    return TypedRed(amount, reason, number or None, key_in(typed.line("request_key")))


@dataclass(frozen=True)
class TypedTaxCode:
    """Which tax classification a thing has from a day on."""

    subject: str
    tax_code: str
    valid_from: date


def read_tax_code_form(texts: Mapping[str, Any]) -> TypedTaxCode:
    """Fields subject, tax_code and valid_from. Raises Invalid."""
    typed = Typed(texts)
    facts = TypedTaxCode(
        subject=typed.needed("subject"),
        tax_code=typed.need("tax_code", read_tax_code, ""),
        valid_from=typed.need("valid_from", read_day, date.min),
    )
    typed.check()
    return facts
