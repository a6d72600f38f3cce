"""What stores and bags hold, counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from dispatch.devices.models import CustodyPosition, HandOver, Holder
from dispatch.devices.queries import PLACES_OF_STOCK, visible_places
from dispatch.devices.usable import Held, model_held, units_counted
from dispatch.staff.rules import Actor

Thing = tuple[str, str | None]
"""A kind of unit, and of a terminal its model."""


@dataclass(frozen=True)
class Shelf:
    """What one store or bag holds: terminals by model, SIMs and tools.

    So many papers on which something is to go out of it are `waiting` for a yes, the `oldest` since then. `held` is what all of
    this was counted from, where several were counted together.
    """

    holder: Holder
    models: dict[str, int] = field(default_factory=dict)
    sims: int = 0
    tools: int = 0
    waiting: int = 0
    oldest: datetime | None = None
    held: tuple[Held, ...] = ()

    @property
    def terminals(self) -> int:
        """Terminals of all models."""
        return sum(self.models.values())

    @property
    def units(self) -> int:
        """All there is."""
        return self.terminals + self.sims + self.tools

    @property
    def vehicles(self) -> int:
        """How many vehicles can be fitted from it: each takes a terminal and a SIM."""
        return min(self.terminals, self.sims)


def shelves(session: Session, by: Actor, *, branch_id: int) -> Sequence[Shelf]:
    """The stores of a branch, then its bags, empty ones too, as far as the reader may see them."""
    waits = (HandOver.from_holder_id == Holder.id, HandOver.status == "offered")
    asked = (sa.func.count(), sa.func.min(HandOver.offered_at))
    count, oldest = (sa.select(what).where(*waits).correlate(Holder).scalar_subquery() for what in asked)
    own = (Holder.branch_id == branch_id, Holder.kind.in_(PLACES_OF_STOCK), visible_places(by))
    query = sa.select(Holder, count, oldest).where(*own)
    ordered = query.options(joinedload(Holder.person)).order_by(Holder.kind.desc(), Holder.id)
    found = session.execute(ordered).all()
    counted = units_counted(session, [holder.id for holder, *_ in found])
    return [replace(_shelf_of(holder, counted), waiting=n, oldest=since) for holder, n, since in found]


def _shelf_of(holder: Holder, counted: Sequence[Held]) -> Shelf:
    held = tuple(each for each in counted if each.holder_id == holder.id)
    counts = Counter[Thing]()
    for each in held:
        counts[each.kind, each.model] += each.count
    return replace(_shelf(holder, counts), held=held)


def shelf(session: Session, holder: Holder) -> Shelf:
    """What one store or bag holds."""
    each = (
        sa.select(CustodyPosition.unit_kind, model_held().label("model")).where(CustodyPosition.holder_id == holder.id).subquery()
    )
    query = sa.select(each, sa.func.count()).group_by(*each.c)
    return _shelf(holder, {(kind, model): count for kind, model, count in session.execute(query)})


def _shelf(holder: Holder, counts: Mapping[Thing, int]) -> Shelf:
    models = {model: count for (_, model), count in counts.items() if model is not None}
    return Shelf(holder, dict(sorted(models.items())), counts.get(("sim", None), 0), counts.get(("tool", None), 0))
