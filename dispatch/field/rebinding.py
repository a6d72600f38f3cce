"""A SIM that its carrier has bound to an IMEI works in no other terminal (机卡绑定): after a swap it is bound anew, and somebody
says so before the order is closed (P7). Which SIMs that is asked of, the rules of `binding_rule` say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.devices.fitted import bound_elsewhere, fittings_of, rebind_needed, slot_units
from dispatch.devices.models import BindingRule, Fitting, Sim, Terminal, Unit
from dispatch.devices.operations import lock_units
from dispatch.devices.queries import fitted_by_role, unit
from dispatch.devices.sim_binding_rules import mode_for
from dispatch.devices.sim_life import locked_sim
from dispatch.devices.slot_rules import MAIN
from dispatch.errors import Conflict, RuleBroken
from dispatch.field.summary import vehicle_shown
from dispatch.jobs import enqueue
from dispatch.orders.models import Order
from dispatch.staff.rules import Actor
from dispatch.words import Text, say


def bindings_missing(session: Session, order: Order) -> Iterator[Text]:
    """The vehicles into which the order has fitted something and whose SIM the rules want bound to the terminal beside it."""
    fittings = fittings_of(session, order.id) if order.status == "done" else ()
    made: dict[tuple[int, str], list[Fitting]] = defaultdict(list)
    for fitting in fittings:
        made[fitting.vehicle_id, fitting.slot.role or MAIN].append(fitting)
    inside = fitted_by_role(session, sorted({vehicle_id for vehicle_id, _ in made})) if made else {}
    rules = binding_rules(session) if made else ()
    places = ((line, role, units) for line in order.lines for role, units in inside.get(line.vehicle_id, {}).items())
    for line, role, units in places:
        pair = to_be_bound(rules, order.branch_id, units, made.get((line.vehicle_id, role), ()))
        if pair is not None:
            yield Text(_MISSING[pair[1].bound_imei is None], {"sim": pair[1].iccid, "vehicle": vehicle_shown(line.vehicle)})


_MISSING = {
    True: say("The office: SIM %(sim)s in %(vehicle)s works in a new pair; the carrier is to bind it to the terminal.").msgid,
    False: say(
        "The office: SIM %(sim)s in %(vehicle)s is bound to another IMEI; the carrier is to bind it to the new terminal."
    ).msgid,
}
"""What is missing of a SIM, by whether it is bound to nothing yet."""


def binding_rules(session: Session) -> Sequence[BindingRule]:
    """The rules that count."""
    return session.scalars(sa.select(BindingRule).where(BindingRule.ended_at.is_(None))).all()


def to_be_bound(
    rules: Sequence[BindingRule], branch_id: int, inside: Mapping[str, Unit], fittings: Iterable[Fitting]
) -> tuple[Terminal, Sim] | None:
    """Terminal and SIM of one place of a vehicle (kind -> unit) that wait for a binding after its fittings, by the rules.

    A terminal without an IMEI on record can be bound to nothing: only a binding to another one is told then.
    """
    kept = list(fittings)
    terminal, sim = (inside.get(kind) for kind in ("terminal", "sim"))
    if not kept or terminal is None or sim is None or terminal.terminal is None or sim.sim is None:
        return None
    mode = mode_for(rules, branch_id=branch_id, carrier=sim.sim.carrier, plan=sim.sim.plan)
    if mode == "never":
        return None
    swapped = mode == "always" and any(fitting.kind == "swap" for fitting in kept)
    unbound = swapped and sim.sim.bound_imei is None and terminal.terminal.imei is not None
    return (terminal.terminal, sim.sim) if unbound else bound_elsewhere(inside)


def rebind_told(session: Session, branch_id: int, inside: Mapping[str, Unit], fittings: Sequence[Fitting]) -> Text | None:
    """What the technician at the vehicle reads of it."""
    pair = to_be_bound(binding_rules(session), branch_id, inside, fittings) if len(inside) > 1 else None
    if pair is None or pair[1].bound_imei is not None:
        return rebind_needed(inside) if pair else None
    told = {"sim": pair[1].iccid, "imei": pair[0].imei}
    return say("SIM %(sim)s works in a new pair: the office has the carrier bind it to IMEI %(imei)s before closing.", **told)


def confirm_binding(session: Session, unit_id: int, *, imei: str, by: Actor, at: datetime) -> Sim:
    """Write down that the carrier has bound a SIM to the terminal beside it, whose IMEI was `imei` when somebody looked.

    Again it changes nothing. Raises RuleBroken when it is in no vehicle with a terminal, Conflict when that is another by now.
    """
    by.must("stock.change")
    beside = _beside(session, unit_id, by)
    lock_units(session, [unit_id, beside.unit_id])
    sim = locked_sim(session, unit_id, by)
    if beside.imei != imei or _beside(session, unit_id, by).unit_id != beside.unit_id:
        raise Conflict(say("Another terminal is beside this SIM by now. Please look again."))
    if sim.bound_imei != imei:
        record(session, ("sim", unit_id), "sim.bind", by=by, at=at, detail={"from": sim.bound_imei, "to": imei})
        sim.bound_imei = imei
        session.flush()
        _count_again(session, unit_id, by)
    return sim


def _beside(session: Session, unit_id: int, by: Actor) -> Terminal:
    place = unit(session, unit_id, by).position
    slot = place.holder if place else None
    inside = slot_units(session, slot.vehicle_id, slot.role) if slot and slot.vehicle_id and slot.role else {}
    terminal = inside["terminal"].terminal if "terminal" in inside else None
    if terminal is None:
        raise RuleBroken(say("This SIM is in no vehicle with a terminal."))
    return terminal


def _count_again(session: Session, unit_id: int, by: Actor) -> None:
    """Orders that are done and had to do with the vehicle lack one thing less."""
    place = unit(session, unit_id, by).position
    about = sa.select(Fitting.order_id).join(Order, Order.id == Fitting.order_id).where(Order.status == "done")
    for order_id in session.scalars(about.where(Fitting.vehicle_id == (place and place.holder.vehicle_id)).distinct()):
        enqueue(session, "orders.count_papers", lock=f"order:{order_id}", order_id=order_id)
