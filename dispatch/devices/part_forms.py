"""Lists of counted parts: a file -> rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dispatch.devices.part_stock import LONGEST_CODE, LONGEST_NAME, LONGEST_UNIT, MOST
from dispatch.tabular.cells import Cell, plain, read_whole
from dispatch.tabular.columns import Column
from dispatch.tabular.imports import Import, RowReader, read_rows
from dispatch.tabular.tables import Workbook
from dispatch.words import Text, say

COLUMNS = (
    Column("code", ("编码", "编号", "代码", "物料编码", "配件编码", "Code", "Part code"), required=True),
    Column("name", ("名称", "品名", "配件名称", "物料名称", "Name", "Part"), required=True),
    Column("unit", ("单位", "计量单位", "Unit"), required=True),
    Column("quantity", ("数量", "入库数量", "Quantity", "Qty"), required=True),
    Column("store", ("仓库", "库房", "存放地点", "Store", "Warehouse")),
    Column("number", ("序号", "No", "#")),
)


@dataclass(frozen=True)
class PartRow:
    """So many of a part to be taken into a store; 0 only puts it on the catalogue. "" where the file names no store."""

    row: int
    code: str
    name: str
    unit: str
    quantity: int
    store: str


def read_parts(workbook: Workbook) -> Import[PartRow]:
    """A list of parts -> rows; a code may stand once for each store."""
    return read_rows(workbook, COLUMNS, _part, (("code", lambda row: f"{row.code} {row.store}".strip()),))


def _part(reader: RowReader) -> PartRow:
    return PartRow(
        row=reader.row,
        code=reader.need("code", _code, ""),
        name=reader.need("name", _short(LONGEST_NAME), ""),
        unit=reader.need("unit", _short(LONGEST_UNIT), ""),
        quantity=reader.need("quantity", _quantity, 0),
        store=reader.text("store"),
    )


def _code(cell: Cell) -> str | Text:
    code = "".join(plain(cell).split()).upper()
    return code if len(code) <= LONGEST_CODE else say("At most %(n)s characters, please.", n=LONGEST_CODE)


def _short(most: int) -> Callable[[Cell], str | Text]:
    def reader(cell: Cell) -> str | Text:
        text = plain(cell)
        return text if len(text) <= most else say("At most %(n)s characters, please.", n=most)

    return reader


def _quantity(cell: Cell) -> int | Text | None:
    count = read_whole(cell)
    if not isinstance(count, int) or 0 <= count <= MOST:
        return count
    return say("A whole number from 0 to %(n)s, please.", n=MOST)
