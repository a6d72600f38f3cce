"""Whom an open level waits for, as names: who could decide it, who is away, and who decides in his place."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from dispatch.permissions import allows
from dispatch.staff.deputy_models import Deputy
from dispatch.staff.models import Person
from dispatch.words import Text, say


def next_people(
    people: Sequence[tuple[Person, Deputy | None]], permission: str, barred: Collection[int | None]
) -> list[Text | str]:
    """The people who are not barred by their names; whoever is away with his deputy, if that one may decide it."""
    open_to = ((person, deputy) for person, deputy in people if person.id not in barred)
    return [word for person, deputy in open_to for word in _words(person, deputy, permission, barred)]


def _words(person: Person, row: Deputy | None, permission: str, barred: Collection[int | None]) -> Iterator[Text | str]:
    if row is None:
        yield person.name
    elif row.deputy_id in barred or not allows(row.deputy.roles, permission):
        yield say("%(name)s (away)", name=person.name)
    else:
        yield say("%(deputy)s for %(name)s (away)", deputy=row.deputy.name, name=person.name)
