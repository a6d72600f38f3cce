"""A form between two looks at it: what was typed, and what was wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import request

from dispatch.errors import Invalid, Refusal
from dispatch.typed import Typed
from dispatch.words import Text


@dataclass
class Form:
    """Typed values by field name (a list where a field repeats), and sentences by field name; "" speaks of the whole form."""

    values: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, Text] = field(default_factory=dict)

    @classmethod
    def sent(cls) -> Form:
        """The form as this request brought it, blanks around texts and signs that no text holds removed."""
        sent = request.form.to_dict(flat=False)
        tidy = {name: [text.replace("\x00", "").strip() for text in texts] for name, texts in sent.items()}
        return cls({name: texts[0] if len(texts) == 1 else texts for name, texts in tidy.items()})

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Form:
        """A form filled with values; None shows as empty."""
        return cls({name: "" if value is None else value for name, value in values.items()})

    def text(self, name: str) -> str:
        """One typed text, "" when missing."""
        value = self.values.get(name, "")
        return value if isinstance(value, str) else str(value[0])

    def line(self, name: str) -> str:
        """One line of text, "" when missing. Raises Invalid for one that is too long."""
        typed = Typed(self.values)
        line = typed.line(name)
        typed.check()
        return line

    def texts(self, name: str) -> list[str]:
        """All texts of a repeated field."""
        value = self.values.get(name, [])
        return [value] if isinstance(value, str) else list(value)

    def number(self, name: str, otherwise: int) -> int:
        """A whole number of up to nine digits, or `otherwise`."""
        typed = self.text(name)
        return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else otherwise

    def refused(self, refusal: Refusal) -> Form:
        """The same form with the refusal's sentences beside their fields."""
        self.errors = dict(refusal.fields) if isinstance(refusal, Invalid) else {"": refusal.text}
        return self
