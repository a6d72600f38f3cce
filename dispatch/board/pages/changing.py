"""Changes by hand: the dialogs, what speaks against a choice while it is made, and the change itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import flash, render_template, request
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from dispatch.board.forms import read_assignment, read_choice
from dispatch.board.operations import changes
from dispatch.board.operations.changes import Errand
from dispatch.board.pages.blueprint import back_to, chosen_day, pages, ways
from dispatch.board.queries import visit_of
from dispatch.board.rules import clock_of
from dispatch.board.work import DayOfBranch, site_of_line, wanted_of
from dispatch.clock import local_day
from dispatch.db import transaction
from dispatch.errors import NotFound, Refusal
from dispatch.orders.models import Order, OrderLine, Visit
from dispatch.routing import Conflict, why_him
from dispatch.staff.models import Person
from dispatch.typed import number_in
from dispatch.web.access import current, may
from dispatch.web.filters import when
from dispatch.web.forms import Form
from dispatch.web.locale import tr

Answer = str | AnyResponse | tuple[str, int]


def dialog(fragment: str, form: Form | None, **shown: Any) -> Answer:
    """A dialog's inside for htmx, a page of its own for everybody else; 422 when the form was refused."""
    whole = "board/change.html" if "HX-Request" not in request.headers else fragment
    text = render_template(whole, fragment=fragment, form=form, **shown)
    return (text, 422) if form is not None and form.errors else text


def told(of: DayOfBranch, change: Callable[[Session], Visit], sentence: str) -> AnyResponse | Refusal:
    """Carry out a change; gives the way back, or the refusal to be shown in the dialog.

    `sentence` has the places order, name and time: what the visit came to.
    """
    try:
        with transaction() as db:
            sentence = _filled(db, sentence, change(db))
    except NotFound as refusal:
        flash(tr(refusal.text), "warning")
    except Refusal as refusal:
        return refusal
    else:
        flash(sentence, "success")
    return back_to(of.day)


def _filled(db: Session, sentence: str, visit: Visit) -> str:
    name = db.get_one(Person, visit.technician_id).name  # the visit may still hold the one it was taken from
    return sentence % {"order": visit.order.number, "name": name, "time": when(visit.starts_at)}


# an order that waits


def asked_lines(db: Session, of: DayOfBranch, number: str) -> tuple[Order, list[OrderLine]]:
    """An order and its vehicles that wait at the place the request names."""
    lines = changes.lines_to_assign(db, of, order=number, site_id=number_in(request.values.get("site")))
    return lines[0].order, lines


def _count(lines: list[OrderLine]) -> int | None:
    """How many of the vehicles are meant, if that was said."""
    typed = number_in(request.values.get("count"))
    return typed if typed and typed <= len(lines) else None


@pages.get("/plan/orders/<number>/assign")
@may("order.plan")
def assign(number: str) -> Answer:
    """Who could take an order that waits, the able ones first."""
    return _assign_dialog(number, None)


def _assign_dialog(number: str, form: Form | None) -> Answer:
    of = chosen_day()
    with transaction() as db:
        order, lines = asked_lines(db, of, number)
        whole = changes.errand_of_lines(db, of, ways(), lines)
        count = _count(lines) or changes.most_at_once(whole, ways(), lines)
        shown = {"order": order, "lines": lines[:count], "waiting": len(lines), "site": site_of_line(lines[0])}
        errand = changes.part_of_errand(whole, ways(), lines[:count])
        return dialog("board/assign.html", form, of=of, **shown, **_people(errand, form))


def _people(errand: Errand, form: Form | None) -> dict[str, Any]:
    names = {person.id: person.name for person in errand.day.team}
    choices = [("", _("Choose…")), *names.items()]
    return {
        "names": names,
        "people": choices,
        "candidates": errand.candidates(),
        "found": _found(errand, form.values) if form else None,
        "minutes": errand.job.minutes,
        "wanted": wanted_of(errand.order),
        "clock_of": clock_of,
    }


def _found(errand: Errand, values: Mapping[str, Any]) -> list[Conflict] | None:
    """What speaks against the choice in a form; None while it is not whole."""
    try:
        return errand.against(read_choice(values))
    except Refusal:
        return None


@pages.get("/plan/orders/<number>/against")
@may("order.plan")
def assign_check(number: str) -> str:
    """What speaks against the choice that is being made for an order."""
    of = chosen_day()
    with transaction() as db:
        _order, lines = asked_lines(db, of, number)
        return _against(changes.errand_of_lines(db, of, ways(), lines[: _count(lines)]))


def _against(errand: Errand) -> str:
    return render_template("board/against.html", found=_found(errand, request.values), form=None)


@pages.post("/plan/orders/<number>/assign")
@may("order.plan")
def assign_now(number: str) -> Answer:
    """Give vehicles that wait to a technician."""
    of, form = chosen_day(), Form.sent()

    def change(db: Session) -> Visit:
        order, lines = asked_lines(db, of, number)
        wanted = read_assignment(form.values, waiting=len(lines))
        site_id = site_of_line(lines[0]).id
        return changes.assign(db, of, ways(), wanted.choice, order_id=order.id, site_id=site_id, count=wanted.count, by=current())

    done = told(of, change, _("%(order)s was assigned to %(name)s, %(time)s."))
    return _assign_dialog(number, _picked(form).refused(done)) if isinstance(done, Refusal) else done


def _picked(form: Form) -> Form:
    """The form with a proposal that was pressed as if it had been typed, so that it can be pressed again with a tick."""
    try:
        choice = read_choice(form.values)
    except Refusal:
        return form
    return Form(form.values | {"technician": str(choice.technician_id), "start": clock_of(choice.start)})


# a visit that is planned


@pages.get("/plan/visits/<int:visit_id>")
@may("order.plan")
def visit(visit_id: int) -> Answer:
    """A visit and how it can be changed."""
    return _visit_dialog(visit_id, None)


def _day_of_visit(found: Visit) -> DayOfBranch:
    """The day of a visit; one that was left over from an earlier day can only go on from today."""
    of = chosen_day()
    return DayOfBranch(found.branch_id, max(local_day(found.starts_at, of.zone), of.today), of.zone, of.at)


def _visit_dialog(visit_id: int, form: Form | None, pressed: str | None = None) -> Answer:
    with transaction() as db:
        found = visit_of(db, visit_id, current())
        of = _day_of_visit(found)
        lines = [row.line for row in found.visit_lines]
        shown = {"visit": found, "order": found.order, "lines": lines, "of": of, "pressed": pressed}
        return dialog("board/visit.html", form, **shown, **_ways_to_move(db, of, found, form))


def _ways_to_move(db: Session, of: DayOfBranch, found: Visit, form: Form | None) -> dict[str, Any]:
    """Who could take a visit; for one that somebody has set out for only how long it is."""
    if found.status in ("planned", "dispatched"):
        people = _people(changes.errand_of_visit(db, of, ways(), found), form)
        return people | {"why": why_him(people["candidates"], found.technician_id, people["names"])}
    return {"minutes": round((found.ends_at - found.starts_at).total_seconds() / 60), "wanted": wanted_of(found.order)}


@pages.get("/plan/visits/<int:visit_id>/against")
@may("order.plan")
def visit_check(visit_id: int) -> str:
    """What speaks against the choice that is being made for a visit."""
    with transaction() as db:
        found = visit_of(db, visit_id, current())
        return _against(changes.errand_of_visit(db, _day_of_visit(found), ways(), found))


@pages.post("/plan/visits/<int:visit_id>/<any(move, take_off, recall, abandon):action>")
@may("order.plan")
def change_visit(visit_id: int, action: str) -> Answer:
    """Move a visit, take it off the plan, take it back from the technician's phone, or end it while he is at it."""
    form = Form.sent()
    with transaction() as db:
        of = _day_of_visit(visit_of(db, visit_id, current()))
    done = told(of, lambda db: CHANGES[action](db, of, visit_id, form), _sentence(action))
    return _visit_dialog(visit_id, form.refused(done), action) if isinstance(done, Refusal) else done


def _sentence(action: str) -> str:
    told: str = {
        "move": _("%(order)s now goes to %(name)s, %(time)s."),
        "take_off": _("%(order)s was taken off the plan (%(name)s, %(time)s) and waits to be planned again."),
        "recall": _("%(order)s was taken back from %(name)s's phone; it stays planned for %(time)s."),
        "abandon": _("The visit of %(name)s to %(order)s (%(time)s) was abandoned; the order waits to be planned again."),
    }[action]
    return told


def _move(db: Session, of: DayOfBranch, visit_id: int, form: Form) -> Visit:
    version = number_in(form.text("version"))
    return changes.move_visit_to(db, of, ways(), read_choice(form.values), visit_id=visit_id, version=version, by=current())


def _with_reason(change: Callable[..., Visit]) -> Callable[[Session, DayOfBranch, int, Form], Visit]:
    def changed(db: Session, of: DayOfBranch, visit_id: int, form: Form) -> Visit:
        version = number_in(form.text("version"))
        return change(db, visit_id=visit_id, version=version, reason=form.text("reason"), by=current(), at=of.at)

    return changed


CHANGES: dict[str, Callable[[Session, DayOfBranch, int, Form], Visit]] = {
    "move": _move,
    "take_off": _with_reason(changes.take_off),
    "recall": _with_reason(changes.recall),
    "abandon": _with_reason(changes.abandon),
}
