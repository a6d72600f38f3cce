"""Numbers of SIMs and terminals."""

from __future__ import annotations

import pytest

from dispatch.devices.rules import (
    Iccid,
    read_iccid,
    read_imei,
    read_phone_808,
    read_sim_number,
    read_terminal_id,
)
from dispatch.words import Text
from tests.tabular.files import full_width


@pytest.mark.parametrize(
    "typed",
    ["898606243293A2245176", "8986 0624 3293 a224 5176", "ICCID: 898606243293A2245176", full_width("898606243293A2245176")],
)
def test_an_iccid_however_typed(typed: str) -> None:
    iccid = read_iccid(typed)
    assert isinstance(iccid, Iccid)
    assert (iccid.printed, iccid.key) == ("898606243293A2245176", "898606243293A224517")
    assert iccid.shown == "8986 0624 3293 A224 5176"


def test_the_same_card_with_and_without_its_last_character() -> None:
    short, long = read_iccid("8986062258866787848"), read_iccid("89860622588667878485")
    assert isinstance(short, Iccid) and isinstance(long, Iccid) and short.key == long.key


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("898606243293", "an ICCID has 19 or 20 characters, this one has 12"),
        ("898606243293224517612", "an ICCID has 19 or 20 characters, this one has 21"),
        ("89860624329322卡45176", "an ICCID has digits and letters only"),
        ("8.98606243293122E+19", "a spreadsheet has cut this number"),
    ],
)
def test_no_iccid(typed: str, words: str) -> None:
    answer = read_iccid(typed)
    assert isinstance(answer, Text) and words in str(answer)


def test_imei() -> None:
    assert read_imei("359121104139382") == read_imei("IMEI:35 912110 413938 2") == "359121104139382"
    assert read_imei(full_width("359121104139382")) == "359121104139382"


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("35912110413938", "an IMEI has 15 digits, this one has 14"),
        ("3591211041393821", "an IMEI has 15 digits, this one has 16"),
        ("359121104139383", "check digit"),
        ("000000000000000", "zeros"),
        ("35912110413938A", "digits only"),
        ("3.59121E+14", "cut this number"),
        ("", "this one has 0"),
    ],
)
def test_no_imei(typed: str, words: str) -> None:
    answer = read_imei(typed)
    assert isinstance(answer, Text) and words in str(answer)


def test_numbers_of_sims() -> None:
    assert [read_sim_number(typed) for typed in ("1440033950743", "13800138000", "+86 138 0013 8000", "861440033950743")] == [
        "1440033950743",
        "13800138000",
        "13800138000",
        "1440033950743",
    ]
    assert isinstance(read_sim_number("144003395074"), Text) and isinstance(read_sim_number("14400339507AB"), Text)


def test_terminal_ids() -> None:
    assert read_terminal_id(" 4316102 ") == "4316102" and read_terminal_id("ab12345") == "AB12345"
    assert isinstance(read_terminal_id("A" * 31), Text) and isinstance(read_terminal_id("终端"), Text)


def test_phones_of_terminals_are_padded() -> None:
    assert read_phone_808("13800138000") == read_phone_808("013800138000") == "013800138000"
    assert read_phone_808("1440033950743") == "00000001440033950743"
    assert read_phone_808("00000001440033950743") == "00000001440033950743"
    assert (
        isinstance(read_phone_808("1" * 21), Text)
        and isinstance(read_phone_808("0"), Text)
        and isinstance(read_phone_808("x"), Text)
    )
