"""Rows of a list as JSON and back, for a preview that waits until a person says yes.

Works for the flat dataclasses that the readers of lists give: texts, numbers, days, times, small dataclasses and tuples of them.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import fields, is_dataclass
from datetime import date, time
from decimal import Decimal
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

T = TypeVar("T")
Json = Any

_READERS: dict[object, Callable[[Any], Any]] = {date: date.fromisoformat, time: time.fromisoformat, Decimal: Decimal}


def kept(value: Any) -> Json:
    """A row -> what JSON can hold."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: kept(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple):
        return [kept(each) for each in value]
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def revived(kind: type[T], stored: Json) -> T:
    """What `kept` gave -> a row of this kind."""
    hints = _hints(cast(Hashable, kind))
    return kind(**{name: _value(hints[name], value) for name, value in stored.items()})


@cache
def _hints(kind: Hashable) -> dict[str, Any]:
    return get_type_hints(kind)


def _value(hint: Any, stored: Json) -> Any:
    if stored is None:
        return None
    if get_origin(hint) in (Union, UnionType):
        hint = next(each for each in get_args(hint) if each is not NoneType)
    if get_origin(hint) is tuple:
        return tuple(_value(get_args(hint)[0], each) for each in stored)
    if is_dataclass(hint) and isinstance(hint, type):
        return revived(hint, stored)
    return _READERS.get(hint, lambda same: same)(stored)
