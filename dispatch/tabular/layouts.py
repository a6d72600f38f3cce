"""How a sheet was understood, for a person to correct it: where its headings stand, and which column is what."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice, pairwise

from dispatch.tabular.cells import Cell, line_of, masked, text_of
from dispatch.tabular.columns import Column, Header, header_of, names_in
from dispatch.tabular.tables import Row, Sheet
from dispatch.tabular.told import NO_HEADINGS, NOTHING, Told

FIRST_ROWS = 12
EXAMPLES = 2
LONGEST = 24

_LETTER = re.compile(r"^\D")


@dataclass(frozen=True)
class SeenColumn:
    """A column of a sheet: how `Told` names it, how the file heads it, what stands in its first rows, what it was read as."""

    name: str
    heading: str
    examples: str
    key: str


@dataclass(frozen=True)
class Layout:
    """A sheet: `head` is the row of its headings, NO_HEADINGS where there is none, None where they were not recognised.

    `first` are its first rows, each with its number and what stands in it.
    """

    sheet: str
    head: int | None
    columns: tuple[SeenColumn, ...]
    first: tuple[tuple[int, str], ...] = field(default=())


def layout_of(sheet: Sheet, columns: Sequence[Column], *, understood: bool = True) -> Layout:
    """How a sheet is read as things stand; of one not `understood` the row of headings is guessed, if nobody said it."""
    if not understood and sheet.name not in sheet.told.heads:
        sheet = replace(sheet, told=replace(sheet.told, heads={sheet.name: _likely_head(sheet)}))
    header = header_of(sheet, columns)
    first = tuple((number, _words(row)) for number, row in enumerate(sheet.rows[:FIRST_ROWS], start=1) if row)
    if header is None:
        return Layout(sheet.name, None, _columns(sheet, Header(-1, {}, {})), first)
    return Layout(sheet.name, header.index + 1, _columns(sheet, header), first)


def _likely_head(sheet: Sheet) -> int:
    """The first of the rows at the top with most cells that are no numbers and go on below it, in a row as wide."""
    filled = [(number, row) for number, row in enumerate(sheet.rows[: FIRST_ROWS + 1], start=1) if row]
    scores = [(_score(row, below), -number) for (number, row), (_, below) in pairwise(filled)]
    return -max(scores)[1] if scores else 1


def _score(row: Row, below: Row) -> tuple[int, int, int]:
    here, there = _filled(row), _filled(below)
    words = sum(bool(_LETTER.search(text_of(cell))) for cell in row)
    return min(here, there), min(words, there), -abs(here - there)


def _filled(row: Row) -> int:
    return sum(cell != "" for cell in row)


def _words(row: Row) -> str:
    return " · ".join(_word(cell) for cell in row if cell != "")


def _word(cell: Cell) -> str:
    """A cell, short; nobody's whole number is needed to see which column it is in."""
    return masked(line_of(cell))[:LONGEST]


def _columns(sheet: Sheet, header: Header) -> tuple[SeenColumn, ...]:
    body = sheet.rows[header.index + 1 :]
    width = max([len(header.names), *(len(row) for row in body[:FIRST_ROWS])])
    headings = [header.names.get(column, "") if header.index >= 0 else "" for column in range(width)]
    return tuple(
        SeenColumn(name, headings[column], _examples(body, column), header.keys.get(column, ""))
        for column, name in enumerate(names_in(headings))
    )


def _examples(body: Sequence[Row], column: int) -> str:
    filled = (row[column] for row in body[: FIRST_ROWS * 3] if column < len(row) and row[column] != "")
    return ", ".join(_word(cell) for cell in islice(filled, EXAMPLES))


def headings_of(layouts: Sequence[Layout]) -> list[str]:
    """All headings of a file, by which the next one like it is known."""
    return [column.name for layout in layouts if layout.head for column in layout.columns]


def has_headings(sheets: Sequence[Sheet], headings: Sequence[str]) -> bool:
    """Is there, on each sheet in turn, a row of just these headings?"""
    found: list[str] = []
    for sheet in sheets:
        wanted = list(headings[len(found) :])
        rows = (names_in(row) for row in sheet.rows[:60] if row)
        found += next((names for names in rows if names and names == wanted[: len(names)]), [])
    return bool(found) and found == list(headings)


def told_by(
    sheets: Sequence[Sheet], columns: Sequence[Column], heads: Mapping[str, int], chosen: Mapping[tuple[str, int], str]
) -> Told:
    """What a person chose -> what is to be kept of it: of the columns only those that would not be read so by themselves.

    `heads`: sheet -> row of headings; `chosen`: sheet and column (from 0) -> key.
    """
    keys: dict[str, str] = {}
    for sheet in sheets:
        keys |= _differing(sheet, columns, heads, {column: key for (name, column), key in chosen.items() if name == sheet.name})
    return Told(keys, {name: head for name, head in heads.items() if head != _head_by_itself(sheets, columns, name, keys)})


def _differing(sheet: Sheet, columns: Sequence[Column], heads: Mapping[str, int], chosen: Mapping[int, str]) -> dict[str, str]:
    plain = Sheet(sheet.name, sheet.rows, sheet.cut, Told(heads={sheet.name: heads[sheet.name]} if sheet.name in heads else {}))
    itself = {column.name: column.key for column in layout_of(plain, columns).columns}
    names = list(itself)
    return {names[at]: key for at, key in chosen.items() if at < len(names) and key != itself[names[at]]}


def _head_by_itself(sheets: Sequence[Sheet], columns: Sequence[Column], name: str, keys: Mapping[str, str]) -> int | None:
    """Where the headings would be found if a person had only said which columns are what."""
    sheet = next(sheet for sheet in sheets if sheet.name == name)
    header = header_of(Sheet(name, sheet.rows, sheet.cut, Told(keys) if keys else NOTHING), columns)
    return None if header is None else max(NO_HEADINGS, header.index + 1)
