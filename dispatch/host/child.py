"""One child process of the supervisor: started again when it dies, ended when asked."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from dispatch.host.children import dying_with

log = logging.getLogger(__name__)

STEADY_SECONDS = 60
LONGEST_PAUSE = 30.0


@dataclass
class Child:
    """A program that has to run all the time. Its pause before a new start doubles, until it has run steadily."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    pause: float = 1.0
    born: float = 0.0
    due: float = 0.0

    def start(self) -> None:
        """Start it, in a process group of its own: the terminal's Ctrl-C reaches the supervisor alone."""
        self.born = time.monotonic()
        self.process = subprocess.Popen(
            self.command,
            cwd="/",
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=dying_with(os.getpid(), signal.SIGTERM),
        )

    def running(self) -> bool:
        """True while it lives."""
        return self.process is not None and self.process.poll() is None

    def look_after(self, now: float) -> None:
        """Notice that it died, and start it again when its pause is over."""
        if self.running():
            return
        if self.process:
            self._note_death(now, self.process.returncode)
            self.process = None
        if now >= self.due:
            self.start()

    def ask_to_end(self) -> None:
        """SIGTERM: finish what is being done."""
        if self.process and self.running():
            self.process.terminate()

    def kill(self) -> None:
        """End it and everything it started, at once."""
        if self.process:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def _note_death(self, now: float, code: int) -> None:
        if now - self.born > STEADY_SECONDS:
            self.pause = 1.0
        self.due = now + self.pause
        log.error("%s ended unexpectedly (%s); starting it again in %.0f s", self.name, how_it_ended(code), self.pause)
        self.pause = min(self.pause * 2, LONGEST_PAUSE)


def how_it_ended(code: int) -> str:
    """`exit code 3`, or `killed by SIGKILL`."""
    return f"exit code {code}" if code >= 0 else f"killed by {signal.Signals(-code).name}"
