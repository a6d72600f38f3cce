"""A long work of the worker's: whatever happens it ends with a sentence, and it tells how far it is."""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog
from sqlalchemy.exc import OperationalError

from dispatch.errors import Refusal, RuleBroken
from dispatch.intake.progress import Tell
from dispatch.words import say

log = structlog.get_logger("work")

OFTEN = 0.5
"""Seconds between two words of how far it is."""

BROKEN = say("Something broke down; it was written down and will be looked at. Nothing was taken in.")
LEFT = say("%(name)s does not work here any more. Nothing was taken in.")


def refusal_of(work: Callable[[], None], **facts: object) -> Refusal | None:
    """Do a work; why it was refused, None when it was done. What broke is logged with `facts`, and told as such.

    A database that cannot be reached raises, so that the worker tries again.
    """
    try:
        work()
    except OperationalError:
        raise
    except Refusal as refused:
        return refused
    except Exception:
        log.exception("work_failed", **facts)
        return RuleBroken(BROKEN)
    return None


def telling(note: Callable[[str, int, int], None]) -> Tell:
    """Tells `note` of each new stage (its name, done, in all), and of the same one not too often."""
    last = ("", 0.0)

    def tell(stage: str, done: int = 0, total: int = 0) -> None:
        nonlocal last
        moment = time.monotonic()
        if stage == last[0] and moment - last[1] < OFTEN:
            return
        last = (stage, moment)
        note(stage, done, total)

    return tell
