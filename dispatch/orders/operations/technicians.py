"""Who may be sent out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from dispatch.errors import NotFound, RuleBroken
from dispatch.orders.models import Order
from dispatch.staff.models import Person
from dispatch.words import say


def fit_technician(session: Session, person_id: int, *, outside: bool = False) -> Person:
    """Somebody who may be sent out (P15), his row share-locked: until the end he can neither leave nor lose role or training.

    With `outside` a contractor's worker may be: the manager has approved of a contractor (P14), who answers for his training.
    Raises NotFound for somebody who is no technician here any more, RuleBroken for one without the product training.
    """
    person = session.get(Person, person_id, with_for_update={"read": True}, populate_existing=True)
    if outside and person is not None and person.active and person.outside:
        return person
    if person is None or not person.active or "technician" not in person.roles:
        raise NotFound(say("There is no such technician."))
    if person.trained_on is None:
        raise RuleBroken(say("%(name)s has not passed the product training yet.", name=person.name))
    return person


Bar = Callable[[Session, Order, Person, datetime], None]
_bars: list[Bar] = []


def bars(bar: Bar) -> Bar:
    """Register who knows why somebody gets no further job of a kind; it raises with the sentence."""
    if bar not in _bars:
        _bars.append(bar)
    return bar


def check_may_take(session: Session, order: Order, technician: Person, at: datetime) -> None:
    """Ask all who are registered whether somebody may be given an order; it is locked. Raises RuleBroken with why not."""
    for bar in _bars:
        bar(session, order, technician, at)
