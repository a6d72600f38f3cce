"""What measurements of pages share: the whole application on a throwaway PostgreSQL, somebody at his desk, and the clock."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from dispatch import config, db
from dispatch.app import create_app
from dispatch.garbage import answering, seldom, settle
from dispatch.host.cluster import start_throwaway, stop_throwaway
from dispatch.host.schema import upgrade
from dispatch.staff.models import Person
from dispatch.staff.operations import start_session
from tests.counting import queries

MOST_QUERIES = 12
WARM_UP = 8
"""Rounds until templates are compiled and the driver has prepared the statements, which it does after five."""

UNCHECKED = "SET LOCAL session_replication_role = replica"
"""Until the transaction ends no trigger and no foreign key looks at a row: many receipts take seconds, not minutes."""

Make = Callable[[], str]
"""One address of a page, another one each time."""


@contextmanager
def application() -> Iterator[tuple[Flask, str]]:
    """The application, and the address of the empty database below it."""
    cluster = start_throwaway()
    try:
        upgrade(cluster.url)
        settings = {"DATABASE_URL": cluster.url, "SECRET_KEY": "measure", "ARGON2_MEMORY_KIB": "64", "LOG_LEVEL": "error"}
        seldom()  # as the web server does
        app = create_app(config.load(settings))
        settle()
        answering()
        yield app, cluster.url
    finally:
        db.disconnect()
        stop_throwaway(cluster)


def fill(url: str, statements: tuple[str, ...], facts: Mapping[str, object]) -> None:
    """Carry out statements that make many rows."""
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(sa.text(statement), facts)
    engine.dispose()


def settled(url: str) -> None:
    """Let the database see to rows that were just written, as it does by itself within a minute of so many."""
    fill(url, ("VACUUM ANALYZE",), {})


def sit_down(app: Flask, person_id: int) -> FlaskClient:
    """A browser in which somebody has signed in."""
    client = app.test_client()
    client.environ_base.update({"HTTP_SEC_FETCH_SITE": "same-origin"})
    with db.transaction() as session:
        person = session.get_one(Person, person_id)
        token = start_session(session, person, address="measure", browser="measure", at=datetime.now(UTC))
    with client.session_transaction() as cookie:
        cookie["_user_id"] = token
    return client


def hold_against_limits(client: FlaskClient, pages: Mapping[str, tuple[float, Make]], rounds: int) -> int:
    """Fetch each page `rounds` times and print a JSON line of it; returns how many broke their limit (milliseconds at p95)."""
    broken = 0
    for name, (limit, make) in pages.items():
        result = _measure(client, make, rounds)
        fits = result["p95_ms"] <= limit and result["queries"] <= MOST_QUERIES
        broken += not fits
        print(json.dumps({"page": name, **result, "limit_ms": limit, "fits": fits}, ensure_ascii=False), flush=True)
    return broken


def told(what: str, seconds: float, limit: float, **more: object) -> bool:
    """Print a JSON line of something that took so long; whether it broke its limit."""
    print(
        json.dumps({"what": what, "seconds": round(seconds, 1), **more, "limit_s": limit, "fits": seconds <= limit}), flush=True
    )
    return seconds > limit


def _measure(client: FlaskClient, make: Make, rounds: int) -> dict[str, Any]:
    """One address after the other; the first ones warm up and do not count."""
    times, most = [], 0
    for number in range(WARM_UP + rounds):
        address = make()
        with queries() as seen:
            start = time.perf_counter()
            answer = client.get(address)
            spent = (time.perf_counter() - start) * 1000
        assert answer.status_code == 200, (address, answer.status)
        if number >= WARM_UP:
            times.append(spent)
            most = max(most, len(seen))
    return {
        "median_ms": round(statistics.median(times), 1),
        "p95_ms": round(statistics.quantiles(times, n=20)[-1], 1),
        "queries": most,
    }
