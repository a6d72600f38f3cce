"""The same search on several cores at once, each with a number of its own."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Generic, Protocol, TypeVar


class Answer(Protocol):
    """What a search finds; it may have been interrupted."""

    @property
    def interrupted(self) -> bool:
        """Whether somebody pressed Ctrl-C."""


T = TypeVar("T", bound=Answer)
FORK = multiprocessing.get_context("fork")


def side_by_side(search: Callable[[int], T], processes: int) -> list[T]:
    """What `search(0)` found here and `search(1)` … in processes beside this one; one that dies is missed, no more."""
    children = [_Child(search, number) for number in range(1, processes)]
    try:
        found: list[T | None] = [search(0)]
        if found[0] and found[0].interrupted:
            for child in children:
                child.interrupt()
        found += [child.answer() for child in children]
    finally:
        for child in children:
            child.end()
    return [one for one in found if one is not None]


class _Child(Generic[T]):
    """A search in a process of its own; it inherits what the search reads. Only for programs without threads."""

    def __init__(self, search: Callable[[int], T], number: int) -> None:
        self.ours, theirs = FORK.Pipe(duplex=False)
        self.process = FORK.Process(target=_search_and_tell, args=(theirs, search, number), daemon=True)
        self.process.start()
        theirs.close()

    def answer(self) -> T | None:
        """What it found; who presses Ctrl-C interrupts it as well, so that waiting again is short."""
        for _ in range(2):
            try:
                found: T = self.ours.recv()
            except KeyboardInterrupt:
                continue
            except EOFError:
                return None
            return found
        return None

    def interrupt(self) -> None:
        """Somebody interrupted us, perhaps us alone."""
        if self.process.pid and self.process.is_alive():
            os.kill(self.process.pid, signal.SIGINT)

    def end(self) -> None:
        """Leaves no process behind."""
        self.process.terminate()
        self.process.join()
        self.ours.close()


def _search_and_tell(theirs: Connection, search: Callable[[int], T], number: int) -> None:
    found = search(number)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # what was found is told, whatever comes now
    theirs.send(found)
