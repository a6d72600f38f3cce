"""What one run makes once, however many processes share its work."""

from __future__ import annotations

import fcntl
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


def once(folder: Path, name: str, make: Callable[[], T]) -> T:
    """What `make` gives: called by the first process that asks for `name` in this folder, while the others wait for it.

    What it gives has to survive pickling. If it raises, the next one tries again.
    """
    kept = folder / f"{name}.made"
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            made = make()
            kept.write_bytes(pickle.dumps(made))
        return pickle.loads(kept.read_bytes())  # type: ignore[no-any-return]
