"""The phone's app as it is sent: the same for everybody, kept for ever under its version, small, and in both languages."""

from __future__ import annotations

import gzip
import json
import re
from typing import Any

import pytest
from flask import Flask

from dispatch import paths
from dispatch.field.pages.app_files import LATER, OWN, files, version
from dispatch.field.presenting.app_words import WORDS
from tests.conftest import PASSWORD, Cast, SignIn
from tests.served import open_doors

KIB = 1024
SCRIPTS = sorted((paths.STATIC / OWN).rglob("*.js"))


def told_by(app: Flask) -> dict[str, Any]:
    """What the worker is to keep."""
    script = app.test_client().get("/sw.js").text
    told: dict[str, Any] = json.loads(script.partition("\n")[0].removeprefix("const APP = ").removesuffix(";"))
    return told


def test_the_page_is_the_same_for_everybody_and_runs_no_script_by_a_nonce(app: Flask, as_person: SignIn, cast: Cast) -> None:
    strangers, his = app.test_client().get("/app/"), as_person(cast.su).get("/app/")
    assert strangers.data == his.data and strangers.status_code == 200
    rules = strangers.headers["Content-Security-Policy"]
    assert "nonce" not in rules and "worker-src 'self'" in rules and "manifest-src 'self'" in rules


def test_all_that_is_kept_is_there_and_may_be_kept_for_ever(app: Flask) -> None:
    client, told = app.test_client(), told_by(app)
    for path in (*told["now"], *told["later"]):
        with client.get(f"/app/{told['version']}/{path}") as answer:
            assert answer.status_code == 200 and "immutable" in answer.headers["Cache-Control"], path
    for gone in (
        f"/app/{'0' * 12}/index.html",
        f"/app/{told['version']}/field/app/nothing.js",
        f"/app/{told['version']}/../app.py",
    ):
        assert client.get(gone).status_code == 404


def test_an_app_that_has_not_changed_is_not_fetched_again(app: Flask) -> None:
    client = app.test_client()
    first = client.get("/sw.js")
    again = client.get("/sw.js", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_the_first_load_is_small(app: Flask) -> None:
    client, told = app.test_client(), told_by(app)
    sent = 0
    for path in [
        "/app/",
        "/sw.js",
        *(f"/app/{told['version']}/{path}" for path in told["now"] if path not in ("index.html", "words/en.json")),
    ]:
        with client.get(path, headers={"Accept-Encoding": "gzip"}) as answer:
            sent += len(answer.data)
            assert (
                answer.headers.get("Content-Encoding") == "gzip" or len(answer.data) < 1200 or answer.mimetype == "image/png"
            ), path
    assert sent <= 60 * KIB, sent


def test_nothing_is_kept_that_no_page_needs_at_once(app: Flask) -> None:
    told = told_by(app)
    assert set(told["later"]) == set(LATER) and not set(told["now"]) & set(LATER)
    assert len(gzip.compress(files()["vendor/zxing/zxing_reader.wasm"].content)) > 60 * KIB  # that is why
    assert version() == told["version"]


def test_every_word_of_the_scripts_is_there_in_both_languages(app: Flask) -> None:
    source = "\n".join(file.read_text("utf-8") for file in SCRIPTS)
    used = set(re.findall(r'\bt\("([a-z-]+)"', source))
    assert used <= WORDS.keys(), used - WORDS.keys()
    assert [key for key in WORDS if f'"{key}"' not in source and f"{key}:" not in source] == []
    for language in ("zh", "en"):
        with app.test_client().get(f"/app/{version()}/words/{language}.json") as answer:
            assert answer.get_json().keys() == WORDS.keys()


@pytest.mark.parametrize(("password", "status"), [(PASSWORD, 200), ("wrong", 422)])
def test_somebody_signs_in_over_what_waits_on_his_phone(app: Flask, cast: Cast, password: str, status: int) -> None:
    open_doors()
    client = app.test_client()
    answer = client.post("/api/sign-in", data={"username": "su", "password": password}, headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == status
    told = answer.get_json()
    assert told.get("id") == cast.su.id if status == 200 else told["error"]
    assert client.get("/api/field/day").status_code == (200 if status == 200 else 401)
