"""The same vehicles, calls, people, units and prices in other layouts, drawn from seeds: all are read right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import cache

import pytest

from dispatch.intake.lines import RequestLine
from dispatch.intake.lists import KINDS as LISTS
from dispatch.intake.lists import Row, read_list
from dispatch.intake.requests import Request, read_request
from dispatch.tabular.tables import read
from tests.intake.laying import VEHICLES, Layout, wide_or_not
from tests.intake.test_imports import SAMPLE
from tests.tabular.files import SAMPLES, sample

FACTS = {
    "customer": "深圳市南方冷链物流有限公司",
    "contact": "张超敏",
    "phone": "18886844318",
    "address": "广东省深圳市宝安区机场货运村",
}
WANTED = date(2026, 12, 1)
COLOUR_WORDS = {"yellow": ("黄", "黄色", "yellow"), "blue": ("蓝", "蓝色", "blue"), "green": ("绿", "绿色", "渐变绿")}


@cache
def vehicles() -> Sequence[RequestLine]:
    """Those of the first sample that nothing is wrong with, and some with two drivers of the third."""
    first = [line for line in read_request(sample("install_request_1.xlsx")).lines if not line.problems][:20]
    third = [line for line in read_request(sample("install_request_3.xlsx")).lines if len(line.drivers) == 2][:6]
    return [*first, *(replace(line, colour="green" if len(line.plate) == 8 else "blue") for line in third)]


def laid_out(layout: Layout) -> tuple[str, bytes]:
    """The vehicles as a request in one of many shapes."""
    rng = layout.rng
    apart = layout.kind in ("xlsx", "xls") and rng.random() < 0.4
    keys = [key for key in VEHICLES if key not in ("driver", "driver_phone") or not apart]
    records = [record for line in vehicles() for record in _records(layout, line, apart)]
    block = layout.block(FACTS, WANTED) if rng.random() < 0.6 else []
    rows = [*block, *layout.table(VEHICLES, keys, records), *layout.after(len(vehicles()))]
    return layout.file(rows, _drivers(layout)) if apart else layout.file(rows)


def _records(layout: Layout, line: RequestLine, apart: bool) -> list[dict[str, object]]:
    """A vehicle's row; its second driver in the same cell, or in a row of his own under it."""
    rng, drivers = layout.rng, line.drivers
    facts: dict[str, object] = {
        "plate": wide_or_not(rng, line.plate),
        "colour": rng.choice(COLOUR_WORDS[line.colour]),
        "vin": wide_or_not(rng, line.vin),
        "vehicle_type": line.vehicle_type,
        "make": line.make,
        "parking": line.parking,
        "remark": "",
    }
    if apart or not drivers:
        return [facts]
    if len(drivers) == 1 or rng.random() < 0.5:
        joint = rng.choice("/、\n")
        named = {"driver": joint.join(d.name for d in drivers), "driver_phone": joint.join(d.phone for d in drivers)}
        return [facts | named]
    first, second = ({"driver": driver.name, "driver_phone": driver.phone} for driver in drivers)
    return [facts | first, {"and": True, **second}]


def _drivers(layout: Layout) -> list[list[object]]:
    keys = ("plate", "driver", "driver_phone")
    pairs = [(line.plate, driver) for line in vehicles() for driver in line.drivers]
    return layout.table(VEHICLES, keys, [{"plate": plate, "driver": d.name, "driver_phone": d.phone} for plate, d in pairs])


def told(line: RequestLine) -> tuple[object, ...]:
    drivers = tuple((driver.name, driver.phone) for driver in line.drivers)
    return line.plate, line.colour, line.vin, line.vehicle_type, line.make, line.parking, drivers


@pytest.mark.parametrize("seed", range(30))
def test_a_request_laid_out_in_another_way_is_the_same_request(seed: int) -> None:
    layout = Layout(seed)
    name, content = laid_out(layout)
    found: Request = read_request(read(name, content))
    assert [told(line) for line in found.lines] == [told(line) for line in vehicles()]
    assert not found.attention
    if found.header.customer:
        assert {key: getattr(found.header, key) for key in FACTS} == FACTS and found.header.wanted_on == WANTED


def test_the_layouts_are_as_different_as_they_claim() -> None:
    files = [laid_out(Layout(seed)) for seed in range(30)]
    assert len({content for _, content in files}) == 30
    assert {name.rpartition(".")[2] for name, _ in files} == {"xlsx", "xls", "csv", "tsv"}
    found = [read_request(read(name, content)) for name, content in files[:7]]
    assert {bool(request.header.customer) for request in found} == {True, False}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", LISTS)
def test_a_list_laid_out_in_another_way_is_the_same_list(kind: str, seed: int) -> None:
    workbook, layout = read(SAMPLE[kind], (SAMPLES / SAMPLE[kind]).read_bytes()), Layout(seed * 2 + sorted(LISTS).index(kind))
    right = read_list(kind, workbook).rows[:20]
    head, *rows = [workbook.sheets[0].rows[at - 1] for at in (1, *(row.row for row in right))]
    keys = {str(name): column.key for name in head for column in LISTS[kind].columns if name in column.names}
    names = {column.key: (column.names, _english(column.names)) for column in LISTS[kind].columns}
    records = [{keys[str(name)]: cell for name, cell in zip(head, row, strict=False)} for row in rows]
    name, content = layout.file([*layout.table(names, list(keys.values()), records), *layout.after(20)])
    found = read_list(kind, read(name, content))
    assert not found.bad and [_same(row) for row in found.rows] == [_same(row) for row in right]


def _english(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for name in names if name.isascii()) or tuple(names)


def _same(row: Row) -> Row:
    return replace(row, row=0)
