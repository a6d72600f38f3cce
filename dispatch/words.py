"""Sentences that rules speak before anyone knows the reader's language.

A rule returns or raises a `Text`: an English sentence (the catalogue's key) and its parameters. The edge that answers a person
turns it into that person's language with `dispatch.web.locale.tr`. The catalogue is collected from every call of `say()`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Text:
    """One sentence: `msgid` in English with %(name)s places, `params` to fill them (a parameter may be a Text itself)."""

    msgid: str
    params: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.msgid % {name: str(value) for name, value in self.params.items()} if self.params else self.msgid

    def __hash__(self) -> int:
        return hash((self.msgid, tuple(sorted((k, str(v)) for k, v in self.params.items()))))


def say(msgid: str, **params: Any) -> Text:
    """`say("plate %(plate)s is known", plate="粤B12345")` -> Text."""
    return Text(msgid, params)


def listed(things: Sequence[Any]) -> Text | str:
    """Several things as one parameter of a sentence, with the comma of the reader's language between them."""
    if len(things) < 2:
        return str(things[0]) if things else ""
    middle = len(things) // 2  # halves, so that a long list is not a deep one
    return say("%(some)s, %(more)s", some=listed(things[:middle]), more=listed(things[middle:]))


def text_to_json(text: Text) -> dict[str, Any]:
    """A sentence as it is kept in a row; sentences among its parameters stay such, what JSON lacks becomes plain words."""
    return {"msgid": text.msgid, "params": {name: _kept(value) for name, value in text.params.items()}}


def _kept(value: Any) -> Any:
    if isinstance(value, Text):
        return text_to_json(value)
    return value if value is None or isinstance(value, str | int | float) else str(value)


def text_from_json(stored: Mapping[str, Any]) -> Text:
    """What `text_to_json` gave, as a sentence again; other keys beside it are left alone."""
    return Text(stored["msgid"], {name: _revived(value) for name, value in stored.get("params", {}).items()})


def _revived(value: Any) -> Any:
    return text_from_json(value) if isinstance(value, dict) else value
