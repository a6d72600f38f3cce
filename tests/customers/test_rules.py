"""Plates, VINs, phone numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.customers.rules import (
    Plate,
    core_name,
    likely_colour,
    mask_phone,
    normalise_plate,
    normalise_vin,
    number_begun,
    odd_plate,
    phone_doubt,
    plate_warnings,
    read_colour,
    read_phone,
    read_phones,
    read_plate,
    show_plate,
    vin_warnings,
)
from tests.tabular.files import full_width


@pytest.mark.parametrize(
    "typed",
    [
        "粤B12345",
        "粤b12345",
        "粤B·12345",
        "粤B・12345",
        "粤B.12345",
        " 粤B 123 45 ",
        full_width("粤b12345"),
        "粤B-12345",
        "粤B12345(黄)",
        full_width("粤B12345(黄)"),
        "粤B12345 蓝牌",
    ],
)
def test_a_plate_however_typed(typed: str) -> None:
    assert normalise_plate(typed) == "粤B12345"


@pytest.mark.parametrize("typed", ["", " ", "无", "未上牌", "新车未上牌", "无牌", "临牌", "-", "/", "N/A"])
def test_words_for_no_plate_yet(typed: str) -> None:
    assert normalise_plate(typed) == ""
    assert plate_warnings(read_plate(typed, "黄")) == ()


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("蓝", "blue"),
        ("蓝色", "blue"),
        ("黄牌", "yellow"),
        ("渐变绿", "green"),
        ("黄绿双拼色", "yellow_green"),
        ("白", "white"),
        ("黑色", "black"),
        ("Blue", "blue"),
        ("yellow_green", "yellow_green"),
        ("Yellow-Green", "yellow_green"),
        ("红", ""),
        ("", ""),
    ],
)
def test_colours(word: str, code: str) -> None:
    assert read_colour(word) == code


def test_a_colour_behind_the_plate() -> None:
    assert read_plate("粤B12345(黄)") == Plate("粤B12345", "yellow")
    assert read_plate("粤B12345(黄)", "蓝") == Plate("粤B12345", "blue")


def test_a_plate_is_shown_with_its_dot() -> None:
    assert show_plate("粤B12345") == "粤B·12345"
    assert show_plate("BZQ7CX") == "BZQ7CX"
    assert Plate("粤BD12345", "green").shown == "粤B·D12345"


def test_a_guess_where_no_colour_is_given() -> None:
    assert (likely_colour("粤BD12345"), likely_colour("粤B12345")) == ("green", "blue")


@pytest.mark.parametrize(
    ("plate", "colour"),
    [
        ("粤B12345", "blue"),
        ("粤B1234挂", "yellow"),
        ("粤B1234学", "yellow"),
        ("粤BD12345", "green"),
        ("粤B12345D", "yellow_green"),
        ("粤Z1234港", "black"),
        ("粤Z1234澳", "black"),
        ("京A1234警", "white"),
        ("沪A1234领", "black"),
        ("使014578", "black"),
        ("粤BD12345", ""),
        ("粤O1234警", ""),
    ],
)
def test_good_plates(plate: str, colour: str) -> None:
    assert plate_warnings(Plate(plate, colour)) == ()


@pytest.mark.parametrize(
    ("plate", "colour", "words"),
    [
        ("BZQ7CX", "blue", "plate lacks the province"),
        ("7BZQ7CX", "blue", "plate begins with 7, which is no province"),
        ("粤112345", "blue", "plate lacks the letter after the province"),
        ("粤B1234O", "blue", "no plate has the letter O: perhaps 0"),
        ("粤BI2345", "blue", "no plate has the letter I: perhaps 1"),
        ("粤B1234", "blue", "plate has 6 characters, a blue one has 7"),
        ("粤B12345", "green", "plate has 7 characters, a green one has 8"),
        ("粤BD12345", "yellow", "plate has 8 characters, a yellow one has 7"),
        ("粤B1234", "", "plate has 6 characters instead of 7 or 8"),
        ("粤B12好45", "blue", "plate contains 好"),
    ],
)
def test_doubtful_plates(plate: str, colour: str, words: str) -> None:
    assert str(plate_warnings(Plate(plate, colour))[0].text) == words


@given(st.text(max_size=12))
def test_tidying_twice_changes_nothing(text: str) -> None:
    assert normalise_plate(normalise_plate(text)) == normalise_plate(text)
    plate_warnings(read_plate(text, text))
    vin_warnings(normalise_vin(text))
    read_phones(text)


def test_vins() -> None:
    assert normalise_vin(" lfw9pcf45sb 252353") == "LFW9PCF45SB252353"
    assert [str(doubt.text) for doubt in vin_warnings("LFW852WK8SF39437")] == ["VIN has 16 characters"]
    assert [str(doubt.text) for doubt in vin_warnings("LFW9PCF45SB25235O")] == ["VIN contains O, which no VIN has"]
    assert vin_warnings("LFW9PCF45SB252353") == vin_warnings("") == ()


@pytest.mark.parametrize(
    ("typed", "written", "e164", "kind"),
    [
        ("0755-26556565转801", "075526556565-801", "+8675526556565", "landline"),
        ("0755-26556565-801", "075526556565-801", "+8675526556565", "landline"),
        ("(0755)26556565 ext 801", "075526556565-801", "+8675526556565", "landline"),
        ("186 6563 5515", "18665635515", "+8618665635515", "mobile"),
        ("+86 186-6563-5515", "18665635515", "+8618665635515", "mobile"),
        ("8618665635515", "18665635515", "+8618665635515", "mobile"),
        (full_width("18665635515"), "18665635515", "+8618665635515", "mobile"),
        ("+852 9123 4567", "+85291234567", "+85291234567", "mobile"),
    ],
)
def test_phones_as_people_write_them(typed: str, written: str, e164: str, kind: str) -> None:
    phone = read_phone(typed)
    assert (phone.written, phone.e164, phone.kind) == (written, e164, kind)
    assert read_phone(phone.written) == phone
    assert phone_doubt(phone) is None


@pytest.mark.parametrize("typed", ["1888684431", "26556565", "1064804918376", "1.88868E+10", "ask Li"])
def test_a_number_of_no_plan_is_kept_and_doubted(typed: str) -> None:
    phone = read_phone(typed)
    doubt = phone_doubt(phone)
    assert phone.e164 is None and phone.written == typed and doubt and typed in str(doubt.text)


def test_several_phones_and_masks() -> None:
    assert [phone.digits for phone in read_phones("13812345678/0755-26556565")] == ["13812345678", "075526556565"]
    assert [mask_phone(digits) for digits in ("18886844318", "075526556565", "26556565", "")] == [
        "188****4318",
        "0755****6565",
        "****65",
        "",
    ]


@pytest.mark.parametrize(
    ("plate", "colour", "odd"),
    [
        ("粤B12345", "blue", False),
        ("粤BD12345", "green", False),
        ("粤B·12345", "blue", False),
        ("BZQ7CX", "blue", True),
        ("粤B1234", None, True),
        ("", None, False),
        ("海A12345", "white", False),
        ("使123456", "black", False),
    ],
)
def test_a_plate_that_is_none(plate: str, colour: str | None, odd: bool) -> None:
    assert odd_plate(plate, colour) is odd


@pytest.mark.parametrize(
    ("name", "core"),
    [
        ("深圳市恒通物流有限公司", "恒通物流"),
        ("恒通物流股份有限公司", "恒通物流"),
        ("广东省平安集团公司", "平安"),
        ("有限公司", "有限公司"),
        ("Acme Ltd", "Acme Ltd"),
    ],
)
def test_the_core_of_a_name(name: str, core: str) -> None:
    assert core_name(name) == core


@pytest.mark.parametrize(
    ("typed", "begun"),
    [
        ("1335092", "1335092"),
        ("+86 133-5092", "1335092"),
        ("0755 2655", "07552655"),
        ("1335", ""),
        ("粤B12345", ""),
        ("华丽", ""),
    ],
)
def test_the_start_of_a_number(typed: str, begun: str) -> None:
    assert number_begun(typed) == begun
