"""One cell: to text, date, time, number."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal

import pytest

from dispatch.tabular import cells
from dispatch.tabular.cells import Cell
from dispatch.words import Text
from tests.tabular.files import full_width


@pytest.mark.parametrize(
    "cell",
    [
        "2026-12-01",
        "2026/12/1",
        "2026.12.01",
        "2026年12月1日",
        "20261201",
        "46357",
        "2026-12-01 08:05",
        full_width("2026/12/01"),
        date(2026, 12, 1),
        datetime(2026, 12, 1, 8, 5),
    ],
)
def test_a_day_in_every_spelling(cell: Cell) -> None:
    assert cells.read_date(cell) == date(2026, 12, 1)


@pytest.mark.parametrize("cell", ["", "不详", "无", "-", "—", "/", "N/A", "未知"])
def test_words_for_blank(cell: str) -> None:
    assert cells.read_date(cell) is None
    assert cells.read_decimal(cell) is None
    assert cells.read_whole(cell) is None


@pytest.mark.parametrize("cell", ["2026-13-01", "2026-02-30", "tomorrow", "01/12/2026", "12345678901"])
def test_what_is_no_day_is_said(cell: str) -> None:
    answer = cells.read_date(cell)
    assert isinstance(answer, Text) and cell in str(answer)


def test_moments_and_times() -> None:
    assert cells.read_moment("2026-12-02 08:05") == datetime(2026, 12, 2, 8, 5)
    assert cells.read_moment("2026-12-02T08:05:09") == datetime(2026, 12, 2, 8, 5, 9)
    assert cells.read_moment("2026年12月2日 8点05分") == datetime(2026, 12, 2, 8, 5)
    assert cells.read_moment(date(2026, 12, 2)) == datetime(2026, 12, 2)
    assert isinstance(cells.read_moment("2026-12-02 noon"), Text)
    assert cells.read_time("8:30") == time(8, 30)
    assert isinstance(cells.read_time("25:00"), Text)


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("680.00", "680"),
        ("1,580", "1580"),
        ("$1", "1"),
        ("¥45", "45"),
        ("\uffe545元", "45"),
        ("38.5", "38.5"),
        ("-3", "-3"),
        (full_width("1.5"), "1.5"),
    ],
)
def test_numbers(cell: str, number: str) -> None:
    assert cells.read_decimal(cell) == Decimal(number)


@pytest.mark.parametrize("cell", ["abc", "1.2.3", "NaN", "Infinity", "1e", "12 元 5"])
def test_no_numbers(cell: str) -> None:
    assert isinstance(cells.read_decimal(cell), Text)


def test_whole_numbers() -> None:
    assert [cells.read_whole(cell) for cell in ("43", full_width("43"), "43辆", "24个月", "43.0", "0")] == [43, 43, 43, 24, 43, 0]
    assert isinstance(cells.read_whole("4.5"), Text) and isinstance(cells.read_whole("-1"), Text)


def test_several_values_in_one_cell() -> None:
    assert list(cells.pieces("张三/李四、王五\uff1b\n")) == ["张三", "李四", "王五"]
