"""Sentences on their way into a row and back."""

from __future__ import annotations

import json
from decimal import Decimal

from dispatch.words import say, text_from_json, text_to_json


def test_sentences_survive_being_stored() -> None:
    text = say("%(full)s; the first is free at %(at)s", full=say("1 is full all day"), at="10:30")
    kept = json.loads(json.dumps(text_to_json(text)))
    assert text_from_json(kept) == text
    assert str(text_from_json(kept)) == str(text)


def test_what_json_does_not_know_is_kept_as_words() -> None:
    kept = json.loads(json.dumps(text_to_json(say("%(n)s for %(amount)s", n=2, amount=Decimal("3.50")))))
    assert str(text_from_json(kept)) == "2 for 3.50"


def test_a_sentence_may_stand_among_other_facts() -> None:
    assert str(text_from_json({"code": "vin", "msgid": "is missing"})) == "is missing"
