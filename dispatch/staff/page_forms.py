"""A person as typed into the page -> facts, or a refusal beside each field."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from zoneinfo import available_timezones

from dispatch.geo.forms import read_place
from dispatch.geo.rules import Coordinates
from dispatch.permissions import ROLES
from dispatch.staff.rules import SKILLS
from dispatch.tabular.cells import plain, read_date
from dispatch.typed import Typed
from dispatch.words import Text, say

LONGEST = 80
_USERNAME = re.compile(r"[\w.@-]{2,40}")


@dataclass(frozen=True)
class PersonFacts:
    """Everything the page says about a person. `skills` maps a skill to level 1-5, `home` is (lat, lon) in WGS-84."""

    staff_no: str
    name: str
    phone: str | None
    username: str | None
    branch_id: int
    roles: frozenset[str]
    skills: dict[str, int]
    expiries: dict[str, date]
    trained_on: date | None
    shift: tuple[time, time]
    lunch: tuple[time, time] | None
    home_address: str | None
    home: Coordinates | None


def read_person(typed: Mapping[str, str], roles: list[str]) -> PersonFacts:
    """Texts by field name, and the roles ticked -> PersonFacts. Raises Invalid."""
    reader = Typed(typed, longest=LONGEST)
    facts = PersonFacts(
        staff_no=reader.needed("staff_no").upper(),
        name=reader.needed("name"),
        phone=reader.maybe("phone", read_staff_phone),
        username=reader.maybe("username", read_username),
        branch_id=reader.maybe("branch_id", _read_id) or 0,
        roles=frozenset(role for role in roles if role in ROLES),
        skills={code: level for code in SKILLS if (level := reader.maybe(f"level-{code}", _read_level))},
        expiries={code: day for code in SKILLS if (day := reader.maybe(f"expires-{code}", read_date))},
        trained_on=reader.maybe("trained_on", read_date),
        shift=reader.span("shift_from", "shift_to") or (time(8, 30), time(17, 30)),
        lunch=reader.span("lunch_from", "lunch_to"),
        home_address=typed.get("home_address", "")[:200] or None,
        home=reader.maybe("home", read_place),
    )
    if not facts.roles:
        reader.errors["roles"] = say("Choose at least one role.")
    reader.check()
    return facts


def read_staff_phone(text: str) -> str | Text:
    """A phone number with or without spaces and +86."""
    digits = re.sub(r"^\+?86(?=1\d{10}$)", "", re.sub(r"[\s\-]", "", plain(text)))
    return digits if re.fullmatch(r"\+?\d{3,15}", digits) else say("“%(text)s” is not a phone number", text=text)


def read_username(text: str) -> str | Text:
    """The name to sign in with: letters, digits, . _ - @."""
    return text if _USERNAME.fullmatch(text) else say("2 to 40 letters, digits, dots or dashes, without spaces.")


def _read_level(text: str) -> int | Text:
    return int(text) if re.fullmatch(r"[1-5]", text) else say("Levels go from 1 to %(most)s.", most=5)


def _read_id(text: str) -> int | Text:
    return int(text) if re.fullmatch(r"\d{1,18}", text) else say("Choose one of your branches.")


@dataclass(frozen=True)
class BranchFacts:
    """A branch: its code stands in receipt numbers, its zone is one of the IANA's; its technicians call it at `phone`."""

    code: str
    name: str
    zone: str
    phone: str | None = None


def read_branch(typed: Mapping[str, str]) -> BranchFacts:
    """Texts by field name -> BranchFacts. Raises Invalid."""
    reader = Typed(typed, longest=LONGEST)
    facts = BranchFacts(
        code=reader.need("code", read_branch_code, ""),
        name=reader.needed("name"),
        zone=reader.need("zone", _read_zone, ""),
        phone=reader.maybe("phone", read_staff_phone),
    )
    reader.check()
    return facts


def read_branch_code(text: str) -> str | Text:
    """The code of a branch as it is kept, or why it is none."""
    code = plain(text).upper()
    return code if re.fullmatch("[A-Z][A-Z0-9]{1,5}", code) else say("Two to six letters and digits, such as SZ.")


def _read_zone(text: str) -> str | Text:
    return text if text in available_timezones() else say("This is no time zone; Asia/Shanghai is one.")
