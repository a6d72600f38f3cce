"""Work in a process of its own: for engines that must not share ours (threads, memory, limits), one piece after the other.

The child is a fresh Python. When its parent is gone, however that ended, it reads the end of its pipe and ends too.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import resource
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection, Pipe
from typing import Any

from dispatch import garbage
from dispatch.errors import Refusal

MIB = 1024 * 1024
_BOOT = "import json, sys; sys.path[:] = json.loads(sys.argv[2]); from dispatch.sheets.apart import live; live(int(sys.argv[1]))"


class Died(Exception):
    """The child ended in the middle of a piece: killed, or over a limit of the system."""


class TookTooLong(Exception):
    """A piece was not done in its time; the child was ended."""


class Broke(Exception):
    """The work raised what nobody had foreseen; the text is the child's traceback."""


@dataclass(frozen=True)
class Limits:
    """What a piece may cost: processor and wall-clock seconds, and MiB of address space (None: no limit) of the whole child.

    After `pieces` the child makes room for a new one, so that a leak in an engine cannot grow for ever.
    """

    cpu_seconds: int
    seconds: float
    memory: int | None = None
    pieces: int = 1000


class Apart:
    """One child, made when it is first needed. `begin(*given)` is called in it once, and returns the function of a piece."""

    def __init__(self, begin: Callable[..., Callable[..., Any]], *given: Any, limits: Limits, tries: int = 2) -> None:
        self._first = (begin, given, limits)
        self._limits, self._tries = limits, tries
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._pipe: Connection | None = None
        self._done = 0
        self._stopped = False
        atexit.register(self.stop)

    @property
    def pid(self) -> int | None:
        """The child's process id, if there is one."""
        return self._child.pid if self._child else None

    def do(self, *arguments: Any, **named: Any) -> Any:
        """One piece of work. A child that died is replaced and asked again, as often as `tries` says.

        Raises what the work refused (a Refusal), or Died, TookTooLong, Broke.
        """
        with self._lock:
            for left in reversed(range(self._tries)):
                try:
                    return _opened(self._ask(arguments, named))
                except (EOFError, OSError):
                    self._end()
                    if self._stopped or not left:
                        raise Died from None
        raise AssertionError("no tries")

    def stop(self) -> None:
        """End the child at once, whatever it is at: who waits for it is told that it died. Nothing can be asked any more."""
        self._stopped = True
        if child := self._child:
            child.kill()
        with self._lock:
            self._end()

    def _ask(self, arguments: tuple[Any, ...], named: dict[str, Any]) -> tuple[str, Any]:
        if self._done >= self._limits.pieces:
            self._end()
        pipe = self._pipe or self._start()
        self._done += 1
        pipe.send((arguments, named))
        if not pipe.poll(self._limits.seconds):
            self._end()
            raise TookTooLong
        answer: tuple[str, Any] = pipe.recv()
        return answer

    def _start(self) -> Connection:
        ours, theirs = Pipe()
        path = json.dumps(sys.path)
        self._child = subprocess.Popen(
            [sys.executable, "-c", _BOOT, str(theirs.fileno()), path], stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()]
        )
        theirs.close()
        self._pipe, self._done = ours, 0
        ours.send(self._first)
        return ours

    def _end(self) -> None:
        if self._pipe:
            self._pipe.close()
        if self._child:
            self._child.kill()
            self._child.wait()
        self._pipe = self._child = None


def _opened(answer: tuple[str, Any]) -> Any:
    kind, content = answer
    if kind == "refused":
        raise content
    if kind == "broke":
        raise Broke(content)
    return content


def live(number: int) -> None:
    """The child's life: pieces from the pipe with this file descriptor, until the parent closes it."""
    garbage.seldom()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's; it tells us when to end
    with Connection(number) as pipe, contextlib.suppress(EOFError, BrokenPipeError):
        begin, given, limits = pipe.recv()
        if limits.memory:
            resource.setrlimit(resource.RLIMIT_AS, (limits.memory * MIB, limits.memory * MIB))
        work: Callable[..., Any] | None = None
        while True:
            arguments, named = pipe.recv()
            _limit_cpu(limits.cpu_seconds)
            try:
                work = work or begin(*given)
                answer = ("done", work(*arguments, **named))
            except Refusal as refusal:
                answer = ("refused", refusal)
            except Exception:  # noqa: BLE001 - the parent is told, whatever it was
                answer = ("broke", traceback.format_exc())
            pipe.send(answer)


def _limit_cpu(seconds: int) -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    most = int(used.ru_utime + used.ru_stime) + seconds + 1
    resource.setrlimit(resource.RLIMIT_CPU, (most, resource.getrlimit(resource.RLIMIT_CPU)[1]))
