"""The provider who issues electronic invoices for the company (开票服务商), if there is one: what it must be able to do.

Unless `INVOICE_PROVIDER` names one, people issue by hand. An adapter is called outside of transactions, knows an invoice by our
request number, and answers the same for the same number however often it is asked.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol


class ProviderFailed(Exception):
    """The provider could not be reached, or what it answered cannot be understood: nobody knows whether it has done it."""


@dataclass(frozen=True)
class WantedLine:
    """One line: what, how many, price and amounts with and without tax."""

    name: str
    tax_code: str | None
    quantity: int | None
    unit_price: Decimal
    tax_rate: Decimal
    gross: Decimal
    net: Decimal
    tax: Decimal


@dataclass(frozen=True)
class Wanted:
    """An invoice to be issued; `red_of` is the number of the one that it red-letters, `reason` why."""

    request_number: str
    kind: str
    medium: str
    buyer: Mapping[str, str | None]
    lines: tuple[WantedLine, ...]
    gross: Decimal
    net: Decimal
    tax: Decimal
    remark: str | None = None
    red_of: str | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Answer:
    """What became of it: "issued" with its number, "pending", or "refused" with what the provider says."""

    state: str
    number: str | None = None
    told: str | None = None


class Provider(Protocol):
    """What an adapter can do. Every call may raise ProviderFailed."""

    def issue(self, wanted: Wanted) -> Answer:
        """Have it issued."""

    def red_letter(self, wanted: Wanted) -> Answer:
        """Have a red one issued."""

    def ask(self, request_number: str) -> Answer | None:
        """What became of a request; None: it was never heard of."""

    def fetch(self, number: str) -> tuple[str, bytes] | None:
        """The file of an issued invoice with its name; None: not there yet."""


_provider: Provider | None = None


def configure(named: Provider | str | None) -> None:
    """Bind the adapter of this process: itself, or `module:name` of what makes it."""
    global _provider
    _provider = _made(named) if isinstance(named, str) else named


def _made(named: str) -> Provider | None:
    if not named:
        return None
    module, _, name = named.partition(":")
    made: Provider = getattr(importlib.import_module(module), name or "Provider")()
    return made


def provider() -> Provider | None:
    """The adapter, if one is bound."""
    return _provider
