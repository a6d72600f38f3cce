"""What the tests of the field start from."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from dispatch.fees.models import Price
from dispatch.files.gateway import configure

LIST = (
    ("P001", "BD-808A 主机", "part", "680.00", "0.13"),
    ("P006", "SIM 卡", "part", "15.00", "0.13"),
    ("S003", "移机费", "service", "150.00", "0.06"),
)


@pytest.fixture(autouse=True)
def files(tmp_path: Path) -> None:
    """A store of files for this test alone."""
    configure(tmp_path, "a secret for tests")


@pytest.fixture
def prices(db: Session) -> None:
    """A price list of three."""
    for code, name, category, amount, tax in LIST:
        valid = date(2026, 1, 1)
        db.add(Price(code=code, name=name, category=category, amount=Decimal(amount), tax_rate=Decimal(tax), valid_from=valid))
    db.flush()
