"""What an invoice (发票) says: kinds, its buyer, which amounts stand on its lines, and how much of it can be red-lettered.

Prices include tax. The net of each line is rounded half-up to the fen once and its tax is the rest, so that net and tax always
are the amount; net and tax of an invoice are the sums of its lines and are never worked out from its total.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from stdnum.cn import uscc as stdnum_uscc

from dispatch.errors import Invalid
from dispatch.fees.ledger_rules import split_tax
from dispatch.words import Text, say

KINDS = ("ordinary", "special")
KIND_WORDS: dict[str, Text] = {"ordinary": say("Ordinary invoice"), "special": say("Special invoice")}
MEDIUMS = ("electronic", "paper")
MEDIUM_WORDS: dict[str, Text] = {"electronic": say("Electronic"), "paper": say("On paper")}
ORIGINS = ("site", "asked")

USCC_LENGTH, TAX_CODE_LENGTH = 18, 19
PAPER_FIELDS = ("address", "phone", "bank", "account")
"""What a special invoice on paper says of its buyer besides title and credit code."""

ZERO = Decimal("0.00")


# --- the buyer


@dataclass(frozen=True)
class Buyer:
    """Whom an invoice is made out to, which kind of it, and where it is sent."""

    title: str
    kind: str = "ordinary"
    medium: str = "electronic"
    uscc: str | None = None
    address: str | None = None
    phone: str | None = None
    bank: str | None = None
    account: str | None = None
    send_to: str | None = None


_BETWEEN_CHINESE = re.compile(r"(?<=[\u3400-\u9fff（）])\s+(?=[\u3400-\u9fff（）])")


def tidy_title(text: str) -> str:
    """A buyer's title as it is registered: a Chinese one has no blanks inside."""
    return _BETWEEN_CHINESE.sub("", " ".join(text.split()))


def read_uscc(text: str) -> str | Text:
    """A credit code (统一社会信用代码, GB 32100) in capitals without blanks, or what is wrong with it."""
    code = _plain(text)
    if len(code) != USCC_LENGTH:
        return say("A credit code has 18 signs, this one has %(n)s.", n=len(code))
    if not re.fullmatch("[0-9A-HJ-NPQRTUWXY]{18}", code):
        return say("A credit code has digits and capital letters without I, O, S, V and Z.")
    if not stdnum_uscc.is_valid(code):
        return say("The check digit of this credit code does not fit: one sign is wrong.")
    return code


def read_tax_code(text: str) -> str | Text:
    """A tax classification code (税收分类编码), or what is wrong with it."""
    code = _plain(text)
    if not code.isascii() or not code.isdigit() or len(code) != TAX_CODE_LENGTH:
        return say("A tax classification code has 19 digits, this one has %(n)s signs.", n=len(code))
    return code


def _plain(text: str) -> str:
    return re.sub(r"[\s\-—–]+", "", unicodedata.normalize("NFKC", text)).upper()


def lacking(buyer: Buyer) -> dict[str, Text]:
    """What is missing of a buyer for the kind of invoice that is wanted, by field."""
    wanted: tuple[str, ...] = ("uscc",) if buyer.kind == "special" else ()
    told = say("A special invoice needs this.")
    if buyer.kind == "special" and buyer.medium == "paper":
        wanted, told = ("uscc", *PAPER_FIELDS), say("A special invoice on paper needs this.")
    return {name: told for name in wanted if not getattr(buyer, name)}


# --- lines


@dataclass(frozen=True)
class Item:
    """What stands on one line: the same thing at the same price and rate, charged on one order."""

    order_id: int
    code: str
    unit_price: Decimal
    tax_rate: Decimal

    @property
    def key(self) -> str:
        """By which a form names it."""
        return f"{self.order_id}/{self.code}/{self.unit_price}/{self.tax_rate}"


@dataclass(frozen=True)
class Rest:
    """What of an item is on no invoice: of what is charged now, and of all that ever was charged (some was taken back since)."""

    item: Item
    name: str
    standing: Decimal
    most: Decimal


@dataclass(frozen=True)
class Amounts:
    """One line: what it is and its amounts, tax included, without tax, and the tax."""

    item: Item
    name: str
    gross: Decimal
    net: Decimal
    tax: Decimal

    @property
    def quantity(self) -> int | None:
        """How many; None where it is only part of one."""
        price = self.item.unit_price
        return int(self.gross / price) if price and self.gross % price == 0 else None


def line_over(item: Item, name: str, gross: Decimal) -> Amounts:
    """A line over an amount that includes tax."""
    return Amounts(item, name, gross, *split_tax(gross, item.tax_rate))


def whole_lines(rests: Iterable[Rest]) -> list[Amounts]:
    """Lines over everything that is charged and on no invoice."""
    return [line_over(one.item, one.name, one.standing) for one in rests if one.standing > 0]


def chosen_lines(lines: Sequence[Amounts], keys: Collection[str] | None) -> list[Amounts]:
    """Those of the lines that are wanted on this invoice, by the keys of their items; None: all. Raises Invalid."""
    if keys is None:
        return list(lines)
    if not keys:
        raise Invalid({"line": say("Tick what the invoice is to be over.")})
    if set(keys) - {one.item.key for one in lines}:
        raise Invalid({"line": say("What is charged has changed meanwhile. Look at the lines again.")})
    return [one for one in lines if one.item.key in keys]


def lines_over(rests: Sequence[Rest], amount: Decimal) -> list[Amounts] | None:
    """Lines over an amount: what is charged now first, then what was charged and taken back. None where that is not enough."""
    steps = [(one, max(one.standing, ZERO)) for one in rests] + [(one, one.most - max(one.standing, ZERO)) for one in rests]
    taken: dict[Item, Decimal] = {}
    for one, there in steps:
        part = min(max(there, ZERO), amount)
        if part > 0:
            taken[one.item] = taken.get(one.item, ZERO) + part
            amount -= part
    names = {one.item: one.name for one in rests}
    return [line_over(item, names[item], gross) for item, gross in taken.items()] if amount <= 0 else None


def red_lines(rests: Sequence[Amounts], amount: Decimal) -> list[Amounts]:
    """Negative lines that take an amount off what is left of an invoice's lines. A line that ends takes all its tax along."""
    lines = []
    for one in rests:
        part = min(one.gross, amount)
        if part > 0:
            taken = one if part == one.gross else line_over(one.item, one.name, part)
            lines.append(Amounts(one.item, one.name, -taken.gross, -taken.net, -taken.tax))
            amount -= part
    return lines


def totals(lines: Iterable[Amounts]) -> tuple[Decimal, Decimal, Decimal]:
    """Sum, net and tax of an invoice: those of its lines."""
    rows = [(one.gross, one.net, one.tax) for one in lines]
    gross, net, tax = (sum(column, ZERO) for column in zip(*rows, strict=True)) if rows else (ZERO, ZERO, ZERO)
    return gross, net, tax


# --- what is wrong between an order's charges, its money and its invoices


@dataclass(frozen=True)
class Billing:
    """What an order is charged, what was received of it, what is on account, what is invoiced, what else an invoice was asked for
    over, and what was given back of money that an invoice was issued for.

    `list_queries` says the same in SQL; a test holds the two against each other.
    """

    charged: Decimal = ZERO
    received: Decimal = ZERO
    invoiced: Decimal = ZERO
    given_back: Decimal = ZERO
    on_account: Decimal = ZERO
    asked: Decimal = ZERO

    @property
    def to_red_letter(self) -> Decimal:
        """How much is invoiced and should not be any more."""
        return max(self.invoiced - self.charged, min(self.invoiced - self.received - self.on_account, self.given_back), ZERO)

    @property
    def paid_not_invoiced(self) -> Decimal:
        """How much was received that no invoice is for, nor asked for."""
        return max(self.received - self.invoiced - self.asked, ZERO)

    @property
    def account_not_invoiced(self) -> Decimal:
        """How much went on account that no invoice is for, nor asked for."""
        return max(min(self.on_account, self.charged - self.invoiced - self.asked), ZERO)

    @property
    def invoiced_not_paid(self) -> Decimal:
        """How much is rightly invoiced and not received."""
        return max(min(self.invoiced, self.charged) - self.received, ZERO)


# --- numbers


def shown_number(number: str) -> str:
    """A number as people read it: code and number of a paper invoice apart."""
    return f"{number[:-8]} {number[-8:]}" if len(number) == 18 else number


def tax_code_for(codes: Mapping[str, str], code: str, category: str) -> str | None:
    """The tax classification of a thing: what is said of it, else of everything of its category."""
    return codes.get(code) or codes.get(category)
