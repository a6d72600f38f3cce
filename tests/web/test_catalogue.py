"""Chinese and English everywhere: no sentence without its translation, no translation with other places to fill."""

from __future__ import annotations

import re

import pytest
from babel.messages.catalog import Message

from tests.web import catalogue

PLACE = re.compile(r"%\(\w+\)[sd]")


def test_every_sentence_has_its_chinese() -> None:
    assert catalogue.missing() == []


def test_no_translation_is_left_over() -> None:
    assert catalogue.left_over() == []


@pytest.mark.parametrize("message", [m for m in catalogue.translated() if m.id], ids=lambda m: str(m.id)[:40])
def test_a_translation_fills_the_same_places(message: Message) -> None:
    said = message.id if isinstance(message.id, str) else " ".join(message.id)
    told = message.string if isinstance(message.string, str) else " ".join(message.string)
    assert set(PLACE.findall(told)) <= set(PLACE.findall(said)), told
    if isinstance(message.id, str):
        assert set(PLACE.findall(said)) == set(PLACE.findall(told)), told
