"""Bills as text: bytes -> text, however it is encoded and even if it ends within a sign; rows of a bill that has headings."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence

from dispatch.errors import RuleBroken
from dispatch.finance.statements.cells import bare, heading, wrong
from dispatch.tabular.packed import Limits
from dispatch.words import say

LIMITS = Limits(rows=200_000, cells=3_000_000, packed=256 << 20, text=96 << 20)
"""A bill of a busy month; at most a few hundred megabytes in memory."""
LONGEST_SIGN = 4
_ENCODINGS = ("utf-8-sig", "gb18030")
_TICKED = re.compile(r",(?=`)")


def text_of(content: bytes) -> str | None:
    """The text of a bill, None where it is neither UTF-8 nor GBK. What is left of a sign at a cut end is dropped."""
    if len(content) > LIMITS.text:
        raise RuleBroken(say("The file is too large for a statement. Fetch it by shorter times."))
    for encoding in _ENCODINGS:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError as error:
            if error.start > len(content) - LONGEST_SIGN:
                return content[: error.start].decode(encoding)
    return None


def ends_early(text: str) -> bool:
    """Does a table break off within its last row: no end of line, and fewer cells than the rows before it?"""
    if text.endswith(("\n", "\r")):
        return False
    rows = text.splitlines()[-3:]
    mark = max(",\t;|", key=rows[0].count) if rows else ","
    return len(rows) == 3 and rows[2].count(mark) < min(rows[0].count(mark), rows[1].count(mark))


def cells_of(line: str) -> list[str]:
    """A row of a bill -> its cells. Where back-ticks begin them, a comma alone separates nothing: product names have some."""
    if line.startswith("`"):
        return [bare(cell) for cell in _TICKED.split(line)]
    return [bare(cell) for cell in next(csv.reader([line]), [])]


def headings_of(line: str) -> list[str]:
    """The headings of a bill, without units."""
    return [heading(cell) for cell in cells_of(line)]


def row_of(line: str, names: Sequence[str], row: int) -> dict[str, str]:
    """A row by headings. Raises RuleBroken where it has not as many cells."""
    cells = cells_of(line)
    spare = cells[len(names) :]
    if len(cells) < len(names) or any(spare):
        raise wrong(row, say("it has %(cells)s cells under %(names)s headings", cells=len(cells), names=len(names)))
    return dict(zip(names, cells, strict=False))
