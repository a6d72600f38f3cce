"""What the app shows before the signature, and its hash, are those of the record."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext

from tests.conftest import Served

pytestmark = pytest.mark.browser

VECTOR = Path(__file__).parents[1] / "field" / "wire" / "summary.json"

SUMMARY = """async ({ pack, acts }) => {
  const { hashOf, summaryOf } = await import("/static/field/app/summary.js");
  const summary = summaryOf(pack, pack.visits[0], acts);
  return [summary, await hashOf(summary)];
}"""


def test_the_summary_of_the_phone_is_that_of_the_record(served: Served, opened: Callable[..., BrowserContext]) -> None:
    page, vector = opened().new_page(), json.loads(VECTOR.read_text())
    page.goto(served.url + "/signin")
    assert page.evaluate(SUMMARY, {"pack": vector["pack"], "acts": vector["acts"]}) == [vector["summary"], vector["hash"]]
