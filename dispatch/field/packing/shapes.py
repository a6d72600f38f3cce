"""What `GET /api/field/day` answers: the pack of one technician's day.

    GET /api/field/day   (If-None-Match: the ETag of the pack that the phone has)   -> 200 with a pack, or 304 without a body

The answer names nobody's visits but his own. It says nothing of the moment in which it was made, so that a day in which nothing
has changed is the same to the letter: its ETag is, and the phone counts the age of what it has from the last 200 or 304.

401: log in again; 410 with the code "wipe": the phone (`Dispatch-Phone`, as in `wire_rules`) was locked out.

Sentences are `{"msgid": English, "params": {name: value or sentence}}`: put each param in the place of its %(name)s. In Chinese
look the msgid up in `words["zh"]` first (a msgid that is missing there stays as it is). Tables in `lists` are lists of
`[key, msgid]` in the order in which they are shown. Money is a text with two digits behind the point, a moment ISO 8601 in UTC,
a day YYYY-MM-DD, what is not known null. What is done on the phone is not in a pack before it was sent: the app lays its own
facts over it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from dispatch.field.packing.bag_shapes import Bag
from dispatch.field.packing.price_shapes import Block, Channel
from dispatch.field.packing.saying import Person, Said
from dispatch.field.packing.stop_shapes import Asked, Stop

FORMAT = 1


@dataclass(frozen=True)
class Pack:
    """The whole day. `day` is today where he works (`zone`)."""

    day: date
    zone: str
    me: Me
    office: Office
    visits: Sequence[Stop]
    """Today's in order, those of earlier days that he has not begun, and where he is: with everything."""
    ahead: Sequence[Ahead]
    """The next seven days in brief."""
    bag: Bag
    receipts: Sequence[Block]
    """The blocks of receipt numbers that are this phone's; more are asked for with POST /api/field/receipt-blocks."""
    works: Mapping[str, Asked]
    """Kind of work -> what is asked for after it now. Which work it was follows from what was fitted: see `Line.asked`."""
    channels: Sequence[Channel]
    lists: Mapping[str, Sequence[tuple[str, str]]]
    """departure, tests, results, photos, reasons (why a visit is broken off), left and left_one (what becomes of vehicles that
    are not done, of one that is not), why_terminal and why_sim (why something is swapped), verbal (how it was allowed),
    goodwill (why it is asked for), roles, unit_kinds, works, line_statuses, visit_statuses, kinds and urgencies of orders,
    plate_colours: [[key, msgid], …]."""
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Language -> msgid -> sentence, of every msgid in this pack."""
    format: int = FORMAT


@dataclass(frozen=True)
class Me:
    """Whose day it is: what he may do decides which buttons there are. `held_back`: what he may not tick before he leaves
    (item of `lists["departure"]` -> why)."""

    id: int
    name: str
    may: Sequence[str]
    held_back: Mapping[str, Sequence[Said]]


@dataclass(frozen=True)
class Office:
    """Who to call: the branch's own number first, then the dispatchers'. `approvers`: whose word
    counts (`word.record`). `lat`, `lon`: where the branch is, for the sketch."""

    name: str
    phone: str | None
    people: Sequence[Person]
    approvers: Sequence[Approver]
    lat: float | None
    lon: float | None


@dataclass(frozen=True)
class Approver:
    """Somebody who may allow something by word."""

    id: int
    name: str


@dataclass(frozen=True)
class Ahead:
    """A visit of the next days."""

    id: int
    starts_at: datetime
    ends_at: datetime
    number: str
    kind: str
    urgency: str
    customer: str
    address: str
    vehicles: int
