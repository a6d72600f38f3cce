"""Whom an open level waits for, as names: who could decide it, who is on leave, and who may decide in his place."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from dispatch.permissions import allows
from dispatch.staff.deputy_models import Deputy
from dispatch.staff.models import Person
from dispatch.words import Text, say


def next_people(
    people: Sequence[tuple[Person, Deputy | None, bool]], permission: str, barred: Collection[int | None]
) -> list[Text | str]:
    """The people who are not barred by their names, each with his deputy, if that one may decide it, and whether he is away."""
    open_to = ((person, _able(row, permission, barred), away) for person, row, away in people if person.id not in barred)
    return [_word(person.name, deputy, away=away) for person, deputy, away in open_to]


def _able(row: Deputy | None, permission: str, barred: Collection[int | None]) -> Person | None:
    return None if row is None or row.deputy_id in barred or not allows(row.deputy.roles, permission) else row.deputy


def _word(name: str, deputy: Person | None, *, away: bool) -> Text | str:
    if deputy is None:
        return say("%(name)s (away)", name=name) if away else name
    if away:
        return say("%(deputy)s for %(name)s (away)", deputy=deputy.name, name=name)
    return say("%(name)s (or the deputy %(deputy)s)", deputy=deputy.name, name=name)
