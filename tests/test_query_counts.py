"""No page asks the database more than a dozen times, whoever opens it: every page of the demonstration company."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from dispatch import db
from dispatch.app import create_app
from dispatch.web import login
from tests.browser.sight import Sight
from tests.browser.staging import signed_in
from tests.company import DemoCompany
from tests.counting import queries

MOST = 12


@dataclass(frozen=True)
class Company:
    """The demonstration company, and its pages by name."""

    app: Flask
    sights: dict[str, Sight]


@pytest.fixture(autouse=True)
def nobody_is_noted_as_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once in some minutes a page notes that its reader is still here: not in this test, however long it takes."""
    monkeypatch.setattr(login, "SEEN_EVERY", timedelta(days=1))


@pytest.fixture(scope="module")
def company(shown_company: tuple[DemoCompany, dict[str, Sight]]) -> Iterator[Company]:
    """The demonstration company at two in the afternoon."""
    company, sights = shown_company
    yield Company(create_app(company.settings), sights)
    db.disconnect()


PEOPLE = ("", "lin", "su", "qian", "admin", "wang")
ALL_SEEING = ("wang", "chen")


@pytest.mark.parametrize("who", [*PEOPLE, "chen"])
def test_no_page_asks_more_than_a_dozen_times(company: Company, who: str) -> None:
    """Each page by whoever it is for, by the manager, by the director with one and with all branches, and by one more of all."""
    client = signed_in(company.app, who) if who else company.app.test_client()
    answers = {path: _answer(client, path) for path in _addresses(company.sights.values(), who)}
    assert {path: count for path, (_, count) in answers.items() if count > MOST} == {}
    own = (sight for sight in company.sights.values() if sight.who == who)
    assert [sight.path for sight in own if answers[sight.path][0] != sight.status] == []


def _addresses(sights: Iterable[Sight], who: str) -> Iterator[str]:
    for index, sight in enumerate(sights):
        if who in (sight.who, *ALL_SEEING, PEOPLE[index % len(PEOPLE)]):
            yield sight.path
        if who == "chen":
            yield f"{sight.path}{'&' if '?' in sight.path else '?'}branch=all&branches=all"


def _answer(client: FlaskClient, path: str) -> tuple[int, int]:
    """Its status, and how many statements a page costs; one that is not his costs little as well."""
    with queries() as seen:
        status = client.get(path).status_code
    assert status < 500, path
    return status, len(seen)
