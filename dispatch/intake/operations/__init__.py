"""Taking in: one call, a request for many vehicles, a list of calls."""

from dispatch.intake.operations.calling import note_phone_shown, take_call
from dispatch.intake.operations.listing import keep_calls, note_outcome, take_listed
from dispatch.intake.operations.no_order import end_call, join_again
from dispatch.intake.operations.requesting import keep_edits, keep_request, take_request

__all__ = [
    "end_call",
    "join_again",
    "keep_calls",
    "keep_edits",
    "keep_request",
    "note_outcome",
    "note_phone_shown",
    "take_call",
    "take_listed",
    "take_request",
]
