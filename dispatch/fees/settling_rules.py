"""How differences are settled, and who may do it."""

from __future__ import annotations

from dispatch.words import Text, say

SETTLEMENTS: dict[str, str] = {"paid": "money.confirm", "written_off": "money.write_off"}
"""How a difference is settled -> the permission for it."""

SETTLEMENT_WORDS: dict[str, Text] = {"paid": say("Settled in cash at the desk"), "written_off": say("Written off")}
