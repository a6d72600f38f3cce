"""What names are looked for by."""

from __future__ import annotations

import pytest

from dispatch.search import initials, name_words


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("恒通物流有限公司", ["htwlyxgs"]),
        ("重庆银行", ["cqyh", "tqyh", "zqyh"]),
        ("曾小贤", ["cxx", "zxx"]),
        ("单田芳", ["dtf", "ctf", "stf"]),
        ("长城汽车（深圳）BYD", ["ccqcszbyd", "zcqcszbyd"]),
        ("Shenzhen Bus 3", []),
        ("", []),
    ],
)
def test_initials_are_those_of_a_name_in_each_reading_of_its_first_character(name: str, letters: list[str]) -> None:
    assert set(initials(name)) == set(letters)


def test_a_name_is_kept_first_and_whole() -> None:
    assert name_words("恒通物流") == "恒通物流|htwl"
    assert name_words("Bus (Line 3)") == "busline3"
