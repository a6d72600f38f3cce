"""Typed texts become values, and what is wrong is gathered."""

from __future__ import annotations

import uuid
from datetime import date, time

import pytest

from dispatch.errors import Invalid
from dispatch.tabular.cells import read_date
from dispatch.typed import FILL_IN, Typed, day_in, key_in, number_in


@pytest.mark.parametrize(("typed", "number"), [("12", 12), (" 7 ", 7), ("9" * 18, int("9" * 18)), (3, 3)])
def test_numbers_are_read(typed: object, number: int) -> None:
    assert number_in(typed) == number


@pytest.mark.parametrize("typed", ["", None, "9" * 19, "-1", "1.5", "one", "²"])
def test_what_is_no_number(typed: object) -> None:
    assert number_in(typed) is None


@pytest.mark.parametrize("typed", ["", None, "2026-13-01", "1900-01-01", "9999-12-31", "0001-01-01", "heute"])
def test_what_is_no_day_of_the_books(typed: object) -> None:
    assert day_in(typed) is None and day_in("2026-12-02") == date(2026, 12, 2)


def test_keys_are_read() -> None:
    key = uuid.uuid4()
    assert key_in(str(key)) == key
    assert key_in("mine") is None


def test_texts_are_tidied_and_a_repeated_field_counts_as_empty() -> None:
    typed = Typed({"name": "  a \u200b  b ", "note": "one\ntwo", "twice": ["a", "b"]})
    assert (typed.line("name"), typed.text("note"), typed.line("twice"), typed.line("none")) == ("a b", "one\ntwo", "", "")


def test_everything_wrong_is_gathered() -> None:
    typed = Typed({"long": "x" * 11, "day": "32.13.", "from": "9:00", "start": "10:00", "end": "9:30"}, longest=10)
    assert typed.needed("name") == "" and typed.need("code", str, "-") == "-"
    assert typed.maybe("day", read_date) is None and typed.maybe("other", read_date) is None
    assert typed.span("from", "to") is None and typed.span("start", "end") == (time(10), time(9, 30))
    typed.line("long")
    with pytest.raises(Invalid) as refused:
        typed.check()
    assert set(refused.value.fields) == {"name", "code", "day", "to", "end", "long"}
    assert refused.value.fields["name"] == FILL_IN


def test_what_is_right_passes() -> None:
    typed = Typed({"day": "2026-12-03", "from": "9:00", "to": "10:30", "kind": "a"})
    assert (typed.maybe("day", read_date), typed.span("from", "to")) == (date(2026, 12, 3), (time(9), time(10, 30)))
    assert (typed.choice("kind", ("a", "b"), "b"), typed.choice("other", ("a", "b"), "b")) == ("a", "b")
    typed.check()
