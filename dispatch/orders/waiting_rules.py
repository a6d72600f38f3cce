"""What an order waits for, and until when: a reason from a list, words of one's own, and the day on which it wakes by itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from dispatch.words import Text, say

WHYS: dict[str, Text] = {
    "part": say("A part is missing"),
    "customer": say("The customer is absent"),
    "vehicle": say("The vehicle is away"),
    "unsafe": say("It is unsafe"),
    "other": say("Something else"),
}
FARTHEST_DAYS = 366


@dataclass(frozen=True)
class WaitFor:
    """Why an order is to wait, in words where the list does not say it, and on which day it wakes."""

    why: str
    next_on: date
    words: str = ""


def why_words(why: str, words: str) -> Text | str:
    """The reason as people read it."""
    known = WHYS.get(why)
    if known is None or why == "other":
        return words or WHYS["other"]
    return say("%(why)s: %(words)s", why=known, words=words) if words else known


def wrong_with(wait: WaitFor, today: date) -> dict[str, Text]:
    """Field -> what cannot be, looked at on a day."""
    wrong = {}
    if wait.why not in WHYS:
        wrong["why"] = say("Choose one of these.")
    if wait.why == "other" and not wait.words.strip():
        wrong["words"] = say("Write what it waits for.")
    if wait.next_on <= today:
        wrong["next_on"] = say("Choose a day that is still to come.")
    elif (wait.next_on - today).days > FARTHEST_DAYS:
        wrong["next_on"] = say("Choose a day within a year.")
    return wrong
