"""What the tests of the field's pages start from: the morning of the visits, and technicians with their phones."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from dispatch.orders.models import Order, Visit
from tests.board.building import approved_order
from tests.conftest import Cast, SignIn
from tests.field.building import arrived, carrying
from tests.field.phone import Phone, set_clock


@pytest.fixture(autouse=True)
def fixed_clock(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is 09:00 on the day of the visits, a second later each time. The application comes first: it opens the database anew."""
    set_clock(monkeypatch)


@pytest.fixture
def su(as_person: SignIn, cast: Cast) -> FlaskClient:
    """Su's browser."""
    return as_person(cast.su)


@pytest.fixture
def visit(db: Session, on_site: Visit) -> Visit:
    """Su is there, for the pages to see."""
    db.commit()
    return on_site


@pytest.fixture
def phone(su: FlaskClient, visit: Visit) -> Phone:
    """Su's phone at the repair."""
    return Phone(su, visit.id)


@pytest.fixture
def fleet(db: Session, cast: Cast) -> Order:
    """An installation of four vehicles."""
    return approved_order(db, cast, lines=4, kind="installation", symptom=None, model="BD-808A")


@pytest.fixture
def both(db: Session, cast: Cast, fleet: Order, as_person: SignIn) -> tuple[Phone, Phone]:
    """Su has the first two vehicles, Wei the others; both are there with full bags."""
    ids = [line.id for line in fleet.lines]
    first = arrived(db, cast, fleet, cast.su, lines=tuple(ids[:2]))
    second = arrived(db, cast, fleet, cast.wei, lines=tuple(ids[2:]))
    carrying(db, cast, cast.su, 3)
    carrying(db, cast, cast.wei, 2)
    db.commit()
    return Phone(as_person(cast.su), first.id), Phone(as_person(cast.wei), second.id)
