"""Text tables: bytes -> text (whatever the encoding) -> rows (whatever the delimiter)."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Literal

from charset_normalizer import from_bytes

from dispatch.errors import RuleBroken
from dispatch.tabular.kinds import damaged
from dispatch.tabular.packed import USUAL, Limits, check_size
from dispatch.words import say

DELIMITERS = (",", "\t", ";", "|")
LINES_LOOKED_AT = 60
LONGEST_CELL_IN_LINES = 20
"""A stray quotation mark swallows all that follows into one cell; nobody types a cell of more lines than this."""

_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x19\x1b-\x1f]")
_PRIVATE = re.compile("[\ue000-\uf8ff]")


def decode(content: bytes, limits: Limits = USUAL) -> str:
    """Bytes of a text table -> text. Raises RuleBroken for bytes that are no text."""
    if len(content) > limits.text:
        raise RuleBroken(say("The file is too large for a table. Split it."))
    text = _by_mark(content) or _utf16_without_mark(content) or _by_trial(content)
    if _CONTROL.search(text):
        raise RuleBroken(say("This is not a spreadsheet. Spreadsheets (.xlsx, .xls, .ods) and text tables (.csv) can be read."))
    return text.removeprefix("\ufeff").rstrip("\x1a")


def _attempt(content: bytes, encoding: str) -> str | None:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        return None


def _by_mark(content: bytes) -> str | None:
    for mark, encoding in _BOMS:
        if content.startswith(mark):
            return content.decode(encoding, errors="replace")
    return None


def _utf16_without_mark(content: bytes) -> str | None:
    """ASCII punctuation and digits leave a zero in every second byte; which half tells the byte order."""
    start = content[:4096]
    even, odd = start[::2].count(0), start[1::2].count(0)
    if max(even, odd) * 8 < len(start) or min(even, odd) * 4 > max(even, odd):
        return None
    return _attempt(content, "utf-16-le" if odd > even else "utf-16-be")


def _by_trial(content: bytes) -> str:
    utf8 = _attempt(content, "utf-8")
    if utf8 is not None:
        return utf8
    chinese = _attempt(content, "gb18030")
    if chinese is not None and not _PRIVATE.search(chinese):
        return chinese
    best = from_bytes(content, cp_isolation=["gb18030", "big5", "utf_8", "cp1252"]).best()
    return str(best) if best else content.decode("gb18030", errors="replace")


def rows_of(text: str, limits: Limits = USUAL) -> list[list[str]]:
    """Text -> rows as a spreadsheet program would number them: a blank line is a row, a line break inside quotes is none."""
    delimiter = delimiter_of(text)
    rows = _split(text, delimiter, csv.QUOTE_MINIMAL, limits)
    if any(cell.count("\n") > LONGEST_CELL_IN_LINES for row in rows for cell in row):
        rows = _split(text, delimiter, csv.QUOTE_NONE, limits)
    return rows


def _split(text: str, delimiter: str, quoting: Literal[0, 3], limits: Limits = USUAL) -> list[list[str]]:
    csv.field_size_limit(max(csv.field_size_limit(), 1 << 24))
    try:
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, quoting=quoting)
        return list(_to_last_filled(rows, limits))
    except csv.Error as error:
        raise damaged() from error


def _to_last_filled(rows: Iterable[list[str]], limits: Limits) -> Iterator[list[str]]:
    """The rows without the blank ones at the end, of which a spreadsheet program may export a million."""
    blank = 0
    for number, row in enumerate(rows, start=1):
        if any(cell.strip() for cell in row):
            check_size(number, 1, limits)
            yield from ([] for _ in range(blank))
            yield row
            blank = 0
        else:
            blank += 1


def delimiter_of(text: str) -> str:
    """The delimiter that cuts most lines into the same number of cells; a comma when nothing does."""
    start = "\n".join(text.splitlines()[:LINES_LOOKED_AT])
    return max(DELIMITERS, key=lambda delimiter: _regularity(start, delimiter))


def _regularity(text: str, delimiter: str) -> int:
    widths = Counter(len(row) for row in _split(text, delimiter, csv.QUOTE_MINIMAL) if any(cell.strip() for cell in row))
    return max(((width - 1) * count for width, count in widths.items()), default=0)
