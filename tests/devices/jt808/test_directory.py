"""Who may speak."""

from __future__ import annotations

import pytest

from dispatch.devices.jt808.directory import Directory, Entry
from dispatch.devices.jt808.observations import Terminal

KNOWN = Directory(
    [
        Entry(1, "013912344323", "4316102"),
        Entry(2, "13900000002"),
        Entry(3, None, "a099933"),
        Entry(4, "13900000004", "7777777"),
        Entry(5, "13900000004", "5412388"),
        Entry(6, None, "8888888"),
        Entry(7, None, "8888888"),
        Entry(8, "", ""),
    ]
).known


@pytest.mark.parametrize(
    ("phone", "terminal_id", "who"),
    [
        ("13912344323", None, 1),
        ("13912344323", "4316102", 1),
        ("13912344323", "0004316102", 1),
        ("13912344323", "", 1),
        ("13900000002", "anything", 2),
        ("13911111111", "A099933", 3),
    ],
)
def test_found(phone: str, terminal_id: str | None, who: int) -> None:
    assert KNOWN(phone, terminal_id) == Terminal(who)


@pytest.mark.parametrize(
    ("phone", "terminal_id"),
    [
        ("13911111111", None),
        ("13911111111", "4316102"),  # its phone is another
        ("13912344323", "5412388"),  # its id is another
        ("13900000004", "7777777"),  # two have this phone
        ("13911111111", "8888888"),  # two have this id
        ("", None),
        ("", ""),
        ("EDEDED", None),
    ],
)
def test_not_found(phone: str, terminal_id: str | None) -> None:
    assert KNOWN(phone, terminal_id) is None
