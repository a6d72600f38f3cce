"""What the tests of the sync start from: Su has a dispatched visit, a bag and an offline phone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from dispatch.field import api
from dispatch.orders.models import Order, Visit
from tests.conftest import AT, SAME_SITE, Cast, SignIn
from tests.field.building import sent_out
from tests.field.sync.pocket import Pocket


@dataclass
class Wall:
    """The server's clock, as a test sets it."""

    now: datetime = AT + timedelta(hours=1)

    def after(self, **passed: int) -> datetime:
        """So much later; the moment it is then."""
        self.now += timedelta(**passed)
        return self.now


@pytest.fixture
def wall(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Wall:
    """It is ten in the morning at the server."""
    wall = Wall()
    monkeypatch.setattr(api, "now", lambda: wall.now)
    return wall


@pytest.fixture
def visit(app: Flask, db: Session, cast: Cast, order: Order) -> Visit:
    """Su's dispatched visit, for the server to see."""
    made = sent_out(db, cast, order, cast.su)
    db.commit()
    return made


@pytest.fixture
def pocket(wall: Wall, visit: Visit, cast: Cast, as_person: SignIn) -> Pocket:
    """Su's phone."""
    return Pocket(as_person(cast.su), visit.id, wall)


@pytest.fixture
def app_client(app: Flask) -> FlaskClient:
    """A browser in which nobody has signed in."""
    client = app.test_client()
    client.environ_base.update(SAME_SITE)
    return client
