"""Taking in: one call, a request for many vehicles, a list of calls."""

from dispatch.intake.operations.calling import note_phone_shown, take_call
from dispatch.intake.operations.filing import (
    Columns,
    choose_columns,
    fill_upload,
    forget_columns,
    keep_file,
    mend_cells,
    remember_columns,
)
from dispatch.intake.operations.listing import take_calls
from dispatch.intake.operations.no_order import end_call, join_again
from dispatch.intake.operations.requesting import keep_edits, take_request

__all__ = [
    "Columns",
    "choose_columns",
    "end_call",
    "fill_upload",
    "forget_columns",
    "join_again",
    "keep_edits",
    "keep_file",
    "mend_cells",
    "note_phone_shown",
    "remember_columns",
    "take_call",
    "take_calls",
    "take_request",
]
