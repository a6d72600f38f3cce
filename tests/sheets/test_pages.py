"""Sheets to open, and what the whole world may see of one behind its code."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from dispatch.db import transaction
from dispatch.files.gateway import configure
from dispatch.orders.models import Order
from dispatch.sheets import jobs, pages, signing
from dispatch.sheets.jobs import carry_out
from dispatch.sheets.models import Sheet
from tests.conftest import SAME_SITE, Cast, SignIn, Storyteller
from tests.sheets.engine import flipped, needs_libraries
from tests.sheets.house import BASE, repaired, sheets, versions

pytestmark = [pytest.mark.usefixtures("house"), needs_libraries]


@pytest.fixture
def issued(
    app: Flask,
    db: Session,
    cast: Cast,
    house: Path,
    tmp_path: Path,
    made: bytes,
    monkeypatch: pytest.MonkeyPatch,
    tell: Storyteller,
) -> tuple[Order, Sheet]:
    """A repair whose sheet was released; its PDF is the one that all tests of this folder share."""
    configure(tmp_path, "test")  # the application has named keys of its own
    signing.configure(house)
    monkeypatch.setattr(jobs, "make_pdf", lambda *_, **__: made)

    def a_released_sheet() -> int:
        with transaction() as opened:
            order = repaired(opened, cast)
            [sheet] = sheets(opened, order)
        carry_out(sheet.id, BASE)
        return order.id

    order = db.get_one(Order, tell(a_released_sheet))
    [sheet] = sheets(db, order)
    return order, sheet


@pytest.fixture
def stranger(app: Flask) -> FlaskClient:
    """A browser in which nobody is signed in, with English pages."""
    client = app.test_client()
    client.environ_base.update(SAME_SITE)
    return client


def pdf_address(db: Session, issued: tuple[Order, Sheet]) -> str:
    order, sheet = issued
    return f"/orders/{order.number}/sheets/{versions(db, sheet)[-1].id}.pdf"


@pytest.mark.parametrize("who", ["lin", "su", "wang", "chen"])
def test_who_sees_the_order_opens_its_sheet(
    db: Session, cast: Cast, as_person: SignIn, issued: Any, made: bytes, who: str
) -> None:
    answer = as_person(getattr(cast, who)).get(pdf_address(db, issued))
    assert answer.status_code == 200
    assert answer.data == made
    assert answer.mimetype == "application/pdf"
    disposition = answer.headers["Content-Disposition"]
    assert disposition.startswith("inline")
    assert "filename*=UTF-8''SZ_WX-" in disposition
    assert "%E7%B2%A4B" in disposition


@pytest.mark.parametrize("who", ["he", "wei"])
def test_others_find_nothing_there(db: Session, cast: Cast, as_person: SignIn, issued: Any, who: str) -> None:
    client = as_person(getattr(cast, who))
    assert client.get(pdf_address(db, issued)).status_code == 404
    assert client.get(f"/orders/{issued[0].number}/sheets").status_code == 404


def test_a_sheet_is_opened_under_its_own_order_only(db: Session, cast: Cast, as_person: SignIn, issued: Any) -> None:
    other = repaired_elsewhere(db, cast)
    address = pdf_address(db, issued).replace(issued[0].number, other.number)
    assert as_person(cast.lin).get(address).status_code == 404


def repaired_elsewhere(db: Session, cast: Cast) -> Order:
    from tests.board.building import approved_order

    order = approved_order(db, cast)
    db.commit()
    return order


def test_the_list_names_each_version_and_offers_to_make_it_again(db: Session, cast: Cast, as_person: SignIn, issued: Any) -> None:
    order, sheet = issued
    page = as_person(cast.lin).get(f"/orders/{order.number}/sheets").text
    assert versions(db, sheet)[0].name in page
    assert "Make again" in page
    assert "every 2s" not in page
    assert "Make again" not in as_person(cast.su).get(f"/orders/{order.number}/sheets").text


def test_while_it_is_made_the_list_looks_again_by_itself(db: Session, cast: Cast, as_person: SignIn) -> None:
    from dispatch.clock import now

    order = repaired(db, cast)
    [sheet] = sheets(db, order)
    sheet.created_at = now()
    db.commit()
    page = as_person(cast.lin).get(f"/orders/{order.number}/sheets").text
    assert "every 2s" in page
    assert "Being made" in page


def test_the_desk_asks_again(db: Session, cast: Cast, as_person: SignIn, issued: Any) -> None:
    number = issued[0].number
    assert as_person(cast.lin).post(f"/orders/{number}/sheets").status_code == 302
    assert as_person(cast.su).post(f"/orders/{number}/sheets").status_code == 404
    assert as_person(cast.he).post(f"/orders/{number}/sheets").status_code == 404


def test_the_code_shows_what_was_issued_and_nobodys_name(db: Session, stranger: FlaskClient, issued: Any) -> None:
    order, sheet = issued
    page = stranger.get(f"/s/{sheet.token}?v=1").text
    facts = versions(db, sheet)[0].facts
    assert order.number in page
    assert "Your paper is version 1, the newest." in page
    plate = facts["lines"][0]["plate"]
    for hidden in (plate, plate[2:], facts["customer"]["name"], facts["customer"]["phone"], facts["customer"]["contact"], "苏杰"):
        assert hidden not in page


def test_an_old_paper_is_told_of_the_newer_version(
    db: Session, stranger: FlaskClient, issued: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    order, sheet = issued
    db.get_one(Order, order.id).diagnosis = "改正"
    db.commit()
    monkeypatch.setattr(jobs, "make_pdf", lambda *_, **__: b"%PDF-1.7 second")
    monkeypatch.setattr(jobs, "verify", lambda pdf, issued: type("V", (), {"verdict": "valid"}))
    carry_out(sheet.id, BASE)
    assert "A newer one replaces it: version 2" in stranger.get(f"/s/{sheet.token}?v=1").text
    assert "is version 2, the newest" in stranger.get(f"/s/{sheet.token}?v=2").text
    for odd in ("99", "x", "-1", "1" * 40):
        assert stranger.get(f"/s/{sheet.token}?v={odd}").status_code == 200


def test_an_unknown_code_says_what_to_do(stranger: FlaskClient) -> None:
    answer = stranger.get("/s/nobody-knows-this")
    assert answer.status_code == 404
    assert "No sheet has this code" in answer.text
    assert stranger.post("/s/nobody-knows-this", data={"file": (io.BytesIO(b"x"), "x.pdf")}).status_code == 404


def sent(client: FlaskClient, token: str, content: bytes) -> str:
    answer = client.post(f"/s/{token}", data={"file": (io.BytesIO(content), "sheet.pdf")})
    assert answer.status_code == 200
    return answer.text


def test_a_file_is_checked_against_what_was_issued(stranger: FlaskClient, issued: Any, made: bytes) -> None:
    token = issued[1].token
    genuine = sent(stranger, token, made)
    assert "exactly as it was issued" in genuine
    assert "It is version 1, the newest." in genuine
    assert "exactly as it was issued" not in sent(stranger, token, flipped(made, len(made) // 2))
    assert "This file is not a PDF." in sent(stranger, token, b"hello")


def test_a_sheet_is_kept_by_nobody_on_its_way(db: Session, cast: Cast, as_person: SignIn, issued: Any) -> None:
    """It names customer, phone and address: no proxy may hand it to the next one who asks."""
    answer = as_person(cast.lin).get(pdf_address(db, issued))
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_sheet_that_the_store_has_lost_is_a_sentence(
    db: Session, cast: Cast, as_person: SignIn, issued: Any, tmp_path: Path
) -> None:
    configure(tmp_path / "empty", "test")
    answer = as_person(cast.lin).get(pdf_address(db, issued))
    assert answer.status_code == 404
    assert "can no longer be read" in answer.text


def test_without_a_code_of_ours_no_file_is_read(stranger: FlaskClient, issued: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "sent_file", lambda: pytest.fail("it was read"))
    assert stranger.post("/s/guessed", data={"file": (io.BytesIO(b"x"), "x.pdf")}).status_code == 404


def test_strangers_never_keep_more_than_two_threads(stranger: FlaskClient, issued: Any) -> None:
    """One file is looked at, one waits; the third is told at once, and what we issued is known without a look."""
    with pages._room, pages._room:
        answer = stranger.post(f"/s/{issued[1].token}", data={"file": (io.BytesIO(b"%PDF-1.7"), "x.pdf")})
        assert answer.status_code == 409 and "Others are having files checked" in answer.text


def test_without_a_file_the_form_says_so(stranger: FlaskClient, issued: Any) -> None:
    answer = stranger.post(f"/s/{issued[1].token}", data={})
    assert answer.status_code == 422
    assert "Please choose a file." in answer.text


def test_a_form_of_another_site_is_not_taken(app: Flask, issued: Any) -> None:
    client = app.test_client()
    client.environ_base["HTTP_SEC_FETCH_SITE"] = "cross-site"
    assert client.post(f"/s/{issued[1].token}", data={}).status_code == 403
