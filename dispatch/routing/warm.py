"""Compiles all searches, once for an environment: `python -m dispatch.routing.warm`. Set-up calls it."""

from __future__ import annotations

from dispatch.routing.search import warm as day
from dispatch.routing.stores import warm as stores

if __name__ == "__main__":
    day.warm()
    stores.warm()
