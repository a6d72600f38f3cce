"""What technicians still owe before an order can be closed (P8): signatures, photos, test-runs, terminals never entered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from dispatch.devices.fitted import fittings_of
from dispatch.devices.models import Fitting
from dispatch.devices.operations import on_move
from dispatch.field.endings import follow
from dispatch.field.models import Signature
from dispatch.field.photographed import VEHICLE, Taken, kinds_owed
from dispatch.field.point_rules import Points
from dispatch.field.points import asking
from dispatch.field.queries import changed_since_signing, last_signer, photos_of
from dispatch.field.rebinding import bindings_missing
from dispatch.field.returning import count_again, units_to_return
from dispatch.field.rules import PHOTOS, TESTS, is_settled
from dispatch.field.summary import UNTESTED, Run, latest_tests, vehicle_shown
from dispatch.invoices.operations import on_number
from dispatch.orders.facts import register_missing
from dispatch.orders.models import Order, OrderLine, Visit, VisitLine
from dispatch.orders.operations.owning import register_signed
from dispatch.words import Text, say

on_move(count_again)
register_missing("technician", "bag")(units_to_return)
register_signed(last_signer)
register_missing("office", "binding")(bindings_missing)
on_number(follow)


@register_missing("office", "on-site")
def field_papers_missing(session: Session, order: Order) -> Iterator[Text]:
    """What is missing of a finished order, naming who owes it."""
    if order.status != "done":
        return
    lines = session.scalars(_done_lines(order.id)).all()
    visits = session.scalars(
        sa.select(Visit)
        .where(Visit.order_id == order.id, Visit.status == "finished")
        .options(joinedload(Visit.technician), selectinload(Visit.visit_lines).load_only(VisitLine.line_id))
        .order_by(Visit.finished_at)
    ).all()
    yield from _signatures_missing(session, order.id, visits, lines)
    fittings = fittings_of(session, order.id)
    tests, owing = latest_tests(session, order.id, fittings), _owing(visits)
    asked = asking(session, order, fittings, visits)
    unseen = kinds_owed(session, Taken(asked, tests, photos_of(session, order.id)), lines)
    for line in lines:
        who = owing.get(line.id) or say("The office")
        yield from (_photo_missing(order, line, who, kind) for kind in unseen.get(line.id, ()))
        if order.kind == "installation" and not _has_terminal(line.id, fittings):
            yield say(
                "%(who)s: no terminal was entered for %(vehicle)s, though it is done.",
                who=who,
                vehicle=vehicle_shown(line.vehicle),
            )
        run = tests.get(line.id, UNTESTED)
        yield from _tests_missing(line, run, asked.points(line, run), who)


def _done_lines(order_id: int) -> sa.Select[OrderLine]:
    done = sa.select(OrderLine).where(OrderLine.order_id == order_id, OrderLine.status == "done")
    return done.options(joinedload(OrderLine.vehicle)).order_by(OrderLine.position)


def _signatures_missing(session: Session, order_id: int, visits: Sequence[Visit], lines: Sequence[OrderLine]) -> Iterator[Text]:
    signed = set(session.scalars(sa.select(Signature.visit_id).where(Signature.order_id == order_id)))
    stale = changed_since_signing(session, order_id)
    for visit in visits:
        if visit.id not in signed:
            yield say("%(who)s: the customer's signature is missing, or a refusal with a photo.", who=visit.technician.name)
        elif visit.id in stale:
            yield say("%(who)s: something was fitted or charged after the customer had signed.", who=visit.technician.name)
    if lines and not visits and not signed:
        yield say("Nobody has brought the customer's signature, or a refusal with a photo.")


def _photo_missing(order: Order, line: OrderLine, who: Text | str, kind: str) -> Text:
    if kind != VEHICLE:
        shown = vehicle_shown(line.vehicle)
        return say("%(who)s: the photo “%(photo)s” of %(vehicle)s is missing.", who=who, photo=PHOTOS[kind], vehicle=shown)
    if order.kind == "repair":
        return say("%(who)s: there is no photo of %(vehicle)s before the work.", who=who, vehicle=vehicle_shown(line.vehicle))
    return say("%(who)s: there is no photo of %(vehicle)s.", who=who, vehicle=vehicle_shown(line.vehicle))


def _tests_missing(line: OrderLine, results: Run, points: Points, who: Text | str) -> Iterator[Text]:
    """At most one sentence a vehicle: what failed comes before what was never tested. What may stay open holds nothing back."""
    vehicle = vehicle_shown(line.vehicle)
    unsettled = (item for item in points.must if item in results and not is_settled(results[item].result, results[item].reason))
    failed = next(unsettled, None)
    untested = next(iter(points.lacking(results)), None)
    if failed is not None:
        # Where the office has corrected it, the technician owes it all the same.
        who = who if results[failed].corrects_id else results[failed].by_name
        yield say("%(who)s: the test-run of %(vehicle)s failed at “%(item)s”.", who=who, vehicle=vehicle, item=TESTS[failed])
    elif untested is not None and not results:
        yield say("%(who)s: %(vehicle)s has no test-run.", who=who, vehicle=vehicle)
    elif untested is not None:
        yield say("%(who)s: the test-run of %(vehicle)s lacks “%(item)s”.", who=who, vehicle=vehicle, item=TESTS[untested])


def _has_terminal(line_id: int, fittings: Sequence[Fitting]) -> bool:
    return any(f.line_id == line_id and f.unit_kind == "terminal" and f.new_unit_id is not None for f in fittings)


def _owing(visits: Sequence[Visit]) -> dict[int, str]:
    """Line id -> the technician who was there last; `visits` in the order in which they ended."""
    return {row.line_id: visit.technician.name for visit in visits for row in visit.visit_lines}
