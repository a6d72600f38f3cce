"""Files for tests: the samples, and spreadsheets built by hand in every shape people send."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from collections.abc import Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import xlsxwriter  # type: ignore[import-untyped]

from dispatch.tabular.tables import Workbook, read

SAMPLES = Path(__file__).parent.parent / "samples"
Rows = Sequence[Any]


def sample(name: str) -> Workbook:
    """One of the sample files, read."""
    return read(name, (SAMPLES / name).read_bytes())


def expected(name: str) -> dict[str, Any]:
    """What a right reading of a sample gives."""
    found: dict[str, Any] = json.loads((SAMPLES / "expected.json").read_text(encoding="utf-8"))[name]
    return found


def full_width(text: str) -> str:
    """The same text in the wide letters and digits of Chinese input methods."""
    return text.translate({code: code + 0xFEE0 for code in range(0x21, 0x7F)})


def xlsx(rows: Rows, *more: Rows, names: Sequence[str] = (), merged: Sequence[tuple[int, int, int, int]] = ()) -> bytes:
    """Rows of values (one list per sheet) -> the bytes of an .xlsx. `merged`: first row, column, last row, column, from 0."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"strings_to_numbers": False})
    formats = {date: "yyyy-mm-dd", datetime: "yyyy-mm-dd hh:mm", time: "hh:mm"}
    for number, sheet_rows in enumerate((rows, *more)):
        sheet = book.add_worksheet(names[number] if names else None)
        for r, row in enumerate(sheet_rows):
            for c, value in enumerate(row):
                if type(value) in formats:
                    sheet.write_datetime(r, c, value, book.add_format({"num_format": formats[type(value)]}))
                else:
                    sheet.write(r, c, value)
        for area in merged if number == 0 else ():
            sheet.merge_range(*area, sheet_rows[area[0]][area[1]])
    book.close()
    return buffer.getvalue()


def book(rows: Rows, *more: Rows, names: Sequence[str] = (), merged: Sequence[tuple[int, int, int, int]] = ()) -> Workbook:
    """The same, read."""
    return read("test.xlsx", xlsx(rows, *more, names=names, merged=merged))


def table(text: str) -> Workbook:
    """A text table, read."""
    return read("test.csv", text.encode())


def zipped(parts: dict[str, str | bytes]) -> bytes:
    """A zip of named parts."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in parts.items():
            packed.writestr(name, content)
    return buffer.getvalue()


def xlsx_around(sheet_xml: str) -> bytes:
    """An .xlsx whose only sheet holds this XML."""
    with zipfile.ZipFile(io.BytesIO(xlsx([["x"]]))) as whole:
        parts: dict[str, str | bytes] = {name: whole.read(name) for name in whole.namelist()}
    spaces = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    return zipped(parts | {"xl/worksheets/sheet1.xml": f"<worksheet {spaces}><sheetData>{sheet_xml}</sheetData></worksheet>"})


def ods(rows_xml: str) -> bytes:
    """An .ods around the rows' XML."""
    spaces = " ".join(
        f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{short}:1.0"' for short in ("office", "table", "text")
    )
    table_xml = f'<table:table table:name="S">{rows_xml}</table:table>'
    body = f"<office:body><office:spreadsheet>{table_xml}</office:spreadsheet></office:body>"
    return zipped(
        {
            "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
            "META-INF/manifest.xml": "<manifest/>",
            "content.xml": f"<office:document-content {spaces}>{body}</office:document-content>",
        }
    )


def ods_row(*values: str) -> str:
    """One row of an .ods."""
    cells = "".join(
        f'<table:table-cell office:value-type="string"><text:p>{escape(value)}</text:p></table:table-cell>' for value in values
    )
    return f"<table:table-row>{cells}</table:table-row>"


def xls(rows: Rows, *more: Rows) -> bytes:
    """Rows of texts and numbers (one list per sheet) -> an old .xls (BIFF8 in an OLE container), as small as can be."""
    start, end = biff_record(0x809, struct.pack("<HHHHII", 0x600, 5, 0, 0, 0, 0)), biff_record(0x0A, b"")
    sheets = [_xls_sheet(each) for each in (rows, *more)]
    offset = len(start) + 13 * len(sheets) + len(end)
    bounds = b""
    for number, sheet in enumerate(sheets):
        bounds += biff_record(0x85, struct.pack("<IHBB", offset, 0, 1, 0) + b"STUV"[number : number + 1])
        offset += len(sheet)
    return ole({"Workbook": start + bounds + end + b"".join(sheets)})


def _xls_sheet(rows: Rows) -> bytes:
    cells = b"".join(_cell(r, c, value) for r, row in enumerate(rows) for c, value in enumerate(row))
    return biff_record(0x809, struct.pack("<HHHHII", 0x600, 0x10, 0, 0, 0, 0)) + cells + biff_record(0x0A, b"")


def biff_record(kind: int, body: bytes) -> bytes:
    return struct.pack("<HH", kind, len(body)) + body


def _cell(row: int, column: int, value: str | float) -> bytes:
    if isinstance(value, str):
        text = value.encode("utf-16-le")
        return biff_record(0x204, struct.pack("<HHHHB", row, column, 0, len(value), 1) + text)
    return biff_record(0x203, struct.pack("<HHHd", row, column, 0, value))


def ole(streams: dict[str, bytes]) -> bytes:
    """An OLE container with up to three streams, each filled up to the 4,096 bytes that keep it out of the mini stream."""
    chains, sectors = [0xFFFFFFFD, 0xFFFFFFFE], b""
    entries = _entry("Root Entry", 5, 0xFFFFFFFE, 0, child=1)
    for number, (name, content) in enumerate(streams.items(), start=1):
        padded = content.ljust(4096, b"\0")
        padded += b"\0" * (-len(padded) % 512)
        first, count = len(chains), len(padded) // 512
        chains += [*range(first + 1, first + count), 0xFFFFFFFE]
        sectors += padded
        entries += _entry(name, 2, first, len(padded), right=number + 1 if number < len(streams) else 0xFFFFFFFF)
    fat = struct.pack("<128I", *chains, *[0xFFFFFFFF] * (128 - len(chains)))
    numbers = (0x3E, 3, 0xFFFE, 9, 6, 0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 16 + struct.pack("<HHHHH6xIIIIIIIII", *numbers)
    header += struct.pack("<I", 0) + b"\xff" * (512 - len(header) - 4)
    return header + fat + entries.ljust(512, b"\0") + sectors


def _entry(name: str, kind: int, first: int, size: int, child: int = 0xFFFFFFFF, right: int = 0xFFFFFFFF) -> bytes:
    title = name.encode("utf-16-le")
    head = title.ljust(64, b"\0") + struct.pack("<HBBIII", len(title) + 2, kind, 1, 0xFFFFFFFF, right, child)
    return head + b"\0" * 36 + struct.pack("<IQ", first, size)
