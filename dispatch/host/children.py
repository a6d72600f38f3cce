"""Child processes that end with their parent, even if the parent is killed outright."""

from __future__ import annotations

import ctypes
import os
import signal
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def dying_with(parent: int, how: signal.Signals) -> Callable[[], None]:
    """What a child calls between fork and exec: the kernel will send it `how` when the process `parent` dies.

    Linux only; elsewhere the child outlives a killed parent.
    """

    def before_exec() -> None:
        if hasattr(_libc, "prctl"):
            _libc.prctl(_PR_SET_PDEATHSIG, int(how), 0, 0, 0)
        if os.getppid() != parent:  # it died before we could ask
            os.kill(os.getpid(), how)

    return before_exec
