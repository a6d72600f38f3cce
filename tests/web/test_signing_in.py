"""Signing in: limited attempts, sessions that end, the first start, and requests that other sites forge."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from dispatch.app import create_app, opening_words
from dispatch.config import Settings
from dispatch.db import transaction
from dispatch.host.schema import upgrade
from dispatch.staff.models import LoginSession, Person
from dispatch.staff.passwords import hash_password
from dispatch.staff.rules import Actor
from dispatch.web.first_start import setup_token
from tests import databases
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
    with databases.database(cluster_url, "first_start") as url:
        upgrade(url)
        found_the_company(replace(settings, database_url=url))


def found_the_company(empty: Settings) -> None:
    client = create_app(empty).test_client()
    client.environ_base.update(SAME_SITE)
    assert setup_token(empty) in str(opening_words(empty, "http://localhost:8000")[0])
    assert client.get("/setup?token=guessed").status_code == 404
    names = {"company": "示范公司", "branch": "深圳", "name": "管理员", "username": "admin"}
    typed = {"token": setup_token(empty), "password": PASSWORD, **names}
    refused = client.post("/setup", data=typed | {"password_again": "typo"})
    assert refused.status_code == 422 and 'value="管理员"' in refused.get_data(as_text=True), "what was typed is kept"
    assert "Two to six letters" in client.post("/setup", data=typed | {"password_again": PASSWORD, "code": "上海"}).text
    assert client.post("/setup", data=typed | {"password_again": PASSWORD, "code": "sz"}).status_code == 302
    assert client.post("/setup", data=typed | {"password_again": PASSWORD}).status_code == 404
    assert sign_in(client, "admin") == "/" and client.get("/").location == "/first-steps"
    branches = client.get("/branches").get_data(as_text=True)
    assert 'value="示范公司"' in branches and ">SZ<" in branches
    assert opening_words(empty, "http://localhost:8000") == []


@pytest.mark.parametrize("elsewhere", ["/\t/evil.example", "/\n/evil.example", "/orders\r\nX: y"])
def test_signing_in_follows_no_address_with_control_signs(browser: FlaskClient, elsewhere: str) -> None:
    assert sign_in(browser, next=elsewhere) == "/"


def test_blanks_at_the_ends_belong_to_a_password(browser: FlaskClient) -> None:
    sign_in(browser)
    fresh = {"current": PASSWORD, "password": " new horse 9 ", "password_again": " new horse 9 "}
    assert browser.post("/account/password", data=fresh).status_code == 302
    browser.post("/signout")
    assert "is wrong" in sign_in(browser, password="new horse 9")
    assert sign_in(browser, password=" new horse 9 ") == "/"


def test_forty_wrong_passwords_at_once_are_not_forty_tries(app: Flask, browser: FlaskClient) -> None:
    def attempt(_: int) -> str:
        client = app.test_client()
        client.environ_base.update(SAME_SITE)
        return sign_in(client, password="wrong password")

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(attempt, range(20)))
    assert sum("is wrong" in answer for answer in answers) == 5


def test_a_branch_that_does_not_exist_locks_nobody_out(as_person: Callable[[Actor], FlaskClient], cast: Cast) -> None:
    director = as_person(cast.chen)
    for chosen in ("9" * 30, "-1", "x", "4711"):
        director.post("/branch", data={"branch_id": chosen})
        assert director.get("/account").status_code == 200


@pytest.mark.parametrize(
    "path", ["/orders?q=%00", "/orders?q=--", "/search?q=a%00b", "/orders/%00", f"/customers/{'9' * 30}", f"/customers/{2**63}"]
)
def test_odd_addresses_are_answered_with_a_sentence(as_person: Callable[[Actor], FlaskClient], cast: Cast, path: str) -> None:
    assert as_person(cast.lin).get(path).status_code in (200, 404, 422)


def test_signs_that_no_text_holds_are_dropped(browser: FlaskClient) -> None:
    assert sign_in(browser, username="li\x00n") == "/", "a sign that no keyboard has is no part of the name"
