"""What browsers and those between may keep: files that never change, and nothing that is somebody's."""

from __future__ import annotations

import gzip

import brotli
import pytest
from flask import Flask
from sqlalchemy.orm import Session

from dispatch.sheets.gateway import missing_libraries
from tests.conftest import AT, Cast, SignIn
from tests.fees.building import paid
from tests.fees.money import handed, owing


def kept(as_person: SignIn, cast: Cast, path: str) -> str:
    """The Cache-Control of a page of finance."""
    answer = as_person(cast.qian).get(path)
    assert answer.status_code == 200, path
    return str(answer.headers["Cache-Control"])


@pytest.mark.parametrize("path", ["/finance", "/finance/day", f"/finance/day.xlsx?day={AT:%Y-%m-%d}", "/orders"])
def test_what_is_somebodys_is_kept_by_nobody(as_person: SignIn, cast: Cast, path: str) -> None:
    assert kept(as_person, cast, path) == "no-store"


@pytest.mark.skipif(bool(missing_libraries()), reason="this machine lacks the PDF engine's libraries")
def test_a_slip_is_drawn_anew_each_time(db: Session, as_person: SignIn, cast: Cast) -> None:
    receipt = paid(db, owing(db, cast), "300", cast.su)
    made = handed(db, [receipt.id], cast.su)
    db.commit()
    assert kept(as_person, cast, f"/hand-ins/{made.id}/slip.pdf") == "no-store"


def test_static_files_are_kept_for_a_year_and_what_is_not_there_is_not(app: Flask) -> None:
    client = app.test_client()
    for name, said in (("tokens", "public, max-age=31536000"), ("nothing", "no-store")):
        with client.get(f"/static/web/{name}.css") as answer:
            assert answer.headers["Cache-Control"] == said


READER = "/static/vendor/zxing/zxing_reader.wasm"


@pytest.mark.parametrize(("accepted", "sent"), [("gzip, deflate", "gzip"), ("gzip, deflate, br", "br"), ("identity", None)])
def test_pages_and_what_they_are_made_of_travel_packed(app: Flask, accepted: str, sent: str | None) -> None:
    client, unpack = app.test_client(), {"gzip": gzip.decompress, "br": brotli.decompress, None: bytes}[sent]
    for path in ("/signin", "/static/web/lists.css", "/static/vendor/htmx/htmx.min.js", READER):
        with client.get(path, headers={"Accept-Encoding": accepted}) as answer, client.get(path) as plain:
            assert answer.headers.get("Content-Encoding") == sent and "Accept-Encoding" in answer.headers["Vary"], path
            assert len(answer.data) < len(plain.data) / 2 if sent else len(answer.data) > 1000
            if path.startswith("/static"):
                assert unpack(answer.data) == plain.data
