"""The example by which the app is made has the shape that the server sends."""

from __future__ import annotations

import json
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any

from dispatch.field.packing.shapes import Pack
from dispatch.words import Text

EXAMPLE = Path(__file__).parents[1] / "wire" / "pack.json"


def odd(kind: Any, value: Any, at: str) -> Iterator[str]:
    """Where a value that was read from JSON is not of this type: only the names of dataclasses are looked at."""
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if isinstance(kind, types.UnionType) or origin is typing.Union:
        if value is not None and not isinstance(value, str):
            yield from (each for one in inner if is_dataclass(one) for each in odd(one, value, at))
    elif is_dataclass(kind) and kind is not Text:
        hints = typing.get_type_hints(kind, vars(typing.cast(Any, __import__(kind.__module__, fromlist=["x"]))))
        if set(value) != set(hints):
            yield f"{at}: {sorted(set(value) ^ set(hints))}"
        yield from (each for name in hints if name in value for each in odd(hints[name], value[name], f"{at}.{name}"))
    elif origin in (Sequence, tuple) and isinstance(value, list):
        yield from (each for place, one in enumerate(value) for each in odd(inner[0], one, f"{at}[{place}]"))
    elif origin is Mapping and isinstance(value, dict):
        yield from (each for name, one in value.items() for each in odd(inner[1], one, f"{at}.{name}"))


def test_the_example_is_a_pack() -> None:
    assert list(odd(Pack, json.loads(EXAMPLE.read_text()), "pack")) == []
