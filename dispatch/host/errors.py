"""The one refusal of this folder."""

from __future__ import annotations


class CannotStart(Exception):
    """Something about this machine is in the way; the text is one sentence that says what, and what to do."""
