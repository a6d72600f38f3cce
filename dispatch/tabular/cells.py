"""One cell: what a file holds -> a tidy `Cell`, and a `Cell` -> text, date, time, whole number, Decimal.

Readers answer a value, `None` for a blank (or a word that means blank), or a `Text` that says what is wrong.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation

from dispatch.words import Text, say

Cell = str | date
"""Text (numbers too: "43", "38.5"), a date, or a datetime without zone."""

EXACT_BELOW = 10**15
"""Spreadsheets keep 15 digits of a number; of anything longer the end is already lost."""

BLANK_WORDS = frozenset(
    {
        "",
        "-",
        "--",
        "—",
        "——",
        "/",
        "\\",
        "无",
        "暂无",
        "未知",
        "不详",
        "不明",
        "空",
        "n/a",
        "na",
        "none",
        "null",
        "nil",
        "unknown",
    }
)

_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060\ufeff\x00-\x08\x0b\x0c\x0e-\x1f]")
_TYPED_TEXT = re.compile(r'^="(.*)"$|^\'(?=[\d+])(.*)$', re.DOTALL)
_SCIENTIFIC = re.compile(r"^[+-]?\d(?:\.(\d+))?[eE]\+?(\d{1,2})$")
_DAY = re.compile(r"^(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[T\s]+(.+))?$")
_COMPACT_DAY = re.compile(r"^(\d{4})(\d{2})(\d{2})$")
_CLOCK = re.compile(r"^(\d{1,2})[:时点](\d{2})(?:[:分](\d{2})(?:\.\d+)?)?[分秒]?Z?$")
_MOBILE = re.compile(r"(?<!\d)(1\d{2})\d{4}(\d{4})(?!\d)")
_SERIAL = re.compile(r"^([2-6]\d{4})(?:\.\d+)?$")


def tidy(value: object) -> Cell:
    """A value as a spreadsheet library gives it -> Cell. Whole numbers lose their `.0`, long ones their exponent."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, date):
        return value
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, time):
        return value.strftime("%H:%M")
    if isinstance(value, timedelta):
        return _span(value)
    return tidy_text("" if value is None else str(value))


def tidy_text(text: str) -> str:
    """Text without what nobody sees: outer spaces, zero-width marks, the `="…"` and `'` that keep a number a text."""
    text = _INVISIBLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n").replace("\xa0", " ")).strip()
    typed = _TYPED_TEXT.match(text)
    if typed:
        text = (typed[1] if typed[1] is not None else typed[2]).strip()
    return _expanded(text)


def _number(value: float) -> str:
    if abs(value) >= EXACT_BELOW:
        return f"{value:.14E}"
    if value == int(value):
        return str(int(value))
    return format(Decimal(repr(value)), "f")


def _span(value: timedelta) -> str:
    minutes = int(value.total_seconds()) // 60
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _expanded(text: str) -> str:
    """`1.8886844318E10` -> its digits, but only when none of them was lost on the way."""
    match = _SCIENTIFIC.match(text)
    if match and len(match[1] or "") >= int(match[2]) > 0:
        return format(Decimal(text).normalize(), "f")
    return text


def text_of(cell: Cell) -> str:
    """The cell as one piece of text; dates as 2026-12-01, moments as 2026-12-01 08:05."""
    if isinstance(cell, datetime):
        return cell.strftime("%Y-%m-%d %H:%M")
    return cell.isoformat() if isinstance(cell, date) else cell


def line_of(cell: Cell) -> str:
    """The text on one line: line breaks and runs of spaces become one space."""
    return " ".join(text_of(cell).split())


def plain(cell: Cell) -> str:
    """The text with full-width letters and digits made ordinary, on one line: for numbers and codes, not for names."""
    return " ".join(unicodedata.normalize("NFKC", text_of(cell)).split())


def masked(text: str) -> str:
    """The text with the middle of every mobile number hidden, where it only has to be recognised (Q11)."""
    return _MOBILE.sub(r"\1****\2", text)


def is_blank(cell: Cell) -> bool:
    """Nothing in it at all."""
    return cell == ""


def says_nothing(cell: Cell) -> bool:
    """Blank, or a word people write for blank (不详, 无, -, n/a)."""
    return plain(cell).casefold() in BLANK_WORDS


def pieces(text: str) -> Iterator[str]:
    """`a/b、c` -> a, b, c: several values that were written into one cell."""
    return (piece.strip() for piece in re.split(r"[/、,\uff0c;\uff1b\n|]+", text) if piece.strip())


def read_date(cell: Cell) -> date | Text | None:
    """A calendar day: 2026-12-01, 2026/12/1, 2026年12月1日, 20261201, or a spreadsheet's day number."""
    if says_nothing(cell):
        return None
    if isinstance(cell, date):
        return cell.date() if isinstance(cell, datetime) else cell
    text = plain(cell)
    match = _DAY.match(text) or _COMPACT_DAY.match(text)
    if match:
        return _day(match, text)
    serial = _SERIAL.match(text)
    return date(1899, 12, 30) + timedelta(days=int(serial[1])) if serial else _no_date(text)


def _day(match: re.Match[str], text: str) -> date | Text:
    try:
        return date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return _no_date(text)


def _no_date(text: str) -> Text:
    return say("“%(text)s” is not a date; write it like 2026-12-01", text=text)


def read_moment(cell: Cell) -> datetime | Text | None:
    """A day with a time, without zone: 2026-12-02 08:05. A day alone is its midnight."""
    if isinstance(cell, datetime):
        return cell
    day = read_date(cell)
    if not isinstance(day, date):
        return day
    match = _DAY.match(plain(cell))
    clock = read_time(match[4]) if match and match[4] else time()
    return datetime.combine(day, clock) if isinstance(clock, time) else clock


def read_time(cell: Cell) -> time | Text | None:
    """A time of day: 08:30, 8:30, 8点30."""
    if says_nothing(cell):
        return None
    text = plain(cell)
    match = _CLOCK.match(text)
    try:
        return time(int(match[1]), int(match[2]), int(match[3] or 0)) if match else _no_time(text)
    except ValueError:
        return _no_time(text)


def _no_time(text: str) -> Text:
    return say("“%(text)s” is not a time; write it like 08:30", text=text)


def read_decimal(cell: Cell) -> Decimal | Text | None:
    """A number: 680.00, 1,580, ¥45, 38.5元."""
    if says_nothing(cell):
        return None
    text = plain(cell)
    bare = re.sub(r"^[¥$]|^RMB|[,\s_]|元$", "", text)
    try:
        number = Decimal(bare)
    except InvalidOperation:
        number = Decimal("NaN")
    return number if number.is_finite() else say("“%(text)s” is not a number", text=text)


def read_whole(cell: Cell) -> int | Text | None:
    """A whole number from 0: 43, 43辆, 24个月."""
    if says_nothing(cell):
        return None
    text = plain(cell)
    match = re.match(r"^(\d{1,9})(?:\.0+)?\s*(?:辆|台|个|个月|月|张|片|pcs|units?|months?)?$", text, re.IGNORECASE)
    return int(match[1]) if match else say("“%(text)s” is not a whole number", text=text)
