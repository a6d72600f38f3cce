"""Guards for zipped spreadsheets, run before the fast reader touches them.

The fast reader lays out a full rectangle in memory from the first to the last filled cell, so a small file with one
cell in the last corner would take gigabytes. Here the parts are unpacked with a ceiling, and the filled corner is found
with a streaming parser.
"""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass
from xml.parsers import expat

from dispatch.errors import RuleBroken
from dispatch.tabular.kinds import damaged, locked, zip_kind
from dispatch.words import say

MAX_BYTES = 128 * 1024 * 1024
MAX_ROWS, MAX_COLUMNS = 20_000, 200
MAX_CELLS = 800_000
"""Over all sheets, each counted as the rectangle that the fast reader lays out."""
MAX_TEXT_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """How large a table may be; `text` in bytes."""

    rows: int = MAX_ROWS
    cells: int = MAX_CELLS
    packed: int = MAX_BYTES
    text: int = MAX_TEXT_BYTES


USUAL = Limits()
"""What people fill in. What machines write by the month may be larger."""

_CELL = re.compile(r"^([A-Z]{1,3})(\d{1,7})$")
_PIECE = 1 << 20


def check_zip(content: bytes, limits: Limits = USUAL) -> None:
    """Raise RuleBroken when the zip is broken, locked, not a spreadsheet, or too large once unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            _check_parts(packed, limits)
    except RuleBroken:
        raise
    except Exception as error:  # a broken zip fails in a dozen ways, depending on its packing
        raise damaged() from error


def _check_parts(packed: zipfile.ZipFile, limits: Limits) -> None:
    if any(part.flag_bits & 1 for part in packed.infolist()):
        raise locked()
    kind = zip_kind(packed.namelist())
    if sum(part.file_size for part in packed.infolist()) > limits.packed:
        raise RuleBroken(say("The file is too large once unpacked. Send the table alone, without pictures."))
    cells = 0
    for part in packed.infolist():
        corner = _corner_for(kind, part.filename.lower(), limits)
        with packed.open(part) as stream:
            # Reading every part to its end also checks its checksum and that it does not lie about its size.
            for piece in iter(lambda stream=stream: stream.read(_PIECE), b""):  # type: ignore[misc]
                corner.feed(piece)
        cells += corner.cells
        if cells > limits.cells:
            raise RuleBroken(say("The file holds too many cells, filled or empty. Send the table alone."))


def _corner_for(kind: str, name: str, limits: Limits) -> Corner:
    if kind == "ods":
        return OdsCorner(limits) if name == "content.xml" else Corner()
    return XlsxCorner(limits) if name.startswith("xl/worksheets/") and name.endswith(".xml") else Corner()


def check_size(row: int, column: int, limits: Limits = USUAL) -> None:
    """Raise RuleBroken for a filled cell outside the limits. Both count from 1."""
    if row > limits.rows:
        raise RuleBroken(say("The table has more than %(n)s rows. Split the file.", n=limits.rows))
    if column > MAX_COLUMNS:
        raise RuleBroken(say("The table has more than %(n)s columns.", n=MAX_COLUMNS))


class Corner:
    """Swallows a part nobody needs to look into; `cells` is how many cells of a sheet it spans."""

    cells = 0

    def feed(self, piece: bytes) -> None:
        """Take the next bytes."""


class SheetCorner(Corner):
    """Follows the filled cells of a sheet's XML and refuses the first one outside the limits."""

    def __init__(self, limits: Limits = USUAL) -> None:
        self.limits = limits
        self.row = self.column = self.bottom = self.right = self.before = 0
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self.start
        self.parser.StartDoctypeDeclHandler = self.doctype

    def feed(self, piece: bytes) -> None:
        self.parser.Parse(piece, False)

    @property
    def cells(self) -> int:  # type: ignore[override]
        """The rectangle so far, with those of the tables before it in the same part."""
        return self.before + self.bottom * self.right

    def filled(self, row: int, column: int) -> None:
        """A filled cell: refused outside the limits, else the rectangle grows to it."""
        check_size(row, column, self.limits)
        self.bottom, self.right = max(self.bottom, row), max(self.right, column)

    def doctype(self, *_: object) -> None:
        """No honest spreadsheet declares entities of its own."""
        raise damaged()

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        raise NotImplementedError


class XlsxCorner(SheetCorner):
    """<row r><c r><v>: a cell counts once it holds something."""

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(":")[2]
        if name == "row":
            self.row, self.column = int(attributes.get("r") or self.row + 1), 0
        elif name == "c":
            self._place(attributes.get("r"))
        elif name in ("v", "is", "f"):
            self.filled(self.row, self.column)

    def _place(self, address: str | None) -> None:
        match = _CELL.match(address or "")
        if match:
            self.column, self.row = column_number(match[1]), int(match[2])
        else:
            self.column += 1


class OdsCorner(SheetCorner):
    """Rows and cells with repeat counts; empty ones at the end repeat a million times and count only when something follows."""

    def __init__(self, limits: Limits = USUAL) -> None:
        super().__init__(limits)
        self.row_repeat = self.cell_repeat = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "table:table":
            self.before, self.bottom, self.right = self.cells, 0, 0
            self.row = self.row_repeat = 0
        elif tag == "table:table-row":
            self.row += self.row_repeat
            self.row_repeat, self.column, self.cell_repeat = _repeat(attributes, "rows"), 0, 0
        elif tag in ("table:table-cell", "table:covered-table-cell"):
            self.column += self.cell_repeat
            self.cell_repeat = _repeat(attributes, "columns")
            self._filled(any(name.endswith("value-type") for name in attributes))
        elif tag == "text:p":
            self._filled(True)

    def _filled(self, is_filled: bool) -> None:
        if is_filled:
            self.filled(self.row + self.row_repeat, self.column + self.cell_repeat)


def _repeat(attributes: dict[str, str], what: str) -> int:
    return int(attributes.get(f"table:number-{what}-repeated") or 1)


def column_number(letters: str) -> int:
    """A -> 1, Z -> 26, AA -> 27."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number
