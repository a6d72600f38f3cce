"""Things done at the same moment: each in a thread of its own, all let go together."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from dispatch.db import transaction
from dispatch.errors import Refusal

PATIENCE = 30
"""Seconds after which one who should have started too is given up."""


def together(*acts: Callable[[], Any]) -> list[Any]:
    """Each act in its own thread, started together; what they give, in order. What one of them raises is raised."""
    gate = threading.Barrier(len(acts), timeout=PATIENCE)

    def run(act: Callable[[], Any]) -> Any:
        gate.wait()
        return act()

    with ThreadPoolExecutor(len(acts)) as pool:
        return [future.result() for future in [pool.submit(run, act) for act in acts]]


def at_once(*acts: Callable[[Session], Any]) -> list[Any]:
    """Each act in its own thread and transaction, started together; results or refusals, in order."""
    return together(*(partial(_tried, act) for act in acts))


def _tried(act: Callable[[Session], Any]) -> Any:
    try:
        with transaction() as session:
            return act(session)
    except Refusal as refusal:
        return refusal
