"""Help from outside: whom to ask, when a contractor's link is good, and what he may see before he has accepted."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dispatch.orders.lifecycle import FOLLOWING
from dispatch.words import Text, say

WHOM: dict[str, Text] = {"contractor": say("A contractor"), "colleague": say("A colleague of another branch")}
MOST_TRIES = 5
"""So many wrong PINs, and the link opens no more."""
PIN_DIGITS = 6
KEPT_OPEN = timedelta(hours=48)
"""So long after the planned end of a visit its link still works: papers that are missing can be added."""

UNKNOWN = say("This link leads nowhere. Perhaps a part of it was lost on the way: ask for a new one.")
NOTHING_LEFT = say("The office has sent somebody else meanwhile. Nothing is left to do here.")
REPLACED = say("The office has made a newer link for this order. Use that one.")


@dataclass(frozen=True)
class OfferFacts:
    """What the fate of an offer hangs on.

    `taken`: another contractor has accepted. `visit` is the status of his visit once he has accepted, `still_his` whether it is
    still his worker's. `signed_in` is the name of whoever of ours is signed in in the browser that opened it.
    """

    order_status: str
    expires_at: datetime
    accepted: bool = False
    declined: bool = False
    revoked: bool = False
    taken: bool = False
    wrong_pins: int = 0
    visit: str | None = None
    still_his: bool = True
    work_accepted: bool = False
    signed_in: str | None = None


def why_not_open(offer: OfferFacts, at: datetime) -> Text | None:
    """Why a link opens nothing at a moment; None where it does. What speaks for all to hear comes first."""
    return _first(
        (offer.signed_in is not None, _signed_in(offer.signed_in or "")),
        (offer.revoked, say("The office has taken this order back. This link opens nothing any more.")),
        (offer.declined, say("You have declined this order. Thank you for saying so.")),
        (offer.taken and not offer.accepted, say("Somebody else has accepted this order before you. Thank you all the same.")),
        (offer.wrong_pins >= MOST_TRIES, say("The PIN was wrong too often, so this link is shut. Ask the office for a new one.")),
        (offer.accepted and not offer.still_his, say("The office has given this order to somebody else meanwhile.")),
        (offer.work_accepted, say("Your work was accepted. Nothing is left to do here.")),
        (offer.accepted and offer.visit == "abandoned", say("This visit is over: it was broken off.")),
        (offer.order_status in ("cancelled", "closed"), say("This order is closed or cancelled. Nothing is left to do here.")),
        (offer.expires_at <= at, _late(offer)),
        (not offer.accepted and offer.order_status not in FOLLOWING, say("This order is waiting, so nobody can be sent now.")),
    )


def _signed_in(name: str) -> Text:
    return say("This link is for a contractor, and you are signed in as %(name)s. Open it in another browser.", name=name)


def _late(offer: OfferFacts) -> Text:
    if offer.accepted:
        return say("This link has ended: it was good until some time after the visit. Call the office if something is missing.")
    return say("This offer has ended: it was to be accepted in time. The office looks for somebody else.")


def why_not_accept(offer: OfferFacts, at: datetime) -> Text | None:
    """Why an order cannot be accepted or declined by a link; None where it can."""
    no = why_not_open(offer, at)
    if no is None and offer.accepted:
        return say("You have accepted this order already.")
    return no


def why_not_work(offer: OfferFacts, at: datetime) -> Text | None:
    """Why nobody works by a link; None where he may: only who has accepted, and only as long as the order is his."""
    no = why_not_open(offer, at)
    return no or (None if offer.accepted else say("Accept the order first."))


def _first(*checks: tuple[bool, Text]) -> Text | None:
    return next((text for bad, text in checks if bad), None)


# --- what an offer has become


STATE_WORDS: dict[str, Text] = {
    "offered": say("Offered"),
    "shut": say("Shut: wrong PIN"),
    "expired": say("Not accepted in time"),
    "declined": say("Declined"),
    "taken": say("Somebody else was first"),
    "revoked": say("Taken back from him"),
    "accepted": say("Accepted"),
    "over": say("Broken off"),
    "given": say("Given to somebody else"),
    "to_check": say("Work to be accepted"),
    "to_settle": say("To be settled"),
    "settled": say("Settled"),
}


HAVING = ("accepted", "to_check", "to_settle", "settled")
"""The states of an offer that say how far its whole request is."""

STAGES = (
    *("to_decide", "back", "to_offer", "to_check", "offered", "accepted", "to_settle"),
    *("colleague", "settled", "rejected", "withdrawn"),
)
"""How far a request can be, in the order in which the list shows them: what waits for somebody first."""


def state_of(offer: OfferFacts, at: datetime, *, settled: bool = False) -> str:
    """What an offer has become: a key of STATE_WORDS."""
    states: Sequence[tuple[bool, str]] = (
        (settled, "settled"),
        (offer.work_accepted, "to_settle"),
        (offer.revoked, "revoked"),
        (offer.declined, "declined"),
        (offer.accepted and not offer.still_his, "given"),
        (offer.accepted and offer.visit == "abandoned", "over"),
        (offer.accepted and offer.visit == "finished", "to_check"),
        (offer.accepted, "accepted"),
        (offer.taken, "taken"),
        (offer.wrong_pins >= MOST_TRIES, "shut"),
        (offer.expires_at <= at, "expired"),
    )
    return next((state for on, state in states if on), "offered")


# --- what is shown before somebody has accepted


def masked_name(name: str) -> str:
    """A customer's name of which only the first sign is shown."""
    return f"{name[:1]}***" if name else "***"


_DISTRICT = re.compile(r"^(?:.{2,8}?(?:省|自治区))?(?:.{2,8}?(?:市|自治州|盟|地区))?(?:.{1,8}?(?:区|县|旗|市))?")


def masked_address(address: str) -> str:
    """Where it is, down to the district: enough to know how far it is, too little to go there."""
    found = _DISTRICT.match(address)
    return f"{found[0]}***" if found and found[0] else f"{address[:2]}***"


def masked_plate(plate: str | None) -> str:
    """A plate of which only its office and last two signs are shown."""
    return f"{plate[:2]}***{plate[-2:]}" if plate and len(plate) > 4 else "***"
