"""Who acts, and what a person may do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from dispatch.errors import NotAllowed
from dispatch.permissions import ROLES, allows
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
    """The person behind an operation, as plain data. `id` is None for the system itself.

    `places` are the branches and permissions for which he decides just now in the place of somebody absent.
    """

    id: int | None
    name: str
    roles: frozenset[str]
    branch_id: int | None
    zone: str = "Asia/Shanghai"
    locale: str | None = None
    theme: str = "auto"
    places: frozenset[tuple[int, str]] = frozenset()

    def may(self, permission: str) -> bool:
        """True if one of the person's roles carries the permission."""
        return allows(self.roles, permission)

    def must(self, *permissions: str) -> None:
        """Raises NotAllowed unless the person `may` do one of these."""
        if not any(map(self.may, permissions)):
            raise NotAllowed(say("Your role does not allow this. Ask your administrator if you need it."))

    def sees_branch(self, branch_id: int | None) -> bool:
        """True for the person's own branch, and for every branch with the right to all."""
        return self.may("branches.all") or (branch_id is not None and branch_id == self.branch_id)


SYSTEM = Actor(id=None, name="system", roles=frozenset(), branch_id=None)


def skill_counts(expires_on: date | None, on: date) -> bool:
    """True while a skill is valid on a day (P15: skills can expire)."""
    return expires_on is None or expires_on >= on


GIVEN_BY_ADMINISTRATOR = frozenset({"administrator", "director", "manager"})
"""Roles that decide over others: only an administrator gives or takes them, and changes the people who hold them."""


def roles_to_give(by: Actor) -> tuple[str, ...]:
    """The roles a person may hand out, in the usual order."""
    return tuple(role for role in ROLES if "administrator" in by.roles or role not in GIVEN_BY_ADMINISTRATOR)


def check_may_change(by: Actor, *, person_id: int | None, before: frozenset[str], after: frozenset[str]) -> None:
    """Raises NotAllowed unless `by` may turn a person's roles from `before` to `after`, or change him at all.

    `person_id` is None for somebody new. Nobody changes his own roles.
    """
    by.must("staff.change")
    if by.id == person_id and before != after:
        raise NotAllowed(say("Nobody changes his own roles. Ask another administrator."))
    if "administrator" in by.roles:
        return
    if (before ^ after) & GIVEN_BY_ADMINISTRATOR:
        raise NotAllowed(say("Only an administrator gives or takes the roles administrator, director and manager."))
    if before & GIVEN_BY_ADMINISTRATOR and by.id != person_id:
        raise NotAllowed(say("Only an administrator changes people with the role administrator, director or manager."))
