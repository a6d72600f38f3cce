"""The forms of a purchase: texts -> what is wanted, or what came, or a sentence beside the field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from dispatch.approvals.forms import read_yuan
from dispatch.devices.purchase_rules import CHOOSE, PURCHASED, Wanted
from dispatch.devices.reorder_rules import split_key
from dispatch.tabular.cells import read_whole
from dispatch.typed import Typed, number_in

OTHER = "other:"
"""The choice of something that is on no list: the field beside it says what."""


def read_wanted(texts: Mapping[str, Any]) -> Wanted:
    """What is to be bought, as it was typed. Raises Invalid."""
    typed = Typed(texts)
    kind, name = split_key(typed.needed("ware"))
    wanted = Wanted(
        kind=kind,
        name=typed.needed("other") if kind == "other" else name,
        count=typed.need("count", read_whole, 0),
        unit_price=typed.need("unit_price", read_yuan, Decimal(0)),
        supplier=typed.needed("supplier"),
        reason=typed.text("reason"),
    )
    if kind not in PURCHASED and "ware" not in typed.errors:
        typed.errors["ware"] = CHOOSE
    typed.errors |= {field: text for field, text in wanted.wrong().items() if field not in typed.errors}
    typed.check()
    return wanted


@dataclass(frozen=True)
class Delivery:
    """How many came, with which delivery note, into which store."""

    received: int
    delivery: str
    store_id: int


def read_delivery(texts: Mapping[str, Any]) -> Delivery:
    """What came, as it was typed. Raises Invalid."""
    typed = Typed(texts)
    found = Delivery(typed.need("received", read_whole, 0), typed.needed("delivery"), typed.need("store", number_in, 0))
    typed.check()
    return found
