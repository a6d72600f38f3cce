"""Who can take an order now: everybody at work today, with what follows for his other visits."""

from __future__ import annotations

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from dispatch.board.forms import read_choice
from dispatch.board.operations import changes
from dispatch.board.operations.taking_now import Pressed, take_now
from dispatch.board.pages.blueprint import chosen_day, pages, ways
from dispatch.board.pages.changing import Answer, asked_lines, dialog, told
from dispatch.board.rules import clock_of
from dispatch.board.urgent import places_now
from dispatch.board.work import DayOfBranch, site_of_line, wanted_of
from dispatch.db import transaction
from dispatch.errors import Refusal
from dispatch.orders.models import Visit
from dispatch.web.access import current, may
from dispatch.web.forms import Form


@pages.get("/plan/orders/<number>/now")
@may("order.plan")
def urgent(number: str) -> Answer:
    """Who can take an order that waits, now: the best ten, and who could make room."""
    return _urgent_dialog(number, None)


def _today() -> DayOfBranch:
    of = chosen_day()
    return DayOfBranch(of.branch_id, of.today, of.zone, of.at)


def _urgent_dialog(number: str, form: Form | None) -> Answer:
    of = _today()
    with transaction() as db:
        order, lines = asked_lines(db, of, number)
        errand = changes.errand_of_lines(db, of, ways(), lines)
        found = places_now(errand, ways())
        taken = {place.technician_id for place in found.best}
        return dialog(
            "board/urgent.html",
            form,
            of=of,
            order=order,
            lines=lines,
            site=site_of_line(lines[0]),
            found=found,
            others=[one for one in errand.candidates() if one.technician not in taken],
            names={person.id: person.name for person in errand.day.team},
            minutes=errand.job.minutes,
            wanted=wanted_of(order),
            clock_of=clock_of,
        )


@pages.post("/plan/orders/<number>/now")
@may("order.plan")
def urgent_now(number: str) -> Answer:
    """Give it to somebody who is at work already."""
    of, form = _today(), Form.sent()

    def change(db: Session) -> Visit:
        order, lines = asked_lines(db, of, number)
        choice = read_choice(form.values)
        pressed = Pressed(choice.technician_id, choice.start, swap=bool(form.values.get("swap")))
        return take_now(db, of, ways(), pressed, order_id=order.id, site_id=site_of_line(lines[0]).id, by=current())

    done = told(of, change, _("%(order)s was assigned to %(name)s, %(time)s."))
    return _urgent_dialog(number, form.refused(done)) if isinstance(done, Refusal) else done
