"""The places for a terminal and its SIM that a vehicle can have: one of each role, one terminal and one SIM in each."""

from __future__ import annotations

from dispatch.words import Text, say

MAIN = "main"
ROLES: dict[str, Text] = {
    MAIN: say("Main terminal"),
    "hidden": say("Second or hidden terminal"),
    "recorder": say("Camera or recorder"),
}
"""What a terminal is in a vehicle for."""


def role_in(given: object, usual: str = MAIN) -> str | None:
    """The role that was chosen, the `usual` one where none was; None for what is no role."""
    role = str(given or usual)
    return role if role in ROLES else None


def role_word(role: str | None) -> Text | None:
    """What a terminal is called that is not a vehicle's main one; None for that one, which needs no word."""
    return ROLES.get(role) if role and role != MAIN else None
