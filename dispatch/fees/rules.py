"""What a visit costs (P10), how it can be paid, and the numbers of receipts and invoices."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from dispatch.words import Text, say

CATEGORIES = ("part", "service")

CHANNELS = ("cash", "wechat", "alipay", "transfer", "pos", "account")
CHANNEL_WORDS: dict[str, Text] = {
    "cash": say("Cash"),
    "wechat": say("WeChat Pay"),
    "alipay": say("Alipay"),
    "transfer": say("Bank transfer"),
    "pos": say("Card (POS)"),
    "account": say("On account"),
}

CHARGE_RULES = ("own_service_free", "in_warranty", "goodwill", "own_unit", "part_out_of_warranty", "listed_price", "quoted_price")

FEN = Decimal("0.01")
BLOCK_SIZE = 50
"""How many receipt numbers a device is given at a time."""


# --- what it costs


@dataclass(frozen=True)
class Decision:
    """Whether something is free, the rule that says so, and the rule as a sentence."""

    free: bool
    rule: str
    told: Text


SERVICE_FREE = Decision(True, "own_service_free", say("Visit, survey, installation and repair of our own products are free."))
SOLD_ALREADY = Decision(True, "own_service_free", say("Sold together with its installation: free."))
OWN_UNIT = Decision(True, "own_unit", say("The customer's own terminal or SIM, put in again: free."))
LISTED = Decision(False, "listed_price", say("Neither a free service nor the warranty covers this: the listed price is charged."))
_UNKNOWN = say("Nothing on record says that it is in warranty: the part is charged.")


@dataclass(frozen=True)
class Cover:
    """What may make a part of a repair free: whether the warranty holds (None: nobody knows), until when and by which rule, and
    whose name stands under the goodwill, if there is one."""

    in_warranty: bool | None = None
    until: date | None = None
    because: Text | None = None
    goodwill_by: str | None = None


def decide(*, category_is_part: bool, order_kind: str, own_product: bool, cover: Cover) -> Decision:
    """P10 for one position.

    `own_product`: for a service, that it is a visit, survey, installation or repair of a product of ours; for a part, that it was
    sold together with the installation it goes into.
    """
    if own_product and (not category_is_part or order_kind == "installation"):
        return SOLD_ALREADY if category_is_part else SERVICE_FREE
    if not category_is_part or order_kind != "repair":
        return LISTED
    return _part_of_repair(cover)


def decide_fitted(order_kind: str, *, own: bool, cover: Cover) -> Decision:
    """P10 for a unit that was put into a vehicle; `own`: it was the customer's before."""
    sold = order_kind == "installation"
    return OWN_UNIT if own else decide(category_is_part=True, order_kind=order_kind, own_product=sold, cover=cover)


def decide_by_hand(category: str, name: str, order_kind: str, cover: Cover) -> Decision:
    """P10 for something of the price list that is charged by hand, or with a counted part that was used."""
    part = category == "part"
    own_product = not part and serves_own_product(name)
    return decide(category_is_part=part, order_kind=order_kind, own_product=own_product, cover=cover)


def _part_of_repair(cover: Cover) -> Decision:
    if cover.in_warranty:
        return Decision(True, "in_warranty", _in_warranty(cover.until, cover.because))
    if cover.goodwill_by:
        return Decision(True, "goodwill", say("Goodwill, approved by %(name)s: free.", name=cover.goodwill_by))
    told = _UNKNOWN
    if cover.until is not None:
        told = say("Out of warranty since %(day)s: the part is charged.", day=cover.until + timedelta(days=1))
    return Decision(False, "part_out_of_warranty", told)


def _in_warranty(until: date | None, because: Text | None) -> Text:
    if until is None:
        return say("In warranty: free.")
    if because is None:
        return say("In warranty until %(day)s: free.", day=until)
    return say("In warranty until %(day)s (%(rule)s): free.", day=until, rule=because)


_FREE_SERVICES = re.compile("上门|勘察|勘测|安装|维修|检修|检测|本公司|visit|survey|install|repair|own product")
_EXTRA_SERVICES = re.compile(
    "非本公司|非我司|他牌|其他品牌|外购|第三方|移机|移装|拆|充值|充卡|续费|other|third|mov(?:e|ing)|remov|top.?up"
)


def serves_own_product(name: str) -> bool:
    """Whether a service of the price list is one that P10 makes free, by its name: 上门费(本公司产品) is, 移机费 is not."""
    folded = _folded(name)
    return bool(_FREE_SERVICES.search(folded)) and not _EXTRA_SERVICES.search(folded)


def amount_of(quantity: int, unit_price: Decimal, *, free: bool) -> Decimal:
    """What is charged, half-up to the fen."""
    return Decimal("0.00") if free else (quantity * unit_price).quantize(FEN, ROUND_HALF_UP)


# --- which price of the list a fitted unit has

_WHOLE_UNIT = frozenset({"", "主机", "终端", "终端主机", "terminal", "unit", "卡", "card"})


def part_named(start: str, parts: Iterable[tuple[str, str]]) -> str | None:
    """The code of the part, out of (code, name), whose name begins with a model or with "SIM", whatever its case and blanks.

    Of several the one that names the unit itself (BD-808A 主机, before BD-808A 支架); None when there is none or it is not clear.
    """
    rests = {code: rest for code, name in sorted(parts) if (rest := _rest(start, name)) is not None}
    whole = [code for code, rest in rests.items() if rest in _WHOLE_UNIT]
    if whole or len(rests) != 1:
        return whole[0] if whole else None
    return next(iter(rests))


def _rest(start: str, name: str) -> str | None:
    """What follows the beginning of a name; None when it begins otherwise, or the word goes on (BD-808 is not BD-808A)."""
    letters = r"\s*".join(re.escape(letter) for letter in "".join(_folded(start).split()))
    found = re.match(rf"{letters}(?![0-9a-z_.+/-])(.*)$", _folded(name).strip()) if letters else None
    return found[1].strip() if found else None


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


# --- money


@dataclass(frozen=True)
class OrderAccount:
    """What an order costs and what was received for it (on account included), in yuan."""

    charged: Decimal
    received: Decimal

    @property
    def due(self) -> Decimal:
        """What is still to be paid; below zero when something is to be given back."""
        return self.charged - self.received


def yuan(amount: Decimal) -> str:
    """¥1,280.00, as sentences name it."""
    return f"{'-' if amount < 0 else ''}¥{abs(amount):,.2f}"


# --- numbers


def receipt_number(branch_code: str, running: int) -> str:
    """The number on the customer's paper: RSZ000051."""
    return f"R{branch_code}{running:06d}"


def running_in(number: str, branch_code: str) -> int | None:
    """The running number in a receipt number of a branch; None when it is not one of that branch."""
    digits = number.removeprefix(f"R{branch_code}")
    if digits == number or not re.fullmatch("[0-9]{6,15}", digits):
        return None
    return int(digits) if receipt_number(branch_code, int(digits)) == number else None


INVOICE_DIGITS = (8, 18, 20)
"""A paper invoice's number, alone or with its code of 10 or 12 digits before it; an electronic one's 20 digits."""


def tidy_number(text: str) -> str:
    """A number without blanks and dashes, capitals, full-width signs made ordinary."""
    return re.sub(r"[\s\-—–]+", "", unicodedata.normalize("NFKC", text)).upper()


def invoice_warning(number: str) -> Text | None:
    """What looks odd about an invoice number; a person may keep it all the same."""
    if not number.isascii() or not number.isdigit():
        return say("The number of an invoice has digits only. Please look again.")
    if len(number) not in INVOICE_DIGITS:
        return say("An invoice number has 8, 18 or 20 digits, this one has %(n)s. Please look again.", n=len(number))
    return None
