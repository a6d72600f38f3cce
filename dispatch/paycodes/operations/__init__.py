"""Writes of payment codes. Locks: the order's row, then what every payment of an order takes, then the code's row."""

from dispatch.paycodes.operations.codes import ask_code, fail_code, note_asked, open_code, shut_code, stop_code
from dispatch.paycodes.operations.looking import look_at_code, look_at_stray
from dispatch.paycodes.operations.receiving import count_forged, receive
from dispatch.paycodes.operations.refunding import ask_again, ask_refund, keep_answer

__all__ = [
    "ask_again",
    "ask_code",
    "ask_refund",
    "count_forged",
    "fail_code",
    "keep_answer",
    "look_at_code",
    "look_at_stray",
    "note_asked",
    "open_code",
    "receive",
    "shut_code",
    "stop_code",
]
