"""Random numbers of our own: the same seed gives the same plan on every machine, and two searches do not disturb each other."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dispatch.routing.search.compiled import compiled

Dice = npt.NDArray[np.uint64]

A, B, C, D = np.uint64(13), np.uint64(7), np.uint64(17), np.uint64(11)
SPREAD, MIX = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9
PARTS = 1.0 / (1 << 53)


def dice(seed: int) -> Dice:
    """A state of its own for each seed; neighbouring seeds have nothing in common."""
    mixed = ((seed + 1) * SPREAD) % (1 << 64)
    mixed = ((mixed ^ (mixed >> 30)) * MIX) % (1 << 64)
    return np.array([mixed or 1], dtype=np.uint64)


@compiled
def share(rng: Dice) -> float:
    """From 0 up to 1, 1 excluded (xorshift)."""
    x = rng[0]
    x ^= x << A
    x ^= x >> B
    x ^= x << C
    rng[0] = x
    return np.float64(x >> D) * PARTS


@compiled
def below(rng: Dice, many: int) -> int:
    """One of the numbers from 0 to many - 1."""
    return int(share(rng) * many)
