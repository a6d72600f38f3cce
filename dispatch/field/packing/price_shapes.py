"""What things cost at a stop and what was paid there, as the phone has it. See `shapes` for how money and sentences are told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from dispatch.field.packing.saying import Said


@dataclass(frozen=True)
class Charge:
    """A charge that stands. `told`: the rule that decided it, as a sentence. `fitting`: it follows from that one and goes with
    it; others, and what a fitting costs nothing, are taken back by `charge.take_back` with their `id`. `fact`: the act it came
    with, which may be named instead of the `id`: then all that came with it goes."""

    id: int
    line: int | None
    code: str
    name: str
    quantity: int
    unit_price: Decimal
    amount: Decimal
    rule: str
    told: Said
    fitting: int | None
    fact: str | None


@dataclass(frozen=True)
class Receipt:
    """Money that was taken for the order, or given back (below zero)."""

    number: str
    channel: str
    amount: Decimal
    invoice_number: str | None
    at: datetime


@dataclass(frozen=True)
class Offer:
    """What one thing costs here today, by the server's own rules. Free: nothing, and `told` is why. Else `price` each, unless
    `Prices.quoted` names the code: that many at the quoted price first (`field/app/steps/prices.js` adds up)."""

    code: str
    name: str
    category: str
    price: Decimal
    free: bool
    rule: str
    told: Said


@dataclass(frozen=True)
class Fits:
    """An offer for several units at several vehicles: any of `units` (of the bag) put into any of `lines`, in the place of what
    the record has there (`Line.inside[role]`) or into an empty place; of a visit to several vehicles the units inside the others,
    too, as they can be moved. `offer` null: nobody can say yet what it costs, since
    the price list has no part of that name, or it would replace a unit that was fitted on this very order.

    The phone must not promise a price either for what replaces a unit that the record does not know, or goes into another place
    than `Line.role`; what is lent costs nothing before it is kept."""

    lines: Sequence[int]
    units: Sequence[int]
    begins: str
    """The terminal's model, or SIM: how the name of its price begins."""
    offer: Offer | None


@dataclass(frozen=True)
class ForLines:
    """An offer that holds for these vehicles; `lines` null: for the order as a whole or any of its vehicles."""

    lines: Sequence[int] | None
    offer: Offer


@dataclass(frozen=True)
class Quoted:
    """An agreed quotation's price of one code, and how many may still be charged at it."""

    left: int
    price: Decimal
    told: Said


@dataclass(frozen=True)
class Prices:
    """Everything that can be charged on site. A unit of the bag that stands in no `fits` for a vehicle cannot be put into it: it
    is another customer's."""

    fits: Sequence[Fits]
    parts: Sequence[ForLines]
    """Counted parts of the bag that the list names, charged when used (`part.use`)."""
    services: Sequence[ForLines]
    """What can be added by hand (`charge.add`)."""
    quoted: Mapping[str, Quoted]


@dataclass(frozen=True)
class Channel:
    """A way to pay. `code`: a dynamic code can be shown, with signal. `account`: nothing is taken, it goes on the customer's
    account; `reference`: it has a number of its own to be noted."""

    key: str
    word: Said
    code: bool
    account: bool
    reference: bool


@dataclass(frozen=True)
class Block:
    """Receipt numbers: prefix and `digits` digits, from `next` to `last`."""

    id: int
    first: int
    last: int
    next: int
    prefix: str
    digits: int
