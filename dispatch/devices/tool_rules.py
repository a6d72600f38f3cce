"""How long a tool may be used."""

from __future__ import annotations

from datetime import date, timedelta

STATES = ("over", "soon", "holds", "without")
"""A calibration that is over, one that soon will be, one that holds, and a tool that needs none."""


def is_over(valid_until: date | None, on: date) -> bool:
    """True once the last day has passed."""
    return valid_until is not None and valid_until < on


def state(valid_until: date | None, on: date, soon_days: int) -> str:
    """One of STATES on a day; `soon_days` before the end it is told."""
    if valid_until is None:
        return "without"
    if valid_until < on:
        return "over"
    return "soon" if valid_until <= on + timedelta(days=soon_days) else "holds"
