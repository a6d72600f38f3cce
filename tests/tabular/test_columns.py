"""Heading, columns, end of the table, block above."""

from __future__ import annotations

import pytest

from dispatch.errors import RuleBroken
from dispatch.tabular.columns import Column, Table, find_in, find_labels, find_table, label
from tests.tabular.files import Rows, book, full_width, table

COLUMNS = (
    Column("plate", ("车牌号", "Plate"), required=True),
    Column("vin", ("车架号", "VIN")),
    Column("driver", ("司机姓名", "Driver")),
    Column("phone", ("司机电话", "Phone")),
    Column("number", ("序号",)),
)
LABELS = (
    Column("customer", ("客户名称",)),
    Column("contact", ("联系人",)),
    Column("phone", ("联系电话",)),
    Column("quantity", ("安装数量",)),
)


def found(rows: Rows, **more: object) -> Table:
    return find_table(book(rows, **more).sheets[0], COLUMNS)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "heading",
    [
        "车牌号",
        " 车 牌\n号 ",
        "*车牌号",
        "车牌号:",
        "车牌号\uff1a",
        "车牌号(必填)",
        "车牌号\uff08必填\uff09",
        "车牌号(如粤B12345)",
        "PLATE",
        "plate",
    ],
)
def test_headings_however_written(heading: str) -> None:
    assert found([[heading, "车架号"], ["粤B1", "L"]]).rows[0].text("plate") == "粤B1"


def test_label_reduces_to_what_counts() -> None:
    assert label("* 终端ID(808):") == label(full_width("终端id(808):"))


def test_the_heading_is_the_row_with_most_known_columns() -> None:
    rows = [["安装需求单"], ["司机电话", "x", "车牌号", "y"], ["序号", "车牌号", "车架号", "司机姓名"], [1, "粤B1", "L", "张"]]
    assert found(rows).header_row == 3


def test_a_heading_of_two_lines() -> None:
    rows = [["序号", "车辆", "", "司机", ""], ["", "车牌号", "车架号", "司机姓名", "司机电话"], [1, "粤B1", "L", "张", "138"]]
    merged = [(0, 0, 1, 0), (0, 1, 0, 2), (0, 3, 0, 4)]
    row = found(rows, merged=merged).rows[0]
    assert row.cells == {"number": "1", "plate": "粤B1", "vin": "L", "driver": "张", "phone": "138"}


def test_blank_lines_are_skipped_and_counted_only_inside() -> None:
    sheet = found([["车牌号", "VIN"], ["a", "1"], [], ["", ""], ["b", "2"], [], []])
    assert [row.row for row in sheet.rows] == [2, 5] and sheet.blank_rows == 2


@pytest.mark.parametrize("end", [["合计", 2], ["合 计:", "", 2], ["总计"], ["填表说明:黄色必填"], ["Total", 2], ["", "合计", 2]])
def test_the_table_ends_at_the_total(end: list[object]) -> None:
    sheet = found([["车牌号", "VIN", "Driver"], ["a", "1", "x"], end, ["who wrote this", ""]])
    assert [row.row for row in sheet.rows] == [2] and not sheet.left_out


def test_full_rows_below_the_total_are_named() -> None:
    full = ["a", "1", "x", "138", 1]
    assert found([["车牌号", "VIN", "Driver", "Phone", "序号"], full, ["合计", 1], full]).left_out == (4,)


def test_a_driver_named_like_a_total_does_not_end_the_table() -> None:
    rows = [["Driver", "车牌号", "VIN", "Phone"], ["Total Wang", "a", "1", "138"], ["Li", "b", "2", "139"]]
    assert len(found(rows).rows) == 2


def test_subtotals_and_a_heading_printed_again_are_no_lines() -> None:
    heading = ["车牌号", "VIN", "Driver"]
    assert [row.row for row in found([heading, ["a", "1"], ["小计", 1], heading, ["b", "2"]]).rows] == [2, 5]


def test_unknown_columns_are_kept_with_their_names() -> None:
    sheet = found([["车牌号", "油箱", "VIN", "", "车牌号"], ["a", "大", "1", "x", "again"]])
    assert sheet.unknown_columns == ("油箱", "车牌号")
    assert sheet.rows[0].extra == {"油箱": "大", "车牌号": "again"}


def test_a_missing_column_is_named_with_what_was_found() -> None:
    with pytest.raises(RuleBroken) as refused:
        found([["VIN", "Driver", "油箱"], ["1", "x", "y"]])
    assert str(refused.value) == "A column is missing. Looked for: 车牌号 / Plate. Found: VIN, Driver, 油箱."


def test_a_file_of_one_cell() -> None:
    with pytest.raises(RuleBroken) as refused:
        find_in(table("hello"), COLUMNS)
    assert str(refused.value) == "No row of headings was found. Looked for: 车牌号 / Plate. The sheet begins with: hello."


def test_the_table_may_stand_on_a_later_sheet() -> None:
    assert find_in(book([["封面"]], [["车牌号", "VIN"], ["a", "1"]], names=("封面", "明细")), COLUMNS).sheet == "明细"


@pytest.mark.parametrize(
    "rows",
    [
        [["客户名称", "南方冷链", "联系人", "张超敏"], ["联系电话", "188", "安装数量", 43]],
        [["客户名称:", "", "南方冷链", "联系人:", "张超敏"], ["联系电话", "188"], ["安装数量", "43"]],
        [["客户名称:南方冷链", "联系人: 张超敏"], ["联系电话:188 安装数量:43"]],
        [["客户名称:南方冷链 联系人:张超敏;联系电话:188,安装数量:43"]],
        [["客户名称\uff1a南方冷链\uff0c联系人\uff1a张超敏\uff1b联系电话 \uff1a188  安装数量\uff1a 43"]],
    ],
)
def test_the_block_above_in_every_shape(rows: Rows) -> None:
    found = find_labels(book(rows).sheets[0].rows, LABELS)
    assert found == {"customer": "南方冷链", "contact": "张超敏", "phone": "188", "quantity": "43"}


def test_a_label_without_a_value_takes_no_other_label_for_it() -> None:
    assert find_labels(book([["客户名称", "联系人", "张超敏"]]).sheets[0].rows, LABELS) == {"contact": "张超敏"}
