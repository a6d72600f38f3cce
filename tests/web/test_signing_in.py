"""Signing in: limited attempts, sessions that end, the first start, and requests that other sites forge."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from dispatch.app import create_app, opening_words
from dispatch.config import Settings
from dispatch.db import transaction
from dispatch.staff.models import LoginSession, Person
from dispatch.staff.passwords import hash_password
from dispatch.staff.rules import Actor
from dispatch.web.first_start import setup_token
from tests.conftest import SAME_SITE, Cast

PASSWORD = "correct horse"


@pytest.fixture
def browser(app: Flask) -> FlaskClient:
    """A browser in which nobody has signed in; Lin has a password."""
    with transaction() as session:
        session.scalars(sa.select(Person).where(Person.username == "lin")).one().password_hash = hash_password(PASSWORD)
    client = app.test_client()
    client.environ_base.update(SAME_SITE)
    return client


def sign_in(browser: FlaskClient, username: str = "lin", password: str = PASSWORD, **more: str) -> str:
    """Post the form; returns where it leads, or the page's text."""
    answer = browser.post("/signin", data={"username": username, "password": password, **more})
    return answer.headers.get("Location") or answer.get_data(as_text=True)


def test_a_stranger_is_asked_to_sign_in_and_brought_back(browser: FlaskClient) -> None:
    assert browser.get("/orders?q=粤B").headers["Location"].startswith("/signin?next=/orders")
    assert sign_in(browser, next="/orders?status=draft") == "/orders?status=draft"
    assert browser.get("/orders").status_code == 200


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "/\\evil.example"])
def test_signing_in_leads_nowhere_else(browser: FlaskClient, elsewhere: str) -> None:
    assert sign_in(browser, next=elsewhere) == "/"


@pytest.mark.parametrize(("username", "password"), [("lin", "wrong password"), ("nobody", PASSWORD), ("su", ""), ("", "")])
def test_a_wrong_name_and_a_wrong_password_read_alike(browser: FlaskClient, username: str, password: str) -> None:
    assert "The user name or the password is wrong." in sign_in(browser, username, password)


def test_after_five_wrong_passwords_even_the_right_one_has_to_wait(browser: FlaskClient) -> None:
    for _ in range(5):
        sign_in(browser, password="wrong password")
    assert "Please wait 15 minutes" in sign_in(browser)
    assert "is wrong" in sign_in(browser, "wang"), "another name is not held up"


def test_signing_out_ends_the_session_in_the_table_too(browser: FlaskClient) -> None:
    sign_in(browser)
    with browser.session_transaction() as cookie:
        stolen = dict(cookie)
    browser.post("/signout")
    with browser.session_transaction() as cookie:
        cookie.update(stolen)
    assert browser.get("/orders").status_code == 302


@pytest.mark.parametrize(("column", "age"), [("seen_at", timedelta(minutes=481)), ("started_at", timedelta(hours=169))])
def test_a_session_ends_when_idle_or_old(browser: FlaskClient, column: str, age: timedelta) -> None:
    sign_in(browser)
    with transaction() as session:
        session.execute(sa.update(LoginSession).values({column: datetime.now(UTC) - age}))
    assert browser.get("/orders").status_code == 302


def test_somebody_who_left_is_out_at_once(browser: FlaskClient) -> None:
    sign_in(browser)
    with transaction() as session:
        session.execute(sa.update(Person).where(Person.username == "lin").values(active=False))
    assert browser.get("/orders").status_code == 302


def test_a_new_password_ends_the_other_sessions(
    as_person: Callable[[Actor], FlaskClient], cast: Cast, browser: FlaskClient
) -> None:
    elsewhere = as_person(cast.lin)
    sign_in(browser)
    fresh = {"current": PASSWORD, "password": "another horse", "password_again": "another horse"}
    assert browser.post("/account/password", data=fresh).status_code == 302
    assert browser.get("/account").status_code == 200
    assert elsewhere.get("/account").status_code == 302


def test_a_short_password_is_refused_beside_its_field(
    as_person: Callable[[Actor], FlaskClient], cast: Cast, browser: FlaskClient
) -> None:
    sign_in(browser)
    answer = browser.post("/account/password", data={"current": PASSWORD, "password": "short", "password_again": "short"})
    assert answer.status_code == 422 and "At least 10 characters" in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"}, {}],
)
def test_a_form_that_another_site_sends_is_not_carried_out(app: Flask, headers: dict[str, str]) -> None:
    answer = app.test_client().post("/signin", data={"username": "lin", "password": PASSWORD}, headers=headers)
    assert (answer.status_code == 403 and "another site" in answer.get_data(as_text=True)) or "其他网站" in answer.get_data(
        as_text=True
    )


def test_pages_carry_a_strict_policy_and_are_not_kept(browser: FlaskClient) -> None:
    headers = browser.get("/signin").headers
    assert (
        "unsafe" not in headers["Content-Security-Policy"] and "script-src 'self' 'nonce-" in headers["Content-Security-Policy"]
    )
    assert (headers["Cache-Control"], headers["X-Content-Type-Options"]) == ("no-store", "nosniff")


def test_an_unknown_host_is_not_answered(browser: FlaskClient) -> None:
    assert browser.get("/signin", headers={"Host": "evil.example"}).status_code == 400


def test_the_language_is_the_persons_else_the_browsers(app: Flask) -> None:
    client = app.test_client()
    assert 'lang="en"' in client.get("/signin", headers={"Accept-Language": "en-GB"}).get_data(as_text=True)
    assert 'lang="zh-Hans-CN"' in client.get("/signin", headers={"Accept-Language": "zh-CN"}).get_data(as_text=True)
    client.post("/language", data={"locale": "en"}, headers={"Sec-Fetch-Site": "same-origin"})
    assert 'lang="en"' in client.get("/signin", headers={"Accept-Language": "zh-CN"}).get_data(as_text=True)


def test_health_is_told_without_signing_in(app: Flask) -> None:
    assert [app.test_client().get(path).status_code for path in ("/livez", "/readyz")] == [200, 200]


def test_the_first_start_asks_for_the_administrator_once(cluster_url: str, settings: Settings) -> None:
    from dispatch.host.schema import upgrade
    from tests.conftest import _address, _execute

    _execute(cluster_url, "DROP DATABASE IF EXISTS first_start WITH (FORCE)")
    _execute(cluster_url, "CREATE DATABASE first_start")
    empty = replace(settings, database_url=_address(cluster_url, "first_start"))
    upgrade(empty.database_url)
    client = create_app(empty).test_client()
    client.environ_base.update(SAME_SITE)
    assert setup_token(empty) in str(opening_words(empty, "http://localhost:8000")[0])
    assert client.get("/setup?token=guessed").status_code == 404
    typed = {"token": setup_token(empty), "branch": "深圳", "name": "管理员", "username": "admin", "password": PASSWORD}
    refused = client.post("/setup", data=typed | {"password_again": "typo"})
    assert refused.status_code == 422 and 'value="管理员"' in refused.get_data(as_text=True), "what was typed is kept"
    assert client.post("/setup", data=typed | {"password_again": PASSWORD}).status_code == 302
    assert client.post("/setup", data=typed | {"password_again": PASSWORD}).status_code == 404
    assert sign_in(client, "admin") == "/"
    assert opening_words(empty, "http://localhost:8000") == []
