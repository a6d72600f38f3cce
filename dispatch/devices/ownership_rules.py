"""Whose a unit is (归属): ours, a customer's, or a third party's; a matter apart from who has it.

It changes by an act of a person who gives a reason, and by one written rule, and never because a unit is moved:

- What is fitted for good into a customer's vehicle becomes his if it was ours and such kinds are sold (SOLD_WHEN_FITTED:
  terminals, not SIMs). What is found in his vehicle, and nobody knew, is his by the same measure. A loan passes nothing; a loaner
  that is sold is his.
- What comes out in exchange for one that became his by that becomes ours. A mere removal leaves it his, and so does a swap for a
  loaner or for another one of his own. What a supplier sends for a unit that he keeps is whose that one was, and it is ours.
- Between vehicles of one customer nothing changes. A vehicle that changes hands takes along what is in it and its customer's.
- What is undone is given back: exactly what that fitting has changed, unless a person has decided otherwise since.

What belongs to a customer goes into his vehicles only, is no stock to count on, and is never lent.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass

from dispatch.words import Text, say

OWNERS = ("ours", "customer", "third_party")
LONGEST_NAME = 80


@dataclass(frozen=True)
class Owner:
    """Whose something is: a customer has an id, a third party a name, we have neither."""

    kind: str
    customer_id: int | None = None
    name: str | None = None


OURS = Owner("ours")


def his(customer_id: int) -> Owner:
    """A customer's own."""
    return Owner("customer", customer_id)


@dataclass(frozen=True)
class Exchange:
    """What a fitting does, as far as whose the units are depends on it; `into` and `out` are the owners before."""

    kind: str
    unit_kind: str
    customer_id: int
    into: Owner | None = None
    out: Owner | None = None
    lent: bool = False


def after(done: Exchange, sold: Collection[str]) -> tuple[Owner | None, Owner | None]:
    """Whose the unit that went in and the one that came out are from then on; None for each that stays whose it was."""
    if done.kind not in ("install", "swap") or done.lent or done.into != OURS or done.unit_kind not in sold:
        return None, None
    return his(done.customer_id), OURS if done.out == his(done.customer_id) else None


def of_found(unit_kind: str, customer_id: int, sold: Collection[str]) -> Owner:
    """Whose a unit is that nobody knew, found in a customer's vehicle."""
    return his(customer_id) if unit_kind in sold else OURS


def suits(owner: Owner, customer_id: int) -> bool:
    """Whether a unit may go into a vehicle of this customer."""
    return owner.kind != "customer" or owner.customer_id == customer_id


@dataclass(frozen=True)
class Standing:
    """What a unit is and where, as far as it limits whose it can be; `at_customer_id` is whose vehicle it is in."""

    unit_kind: str
    owner: Owner
    lent: bool = False
    at_customer_id: int | None = None


def why_not(standing: Standing, to: Owner) -> Text | None:
    """Why a unit cannot be made somebody's; None when it can."""
    if to == standing.owner:
        return say("This is on record already.")
    if to.kind != "customer":
        return None
    if standing.unit_kind == "tool":
        return say("A tool is ours or a third party's, never a customer's.")
    if standing.lent:
        return say("It is on loan. Turn the loan into a sale, and it is the customer's.")
    if standing.at_customer_id not in (None, to.customer_id):
        return say("It is in a vehicle of another customer. Take it out there first.")
    return None


_OURS_SO = {"OURS", "WE", "本公司", "公司", "我方", "我司", "自有"}
_THIRD_SO = re.compile(r"(?:第三方|THIRD[ -]PARTY)\s*:\s*(.*)", re.IGNORECASE)


def read_owner(text: str) -> Owner | Text:
    """What stands in a list: empty or 本公司 (ours), 第三方:NAME (Third party: NAME), else a customer's name, without his id."""
    plain = " ".join(unicodedata.normalize("NFKC", text).split())
    if not plain or plain.upper() in _OURS_SO:
        return OURS
    third = _THIRD_SO.fullmatch(plain)
    name = third.group(1).strip() if third else " ".join(text.split())
    if third and not name:
        return say("say which third party: 第三方:name")
    if third and len(name) > LONGEST_NAME:
        return say("At most %(n)s characters, please.", n=LONGEST_NAME)
    return Owner("third_party" if third else "customer", None, name)
