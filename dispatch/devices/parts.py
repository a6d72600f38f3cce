"""How parts are counted in bags and in the needs of an order."""

from __future__ import annotations


def part_key(kind: str, model: str | None) -> str:
    """Key of a part: terminals by model when it is known ("terminal:BD-808A"), else by kind ("terminal", "sim")."""
    return f"terminal:{model}" if kind == "terminal" and model else kind
