"""The same data laid out as other people would: any order and naming of columns, any kind of file, anything around it.

Everything is drawn from a seed. `Layout.file()` gives name and bytes; nothing here knows how files are read.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import date
from random import Random
from typing import Any

from tests.tabular.files import full_width, xls, xlsx

Cell = Any
Record = Mapping[str, Cell]
Names = Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]
"""How a column may be headed, by key: in Chinese, in English."""

TEXT_ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "gb18030")
KINDS = ("xlsx", "xlsx", "xlsx", "xls", "csv", "csv", "tsv")

VEHICLES: Names = {
    "plate": (
        ("车牌号", "车牌号码", "车牌", "车号", "牌照号码", "*车牌号(必填)", "车 牌 号"),
        ("Plate", "Plate No.", "License plate", "PLATE NUMBER"),
    ),
    "colour": (("车牌颜色", "颜色", "号牌颜色", "牌照颜色:"), ("Plate colour", "Color", "Plate Color")),
    "vin": (
        ("车架号", "车架", "VIN码", "车辆识别代号(VIN)", "车架号\n(17位)"),
        ("VIN", "Chassis No.", "Vin number"),
    ),
    "vehicle_type": (("车辆类型", "车种", "车辆种类"), ("Vehicle type", "Type")),
    "make": (("品牌型号", "车型", "厂牌型号"), ("Make", "Brand", "Make and model")),
    "driver": (("司机姓名", "司机", "驾驶员", "姓名"), ("Driver", "Driver name")),
    "driver_phone": (("司机电话", "手机", "联系电话", "手机号码"), ("Driver's phone", "Mobile", "Phone No.")),
    "parking": (("停放地点", "停车地点", "停放地"), ("Parking", "Parked at")),
    "remark": (("备注", "说明"), ("Remark", "Notes")),
}
BLOCK: Names = {
    "customer": (("客户名称", "客户单位", "单位名称", "公司名称"), ("Customer", "Customer name", "Company")),
    "contact": (("联系人", "现场联系人"), ("Contact", "Contact person")),
    "phone": (("联系电话", "电话", "联系人电话"), ("Phone", "Tel", "Contact phone")),
    "address": (("安装地址", "地址", "安装地点"), ("Address", "Installation address")),
    "wanted_on": (("期望日期", "安装日期", "要求日期"), ("Wanted on", "Date")),
}
TITLES = ("车载终端安装需求单", "GPS安装申请表", "Installation request")
TOTALS: tuple[list[Cell], ...] = (["合计"], ["总计", ""], ["共计"], ["Total"])
NOTES: tuple[list[Cell], ...] = (
    ["填表说明：黄色为必填项。"],
    ["备注：未上牌车辆请填写车架号。"],
    ["制表：赵超"],
    ["Note: unplated vehicles by VIN"],
)


def wide_or_not(rng: Random, text: str) -> str:
    """A plate or code as people type it: with a dot, spaces, small or wide letters."""
    dotted = text[:2] + "·" + text[2:] if len(text) in (7, 8) else text
    return rng.choice((text, text, text.lower(), full_width(text), f" {text} ", dotted))


def some_day(rng: Random, day: date) -> Cell:
    """A date in one of the usual forms."""
    chinese = f"{day.year}年{day.month}月{day.day}日"
    return rng.choice((day, day.isoformat(), f"{day:%Y/%m/%d}", chinese, f"{day:%Y.%m.%d}", f"{day:%Y%m%d}"))


class Layout:
    """One way to lay out records: drawn choices, then the rows of each sheet, then the file."""

    def __init__(self, seed: int) -> None:
        self.seed, self.rng = seed, Random(seed)
        self.kind = KINDS[seed % len(KINDS)]
        self.english = self.rng.random() < 0.4

    def name(self, names: Names, key: str) -> str:
        """How this file heads a column."""
        return self.rng.choice(names[key][self.english])

    def cell(self, value: Cell) -> Cell:
        """Dates only where the format knows them; whole numbers as numbers, sometimes."""
        if isinstance(value, date) and self.kind != "xlsx":
            return value.isoformat()
        if isinstance(value, str) and value.isdigit() and len(value) == 11 and self.rng.random() < 0.4:
            return int(value)
        return value

    def table(self, names: Names, keys: Sequence[str], records: Sequence[Record]) -> list[list[Cell]]:
        """A heading and a row for each record, with a running number in front, sometimes, and junk in between.

        A record with the key "and" goes on with the one above it.
        """
        numbered, keys = self.rng.random() < 0.5, self.rng.sample(keys, len(keys))
        head: list[Cell] = [*(["No." if self.english else "序号"] if numbered else []), *(self.name(names, key) for key in keys)]
        rows, number = [head], 0
        for record in records:
            number += "and" not in record
            cells = [self.cell(record.get(key, "")) for key in keys]
            rows += [[*([number if "and" not in record else ""] if numbered else []), *cells], *self.junk(head)]
        return rows

    def junk(self, head: list[Cell]) -> list[list[Cell]]:
        """What stands between lines and is none: blank rows, the heading of the next page."""
        drawn = self.rng.random()
        if drawn < 0.05:
            return [[""] * len(head)]
        return [list(head)] if drawn < 0.07 else []

    def after(self, count: int) -> list[list[Cell]]:
        """What stands below the lines: a total, notes, who filled it in."""
        total = [*self.rng.choice(TOTALS), count]
        drawn = [row for row in (total, self.rng.choice(NOTES)) if self.rng.random() < 0.6]
        return [[], *drawn] if drawn and self.rng.random() < 0.5 else drawn

    def block(self, facts: Mapping[str, str], wanted: date) -> list[list[Cell]]:
        """The block above the table, in one of the shapes people use; a title over it."""
        values: dict[str, Cell] = {**facts, "wanted_on": self.cell(some_day(self.rng, wanted))}
        pairs = [(self.name(BLOCK, key), value) for key, value in self.rng.sample(list(values.items()), len(values))]
        by_two = [pairs[at : at + 2] for at in range(0, len(pairs), 2)]
        shapes: tuple[list[list[Cell]], ...] = (
            [[name, value] for name, value in pairs],
            [[cell for pair in two for cell in pair] for two in by_two],
            [[f"{name}：{value}" for name, value in two] for two in by_two],
        )
        return [[self.rng.choice(TITLES)], *self.rng.choice(shapes), *([[]] if self.rng.random() < 0.5 else [])]

    def file(self, *sheets: list[list[Cell]]) -> tuple[str, bytes]:
        """The rows of each sheet as a file of this layout's kind."""
        name = f"list{self.seed}.{self.kind}"
        if self.kind == "xlsx":
            title = [(0, 0, 0, 3)] if len(sheets[0][0]) == 1 and self.rng.random() < 0.7 else []
            return name, xlsx(sheets[0], *sheets[1:], merged=title)
        if self.kind == "xls":
            return name, xls(sheets[0], *sheets[1:])
        text = io.StringIO(newline="")
        csv.writer(text, delimiter="\t" if self.kind == "tsv" else ",").writerows(sheets[0])
        return name, text.getvalue().encode(TEXT_ENCODINGS[self.seed % len(TEXT_ENCODINGS)])
