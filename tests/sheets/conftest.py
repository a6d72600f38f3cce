"""What the tests of sheets start from: a signed sheet by the real engine in its real child process, an order with its sheet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from dispatch.db import transaction
from dispatch.files.gateway import configure as configure_files
from dispatch.orders.models import Order
from dispatch.sheets import jobs, making, signing, verifying
from dispatch.sheets.models import Sheet
from dispatch.sheets.verifying import Verdict
from dispatch.words import say
from tests.conftest import Cast, Storyteller
from tests.sheets.engine import HTML, sheet
from tests.sheets.house import repaired, sheets


@pytest.fixture(scope="session")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A data folder whose key signs; the child processes end with the tests."""
    folder = tmp_path_factory.mktemp("seal")
    signing.configure(folder)
    signing.check_key()
    yield folder
    making.stop()
    verifying.stop()


@pytest.fixture
def seal(sealed: Path) -> Path:
    """That folder, in use again should another test have named another one."""
    signing.configure(sealed)
    return sealed


@pytest.fixture(scope="session")
def made(sealed: Path) -> bytes:
    """A signed sheet of two pages."""
    signing.configure(sealed)
    return making.make_pdf(HTML, **sheet())


@pytest.fixture
def made_file(made: bytes, tmp_path: Path) -> Path:
    """The same as a file."""
    file = tmp_path / "sheet.pdf"
    file.write_bytes(made)
    return file


@pytest.fixture
def house(seal: Path, tmp_path: Path) -> Path:
    """The store of files and the seal, ready for whole sheets of whole orders."""
    configure_files(tmp_path, "test")
    return seal


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """PDFs that cost nothing; the list of what was drawn."""
    drawn: list[str] = []

    def make_pdf(html: str, **_: Any) -> bytes:
        drawn.append(html)
        return b"%PDF-1.7 " + html.encode()

    monkeypatch.setattr(jobs, "make_pdf", make_pdf)
    monkeypatch.setattr(jobs, "verify", lambda pdf, issued: Verdict("valid", issued, say("This file is empty.")))
    return drawn


@pytest.fixture
def done(house: Path, db: Session, cast: Cast, tell: Storyteller) -> tuple[Order, Sheet]:
    """A repair whose visit has ended, and its sheet, which was asked for."""

    def a_repair() -> int:
        with transaction() as opened:
            return repaired(opened, cast).id

    order = db.get_one(Order, tell(a_repair))
    [sheet] = sheets(db, order)
    return order, sheet
