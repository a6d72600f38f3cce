"""A signature speaks of what was shown: nothing else is kept as one, and what changes afterwards asks for a new one."""

from __future__ import annotations

import json

import pytest
from sqlalchemy.orm import Session

from dispatch.field.forms import read_signature
from dispatch.field.papers import field_papers_missing
from dispatch.field.presenting.stops import Stop
from dispatch.field.queries import own_visit
from dispatch.files.strokes import is_drawn
from dispatch.orders.models import Order, Visit
from tests.board.building import approved_order
from tests.conftest import Cast
from tests.field.building import SWUNG, arrived, carrying, do, fitted_long_ago, sign

AFTER = "苏杰: something was fitted or charged after the customer had signed."


@pytest.fixture
def order(db: Session, cast: Cast, prices: None) -> Order:
    """A repair of one vehicle with a terminal in it."""
    made = approved_order(db, cast)
    fitted_long_ago(db, cast, made.lines[0])
    return made


@pytest.fixture
def on_site(db: Session, cast: Cast, order: Order) -> Visit:
    """Su is there, and the customer has signed."""
    visit = arrived(db, cast, order, cast.su)
    sign(db, visit, cast.su)
    return visit


def _swap(db: Session, cast: Cast, visit: Visit) -> None:
    [box], _ = carrying(db, cast, cast.su)
    do(db, visit, "line.swap", cast.su, line=visit.order.lines[0].id, terminal=box.number)


def _missing(db: Session, cast: Cast, order: Order, visit: Visit) -> list[str]:
    do(db, visit, "visit.finish", cast.su)
    return [str(text) for text in field_papers_missing(db, order)]


def test_what_was_swapped_after_signing_was_not_signed_for(db: Session, cast: Cast, order: Order, on_site: Visit) -> None:
    _swap(db, cast, on_site)
    assert AFTER in _missing(db, cast, order, on_site)


def test_what_was_charged_after_signing_was_not_signed_for(db: Session, cast: Cast, order: Order, on_site: Visit) -> None:
    do(db, on_site, "charge.add", cast.su, code="S003", quantity=9, line=None)
    assert AFTER in _missing(db, cast, order, on_site)


def test_he_is_asked_to_have_it_signed_again(db: Session, cast: Cast, order: Order, on_site: Visit) -> None:
    def state() -> str:
        return Stop(db, own_visit(db, on_site.id, cast.su)).steps[-1].state

    assert state() == "done"
    _swap(db, cast, on_site)
    assert state() == "open"
    sign(db, on_site, cast.su)
    assert state() == "done"
    assert AFTER not in _missing(db, cast, order, on_site)


def test_paying_after_signing_changes_nothing(db: Session, cast: Cast, order: Order, on_site: Visit) -> None:
    _swap(db, cast, on_site)
    sign(db, on_site, cast.su)
    do(db, on_site, "payment.take", cast.su, amount="680.00", channel="cash")
    assert AFTER not in _missing(db, cast, order, on_site)


@pytest.mark.parametrize("points", ["[" * 200_000, '[["\\ud800"]]', "1" * 9_000, '[[[0.1,0.1,{"a":"b"}],[0.9,0.9]]]', "{}", "no"])
def test_what_is_no_signature_is_not_kept(points: str) -> None:
    assert read_signature({"points": points})["points"] == []


@pytest.mark.parametrize("odd", [float("nan"), float("inf"), 10**400, True, "1", None, [1]])
def test_only_numbers_are_measured(odd: object) -> None:
    assert is_drawn(json.loads(json.dumps(SWUNG)))
    assert not is_drawn([[[0.1, 0.1, odd], [0.9, 0.9, 2]]])
    assert not is_drawn([[[odd, 0.1, 1], [0.9, 0.9, 2]]])
