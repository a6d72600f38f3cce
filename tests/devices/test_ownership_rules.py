"""Whose a unit is: the written rule for what is fitted, what a person can say, what a list says. No database."""

from __future__ import annotations

import pytest

from dispatch.config_values import some_of
from dispatch.devices.ownership_rules import OURS, Exchange, Owner, Standing, after, his, of_found, read_owner, suits, why_not
from dispatch.words import Text

A, B, THIRD = his(1), his(2), Owner("third_party", None, "博实结")
SOLD = ("terminal",)


# --- the rule


@pytest.mark.parametrize(
    ("kind", "unit", "into", "out", "lent", "then"),
    [
        ("install", "terminal", OURS, None, False, (A, None)),
        ("install", "sim", OURS, None, False, (None, None)),
        ("install", "terminal", OURS, None, True, (None, None)),
        ("install", "terminal", A, None, False, (None, None)),
        ("install", "terminal", THIRD, None, False, (None, None)),
        ("swap", "terminal", OURS, A, False, (A, OURS)),
        ("swap", "terminal", OURS, OURS, False, (A, None)),
        ("swap", "terminal", OURS, THIRD, False, (A, None)),
        ("swap", "terminal", OURS, A, True, (None, None)),
        ("swap", "terminal", A, A, False, (None, None)),
        ("swap", "sim", OURS, A, False, (None, None)),
        ("remove", "terminal", None, A, False, (None, None)),
        ("move_out", "terminal", None, A, False, (None, None)),
        ("move_in", "terminal", OURS, None, False, (None, None)),
        ("undo", "terminal", OURS, A, False, (None, None)),
    ],
)
def test_what_a_fitting_means_for_whose_units_are(
    kind: str, unit: str, into: Owner | None, out: Owner | None, lent: bool, then: tuple[Owner | None, Owner | None]
) -> None:
    assert after(Exchange(kind, unit, 1, into, out, lent), SOLD) == then


def test_what_is_sold_is_a_setting() -> None:
    assert after(Exchange("install", "sim", 1, OURS), ("terminal", "sim")) == (A, None)
    assert after(Exchange("swap", "terminal", 1, OURS, A), some_of("terminal", "sim")("none")) == (None, None)
    assert (of_found("terminal", 1, SOLD), of_found("sim", 1, SOLD)) == (A, OURS)
    with pytest.raises(ValueError, match="some of terminal, sim, or none"):
        some_of("terminal", "sim")("terminal, radio")


@pytest.mark.parametrize(
    ("standing", "to", "why"),
    [
        (Standing("terminal", A), A, "on record already"),
        (Standing("tool", OURS), A, "A tool is"),
        (Standing("terminal", OURS, lent=True, at_customer_id=1), A, "on loan"),
        (Standing("terminal", A, at_customer_id=1), B, "another customer"),
        (Standing("tool", OURS), THIRD, None),
        (Standing("terminal", OURS, lent=True, at_customer_id=1), THIRD, None),
        (Standing("sim", OURS, at_customer_id=1), A, None),
        (Standing("terminal", A, at_customer_id=1), OURS, None),
    ],
)
def test_what_a_person_cannot_say(standing: Standing, to: Owner, why: str | None) -> None:
    found = why_not(standing, to)
    assert found is None if why is None else why in str(found)


def test_what_a_list_says() -> None:
    assert {read_owner(text) for text in ("", " 本公司 ", "Ours", "自有")} == {OURS}
    assert [read_owner(text) for text in ("第三方：博实结", "third party: 博实结")] == [THIRD, THIRD]
    assert read_owner("恒通  物流（深圳）") == Owner("customer", None, "恒通 物流（深圳）")
    assert isinstance(read_owner("第三方:"), Text)
    assert (suits(A, 1), suits(A, 2), suits(OURS, 2), suits(THIRD, 2)) == (True, False, True, True)
