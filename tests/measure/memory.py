"""The most memory that a process and all that it started held together, as long as one looks."""

from __future__ import annotations

import threading
from pathlib import Path
from types import TracebackType

EVERY_S = 0.1


class Peak:
    """`with Peak(pid) as peak: ...`; afterwards `peak.mb`. What processes share is counted once (proportional set size)."""

    def __init__(self, pid: int) -> None:
        self.pid, self.mb = pid, 0.0
        self._over = threading.Event()
        self._watch = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Peak:
        self._watch.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._over.set()
        self._watch.join()

    def _look(self) -> None:
        while not self._over.wait(EVERY_S):
            self.mb = max(self.mb, sum(map(_held_mb, family(self.pid))))


def family(pid: int) -> list[int]:
    """The process and all that came of it and live."""
    children = [int(child) for each in Path(f"/proc/{pid}/task").glob("*/children") for child in _read(each).split()]
    return [pid, *(one for child in children for one in family(child))]


def _held_mb(pid: int) -> float:
    kept = [line.split() for line in _read(Path(f"/proc/{pid}/smaps_rollup")).splitlines()]
    return sum(int(words[1]) for words in kept if words[0] == "Pss:") / 1024


def _read(file: Path) -> str:
    """Nothing where the process has gone meanwhile."""
    try:
        return file.read_text()
    except OSError:
        return ""
