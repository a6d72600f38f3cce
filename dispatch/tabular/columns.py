"""Which row is the heading, which column is what, where the table ends, and what stands in the block above it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dispatch.errors import RuleBroken
from dispatch.tabular.cells import Cell, is_blank, line_of, plain, text_of
from dispatch.tabular.tables import Row, Sheet, Workbook
from dispatch.tabular.told import NO_HEADINGS, place
from dispatch.words import Text, say

ROWS_SEARCHED = 60
FEW_CELLS = 3
LONGEST_LABEL = 4

_ASIDE = re.compile(r"[(\[【][^)\]】]*(?:必填|选填|可选|required|optional)[^)\]】]*[)\]】]", re.IGNORECASE)
_SIGNS = re.compile(r"[\s_*:.。、\-'’]+")
_NO = re.compile(r"(?<=\w)[\s_]+no\.?$", re.IGNORECASE)
_COLON, _BREAK = re.compile(r"[:\uff1a]"), re.compile(r"[:\uff1a,\uff0c;\uff1b\n]")
_WORD = re.compile(r"[^\s:\uff1a,\uff0c;\uff1b]+")
_BRACKETS = re.compile(r"[(\[【].*?[)\]】]")
_END = re.compile(
    r"^(合计|总计|共计|填表说明|填写说明|说明|备注:|注:|填表人|制表|审核人|grandtotal|total|notes?:|sum$)", re.IGNORECASE
)
_SUBTOTAL = re.compile(r"^(小计|本页|subtotal)", re.IGNORECASE)


class Unrecognised(RuleBroken):
    """The file opens, but which of its columns is what was not understood: a person can say it."""


@dataclass(frozen=True)
class Column:
    """A column somebody may give: its key, how people head it (the first name is the one we speak), whether it must be there."""

    key: str
    names: tuple[str, ...]
    required: bool = False


@dataclass(frozen=True)
class TableRow:
    """One filled row: its number in the sheet (from 1), cells by column key, and what stood under unknown headings.

    `beyond`: so many cells more than the heading has, in a table that was cut from text.
    """

    row: int
    cells: dict[str, Cell]
    extra: dict[str, str]
    beyond: int = 0

    def cell(self, key: str) -> Cell:
        """The cell, "" when the column is not there."""
        return self.cells.get(key, "")

    def text(self, key: str) -> str:
        """The cell as typed, on one line."""
        return line_of(self.cell(key))

    def code(self, key: str) -> str:
        """The cell as a number or code: full-width characters made ordinary."""
        return plain(self.cell(key))


@dataclass(frozen=True)
class Table:
    """A recognised table. `header_row` counts from 1; `headings` gives the file's own words for each key."""

    sheet: str
    header_row: int
    headings: dict[str, str]
    rows: tuple[TableRow, ...]
    unknown_columns: tuple[str, ...]
    blank_rows: int
    left_out: tuple[int, ...]
    above: tuple[Row, ...]

    def heading(self, key: str) -> str:
        """How the file heads a column."""
        return self.headings.get(key, key)

    def has(self, *keys: str) -> bool:
        """Are all these columns there?"""
        return all(key in self.headings for key in keys)


@dataclass(frozen=True)
class Header:
    """A row of headings: its place in the sheet (from 0, -1 for none), and by column what it is and how it is called."""

    index: int
    keys: dict[int, str]
    names: dict[int, str]


def label(text: str) -> str:
    """A heading reduced to what counts: no spaces, line breaks, stars, colons or "(required)"; lower case.

    “Plate No.” is “plate number”, 牌照号码 is 牌照号.
    """
    short = _SIGNS.sub("", _NO.sub(" number", _ASIDE.sub("", plain(text)).strip())).casefold()
    return short.removesuffix("码") if short.endswith("号码") and short != "号码" else short


def find_table(sheet: Sheet, columns: Sequence[Column]) -> Table:
    """The table of a sheet. Raises RuleBroken when no row looks like its heading or a required column is missing."""
    header = header_of(sheet, columns)
    missing = [column for column in columns if column.required and (header is None or column.key not in header.keys.values())]
    if header is None or missing:
        raise Unrecognised(_missing(missing or columns[:4], sheet, header))
    return _table(sheet, header)


def find_in(workbook: Workbook, columns: Sequence[Column]) -> Table:
    """The first sheet's table that has all required columns. Raises the first sheet's refusal when there is none."""
    refusals = []
    for sheet in workbook.sheets:
        try:
            return find_table(sheet, columns)
        except RuleBroken as refusal:
            refusals.append(refusal)
    raise refusals[0]


def _missing(columns: Iterable[Column], sheet: Sheet, header: Header | None) -> Text:
    wanted = ", ".join(" / ".join(column.names[:3]) for column in columns)
    if header:
        found = ", ".join(name for name in header.names.values() if name)
        return say("A column is missing. Looked for: %(wanted)s. Found: %(found)s.", wanted=wanted, found=found)
    start = ", ".join(line_of(cell)[:30] for cell in _first_row(sheet) if not is_blank(cell))
    return say(
        "No row of headings was found. Looked for: %(wanted)s. The sheet begins with: %(start)s.", wanted=wanted, start=start
    )


def _first_row(sheet: Sheet) -> Row:
    return next((row for row in sheet.rows if row), ())


def _by_label(columns: Sequence[Column]) -> dict[str, str]:
    return {label(name): column.key for column in reversed(columns) for name in (column.key, *column.names)}


def _key_of(name: str, by_label: dict[str, str]) -> str | None:
    short = label(name)
    if short in by_label:
        return by_label[short] or None
    return by_label.get(label(_BRACKETS.sub("", plain(name)))) if short else None


def header_of(sheet: Sheet, columns: Sequence[Column]) -> Header | None:
    """Where the headings of a sheet are and what they mean: as a person said, else where most of them are recognised."""
    told = sheet.told
    known = {column.key for column in columns} | {""}
    by_label = _by_label(columns) | {name: key for name, key in told.keys.items() if key in known}
    chosen = told.heads.get(sheet.name)
    if chosen is not None and chosen != NO_HEADINGS:
        return _header_at(sheet, chosen - 1, by_label) if chosen <= len(sheet.rows) else None
    found = None if chosen == NO_HEADINGS else _best_header(sheet, by_label)
    return found or (_without_headings(sheet, known) if told.by_place else None)


def _without_headings(sheet: Sheet, known: set[str]) -> Header:
    """The columns of a table that has no row of headings, by their places."""
    names = {column: place(column) for column in range(max((len(row) for row in sheet.rows), default=0))}
    keys = {column: sheet.told.keys.get(name, "") for column, name in names.items()}
    return Header(-1, {column: key for column, key in keys.items() if key and key in known}, names)


def _best_header(sheet: Sheet, by_label: dict[str, str]) -> Header | None:
    """The row in which most columns are recognised; a table of one column needs one, any other at least two."""
    headers = [_header_at(sheet, index, by_label) for index in range(min(len(sheet.rows), ROWS_SEARCHED))]
    best = max(headers, key=lambda header: len(header.keys), default=None)
    if best is None or not best.keys or (len(best.keys) < 2 and len(sheet.rows[best.index]) > 1):
        return None
    return best


def _header_at(sheet: Sheet, index: int, by_label: dict[str, str]) -> Header:
    row = _with_merged_above(sheet, index, by_label)
    names = names_in(row)
    keys: dict[int, str] = {}
    for column in sorted(range(len(row)), key=lambda column: names[column] not in sheet.told.keys):
        key = by_label.get(names[column]) if names[column] in by_label else _key_of(text_of(row[column]), by_label)
        if key and key not in keys.values():
            keys[column] = key
    return Header(index, dict(sorted(keys.items())), {column: line_of(cell) for column, cell in enumerate(row)})


def names_in(row: Sequence[Cell]) -> list[str]:
    """What `Told` calls the columns under a row of headings: by label, or by place where that is blank or another's."""
    labels = [label(text_of(cell)) for cell in row]
    return [short if short and labels.index(short) == column else place(column) for column, short in enumerate(labels)]


def _with_merged_above(sheet: Sheet, index: int, by_label: dict[str, str]) -> list[Cell]:
    """A heading of two lines: where this row is blank, a known heading right above it counts as if it stood here."""
    row = list(sheet.rows[index])
    above = sheet.rows[index - 1] if index and row else ()
    row += [""] * (len(above) - len(row))
    for column, cell in enumerate(above):
        if is_blank(row[column]) and _key_of(text_of(cell), by_label):
            row[column] = cell
    return row


def _table(sheet: Sheet, header: Header) -> Table:
    end = _end_of(sheet, header)
    body = [(index, sheet.rows[index]) for index in range(header.index + 1, end)]
    filled = [(index, row) for index, row in body if any(cell != "" for cell in row) and not _repeats(row, header)]
    last = filled[-1][0] if filled else header.index
    return Table(
        sheet=sheet.name,
        header_row=header.index + 1,
        headings={key: header.names[column] for column, key in header.keys.items()},
        rows=tuple(_row(index, row, header, sheet) for index, row in filled),
        unknown_columns=tuple(_unknown(header).values()),
        blank_rows=sum(1 for index, row in body if index < last and not any(cell != "" for cell in row)),
        left_out=tuple(index + 1 for index in range(end, len(sheet.rows)) if _filled(sheet.rows[index], header) > FEW_CELLS),
        above=sheet.rows[: max(0, header.index)],
    )


def _end_of(sheet: Sheet, header: Header) -> int:
    rows = range(header.index + 1, len(sheet.rows))
    return next((index for index in rows if _says(_END, sheet.rows[index], header)), len(sheet.rows))


def _says(pattern: re.Pattern[str], row: Row, header: Header) -> bool:
    """A closing line: begins with such a word and fills only a few cells, or far fewer than there are columns."""
    first = next((cell for cell in row if cell != ""), "")
    few = max(1, min(FEW_CELLS, len(header.keys) - 1))
    return bool(pattern.match(re.sub(r"\s+", "", plain(first)))) and _filled(row, header) <= few


def _filled(row: Row, header: Header) -> int:
    return sum(1 for column in header.keys if column < len(row) and row[column] != "")


def _repeats(row: Row, header: Header) -> bool:
    """The heading printed again on the next page, or a subtotal: neither is a line."""
    if _says(_SUBTOTAL, row, header):
        return True
    filled = [column for column in header.keys if column < len(row) and row[column] != ""]
    return len(filled) > 1 and all(label(text_of(row[column])) == label(header.names[column]) for column in filled)


def _unknown(header: Header) -> dict[int, str]:
    return {column: name for column, name in header.names.items() if name and column not in header.keys}


def _row(index: int, row: Row, header: Header, sheet: Sheet) -> TableRow:
    cells: dict[str, Cell] = {key: row[column] for column, key in header.keys.items() if column < len(row)}
    typed = sheet.told.cells.get(index + 1, {})
    extra = {name: line_of(row[column]) for column, name in _unknown(header).items() if column < len(row) and row[column] != ""}
    beyond = max(0, len(row) - len(header.names)) if sheet.cut and not typed else 0
    return TableRow(index + 1, {**cells, **typed}, extra, beyond)


def find_labels(rows: Sequence[Row], labels: Sequence[Column]) -> dict[str, Cell]:
    """The block above a table as key -> value: `客户名称 | X`, `客户名称:X` in one cell, or several such pairs in one cell."""
    by_label = _by_label(labels)
    found: dict[str, Cell] = {}
    for row in rows:
        for key, value in _pairs(row, by_label):
            if value != "":
                found.setdefault(key, value)
    return found


def _pairs(row: Row, by_label: dict[str, str]) -> Iterable[tuple[str, Cell]]:
    for column, cell in enumerate(row):
        key = _key_of(text_of(cell), by_label)
        if key:
            yield key, _value_after(row, column, by_label)
        else:
            yield from _inside(text_of(cell), by_label)


def _value_after(row: Row, column: int, by_label: dict[str, str]) -> Cell:
    """The next filled cell to the right, unless it is a label itself."""
    for cell in row[column + 1 :]:
        if cell != "":
            is_label = _key_of(text_of(cell), by_label) or any(True for _ in _inside(text_of(cell), by_label))
            return "" if is_label else cell
    return ""


def _inside(text: str, by_label: dict[str, str]) -> Iterable[tuple[str, str]]:
    """`客户名称:南方冷链 联系人:张超敏` -> its pairs."""
    marks = [mark for colon in _COLON.finditer(text) if (mark := _label_before(text, colon, by_label))]
    starts = [start for start, _, _ in marks]
    for (_, after, key), end in zip(marks, [*starts[1:], len(text)], strict=False):
        yield key, text[after:end].strip(" \t\n,;\uff0c\uff1b")


def _label_before(text: str, colon: re.Match[str], by_label: dict[str, str]) -> tuple[int, int, str] | None:
    """The longest label of up to four words that ends at a colon: where it starts, where its value starts, its key."""
    words = list(_WORD.finditer(text, 0, colon.start()))[-LONGEST_LABEL:]
    starts = (word.start() for word in words if not _BREAK.search(text, word.start(), colon.start()))
    found = ((start, by_label.get(label(text[start : colon.start()]))) for start in starts)
    return next(((start, colon.end(), key) for start, key in found if key), None)
