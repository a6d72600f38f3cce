"""Days for the calendar as typed, pasted or sent as a spreadsheet -> entries, or what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from dispatch.errors import RuleBroken
from dispatch.staff.calendar_rules import KINDS
from dispatch.tabular.cells import Cell, is_blank, plain, text_of
from dispatch.tabular.columns import Column
from dispatch.tabular.days import read_near_day
from dispatch.tabular.imports import Import, RowProblem, RowReader, read_rows
from dispatch.tabular.tables import Row, Sheet, Workbook
from dispatch.typed import Typed
from dispatch.words import Text, say

LONGEST_SPAN = 31
"""Days that one line may stand for; more is a mistyped year."""
LONGEST_NAME = 40
MOST_DAYS = 366

COLUMNS = (
    Column("day", ("日期", "date", "day", "放假日期", "时间"), required=True),
    Column("kind", ("类型", "kind", "type", "类别", "性质"), required=True),
    Column("name", ("名称", "name", "节日", "节假日", "说明", "备注", "holiday name")),
)
HEADINGS: Row = ("日期", "类型", "名称")

_WORDS = {
    "holiday": (
        "holiday",
        "off",
        "rest",
        "假",
        "放假",
        "放假调休",
        "节假日",
        "假日",
        "假期",
        "法定假日",
        "法定节假日",
        "休",
        "休息",
        "休息日",
    ),
    "workday": ("workday", "make-upworkday", "work", "班", "上班", "补班", "调休", "调休上班", "工作日", "补班日", "调班"),
}
_KIND = {word: kind for kind, words in _WORDS.items() for word in words}
_TO = re.compile(r"\s*(?:~|～|至|到|\bto\b|—+|–)\s*", re.IGNORECASE)
_SPANNED = re.compile(r"(?<=[\d日])\s*(?:[~～至到—–]+\s*(?=\d{4})|-\s*(?=\d{4}[-/.年]))")
_WEEKDAY = re.compile(r"(?<=日)\s*[（(][^（）()]*[）)]")
_HOW_MANY = re.compile(r"[，,、]?\s*共\s*\d+\s*天|。\s*$")
_MONTH_FIRST = re.compile(r"(?=\d{1,2}月\s*\d{1,2}日)")
_IN_WORDS = re.compile(
    r"(\d{4})年\s*(\d{1,2})月\s*(\d{1,2})日(?:\s*(?:[~～至到—–]+|-)\s*(?:(\d{4})年)?\s*(?:(\d{1,2})月)?\s*(\d{1,2})日)?"
)
_GAPS = re.compile(r"\t|[,;、，；|]|\s{2,}|(?<=[0-9日])\s+|\s+(?=[^\d\s])")


@dataclass(frozen=True)
class Entry:
    """One day that is not as its weekday says."""

    day: date
    kind: str
    name: str


def read_entry(typed: Mapping[str, str]) -> list[Entry]:
    """The page's form: a day, or the days from `day` to `until`. Raises Invalid."""
    reader = Typed(typed, longest=LONGEST_NAME)
    first = reader.need("day", read_near_day, date.min)
    last = reader.maybe("until", read_near_day) or first
    kind, name = reader.choice("kind", KINDS, ""), reader.needed("name")
    if not kind:
        reader.errors["kind"] = say("Choose a holiday or a make-up workday.")
    days = _days(first, last)
    if isinstance(days, Text):
        reader.errors.setdefault("until", days)
    reader.check()
    return [Entry(day, kind, name) for day in days] if not isinstance(days, Text) else []


def read_list(workbook: Workbook) -> Import[list[Entry]]:
    """A file with the columns date, kind and name; a date may be a span (2026-10-01~2026-10-07). Raises RuleBroken."""
    return read_rows(workbook, COLUMNS, _read_row)


def read_pasted(text: str, year: int | None = None) -> Import[list[Entry]]:
    """Lines as people paste them: date, kind, name, with or without a heading; `year` is that of dates that name none.

    Raises RuleBroken for none.
    """
    lines = [_tidy(line, year) for line in text.splitlines()]
    rows = [tuple(piece.strip() for piece in _GAPS.split(line, maxsplit=2)) if line else () for line in lines]
    first = next((row for row in rows if row), None)
    if first is None:
        raise RuleBroken(say("There is no line with a date."))
    if not re.match(r"\d{4}", plain(first[0])):
        return read_list(Workbook("", (Sheet("", tuple(rows)),)))
    found = read_list(Workbook("", (Sheet("", (HEADINGS, *rows)),)))
    return replace(found, problems=tuple(replace(problem, row=problem.row - 1) for problem in found.problems))


def _tidy(text: str, year: int | None = None) -> str:
    """Dates as the State Council announces them (10月1日（周四）至7日（周三）放假) as dates and spans like any others."""
    line = _HOW_MANY.sub("", _WEEKDAY.sub("", text.strip()))
    if year and _MONTH_FIRST.match(line):
        line = f"{year}年{line}"
    return _SPANNED.sub("~", _IN_WORDS.sub(_in_digits, line, count=1)).strip()


def _in_digits(found: re.Match[str]) -> str:
    """What the end of a span does not name is as in its beginning."""
    year, month, day, *until = found.groups()
    first, last = f"{year}-{month}-{day}", f"{until[0] or year}-{until[1] or month}-{until[2]}"
    gap = "" if re.match(r"[\s,;、，；|]", found.string[found.end() :]) else " "
    return (f"{first}~{last}" if until[2] else first) + gap


def whole(found: Import[list[Entry]]) -> list[Entry]:
    """The entries of a list in which nothing is wrong and no day stands twice. Raises RuleBroken for an empty one."""
    entries = [entry for row in found.rows for entry in row]
    if not entries and not found.problems:
        raise RuleBroken(say("There is no line with a date."))
    if len(entries) > MOST_DAYS:
        raise RuleBroken(say("These are more than %(n)s days. Send the calendar a year at a time.", n=MOST_DAYS))
    return list({entry.day: entry for entry in entries}.values())


def doubles(found: Import[list[Entry]]) -> Iterable[RowProblem]:
    """Days that stand in a list twice and do not say the same."""
    first: dict[date, Entry] = {}
    for entry in (entry for row in found.rows for entry in row):
        if first.setdefault(entry.day, entry) != entry:
            yield RowProblem(0, "", say("%(day)s stands in the list twice and differs", day=entry.day.isoformat()))


def _read_row(reader: RowReader) -> list[Entry]:
    days = reader.need("day", read_span, [date.min])
    kind = reader.need("kind", read_kind, "holiday")
    name = reader.text("name")[:LONGEST_NAME] or str(KINDS[kind])
    return [Entry(day, kind, name) for day in days]


def read_span(cell: Cell) -> list[date] | Text | None:
    """2026-10-01, or 2026-10-01~2026-10-07 -> its days."""
    if is_blank(cell):
        return None
    if isinstance(cell, date):
        ends: list[date | Text | None] = [read_near_day(cell)]
    else:
        ends = [read_near_day(part) for part in _TO.split(_tidy(text_of(cell)))]
    wrong = next((end for end in ends if not isinstance(end, date)), None)
    if len(ends) > 2 or wrong is not None:
        return wrong if isinstance(wrong, Text) else say("“%(text)s” is not a date; write it like 2026-12-01", text=plain(cell))
    days = [end for end in ends if isinstance(end, date)]
    return _days(days[0], days[-1]) if days else None


def _days(first: date, last: date) -> list[date] | Text:
    if last < first:
        return say("The last day is before the first.")
    if (last - first).days >= LONGEST_SPAN:
        return say("At most %(n)s days at once.", n=LONGEST_SPAN)
    return [first + timedelta(days=ahead) for ahead in range((last - first).days + 1)]


def read_kind(cell: Cell) -> str | Text:
    """holiday, 节假日, 放假 … or workday, 补班, 调休上班 …"""
    word = re.sub(r"\s+", "", plain(cell)).casefold()
    return _KIND.get(word) or say("“%(text)s”: say holiday (放假) or workday (上班)", text=plain(cell))
