"""Places as people paste them from maps."""

from __future__ import annotations

import pytest

from dispatch.geo.forms import read_place
from dispatch.geo.rules import metres
from dispatch.intake.rules import show_place
from dispatch.words import Text


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("22.639, 113.811", (22.639, 113.811)),
        ("113.811，22.639", (22.639, 113.811)),
        ("(22.5 113.9)", (22.5, 113.9)),
        ("22.5/113.9", (22.5, 113.9)),
        ("+22.5、-113.9", (22.5, -113.9)),
    ],
)
def test_a_pasted_place(text: str, place: tuple[float, float]) -> None:
    assert read_place(text) == place
    assert read_place(show_place(*place)) == place


@pytest.mark.parametrize("text", ["", "22.639", "0, 0", "somewhere", "200, 300", "22.639, 113.811, 5"])
def test_what_is_no_place(text: str) -> None:
    assert isinstance(read_place(text), Text)


@pytest.mark.parametrize(("datum", "least", "most"), [("gcj02", 500, 700), ("bd09", 700, 1500)])
def test_a_place_of_a_chinese_map_is_turned_back(datum: str, least: int, most: int) -> None:
    shown = (22.543847, 113.912316)
    place = read_place("22.543847, 113.912316", datum)
    assert not isinstance(place, Text)
    assert least < metres(shown, place) < most
