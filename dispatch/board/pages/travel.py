"""How a branch gets about: its speeds by distance and hour, what its drives taught, and whether that is used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from dispatch.board.drive_rules import middle
from dispatch.board.operations.travel import mark_of, say_speeds, use_learned
from dispatch.board.pages.blueprint import pages, ways
from dispatch.board.travel_forms import read_speeds, typed_of
from dispatch.board.travel_models import TravelCorrection
from dispatch.board.travel_queries import Said, learned_of, paces_told, said_by, told
from dispatch.board.travelling import engine_name
from dispatch.clock import now
from dispatch.db import transaction
from dispatch.errors import NotFound, Refusal
from dispatch.geo.paces import BANDS, PARTS, Paces, along, usual_paces
from dispatch.staff.queries import branch
from dispatch.web.access import current, may
from dispatch.web.forms import Form

EXAMPLES_KM = (1, 5, 15, 40)
"""Straight distances of which the page says how long they take."""
NAMES = {"usual": "", "osrm": "OSRM", "valhalla": "Valhalla"}


@dataclass(frozen=True)
class Learned:
    """What was learned about one source of travel times, by band and part of the day, and whether it is used."""

    source: str
    used: bool
    rows: Mapping[tuple[str, str], TravelCorrection]

    @property
    def drives(self) -> int:
        """From how many drives."""
        return sum(row.drives for row in self.rows.values())

    @property
    def off_before(self) -> float | None:
        """By how many per cent the time was wrong without it, over all."""
        return middle((row.off_before, row.drives) for row in self.rows.values())

    @property
    def off_after(self) -> float | None:
        """The same with it."""
        return middle((row.off_after, row.drives) for row in self.rows.values())


@pages.get("/branches/<int:branch_id>/travel")
@may("branch.change", "order.plan")
def travel(branch_id: int) -> str:
    """The speeds, and what was learned."""
    return _page(branch_id)


@pages.post("/branches/<int:branch_id>/travel")
@may("branch.change")
def change_travel(branch_id: int) -> Response | tuple[str, int]:
    """Say other speeds."""
    form = Form.sent()
    try:
        said = read_speeds({name: form.text(name) for name in form.values}, _usual())
        with transaction() as db:
            say_speeds(db, branch_id, said, seen=form.text("seen"), by=current(), at=now())
    except NotFound:
        raise
    except Refusal as refusal:
        return _page(branch_id, form.refused(refusal)), refusal.status
    flash(_("Saved. The next plan goes by it."), "success")
    return redirect(url_for("board.travel", branch_id=branch_id))


@pages.post("/branches/<int:branch_id>/travel/<source>/<any(use, leave):what>")
@may("branch.change")
def use_travel(branch_id: int, source: str, what: str) -> Response:
    """Use what was learned about a source, or leave it."""
    with transaction() as db:
        use_learned(db, branch_id, source, what == "use", by=current(), at=now())
    flash(_("What was learned is used.") if what == "use" else _("What was learned is not used any more."), "success")
    return redirect(url_for("board.travel", branch_id=branch_id))


def _page(branch_id: int, form: Form | None = None) -> str:
    with transaction() as db:
        one = branch(db, branch_id, current())
        said, rows = said_by(db, branch_id), learned_of(db, branch_id)
        form = form or Form.of(typed_of(said.over(_usual())))
        form.values["seen"] = mark_of(said)
        return render_template(
            "board/travel.html",
            branch=one,
            form=form,
            usual=_usual(),
            BANDS=BANDS,
            PARTS=PARTS,
            NAMES=NAMES,
            engine=engine_name(),
            learned=_learned(said, rows),
            takes=_takes(paces_told(told(said, rows), ways().travel)),
        )


def _usual() -> Paces:
    return usual_paces(ways().travel.factor, ways().travel.speed_kmh)


def _learned(said: Said, rows: Sequence[TravelCorrection]) -> list[Learned]:
    """By source: the usual figures always, a road engine where it is asked or something is known of it."""
    sources = dict.fromkeys(["usual", *filter(None, [engine_name()]), *(row.source for row in rows)])
    return [Learned(each, said.uses(each), {(r.band, r.part): r for r in rows if r.source == each}) for each in sources]


def _takes(paces: Paces) -> list[tuple[int, list[float]]]:
    """How many seconds some distances take, in each part of the day."""
    return [(km, [along(paces.curves[part], km * 1000) for part in PARTS]) for km in EXAMPLES_KM]
