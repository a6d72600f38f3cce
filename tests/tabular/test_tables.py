"""Any file becomes rows, or is refused with a sentence."""

from __future__ import annotations

import struct
from contextlib import suppress
from datetime import date, datetime, time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.errors import RuleBroken
from dispatch.tabular.tables import Workbook, read
from tests.tabular import files

ROWS = [["车牌号", "数量"], ["粤B12345", 43]]
AS_READ = (("车牌号", "数量"), ("粤B12345", "43"))


def refusal(content: bytes, name: str = "list.xlsx") -> str:
    with pytest.raises(RuleBroken) as refused:
        read(name, content)
    return str(refused.value)


def rows(content: bytes, name: str = "list.xlsx") -> tuple[tuple[object, ...], ...]:
    return read(name, content).sheets[0].rows


@pytest.mark.parametrize("name", ["list.xlsx", "list.csv", "list.pdf", "list"])
@pytest.mark.parametrize(
    "content",
    [
        pytest.param(files.xlsx(ROWS), id="xlsx"),
        pytest.param(files.xls([["车牌号", "数量"], ["粤B12345", 43.0]]), id="xls"),
        pytest.param(files.ods(files.ods_row("车牌号", "数量") + files.ods_row("粤B12345", "43")), id="ods"),
        *[
            pytest.param(f"车牌号{mark}数量\r\n粤B12345{mark}43\r\n".encode(encoding), id=f"{encoding} {mark!r}")
            for encoding in ("utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be")
            for mark in (",", "\t", ";", "|")
        ],
    ],
)
def test_content_decides_not_the_name(content: bytes, name: str) -> None:
    assert rows(content, name) == AS_READ


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "The file is empty."),
        (b" \r\n\t\r\n", "The file is empty."),
        (b"\xef\xbb\xbf", "The file is empty."),
        (b",,,\r\n,,,\r\n", "The file is empty."),
        (files.xlsx([]), "The file is empty."),
        (files.ole({"EncryptionInfo": b"", "EncryptedPackage": b"secret"}), "protected with a password"),
        (files.ole({"WordDocument": b"letter"}), "text document"),
        (files.ole({"PowerPoint Document": b"slides"}), "not a spreadsheet"),
        (files.xlsx(ROWS)[:3000], "damaged"),
        (files.xlsx(ROWS).replace(b"xl/workbook.xml", b"xl/workbooc.xml"), "not a spreadsheet"),
        (b"PK\x03\x04 this is no zip", "damaged"),
        (files.xls([["a"]])[:1200], "damaged"),
        (files.zipped({"word/document.xml": "<w/>", "[Content_Types].xml": ""}), "text document"),
        (files.zipped({"bill.csv": "a,b"}), "archive"),
        (b"%PDF-1.7 ...", "PDF"),
        (b"\xff\xd8\xff\xe0 JFIF", "picture"),
        (b"\x89PNG\r\n\x1a\n....", "picture"),
        (b"\x00\x00\x00\x18ftypheic....", "picture"),
        (b"Rar!\x1a\x07", "archive"),
        (b"{\\rtf1 hello}", "text document"),
        (b"<html><table><tr><td>1</td></tr></table></html>", "web page"),
        (b'\xef\xbb\xbf<?xml version="1.0"?><Workbook/>', "web page"),
        (b"MZ\x90\x00\x03\x00\x00\x00\x04\x00\x01\x02" * 50, "not a spreadsheet"),
    ],
)
def test_what_is_no_table_is_refused_with_a_sentence(content: bytes, words: str) -> None:
    assert words in refusal(content)


def test_a_text_named_xlsx_is_read_as_text() -> None:
    assert rows(b"plate,vin\n1,2\n", "request.xlsx") == (("plate", "vin"), ("1", "2"))


def test_row_numbers_are_those_of_the_sheet() -> None:
    assert rows(files.xlsx([[], ["", "a"], [], ["b"]])) == ((), ("", "a"), (), ("b",))
    assert rows(b"\na\n\n\nb\n\n\n") == ((), ("a",), (), (), ("b",))


def test_a_line_break_inside_quotes_is_no_new_row() -> None:
    assert rows(b'a,"b\r\nc",d\r\n1,2,3\r\n') == (("a", "b\nc", "d"), ("1", "2", "3"))


def test_a_stray_quotation_mark_does_not_swallow_the_rest() -> None:
    text = "size,note\n" + '"2 inch,x\n' + "".join(f"{n},y\n" for n in range(50))
    assert len(rows(text.encode())) == 52


def test_values_of_an_xlsx_become_cells() -> None:
    values = [
        43.0,
        38.5,
        18886844318,
        "007",
        True,
        None,
        date(2026, 12, 1),
        datetime(2026, 12, 1, 8, 5),
        time(8, 30),
        " a\xa0\u200b ",
    ]
    assert rows(files.xlsx([values])) == (
        ("43", "38.5", "18886844318", "007", "TRUE", "", date(2026, 12, 1), datetime(2026, 12, 1, 8, 5), "08:30", "a"),
    )


def test_a_formula_gives_its_last_result() -> None:
    formulas = '<row r="1"><c r="A1"><f>1+1</f><v>2</v></c><c r="B1" t="str"><f>A1</f><v>粤B</v></c></row>'
    assert rows(files.xlsx_around(formulas)) == (("2", "粤B"),)


def test_digits_a_spreadsheet_has_lost_are_not_made_up() -> None:
    assert rows(files.xlsx([[89860624329312245176]])) == (("8.98606243293122E+19",),)


def test_numbers_of_a_text_table() -> None:
    typed = b'1.8886844318E10,1.88868E+10,="0012",\'0755,0755-1\n'
    assert rows(typed) == (("18886844318", "1.88868E+10", "0012", "0755", "0755-1"),)


def test_a_cell_merged_over_rows_counts_for_each() -> None:
    sheet = files.book([["plate", "site"], ["a", "North"], ["b", ""], ["c", ""], ["d", "South"]], merged=[(1, 1, 3, 1)]).sheets[0]
    assert [row[1] for row in sheet.rows] == ["site", "North", "North", "North", "South"]


def test_a_title_merged_over_columns_stands_once() -> None:
    assert rows(files.xlsx([["Title", "", ""], ["a", "b", "c"]], merged=[(0, 0, 0, 2)])) == (("Title",), ("a", "b", "c"))


def test_only_sheets_that_hold_something_are_given() -> None:
    assert [sheet.name for sheet in files.book([["a"]], [], [["b"]], names=("一", "二", "三")).sheets] == ["一", "三"]


# --- too much


def test_limits_of_rows_and_columns() -> None:
    assert "more than 20000 rows" in refusal(b"a,b\n" * 20_001)
    assert "more than 200 columns" in refusal(b"a," * 200 + b"a\n")
    assert len(rows(b"a,b\n" * 20_000)) == 20_000
    assert "too large" in refusal(b"a,b\n" * (9 << 20))


def test_a_million_blank_lines_at_the_end_are_nothing() -> None:
    assert rows(b"a,b\n" + b",\n" * 1_000_000) == (("a", "b"),)


def test_a_cell_in_the_last_corner_does_not_take_the_memory() -> None:
    far = '<row r="1"><c r="A1"><v>5</v></c></row><row r="1048576"><c r="XFD1048576"><v>5</v></c></row>'
    assert "more than 20000 rows" in refusal(files.xlsx_around(far))
    wide = '<row r="1"><c r="XFD1"><v>5</v></c></row>'
    assert "more than 200 columns" in refusal(files.xlsx_around(wide))


def test_a_format_without_a_value_in_the_last_corner_is_nothing() -> None:
    assert rows(files.xlsx_around('<row r="1"><c r="A1"><v>5</v></c></row><row r="1048576"><c r="XFD1048576" s="0"/></row>')) == (
        ("5",),
    )


def test_repeated_rows_of_an_ods() -> None:
    filled = files.ods_row("x").replace("<table:table-row>", '<table:table-row table:number-rows-repeated="1000000">')
    assert "more than 20000 rows" in refusal(files.ods(filled))
    wide = '<table:table-cell table:number-columns-repeated="1024"/>'
    empty_tail = f'<table:table-row table:number-rows-repeated="1048575">{wide}</table:table-row>'
    assert rows(files.ods(files.ods_row("x") + empty_tail)) == (("x",),)


def test_a_far_cell_of_an_old_xls_ends_a_child_not_the_server() -> None:
    start, record = struct.pack("<HHHHII", 0x600, 5, 0, 0, 0, 0), files.biff_record
    head = record(0x809, start) + record(0x85, struct.pack("<IHBB", 37, 0, 1, 0) + b"S") + record(0x0A, b"")
    cells = b"".join(record(0x203, struct.pack("<HHHd", at, at, 0, 1.0)) for at in (0, 65535))
    assert "damaged" in refusal(files.ole({"Workbook": head + record(0x809, start) + cells + record(0x0A, b"")}))


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    bomb = files.zipped({"xl/workbook.xml": "", "[Content_Types].xml": "", "xl/media/a.bin": b"\0" * (129 << 20)})
    assert len(bomb) < 1 << 20
    assert "too large once unpacked" in refusal(bomb)


def test_a_part_that_lies_about_its_size_is_damaged() -> None:
    content = bytearray(files.xlsx([["x"] * 50] * 50))
    at = content.rfind(b"PK\x01\x02")
    content[at + 24 : at + 28] = (5).to_bytes(4, "little")
    assert "damaged" in refusal(bytes(content))


def test_entities_are_not_expanded() -> None:
    sheet = '<!DOCTYPE x [<!ENTITY a "aaaa">]><worksheet>&a;</worksheet>'
    assert "damaged" in refusal(files.zipped({"xl/workbook.xml": "", "xl/worksheets/sheet1.xml": sheet}))


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([b"", b"PK\x03\x04", b"\xef\xbb\xbf", b"\xff\xfe", "车牌号,".encode("gb18030")]), st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(start: bytes, rest: bytes) -> None:
    read_or_refused(start + rest)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 8000), st.integers(0, 255)), min_size=1, max_size=5))
def test_any_damage_is_read_or_refused(changes: list[tuple[int, int]]) -> None:
    content = bytearray(files.xlsx(ROWS))
    for at, byte in changes:
        content[at % len(content)] = byte
    read_or_refused(bytes(content))


def read_or_refused(content: bytes) -> None:
    with suppress(RuleBroken):
        assert isinstance(read("any", content), Workbook)
