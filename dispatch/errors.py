"""The refusals, and the one for forms. Each carries a sentence fit to be shown; edges decide how."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dispatch.words import Text, say


class Refusal(Exception):
    """An answer of no. `status` is the HTTP status an edge answers with."""

    status = 400

    def __init__(self, text: Text | str, **params: Any) -> None:
        self.text = text if isinstance(text, Text) else Text(text, params)
        super().__init__(str(self.text))


class NotFound(Refusal):
    """There is no such thing, or it is not this person's to see: both answer alike."""

    status = 404

    def __init__(self, text: Text | str | None = None, **params: Any) -> None:
        super().__init__(text or say("There is nothing here, or it is not yours to see."), **params)


class NotSignedIn(Refusal):
    """A program asks and does not say for whom. (People are shown the page to sign in.)"""

    status = 401

    def __init__(self) -> None:
        super().__init__(say("Please sign in first."))


class NotAllowed(Refusal):
    """The person may see the thing but not do this."""

    status = 403


class RuleBroken(Refusal):
    """A rule of the business says no."""

    status = 422


class Conflict(Refusal):
    """Somebody else was first: the page is stale, the number is taken, the slot is booked."""

    status = 409


class Invalid(Refusal):
    """What was typed cannot be taken. `fields` maps a form field's name to the sentence shown beside it."""

    status = 422

    def __init__(self, fields: Mapping[str, Text]) -> None:
        self.fields = dict(fields)
        super().__init__(say("Please check the marked fields."))
