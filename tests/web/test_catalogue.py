"""Chinese and English everywhere: no sentence without its translation, no translation with other places to fill."""

from __future__ import annotations

import re

from babel.messages.catalog import Message

from tests.web import catalogue

PLACE = re.compile(r"%\(\w+\)[sd]")


def test_every_sentence_has_its_chinese() -> None:
    assert catalogue.missing() == []


def test_no_translation_is_left_over() -> None:
    assert catalogue.left_over() == []


def test_a_word_of_two_meanings_has_two_translations() -> None:
    there = catalogue.translated()
    for word, context in (("Name", "person"), ("Received", "stock"), ("Done", "import")):
        assert there.get(word).string != there.get(word, context).string, word


def test_translations_fill_the_same_places() -> None:
    assert [m.id for m in catalogue.translated() if m.id and not _same_places(m)] == []


def _same_places(message: Message) -> bool:
    said = message.id if isinstance(message.id, str) else message.id[-1]
    told = message.string if isinstance(message.string, str) else message.string[0]
    return set(PLACE.findall(said)) == set(PLACE.findall(told))
