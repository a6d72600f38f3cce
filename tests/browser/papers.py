"""The sheets of an order as a stranger proves them: with poppler's tools, and with the product's own command."""

from __future__ import annotations

import hashlib
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
from dispatch.sheets import signing
from dispatch.sheets.queries import latest, outdated, release_of, sheets_of
from dispatch.sheets.verifying import verify
from tests.browser.walking import Desk


def fetch_sheets(office: Desk, order_id: int, count: int, folder: Path) -> list[Path]:
    """Wait until the worker has made so many sheets as they are now, and download them as the office does, the order's own
    first."""
    return [_fetch(office, url, folder / f"{number}.pdf") for number, url in enumerate(_released(order_id, count))]


def _released(order_id: int, count: int) -> list[str]:
    until = time.monotonic() + 60
    while True:
        with transaction() as session:
            order, sheets = session.get_one(Order, order_id), sheets_of(session, order_id)
            newest = [latest(sheet) for sheet in sheets]
            made = [version.id for version in newest if version and version.released_at]
            if len(made) == len(sheets) == count and not outdated(session, order):
                return [f"/orders/{order.number}/sheets/{version}.pdf" for version in made]
        assert time.monotonic() < until, f"{len(made)} of {count} sheets were made"
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


def run(database: str, data_dir: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    """`./run words…` on this database and data folder, in English."""
    environ = {**os.environ, "DATABASE_URL": database, "DATA_DIR": str(data_dir), "PYTHONPATH": str(paths.PACKAGE.parent)}
    command = [sys.executable, "-m", "dispatch.cli", *(str(word) for word in words)]
    return subprocess.run(command, capture_output=True, text=True, env={**environ, "LANG": "en_US.UTF-8"}, check=False)


def verdict(pdf: Path, database: str, data_dir: Path) -> dict[str, Any]:
    """What `./run sheet verify --json` says; with the status it ends with as `exit`."""
    done = run(database, data_dir, "sheet", "verify", pdf, "--json")
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


def fetch_all_sheets(office: Desk, numbers: list[str], folder: Path) -> list[Path]:
    """Every sheet of these orders: one for a repair, one for each vehicle of an installation and one for the whole."""
    with transaction() as session:
        counts = sa.select(Order.number, Order.id, sa.func.count()).join(Order.lines).group_by(Order.id)
        known = {number: (order_id, lines) for number, order_id, lines in session.execute(counts)}
    found = []
    for number in numbers:
        order_id, lines = known[number]
        place = folder / number
        place.mkdir(parents=True)
        found += fetch_sheets(office, order_id, lines + (lines > 1), place)
    return found


def assert_sound(pdf: Path, data_dir: Path) -> None:
    """The same by the function behind the command, which need not be started for it."""
    signing.configure(data_dir)
    assert "Signature is Valid." in said("pdfsig", "-nocert", pdf)
    assert verify(pdf.read_bytes(), issued=True).verdict == "valid"
    assert verify(flipped(pdf).read_bytes(), issued=False).verdict == "altered"


def prove_all(pdfs: list[Path], database: str, data_dir: Path) -> None:
    """Each file is one that was issued, with a signature that holds; check finds nothing wrong with anything."""
    signing.configure(data_dir)
    for pdf in pdfs:
        content = pdf.read_bytes()
        with transaction() as session:
            issued = release_of(session, hashlib.sha256(content).hexdigest()) is not None
        assert verify(content, issued=issued).verdict == "valid" and issued
    assert_proven(pdfs[0], database, data_dir)
    checked = run(database, data_dir, "check", "--lang", "en")
    assert checked.returncode == 0, checked.stdout + checked.stderr
