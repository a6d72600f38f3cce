"""Work at a vehicle: fitting and swapping units, the test-run, and whether the vehicle is done."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy.orm import Session

from dispatch.clock import local_day
from dispatch.customers.models import Vehicle
from dispatch.devices.fitted import fittings_of, own_unit, slot_units
from dispatch.devices.fitting import Work, install, move, register_found, remove, swap, undo
from dispatch.devices.models import UNIT_KINDS, Fitting, Unit
from dispatch.devices.slot_rules import role_in
from dispatch.devices.swap_rules import LONGEST, NOT_TOLD, WHYS, Why
from dispatch.errors import Invalid, NotFound, RuleBroken
from dispatch.fees.operations import charge_fittings
from dispatch.field.acts import Act
from dispatch.field.evidence import evidence_of
from dispatch.field.evidence_rules import Evidence
from dispatch.field.models import TestResult
from dispatch.field.points import asking
from dispatch.field.rules import TEST_ITEMS, TEST_RESULTS, TESTS, without_reason
from dispatch.field.summary import UNTESTED, latest_tests
from dispatch.orders.models import OrderLine
from dispatch.orders.operations.moves import move_line
from dispatch.words import Text, say


def work_at(session: Session, act: Act) -> Work:
    """Whose slot the units go into, and whose trail this leaves; `role` says which terminal of the vehicle, if not the line's."""
    act.must_be_on_site()
    line = act.line(session)
    vehicle = session.get_one(Vehicle, line.vehicle_id)
    role = role_in(act.content.get("role"), line.role)
    if role is None:
        raise NotFound
    return Work(
        order_id=act.order.id,
        line_id=line.id,
        vehicle_id=vehicle.id,
        branch_id=act.order.branch_id,
        visit_id=act.visit.id,
        fact_id=act.sent.id,
        device_at=act.when,
        role=role,
        spot=act.sent.spot,
    )


def _numbered(session: Session, act: Act) -> list[Unit]:
    """The new units that were named, terminal first, each out of the own bag. Raises Invalid beside the number that cannot be."""
    units, wrong = [], {}
    for kind in UNIT_KINDS:
        number = str(act.content.get(kind) or "").strip()
        if number:
            try:
                units.append(own_unit(session, number, act.by.id or 0, kind))
            except RuleBroken as refusal:
                wrong[kind] = refusal.text
    if wrong:
        raise Invalid(wrong)
    if not units:
        raise Invalid({"terminal": say("Enter or choose the new terminal, the new SIM, or both.")})
    return units


def install_units(session: Session, act: Act) -> None:
    """Put a terminal, a SIM or both into an empty place of a vehicle."""
    work = work_at(session, act)
    fit_in(session, act, work, _numbered(session, act))


def swap_units(session: Session, act: Act) -> None:
    """Exchange terminal, SIM or both. What is in the vehicle is read from the record, or registered when that knows of none."""
    work = work_at(session, act)
    fit_in(session, act, work, _numbered(session, act))


def fit_in(session: Session, act: Act, work: Work, units: Sequence[Unit]) -> None:
    """Put these units of a bag into the vehicle as the act says: swapped, or into an empty place; and charge for it."""
    present = slot_units(session, work.vehicle_id, work.role)
    for unit in units:
        facts: dict[str, Any] = {"lend_until": _lend_until(act, unit), "by": act.by, "at": act.at}
        if act.sent.kind == "line.install":
            install(session, work, unit.id, **facts)
            continue
        if unit.kind not in present:
            _register(session, act, work, unit.kind)
        swap(session, work, unit.id, why=_why(act), **facts)
    _after_fitting(session, act)


def _why(act: Act) -> Why:
    """Why something is swapped, as he told; raises Invalid for another reason than those listed that has no words."""
    code, words = str(act.content.get("why") or ""), str(act.content.get("why_words") or "").strip()[:LONGEST]
    if code == "other" and not words:
        raise Invalid({"why_words": say("Please write what it is.")})
    return Why(code, words or None) if code in WHYS else NOT_TOLD


def _lend_until(act: Act, unit: Unit) -> date | None:
    """Until when a terminal is only lent (`lend_days`); None for good, and for the SIM that goes in beside it."""
    days = act.content.get("lend_days")
    if days is None or unit.kind != "terminal":
        return None
    return local_day(act.when, act.by.zone) + timedelta(days=int(days))


def move_units(session: Session, act: Act) -> None:
    """Move terminal, SIM or both out of another vehicle of the customer (`vehicle`) into this one."""
    work = work_at(session, act)
    kinds = [kind for kind in UNIT_KINDS if kind in act.content.get("units", ())]
    move(session, work, int(act.content.get("vehicle") or 0), kinds, by=act.by, at=act.at)
    _after_fitting(session, act)


def _register(session: Session, act: Act, work: Work, kind: str) -> None:
    number = str(act.content.get(f"old_{kind}") or "").strip()
    if not number:
        raise Invalid({f"old_{kind}": say("The record knows of none in this vehicle. Enter the number of the old one.")})
    try:
        register_found(session, work, kind=kind, number=number, model=act.content.get("old_model"), by=act.by, at=act.at)
    except RuleBroken as refusal:
        raise Invalid({f"old_{kind}": refusal.text}) from None


def remove_units(session: Session, act: Act) -> None:
    """Take units out of a vehicle for good."""
    work = work_at(session, act)
    present = slot_units(session, work.vehicle_id, work.role)
    wanted = [kind for kind in UNIT_KINDS if kind in act.content.get("units", ())]
    if not wanted or any(kind not in present for kind in wanted):
        raise RuleBroken(say("There is nothing of this kind in the vehicle."))
    for kind in wanted:
        remove(session, work, present[kind].id, by=act.by, at=act.at)
    _after_fitting(session, act)


def undo_fitting(session: Session, act: Act) -> None:
    """Take back what was entered wrongly: the units go back to where they were."""
    work_at(session, act)
    for fitting_id in _fittings_named(session, act):
        undo(
            session,
            fitting_id,
            order_id=act.order.id,
            reason=str(act.content.get("reason") or ""),
            fact_id=act.sent.id,
            device_at=act.when,
            spot=act.sent.spot,
            by=act.by,
            at=act.at,
        )
    _after_fitting(session, act)


def _fittings_named(session: Session, act: Act) -> Sequence[int]:
    """Which are meant: one by its own number, or all that stand of an act, the last first. Raises NotFound."""
    if act.names is None:
        return [int(act.content["fitting"])]
    made = [one for one in fittings_of(session, act.order.id) if one.fact_id == act.names and one.kind != "move_out"]
    if not made:
        raise NotFound
    return sorted((one.id for one in made), reverse=True)


def _after_fitting(session: Session, act: Act) -> None:
    charge_fittings(session, act.order, visit_id=act.visit.id, by=act.by, at=act.at)


def record_test_run(session: Session, act: Act) -> None:
    """The results of a test-run (P11). A failed one is kept like any other: it stands in the way of closing, not of finishing."""
    act.must_be_on_site()
    line = act.line(session)
    fittings = fittings_of(session, act.order.id)
    known = evidence_of(session, line, act.visit, fittings)
    results = list(_results(act, line, known, _must(session, act, line, fittings)))
    session.add_all(results)
    act.tell(session, line=line.id, results={row.item: row.result for row in results})


def _must(session: Session, act: Act, line: OrderLine, fittings: Sequence[Fitting]) -> Collection[str]:
    """The points that must pass, read only where one of them might be waved away."""
    if all(given["result"] != "not_available" for given in act.content["results"].values()):
        return ()
    run = latest_tests(session, act.order.id, fittings).get(line.id, UNTESTED)
    return asking(session, act.order, fittings, ()).points(line, run).must


def _results(act: Act, line: OrderLine, known: Mapping[str, Evidence], must: Collection[str]) -> Iterable[TestResult]:
    """One row for each point; raises Invalid beside those that lack a word, or that the terminal contradicts."""
    wrong: dict[str, Text] = {}
    for item, given in act.content["results"].items():
        result, reason = given["result"], str(given.get("reason") or "").strip() or None
        if item not in TEST_ITEMS or result not in TEST_RESULTS:
            raise NotFound
        wrong |= without_reason(item, result, reason, must) | _contradicted(item, result, known.get(item))
        yield TestResult(
            order_id=act.order.id,
            line_id=line.id,
            visit_id=act.visit.id,
            item=item,
            result=result,
            reason=reason,
            observation_id=_proof(result, known.get(item)),
            fact_id=act.sent.id,
            by_id=act.by.id or 0,
            by_name=act.by.name,
            at=act.when,
        )
    if wrong:
        raise Invalid(wrong)


def _proof(result: str, found: Evidence | None) -> int | None:
    """The observation that proves what was judged as passed; nothing where it was judged by hand."""
    return found.told.id if result == "passed" and found and found.verdict == "proven" and found.told else None


def _contradicted(item: str, result: str, found: Evidence | None) -> dict[str, Text]:
    """Why a point cannot simply have passed, or be called not available: the terminal itself says otherwise."""
    if result not in ("passed", "not_available") or found is None or found.verdict != "contradicted":
        return {}
    return {
        "": say("“%(item)s” did not pass, says the terminal: %(why)s.", item=TESTS[item], why=found.said),
        f"result-{item}": say("Choose “Failed”, or “Overruled” and say why it counts all the same."),
    }


def complete_line(session: Session, act: Act) -> None:
    """A vehicle is done."""
    act.must_be_on_site()
    move_line(session, act.line(session), "complete", by=act.by, at=act.at)


def leave_line(session: Session, act: Act) -> None:
    """A vehicle is not done: `how` says whether it is left over for another day or given up, `reason` why."""
    act.must_be_on_site()
    how, reason = act.content.get("how"), str(act.content.get("reason") or "")
    if how not in ("leave_over", "give_up"):
        raise Invalid({"how": say("Choose one of these.")})
    move_line(session, act.line(session), how, by=act.by, at=act.at, reason=reason)
