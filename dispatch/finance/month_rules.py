"""A month of accounting days, and the lines of an export for accounting."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from dispatch.typed import day_in

RISKY = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a spreadsheet takes for the beginning of a formula."""


@dataclass(frozen=True)
class Month:
    """A calendar month."""

    year: int
    number: int

    @property
    def first(self) -> date:
        """Its first day."""
        return date(self.year, self.number, 1)

    @property
    def last(self) -> date:
        """Its last day."""
        return self.after.first - timedelta(days=1)

    @property
    def after(self) -> Month:
        """The month after it."""
        return Month(self.year + self.number // 12, self.number % 12 + 1)

    @property
    def before(self) -> Month:
        """The month before it."""
        return month_of(self.first - timedelta(days=1))

    def __str__(self) -> str:
        return f"{self.year}-{self.number:02d}"


def month_of(day: date) -> Month:
    """The month that a day is in."""
    return Month(day.year, day.month)


def read_month(text: str) -> Month | None:
    """2026-11 -> a month; None for what is none, or beyond all books."""
    first = day_in(f"{text}-01")
    return month_of(first) if first else None


def is_final(month: Month, closed_until: Iterable[date | None]) -> bool:
    """Whether all these books are closed to the end of a month; without any books nothing is final."""
    ends = list(closed_until)
    return bool(ends) and all(until is not None and until >= month.last for until in ends)


def plain(text: Any) -> str:
    """A text for a CSV that no spreadsheet takes for a formula."""
    said = str(text)
    return f"'{said}" if said.startswith(RISKY) else said


def csv_file(heads: Sequence[str], rows: Iterable[Sequence[Any]], amounts: Sequence[int]) -> bytes:
    """A CSV in UTF-8 with its mark, as Excel reads it; the columns `amounts` are numbers, all others texts."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(heads)
    for row in rows:
        writer.writerow(
            [f"{value:.2f}" if column in amounts and value != "" else plain(value) for column, value in enumerate(row)]
        )
    return out.getvalue().encode("utf-8-sig")
