"""Saying how far the reading of a long table is, to whoever listens in this thread."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

T = TypeVar("T")
Listener = Callable[[int, int], None]

EVERY = 100
_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


@contextmanager
def heard_by(listener: Listener) -> Iterator[None]:
    """Within the block `listener` is told how many rows of a table are read, and how many it has."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def counted(rows: Sequence[T]) -> Iterator[T]:
    """The rows one after the other, as they are read."""
    listener = _listener.get()
    for number, row in enumerate(rows):
        if listener and number % EVERY == 0:
            listener(number, len(rows))
        yield row
