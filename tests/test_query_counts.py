"""No page asks the database more than a dozen times, whoever opens it: every page of the demonstration company."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient

from dispatch import db
from dispatch.app import create_app
from tests.browser.showroom import Sight, sights
from tests.browser.staging import signed_in
from tests.company import DemoCompany
from tests.counting import queries

MOST = 12


@dataclass(frozen=True)
class Company:
    """The demonstration company, and its pages by name."""

    app: Flask
    sights: dict[str, Sight]


@pytest.fixture(scope="module")
def company(demo_company: DemoCompany) -> Iterator[Company]:
    """The demonstration company at two in the afternoon."""
    app = create_app(demo_company.settings)
    yield Company(app, sights(app, demo_company.zone))
    db.disconnect()


@pytest.mark.parametrize("who", ["", "lin", "wang", "su", "qian", "chen", "admin"])
def test_no_page_asks_more_than_a_dozen_times(company: Company, who: str) -> None:
    """Whoever may open it, in all of its looks: the director's with all branches at once, too."""
    client = signed_in(company.app, who) if who else company.app.test_client()
    counts = {path: _statements(client, path) for path in _addresses(company.sights.values(), who)}
    assert {path: count for path, count in counts.items() if count > MOST} == {}


def _addresses(sights: Iterable[Sight], who: str) -> Iterator[str]:
    for sight in sights:
        yield sight.path
        if who == "chen":
            yield f"{sight.path}{'&' if '?' in sight.path else '?'}branch=all&branches=all"


def _statements(client: FlaskClient, path: str) -> int:
    """How many statements a page costs; one that is not his costs little as well."""
    with queries() as seen:
        assert client.get(path).status_code < 500, path
    return len(seen)


def test_each_page_was_there(company: Company) -> None:
    clients = {who: signed_in(company.app, who) for who in {sight.who for sight in company.sights.values()} if who}
    for name, sight in company.sights.items():
        assert clients.get(sight.who, company.app.test_client()).get(sight.path).status_code == sight.status, name
