"""One signed sheet for all tests of this folder, made by the real engine in its real child process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dispatch.files.gateway import configure as configure_files
from dispatch.sheets import making, signing, verifying
from tests.sheets.engine import HTML, sheet


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
