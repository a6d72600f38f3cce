"""Who acts, and what a person may do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from dispatch.errors import NotAllowed
from dispatch.permissions import allows
from dispatch.words import Text, say

SKILLS: dict[str, Text] = {
    "install": say("Installation"),
    "repair": say("Repair"),
    "electrics": say("Vehicle electrics"),
    "oil-sensor": say("Fuel sensor"),
    "video": say("Video terminal"),
}


@dataclass(frozen=True)
class Actor:
    """The person behind an operation, as plain data. `id` is None for the system itself."""

    id: int | None
    name: str
    roles: frozenset[str]
    branch_id: int | None
    zone: str = "Asia/Shanghai"
    locale: str | None = None
    theme: str = "auto"

    def may(self, permission: str) -> bool:
        """True if one of the person's roles carries the permission."""
        return allows(self.roles, permission)

    def must(self, permission: str) -> None:
        """Raises NotAllowed unless the person `may`."""
        if not self.may(permission):
            raise NotAllowed(say("Your role does not allow this. Ask your administrator if you need it."))

    def sees_branch(self, branch_id: int | None) -> bool:
        """True for the person's own branch, and for every branch with the right to all."""
        return self.may("branches.all") or (branch_id is not None and branch_id == self.branch_id)


SYSTEM = Actor(id=None, name="system", roles=frozenset(), branch_id=None)


def skill_counts(expires_on: date | None, on: date) -> bool:
    """True while a skill is valid on a day (P15: skills can expire)."""
    return expires_on is None or expires_on >= on
