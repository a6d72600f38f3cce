"""Days on which something was bought, received or runs out: near enough to reckon with."""

from __future__ import annotations

from datetime import date

from dispatch.tabular.cells import Cell, plain, read_date
from dispatch.words import Text, say

EARLIEST, LATEST = date(1990, 1, 1), date(2100, 12, 31)
"""Before and after this a year was mistyped, and the end of a warranty cannot always be reckoned."""


def read_near_day(cell: Cell) -> date | Text | None:
    """Like `read_date`, within EARLIEST and LATEST."""
    day = read_date(cell)
    if not isinstance(day, date) or EARLIEST <= day <= LATEST:
        return day
    years = {"first": EARLIEST.year, "last": LATEST.year}
    return say("“%(text)s” cannot be right: years go from %(first)s to %(last)s", text=plain(cell), **years)
