"""Passwords: argon2id, at most two checks at a time per process (each takes 64 MiB)."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from dispatch.words import Text, say

LEAST_LENGTH = 10
AT_ONCE = 2
_one_of_two = threading.BoundedSemaphore(AT_ONCE)
_hasher = PasswordHasher()
_nobody = ""


def configure(*, memory_kib: int, time_cost: int) -> None:
    """Set the cost of one hash; done once per process."""
    global _hasher, _nobody
    _hasher = PasswordHasher(memory_cost=memory_kib, time_cost=time_cost, parallelism=1)
    _nobody = _hasher.hash("nobody has this password")


def hash_password(password: str) -> str:
    """The string to store."""
    with _one_of_two:
        return _hasher.hash(password)


def hash_many(passwords: Sequence[str]) -> list[str]:
    """The same for many, as many at a time as are allowed."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(hash_password, passwords))


def password_fits(stored: str | None, password: str) -> bool:
    """True if the password is the stored one. A missing name takes as long as a wrong password, so names cannot be tried out."""
    with _one_of_two:
        try:
            return _hasher.verify(stored or _nobody, password) and stored is not None
        except (VerificationError, InvalidHashError):
            return False


def too_weak(password: str) -> Text | None:
    """Why a new password is refused, or None."""
    if len(password) < LEAST_LENGTH:
        return say("At least %(length)s characters, please.", length=LEAST_LENGTH)
    if len(set(password)) < 4:
        return say("This is too easy to guess.")
    return None
