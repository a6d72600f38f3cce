"""What the server writes down: one JSON object a line, each with the id that the reader sees on the page of what went wrong."""

from __future__ import annotations

import io
import json
import logging
import re
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from flask import Flask
from flask.testing import FlaskClient

from dispatch import db
from dispatch.app import create_app
from dispatch.config import Settings
from dispatch.web.access import public
from dispatch.web.logs import set_up
from tests.conftest import SAME_SITE


@pytest.fixture
def written(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What goes to standard error of a house that has been set up to log as it does where it is used."""
    kept, root = io.StringIO(), logging.getLogger()
    handlers, level = root.handlers[:], root.level
    monkeypatch.setattr(sys, "stderr", kept)
    root.handlers = []  # else setting up closes those of the test run
    set_up(settings)
    yield kept
    structlog.reset_defaults()
    root.handlers = handlers
    root.setLevel(level)


@pytest.fixture
def client(settings: Settings, written: io.StringIO) -> Iterator[FlaskClient]:
    """A browser before a house in which two pages are broken."""
    app = create_app(settings)
    _break(app)
    client = app.test_client()
    client.environ_base.update(SAME_SITE)
    yield client
    db.disconnect()


def _break(app: Flask) -> None:
    """A page that fails, and one that warns through the standard library before it does."""

    def fails() -> str:
        raise ZeroDivisionError("粤B8YSB6\nand a second line")

    def warns() -> str:
        logging.getLogger("some.library").warning("odd: %s", "粤B")
        structlog.get_logger("own").warning("odd_too", plate="粤B")
        return fails()

    for view in (fails, warns):
        app.add_url_rule(f"/{view.__name__}", view.__name__, public(view))


def lines(written: io.StringIO) -> list[dict[str, Any]]:
    """Every line as the object that it is."""
    return [json.loads(line) for line in written.getvalue().splitlines()]


def number_on(page: str) -> str:
    """The number that the page asks the reader to name."""
    found = re.search(r"<code>([0-9a-f]{12})</code>", page)
    assert found
    return found[1]


def test_the_page_and_the_log_name_the_same_number(client: FlaskClient, written: io.StringIO) -> None:
    answer = client.get("/fails")
    assert answer.status_code == 500
    [line] = lines(written)
    assert (line["event"], line["level"], line["request"]) == ("request_failed", "error", number_on(answer.text))
    assert "ZeroDivisionError: 粤B8YSB6" in line["exception"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", line["timestamp"])
    assert "ZeroDivisionError" not in answer.text


def test_every_line_of_a_request_names_it_whoever_wrote_it(client: FlaskClient, written: io.StringIO) -> None:
    answer = client.get("/warns")
    told = lines(written)
    assert [line["event"] for line in told] == ["odd: 粤B", "odd_too", "request_failed"]
    assert {line["request"] for line in told} == {number_on(answer.text)}
    assert {"level", "timestamp"} <= told[0].keys() & told[1].keys()


def test_another_request_has_another_number_and_nothing_of_the_first(client: FlaskClient, written: io.StringIO) -> None:
    structlog.contextvars.bind_contextvars(left_over="x")
    numbers = [number_on(client.get("/fails").text) for _ in range(2)]
    told = lines(written)
    assert [line["request"] for line in told] == numbers and numbers[0] != numbers[1]
    assert all("left_over" not in line for line in told)


def test_the_page_of_a_refusal_has_a_number_too(client: FlaskClient) -> None:
    answer = client.get("/nowhere")
    assert answer.status_code == 404 and number_on(answer.text)
