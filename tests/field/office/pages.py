"""The sections of an order's page that show the work on site, as a reader reads them."""

from __future__ import annotations

import re

from dispatch.staff.rules import Actor
from tests.conftest import SignIn

FRAGMENT = {"HX-Request": "true"}


def page(as_person: SignIn, who: Actor, number: str, section: str = "on-site", **headers: str) -> str:
    answer = as_person(who).get(f"/orders/{number}/{section}", headers=headers or FRAGMENT)
    assert answer.status_code == 200
    return str(answer.text)


def words(html: str) -> str:
    """What a reader reads, codes without their gaps."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", html))
