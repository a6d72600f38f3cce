"""Installation requests: the samples line by line, then what else customers do to a spreadsheet."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import pytest

from dispatch.errors import RuleBroken
from dispatch.intake.lines import Driver, RequestLine, check_lines
from dispatch.intake.requests import Request, RequestHeader, read_request
from dispatch.intake.stored import from_json, to_json
from tests.tabular.files import Rows, book, expected, full_width, sample, table

HEADINGS = ["序号", "车牌号", "车牌颜色", "车架号", "司机姓名", "司机电话"]
UGLY_HEADINGS = ["序\n号", "车牌\n号码*", "车牌 颜色", full_width("车架号(VIN)"), "司机\n姓名", full_width("司机电话:")]
VIN, VIN2 = "LFW9PCF45SB252353", "LSVEDP840R2614006"


@pytest.fixture(scope="module")
def first() -> Request:
    return read_request(sample("install_request_1.xlsx"))


def request(*rows: Rows, headings: list[str] = HEADINGS) -> Request:
    return read_request(book([headings, *rows]))


def why(line: RequestLine) -> str:
    return "; ".join(str(problem.text) for problem in line.problems)


# --- the samples


def test_first_sample_line_by_line(first: Request) -> None:
    want = expected("install_request_1.xlsx")
    assert len(first.lines) == want["vehicles"]
    assert [{"row": line.row, "status": line.status, "why": why(line), "vin": line.vin} for line in first.lines] == want["lines"]
    assert {(line.row, why(line)) for line in first.attention} >= {tuple(pair) for pair in want["needs_attention"]}
    assert sum(not line.plate for line in first.lines) == want["unplated"]
    assert all(line.usable for line in first.lines) and not first.notes


def test_first_sample_header(first: Request) -> None:
    assert first.header == RequestHeader(
        customer="深圳市南方冷链物流有限公司",
        contact="张超敏",
        phone="18886844318",
        address=expected("install_request_1.xlsx")["address"],
        wanted_on=date(2026, 12, 1),
        salesman="赵超",
        model="BD-808A 部标一体机",
        quantity=43,
    )


def test_first_sample_details(first: Request) -> None:
    by_row = {line.row: line for line in first.lines}
    assert by_row[9] == RequestLine(
        row=9,
        plate="粤BHVMGN",
        colour="yellow",
        vin="LSVEDP840R2614006",
        vehicle_type="重型半挂牵引车",
        engine_no="D6066345",
        make="陕汽德龙",
        drivers=(Driver("杨明", "13994875749"),),
        parking="夜间停厂区西门",
        sheet="安装需求单",
    )
    assert [by_row[row].plate for row in (12, 15)] == ["粤BMSUAK", "粤BY4YZF"]
    assert [by_row[row].drivers[0].phone for row in (19, 22)] == ["18665635515", "15853265020"]
    assert (by_row[31].plate, by_row[31].remark) == ("", "新车未上牌")
    assert by_row[25].problems[0].other_row == 11


def test_second_sample() -> None:
    second, want = read_request(sample("install_request_2.csv")), expected("install_request_2.csv")
    assert (len(second.lines), second.blank_rows) == (want["vehicles"], want["blank_lines"])
    assert not second.attention
    assert (second.lines[0].model, second.lines[0].address) == ("BD-808A 部标一体机", "广东省深圳市罗湖区清水河仓库区红岗路")
    assert [str(note) for note in second.notes] == ["2 blank lines were skipped"]
    assert second.lines[-1].row == 20


def test_third_sample() -> None:
    third, want = read_request(sample("install_request_3.xlsx")), expected("install_request_3.xlsx")
    assert len(third.lines) == want["vehicles"]
    assert sum(len(line.drivers) for line in third.lines) == want["drivers"]
    assert third.lines[0].drivers == (Driver("张艳", "17710008577", "白班"), Driver("秦明", "13936649585", "夜班"))
    assert third.lines[0].remark == "自编号: T0001" and third.lines[0].make == "解放J6P"
    assert [str(note) for note in third.notes] == ["the file gives no plate colours"]


@pytest.mark.parametrize("name", ["install_request_1.xlsx", "install_request_2.csv", "install_request_3.xlsx"])
def test_a_preview_survives_its_storage(name: str) -> None:
    read = read_request(sample(name))
    assert from_json(json.loads(json.dumps(to_json(read)))) == read


# --- lines


def test_neither_plate_nor_vin_is_unusable_alone() -> None:
    lines = request([1, "粤B12345", "蓝", VIN], [2, "", "黄", "", "张三", "13812345678"]).lines
    assert [line.usable for line in lines] == [True, False]
    assert why(lines[1]) == "neither plate nor VIN"


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ([1, "粤B12345", "红", VIN], "plate colour “红” is not known"),
        ([1, "粤B12345", "", VIN], "plate colour is missing"),
        ([1, "粤B12345", "绿", VIN], "plate has 7 characters, a green one has 8"),
        ([1, "粤B1234O", "蓝", VIN], "no plate has the letter O: perhaps 0"),
        ([1, "粤B12345", "蓝", "LFW9PCF45SB25235Q"], "VIN contains Q, which no VIN has"),
        ([1, "粤B12345", "蓝", VIN2], "VIN repeats another line"),
        ([1, "", "", "LFW852WK8SF39437"], "unplated: identified by its VIN; VIN has 16 characters"),
        ([1, "粤B12345", "蓝", VIN, "张三", "1381234567"], "1381234567 is not a complete phone number"),
        ([1, "粤B12345", "蓝", ""], ""),
        ([1, "粤 B 1 2 3 4 5", "蓝牌", VIN.lower(), "张三", "138-1234-5678"], ""),
    ],
)
def test_one_line_and_what_is_said_of_it(row: list[object], words: str) -> None:
    assert why(request([9, "粤B99999", "蓝", VIN2], row).lines[1]) == words


def test_checking_again_after_a_person_has_edited() -> None:
    lines = list(request([1, "粤B12345", "蓝", VIN], [2, "粤B12345", "蓝", VIN2], [3, "粤B1234", "红", ""]).lines)
    assert [line.status for line in lines] == ["ok", "attention", "attention"]
    lines[1] = replace(lines[1], plate="粤b·5432 1")
    lines[2] = replace(lines[2], plate="粤BD12345", colour="绿色")
    checked = check_lines(lines)
    assert [(line.plate, line.colour, line.status) for line in checked] == [
        ("粤B12345", "blue", "ok"),
        ("粤B54321", "blue", "ok"),
        ("粤BD12345", "green", "ok"),
    ]
    assert check_lines(checked) == checked
    same = [replace(line, plate="粤B12345", colour="blue") for line in checked]
    assert [line.status for line in check_lines(same)] == ["ok", "attention", "attention"]


def test_removing_a_line_clears_the_one_that_repeated_it() -> None:
    lines = request([1, "粤B12345", "蓝", VIN], [2, "粤B12345", "蓝", VIN2]).lines
    assert check_lines(lines[1:])[0].status == "ok"


# --- drivers


def test_two_drivers_in_one_cell() -> None:
    assert request([1, "粤B12345", "蓝", VIN, "张三/李四", "13812345678/13912345678"]).lines[0].drivers == (
        Driver("张三", "13812345678"),
        Driver("李四", "13912345678"),
    )


def test_two_phones_of_one_driver() -> None:
    assert request([1, "粤B12345", "蓝", VIN, "张三", "13812345678/0755-26556565转8"]).lines[0].drivers == (
        Driver("张三", "13812345678 / 075526556565-8"),
    )


def test_a_second_driver_in_columns_of_his_own() -> None:
    row = [1, "粤B12345", "蓝", VIN, "张三", "13812345678", "李四", "13912345678"]
    line = request(row, headings=[*HEADINGS, "副驾", "副驾电话"]).lines[0]
    assert [driver.name for driver in line.drivers] == ["张三", "李四"]


def test_a_row_with_a_driver_only_belongs_to_the_vehicle_above() -> None:
    lines = request([1, "粤B12345", "蓝", VIN, "张三", "13812345678"], ["", "", "", "", "李四", "13912345678"]).lines
    assert [[driver.name for driver in line.drivers] for line in lines] == [["张三", "李四"]]


def test_a_vehicle_merged_over_its_two_drivers() -> None:
    rows = [HEADINGS, [1, "粤B12345", "蓝", VIN, "张三", "13812345678"], ["", "", "", "", "李四", "13912345678"]]
    merged = [(1, column, 2, column) for column in range(4)]
    lines = read_request(book(rows, merged=merged)).lines
    assert [[driver.name for driver in line.drivers] for line in lines] == [["张三", "李四"]] and not lines[0].problems


def test_drivers_of_an_unknown_plate_are_reported() -> None:
    vehicles: Rows = [["车牌号", "车架号"], ["粤B12345", VIN]]
    known, second, stranger = ["粤b 12345", "张三", "13812345678", "白班"], ["", "李四", "", "夜班"], ["粤B99999", "王五", "", ""]
    drivers: Rows = [["车牌号", "姓名", "联系电话", "班次"], known, second, stranger]
    read = read_request(book(vehicles, drivers, names=("车辆", "司机")))
    assert read.lines[0].drivers == (Driver("张三", "13812345678", "白班"), Driver("李四", "", "夜班"))
    assert "driver 王五 in row 4 of “司机”: no vehicle of the list has the plate 粤B99999" in [str(note) for note in read.notes]


def test_drivers_first_and_vehicles_second() -> None:
    drivers: Rows = [["车牌号", "姓名"], ["粤B12345", "张三"]]
    vehicles: Rows = [["车牌号", "车架号"], ["粤B12345", VIN]]
    assert read_request(book(drivers, vehicles)).lines[0].drivers == (Driver("张三", ""),)


# --- the file as a whole


def test_a_quantity_that_differs_is_noted() -> None:
    read = read_request(book([["客户名称:", "南方冷链"], ["安装数量:", "3辆"], HEADINGS, [1, "粤B12345", "蓝", VIN]]))
    assert [str(note) for note in read.notes] == ["the header announces 3 vehicles, the list has 1"]


def test_a_header_value_that_cannot_be_read_is_noted() -> None:
    read = read_request(book([["客户名称", "南方冷链", "期望日期", "尽快"], HEADINGS, [1, "粤B12345", "蓝", VIN]]))
    assert read.header.wanted_on is None and "“尽快” is not a date" in str(read.notes[0])


def test_a_day_that_all_vehicles_share_is_the_day_of_the_request() -> None:
    headings = [*HEADINGS[:4], "期望日期"]
    same = request([1, "粤B11111", "黄", VIN, "2026-12-03"], [2, "粤B22222", "黄", VIN2, ""], headings=headings)
    assert (same.header.wanted_on, [line.remark for line in same.lines]) == (date(2026, 12, 3), ["", ""])
    days = ("2026-12-03", "12月底", "2026-12-05")
    rows = [[n, f"粤B{n}1111", "黄", vin, day] for n, vin, day in zip((1, 2, 3), (VIN, VIN2, ""), days, strict=True)]
    odd = request(*rows, headings=headings)
    assert odd.header.wanted_on is None
    assert [line.remark for line in odd.lines] == ["期望日期: 2026-12-03", "期望日期: 12月底", "期望日期: 2026-12-05"]
    assert "the vehicles are wanted on 2 different days: each has its own in its remark" in map(str, odd.notes)


def test_the_block_says_the_day_before_a_column_does() -> None:
    rows = [["期望日期", "2026-12-01"], [*HEADINGS[:4], "期望日期"], [1, "粤B11111", "黄", VIN, "2026-12-03"]]
    found = read_request(book(rows))
    assert (found.header.wanted_on, found.lines[0].remark) == (date(2026, 12, 1), "期望日期: 2026-12-03")


def test_unknown_columns_become_remarks() -> None:
    read = request([1, "粤B12345", "蓝", VIN, "", "", "带空调", "大"], headings=[*HEADINGS, "备注", "油箱"])
    assert read.lines[0].remark == "带空调; 油箱: 大"
    assert "columns not known, kept as remarks: 油箱" in [str(note) for note in read.notes]


def test_headings_with_line_breaks_and_full_width_digits() -> None:
    read = request(
        ["1", full_width("粤b12345"), "黄 色", full_width(VIN), "张三", full_width("13812345678")], headings=UGLY_HEADINGS
    )
    line = read.lines[0]
    assert (line.plate, line.colour, line.vin, line.drivers[0].phone, line.status) == (
        "粤B12345",
        "yellow",
        VIN,
        "13812345678",
        "ok",
    )


def test_english_headings() -> None:
    read = read_request(
        table("Customer: South Cold Chain\nPlate,Color,VIN,Driver,Phone\n粤B12345,blue,LFW9PCF45SB252353,Li,13812345678\n")
    )
    assert read.header.customer == "South Cold Chain" and read.lines[0].colour == "blue" and not read.attention


def test_an_example_sheet_is_left_aside() -> None:
    rows: Rows = [HEADINGS, [1, "粤B12345", "蓝", VIN]]
    read = read_request(book(rows, [HEADINGS, [1, "粤A00001", "蓝", VIN2]], names=("明细", "填写示例")))
    assert len(read.lines) == 1 and "sheet “填写示例” has no list of vehicles" in [str(note) for note in read.notes]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("hello", "No row of headings"),
        ("司机,电话\n张三,138\n", "Looked for: 车牌号 / 车架号 / Plate"),
        ("车牌号,车架号\n", "headings and no lines"),
        ("编码,名称,类别\nP1,a,b\n", "Looked for: 车牌号 / 车架号 / Plate"),
    ],
)
def test_a_file_without_vehicles_is_refused(text: str, words: str) -> None:
    with pytest.raises(RuleBroken) as refused:
        read_request(table(text))
    assert words in str(refused.value)
