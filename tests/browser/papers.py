"""The sheets of an order as a stranger proves them: with poppler's tools, and with the product's own command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from dispatch import paths
from dispatch.db import transaction
from dispatch.orders.models import Order
from dispatch.sheets.models import Sheet, SheetVersion
from tests.browser.walking import Desk


def fetch_sheets(office: Desk, order_id: int, count: int, folder: Path) -> list[Path]:
    """Wait until the worker has released so many sheets, and download them as the office does, the order's own first."""
    return [_fetch(office, url, folder / f"{number}.pdf") for number, url in enumerate(_released(order_id, count))]


def _released(order_id: int, count: int) -> list[str]:
    until = time.monotonic() + 60
    while True:
        with transaction() as session:
            number = session.get_one(Order, order_id).number
            query = sa.select(SheetVersion.id).join(SheetVersion.sheet).where(Sheet.order_id == order_id)
            newest = query.where(SheetVersion.released_at.is_not(None)).order_by(Sheet.line_id.asc().nulls_first())
            found = session.scalars(newest).all()
        if len(found) >= count:
            assert len(found) == count, "each sheet is made once"
            return [f"/orders/{number}/sheets/{version}.pdf" for version in found]
        assert time.monotonic() < until, f"{len(found)} of {count} sheets were made"
        time.sleep(0.3)


def _fetch(office: Desk, url: str, file: Path) -> Path:
    answer = office.page.request.get(office.address + url)
    assert answer.status == 200 and answer.headers["content-type"] == "application/pdf"
    file.write_bytes(answer.body())
    return file


def said(*command: str | Path) -> str:
    """What a program prints."""
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, check=True).stdout


def printed(pdf: Path) -> str:
    """The text of a PDF without blanks: numbers are set in groups."""
    return "".join(said("pdftotext", "-layout", pdf, "-").split())


def verdict(pdf: Path, database: str, data_dir: Path) -> dict[str, Any]:
    """What `./run sheet verify --json` says; with the status it ends with as `exit`."""
    command = [sys.executable, "-m", "dispatch.cli", "sheet", "verify", str(pdf), "--json"]
    environ = {**os.environ, "DATABASE_URL": database, "DATA_DIR": str(data_dir), "PYTHONPATH": str(paths.PACKAGE.parent)}
    done = subprocess.run(command, capture_output=True, text=True, env=environ, check=False)
    return {**json.loads(done.stdout), "exit": done.returncode}


def flipped(pdf: Path) -> Path:
    """The same file with one bit of one byte turned over, in the middle of it."""
    content = bytearray(pdf.read_bytes())
    content[len(content) // 2] ^= 1
    other = pdf.with_name(f"flipped-{pdf.name}")
    other.write_bytes(content)
    return other


def assert_proven(pdf: Path, database: str, data_dir: Path) -> None:
    """The signature holds for pdfsig and for us; one turned bit is found by us."""
    assert "Signature is Valid." in said("pdfsig", "-nocert", pdf)
    ours = verdict(pdf, database, data_dir)
    assert (ours["verdict"], ours["issued_file"], ours["exit"]) == ("valid", True, 0), ours
    theirs = verdict(flipped(pdf), database, data_dir)
    assert (theirs["verdict"], theirs["issued_file"], theirs["exit"]) == ("altered", False, 1), theirs
