"""The order that the tests of pages begin with."""

from __future__ import annotations

import pytest

from dispatch.db import transaction
from dispatch.orders.models import Order
from tests.building import repair_order
from tests.conftest import Cast


@pytest.fixture
def order(app: object, cast: Cast) -> Order:
    """A repair of one vehicle that Lin took; Wang has not decided yet."""
    with transaction() as db:
        return repair_order(db, cast, symptom_text="终端不上线三天")
