"""Locks between processes, on files. The kernel releases them when their holder dies, however it dies."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dispatch.host.errors import CannotStart


class FileLock:
    """One open lock file. Closing it, or the end of the process, releases the lock."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as wrong:
            raise CannotStart(f"{path} cannot be written ({wrong.strerror}); set DATA_DIR to a folder of this user.") from None

    def try_alone(self) -> bool:
        """Take the lock for nobody else beside us; False if somebody holds it."""
        return self._try(fcntl.LOCK_EX)

    def share(self) -> None:
        """Take the lock together with others who share it; waits for one who holds it alone."""
        fcntl.flock(self._descriptor, fcntl.LOCK_SH)

    def write(self, text: str) -> None:
        """Leave a note for whoever finds the lock taken."""
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, text.encode(), 0)

    def read(self) -> str:
        """The note of whoever holds the lock."""
        return os.pread(self._descriptor, 4096, 0).decode(errors="replace").strip()

    def close(self) -> None:
        """Release the lock. Closing twice is harmless."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _try(self, kind: int) -> bool:
        try:
            fcntl.flock(self._descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


@contextmanager
def one_at_a_time(path: Path, seconds: float = 180) -> Iterator[None]:
    """Hold the lock alone for a block of code; raises CannotStart if it is not to be had within `seconds`."""
    lock = FileLock(path)
    try:
        until = time.monotonic() + seconds
        while not lock.try_alone():
            if time.monotonic() > until:
                raise CannotStart(f"Another start has been holding {path} for {seconds:.0f} seconds; end it first.")
            time.sleep(0.05)
        yield
    finally:
        lock.close()
