"""What the tests of the field start from."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from dispatch.files.gateway import configure
from dispatch.orders.models import Order, Visit
from tests.board.building import approved_order
from tests.conftest import Cast
from tests.fees.building import price_list
from tests.field.building import arrived


@pytest.fixture(autouse=True)
def files(tmp_path: Path) -> None:
    """A store of files for this test alone."""
    configure(tmp_path, "a secret for tests")


@pytest.fixture
def prices(db: Session, cast: Cast) -> None:
    """The price list."""
    price_list(db, cast)


# --- a repair that Su is at


@pytest.fixture
def order(db: Session, cast: Cast) -> Order:
    """A repair of one vehicle."""
    return approved_order(db, cast)


@pytest.fixture
def on_site(db: Session, cast: Cast, order: Order) -> Visit:
    """Su is there."""
    return arrived(db, cast, order, cast.su)
