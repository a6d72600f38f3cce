"""How often Python searches for garbage.

Its usual threshold of 700 objects suits small programs: loading all features made it search hundreds of times among what stays
for ever, which was a quarter of the time of a start.
"""

from __future__ import annotations

import gc

OBJECTS, YOUNG, OLD = 50_000, 20, 20
ANSWERING = 5_000


def seldom() -> None:
    """Search after 50,000 new objects. To be called before the features are loaded."""
    gc.set_threshold(OBJECTS, YOUNG, OLD)


def settle() -> None:
    """What is loaded by now stays: no search needs to look at it again, which cost a request 50 ms now and then."""
    gc.collect()
    gc.freeze()


def answering() -> None:
    """Search after 5,000 new objects, where people wait for answers: a search among 50,000 held up one request in ten by 70 ms.

    The whole costs the same; of it each request pays a few milliseconds.
    """
    gc.set_threshold(ANSWERING, YOUNG, OLD)
