"""Help from outside in the words of its pages: how far a request is, and what may be done with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from dispatch.orders.rules import OFFERED_ANEW
from dispatch.outside.models import OutsideOffer, OutsideRequest
from dispatch.outside.queries import read_state
from dispatch.outside.rules import HAVING, STATE_WORDS
from dispatch.words import Text, say

LOOKS: dict[str, tuple[str, Text]] = {
    "to_decide": ("pending", say("Waits for a manager")),
    "back": ("breached", say("Back with the dispatcher")),
    "to_offer": ("waiting", say("To be offered")),
    "to_check": ("at_risk", say("Work to be accepted")),
    "offered": ("dispatched", say("Offered")),
    "accepted": ("working", say("Under way")),
    "to_settle": ("warning", say("To be settled")),
    "colleague": ("on_site", say("A colleague is sent")),
    "settled": ("done", say("Settled")),
    "rejected": ("rejected", say("Refused")),
    "withdrawn": ("cancelled", say("Withdrawn")),
}
"""Stage -> the look of its status and its word."""
STATE_LOOKS = {
    "offered": "dispatched",
    "shut": "breached",
    "expired": "inactive",
    "declined": "rejected",
    "taken": "inactive",
    "revoked": "cancelled",
    "accepted": "working",
    "over": "abandoned",
    "given": "inactive",
    "to_check": "at_risk",
    "to_settle": "warning",
    "settled": "done",
}


@dataclass(frozen=True)
class Offered:
    """An offer as the order's page shows it."""

    offer: OutsideOffer
    state: str

    @property
    def word(self) -> Text:
        """What it has become."""
        return STATE_WORDS[self.state]

    @property
    def look(self) -> str:
        """The look of that."""
        return STATE_LOOKS[self.state]

    @property
    def can_go_back(self) -> bool:
        """Whether it can be taken back."""
        return self.state in ("offered", "shut", "accepted", "over", "given")


@dataclass(frozen=True)
class Asked:
    """A request with its offers, and how far it is: a key of LOOKS."""

    request: OutsideRequest
    offers: Sequence[Offered]
    stage: str

    @property
    def word(self) -> Text:
        """How far it is, in words."""
        return LOOKS[self.stage][1]

    @property
    def look(self) -> str:
        """The look of that."""
        return LOOKS[self.stage][0]

    @property
    def taken(self) -> Offered | None:
        """The offer by which a contractor has it, or had it until his work was paid."""
        return next((one for one in self.offers if one.state in HAVING), None)


def asked_of(request: OutsideRequest, at: datetime) -> Asked:
    """One request as pages show it, without the offers that newer ones have taken the place of."""
    shown = (offer for offer in request.offers if offer.revoke_reason != str(OFFERED_ANEW))
    offers = [Offered(offer, read_state(offer, at)) for offer in shown]
    return Asked(request, offers, stage_of(request, {one.state for one in offers}))


def stage_of(request: OutsideRequest, states: set[str]) -> str:
    """How far a request is whose offers have become these."""
    if request.decision != "approved":
        return request.decision or "to_decide"
    if request.whom == "colleague":
        return "colleague"
    having = next((state for state in HAVING if state in states), None)
    if having is not None:
        return having
    if "offered" in states:
        return "offered"
    return "back" if states else "to_offer"
