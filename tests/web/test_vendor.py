"""What others wrote is pinned: every vendored file is listed with its hash, nothing points outside, the budgets hold."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

from dispatch import paths

VENDOR = paths.STATIC / "vendor"
PACKAGES: list[dict[str, Any]] = json.loads((VENDOR / "MANIFEST.json").read_text("utf-8"))
LISTED = {file["path"]: file["sha256"] for package in PACKAGES for file in package["files"]}
KIB = 1024


def test_every_vendored_file_is_listed_and_nothing_else() -> None:
    present = {file.relative_to(VENDOR).as_posix() for file in VENDOR.rglob("*") if file.is_file()}
    assert present == {*LISTED, "MANIFEST.json"}


@pytest.mark.parametrize("path", sorted(LISTED))
def test_vendored_file_is_the_one_that_was_listed(path: str) -> None:
    assert hashlib.sha256((VENDOR / path).read_bytes()).hexdigest() == LISTED[path]


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package["name"])
def test_package_names_version_and_carries_its_licence(package: dict[str, Any]) -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", package["version"])
    assert package["licence"] in {"MIT", "0BSD", "BSD-2-Clause", "OFL-1.1"}
    assert any(file["path"].endswith("/LICENSE") for file in package["files"])


@pytest.mark.parametrize("path", [path for path in sorted(LISTED) if path.endswith((".js", ".css"))])
def test_no_source_map_is_missed(path: str) -> None:
    assert "sourceMappingURL" not in (VENDOR / path).read_text("utf-8")


@pytest.mark.parametrize("sheet", sorted(paths.STATIC.rglob("*.css")), ids=lambda sheet: sheet.name)
def test_style_sheet_loads_only_what_is_here(sheet: Path) -> None:
    for address in re.findall(r"url\(\s*[\"']?([^)\"']+)", sheet.read_text("utf-8")):
        if not address.startswith(("data:", "#")):
            assert (sheet.parent / address).is_file(), address


def _gzipped(*files: str) -> int:
    return sum(len(gzip.compress((paths.STATIC / file).read_bytes())) for file in files)


SCRIPTS = ("web/frame.js", "web/forms.js", "web/lists.js")


def test_desk_stays_within_its_budget() -> None:
    sheets = (
        "vendor/bootstrap/bootstrap.min.css",
        "web/tokens.css",
        "web/parts.css",
        "web/desk.css",
        "web/forms.css",
        "web/lists.css",
    )
    board = (
        "vendor/leaflet/leaflet.js",
        "vendor/leaflet/leaflet.css",
        "vendor/gcoord/gcoord.global.prod.js",
        "board/map.js",
        "board/map.css",
    )
    assert _gzipped(*sheets, *SCRIPTS, *board, "vendor/htmx/htmx.min.js", "vendor/icons/icons.svg") <= 250 * KIB


def test_phone_stays_within_its_budget() -> None:
    assert (paths.STATIC / "web/phone.css").stat().st_size <= 15_000
    field = ("field/field.css", "field/field.js", "field/photos.js", "web/scan/scan.css", "web/scan/open.js")
    assert _gzipped("web/tokens.css", "web/parts.css", "web/phone.css", *SCRIPTS, *field, "vendor/icons/icons.svg") <= 60 * KIB


def test_only_the_pages_that_are_signed_load_the_signature_pad() -> None:
    using = {file.name for file in paths.TEMPLATES.rglob("*.html") if "signature_pad" in file.read_text("utf-8")}
    assert using == {"signature.html", "counter.html", "paper_parts.html"}


def test_only_what_scans_loads_the_reader_of_codes() -> None:
    """And only those pages may run what is compiled: their views say so."""
    using = {file.name for file in paths.TEMPLATES.rglob("*.html") if "eyes.parts(" in file.read_text("utf-8")}
    assert using == {"swap.html", "vehicle.html", "my_bag.html"}
    edges = Path(paths.__file__).parent.rglob("pages/*.py")
    allowing = {file.name for file in edges if "    allow_compiled()" in file.read_text("utf-8")}
    assert allowing == {"vehicles.py", "bag.py", "app.py"}
    naming = [file.name for file in paths.TEMPLATES.rglob("*.html") if "zxing" in file.read_text("utf-8")]
    assert naming == ["scan.html"]
