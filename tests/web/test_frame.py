"""The frame around every page: the rail says where one is."""

from __future__ import annotations

import re

import pytest

from tests.conftest import Cast, SignIn


def marked(page: str) -> list[tuple[str, str]]:
    """Address and mark of the entries of the rail that are marked; the rail stands on the page twice, desk and phone."""
    found = re.findall(r'<li><a href="([^"]+)" aria-current="(\w+)"', page)
    assert found[: len(found) // 2] == found[len(found) // 2 :]
    return found[: len(found) // 2]


@pytest.mark.parametrize(
    ("who", "path", "mark"),
    [
        ("qian", "/finance", [("/finance", "page")]),
        ("qian", "/finance/hand-ins", [("/finance", "true")]),
        ("wang", "/approvals", [("/approvals", "page")]),
        ("wang", "/stock/issue", [("/stock", "true")]),
        ("wang", "/account", []),
    ],
)
def test_the_rail_marks_the_page_or_the_feature_it_belongs_to(
    cast: Cast, as_person: SignIn, who: str, path: str, mark: list[tuple[str, str]]
) -> None:
    assert marked(as_person(getattr(cast, who)).get(path).text) == mark
