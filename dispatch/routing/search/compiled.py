"""How functions are compiled: once for an environment, and kept in its folder (see `dispatch/host/setup.sh`).

What is kept is known by the time of change of the function's own file, not of those that it calls: set-up makes a new folder
whenever one of these files has changed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from numba import njit

F = TypeVar("F", bound=Callable[..., object])

# Nothing in them counts references: they get arrays and make none. With counting, a round took twenty times as long.
FOR_PYTHON: Any = {"cache": True, "nogil": True, "no_cfunc_wrapper": True, "_nrt": False}
FOR_EACH_OTHER: Any = {**FOR_PYTHON, "no_cpython_wrapper": True}


def entry(function: F) -> F:
    """The same function as machine code, for Python to call."""
    fast: F = njit(**FOR_PYTHON)(function)
    return fast


def compiled(function: F) -> F:
    """The same for functions that compiled ones call, and they alone: Python calling one of them would end in a crash.

    The way in from Python would be most of the work of compiling.
    """
    fast: F = njit(**FOR_EACH_OTHER)(function)
    return fast


def inlined(function: F) -> F:
    """The same for small functions that take all tables: copied wherever one is called, since handing over takes longer."""
    fast: F = njit(**FOR_EACH_OTHER, inline="always")(function)
    return fast
