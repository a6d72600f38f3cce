"""Cells of statements: marks that keep ids whole, amounts to the fen, fees as given, times in the company's zone."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from dispatch.errors import RuleBroken
from dispatch.words import Text, say

FEN = Decimal("0.01")
BEYOND = Decimal(10) ** 10
_MONEY = re.compile(r"^[¥￥]?\s*(-?)\s*[¥￥]?\s*(\d{1,3}(?:,\d{3})+|\d+)(\.\d+)?\s*元?$")
_ROUNDED = re.compile(r"^\d(\.\d+)?[eE]\+?\d+$")
_MOMENTS = ("%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M")
_BRACKETS = re.compile(r"[(（].*?[)）]")


def bare(cell: str) -> str:
    """A cell without the back-tick, tab, apostrophe or spaces that were put around it."""
    return cell.strip().lstrip("`'").strip()


def heading(cell: str) -> str:
    """A heading as it is looked up: 订单金额（元） is 订单金额."""
    return _BRACKETS.sub("", bare(cell)).strip()


def wrong(row: int, text: Text) -> RuleBroken:
    """The refusal of a file for one of its rows."""
    return RuleBroken(say("Row %(row)s: %(text)s", row=row, text=text))


@dataclass(frozen=True)
class Cells:
    """One row by headings. `cell` is "" where the file has no such column."""

    row: int
    texts: Mapping[str, str]

    def cell(self, *names: str) -> str:
        """What stands under the first of the headings that the file has."""
        return next((self.texts[name] for name in names if name in self.texts), "")

    def number(self, *names: str) -> str:
        """An id. Raises RuleBroken where a spreadsheet program has rounded it."""
        text = self.cell(*names)
        if _ROUNDED.match(text):
            told = say("the number “%(text)s” was cut by a spreadsheet program; send the file as it was fetched", text=text)
            raise wrong(self.row, told)
        return text

    def given(self, *names: str) -> Decimal | None:
        """An amount as the file gives it, with all its digits. Raises RuleBroken for what is none."""
        text = self.cell(*names)
        if text in ("", "-", "--"):
            return None
        return decimal_in(text, self.row)

    def money(self, *names: str) -> Decimal | None:
        """An amount to the fen."""
        amount = self.given(*names)
        return None if amount is None else to_the_fen(amount, self.row)

    def time(self, zone: ZoneInfo, *names: str) -> datetime:
        """A moment in the company's zone."""
        return moment_in(self.cell(*names), zone, self.row)


def decimal_in(text: str, row: int) -> Decimal:
    """¥1,280.00 -> Decimal. A comma anywhere else than between thousands makes it no amount."""
    match = _MONEY.match(text)
    try:
        amount = Decimal(match[1] + match[2].replace(",", "") + (match[3] or "")) if match else BEYOND
    except InvalidOperation:
        amount = BEYOND
    if abs(amount) >= BEYOND:
        raise wrong(row, say("“%(text)s” is not an amount", text=text))
    return amount


def to_the_fen(amount: Decimal, row: int) -> Decimal:
    """An amount with two places. Raises RuleBroken where something is beyond the fen."""
    rounded = amount.quantize(FEN)
    if rounded != amount:
        raise wrong(row, say("“%(text)s” is not an amount to the fen", text=str(amount)))
    return rounded


def moment_in(text: str, zone: ZoneInfo, row: int) -> datetime:
    """2026-12-02 09:11:00 -> that moment in the zone."""
    for form in _MOMENTS:
        try:
            return datetime.strptime(text, form).replace(tzinfo=zone)
        except ValueError:
            continue
    raise wrong(row, say("“%(text)s” is not a time; write it like 2026-12-02 09:11:00", text=text))


def demand(names: Sequence[str], *needed: tuple[str, ...]) -> None:
    """Raise RuleBroken for a column that is not there; each `needed` lists how it may be headed."""
    for choices in needed:
        if not set(choices) & set(names):
            raise RuleBroken(say("The column “%(name)s” is missing: this is not the whole bill.", name=choices[0]))
