"""A table -> rows of one's own kind, with every problem named by row and column. What stock, staff and price files share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from dispatch.tabular.cells import Cell, line_of, says_nothing
from dispatch.tabular.columns import Column, Table, TableRow, find_in
from dispatch.tabular.listening import counted
from dispatch.tabular.tables import Workbook
from dispatch.words import Text, say

T = TypeVar("T")
V = TypeVar("V")


@dataclass(frozen=True)
class RowProblem:
    """Why a row was left out: its number in the sheet (from 1), the heading of the column, a sentence; the column's key."""

    row: int
    column: str
    text: Text
    key: str = ""


@dataclass(frozen=True)
class Import(Generic[T]):
    """What a file gives: the rows that can be taken, the problems of those that cannot, and headings nobody knew.

    `texts` are the cells of rows with a problem, and of rows in which a person typed something: row -> key -> text. `headings`
    are the file's own words for the columns.
    """

    rows: tuple[T, ...]
    problems: tuple[RowProblem, ...]
    unknown_columns: tuple[str, ...]
    blank_rows: int = 0
    texts: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    headings: Mapping[str, str] = field(default_factory=dict)


class RowReader:
    """Reads one row's cells and notes what is wrong with them."""

    def __init__(self, table: Table, row: TableRow) -> None:
        self.row = row.row
        self.problems: list[RowProblem] = []
        self._table = table
        self._cells = row

    def complain(self, key: str, text: Text) -> None:
        """Note a problem of a column."""
        self.problems.append(RowProblem(self.row, self._table.heading(key), text, key))

    def maybe(self, key: str, reader: Callable[[Cell], V | Text | None]) -> V | None:
        """The cell through a reader; None when blank or wrong (then noted)."""
        cell = self._cells.cell(key)
        value = None if says_nothing(cell) else reader(cell)
        if isinstance(value, Text):
            self.complain(key, value)
            return None
        return value

    def need(self, key: str, reader: Callable[[Cell], V | Text | None], default: V) -> V:
        """Like `maybe`, but a blank cell is a problem. `default` only fills the place until the row is dropped."""
        before = len(self.problems)
        value = self.maybe(key, reader)
        if value is None:
            if len(self.problems) == before:
                self.complain(key, say("is missing"))
            return default
        return value

    def text(self, key: str) -> str:
        """An optional text on one line; "" for a blank or a word for blank."""
        cell = self._cells.cell(key)
        return "" if says_nothing(cell) else line_of(cell)

    def needed_text(self, key: str) -> str:
        """A text that must be there."""
        return self.need(key, line_of, "")


def read_rows(
    workbook: Workbook,
    columns: Sequence[Column],
    read_one: Callable[[RowReader], T],
    unique: Sequence[tuple[str, Callable[[T], str | None]]] = (),
) -> Import[T]:
    """A file -> Import. `read_one` reads a row; `unique` lists (column key, value) that no two rows may share.

    Raises RuleBroken when the file has no such table.
    """
    table = find_in(workbook, columns)
    rows: list[T] = []
    problems: list[RowProblem] = []
    seen: dict[tuple[str, str], int] = {}
    typed = {row for sheet in workbook.sheets if sheet.name == table.sheet for row in sheet.told.cells}
    for table_row in counted(table.rows):
        reader = RowReader(table, table_row)
        row = read_one(reader)
        if table_row.beyond:
            reader.problems = [RowProblem(reader.row, "", _too_wide(table_row.beyond))]
        if not reader.problems:
            _check_unique(reader, row, unique, seen)
        problems += reader.problems
        if not reader.problems:
            rows.append(row)
    told = typed | {problem.row for problem in problems}
    texts = {row.row: {key: line_of(cell) for key, cell in row.cells.items()} for row in table.rows if row.row in told}
    return Import(tuple(rows), tuple(problems), table.unknown_columns, table.blank_rows, texts, table.headings)


def _too_wide(beyond: int) -> Text:
    """Whatever else is wrong with such a row comes of its cells having moved to the right."""
    if beyond == 1:
        return say("This row has one column more than the heading: put amounts with a comma into quotes.")
    return say("This row has %(n)s columns more than the heading: put amounts with a comma into quotes.", n=beyond)


def _check_unique(
    reader: RowReader, row: T, unique: Sequence[tuple[str, Callable[[T], str | None]]], seen: dict[tuple[str, str], int]
) -> None:
    """Note every value that an earlier row already has; remember the others."""
    for key, value_of in unique:
        value = value_of(row)
        if not value:
            continue
        first = seen.setdefault((key, value), reader.row)
        if first != reader.row:
            reader.complain(
                key, say("%(value)s in row %(row)s stands already in row %(first)s", value=value, row=reader.row, first=first)
            )
