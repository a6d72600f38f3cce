"""A pack as plain JSON, with the words of every sentence in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from dispatch.field.packing.shapes import Pack
from dispatch.words import Text

Translates = Callable[[str], str]


def told(pack: Pack, chinese: Translates) -> dict[str, Any]:
    """The pack as it is sent; `chinese` gives the sentence of a msgid."""
    msgids = {msgid for table in pack.lists.values() for _, msgid in table}
    plain: dict[str, Any] = _plain(pack, msgids)
    return plain | {"words": {"zh": {msgid: said for msgid in sorted(msgids) if (said := chinese(msgid)) != msgid}}}


def _plain(value: Any, msgids: set[str]) -> Any:
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, Text):
        msgids.add(value.msgid)
        return {"msgid": value.msgid, "params": {name: _param(one, msgids) for name, one in value.params.items()}}
    if isinstance(value, Mapping):
        return {str(name): _plain(inner, msgids) for name, inner in value.items()}
    if isinstance(value, Sequence):
        return [_plain(inner, msgids) for inner in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return (
        f"{value:.2f}"
        if isinstance(value, Decimal)
        else {name: _plain(getattr(value, name), msgids) for name in value.__dataclass_fields__}
    )


def _param(value: Any, msgids: set[str]) -> Any:
    """What stands in a sentence: what JSON lacks becomes words as `tr` would write them."""
    return _plain(value, msgids) if value is None or isinstance(value, (Text, bool, int, float)) else str(value)
