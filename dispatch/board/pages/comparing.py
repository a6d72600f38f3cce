"""A plan that is proposed beside the day as it stands: what it changes, each technician's day, both maps."""

from __future__ import annotations

from typing import Any, NamedTuple

from flask import render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from dispatch.board.calm_models import CalmProposal
from dispatch.board.calm_rules import happened_from, move_from_json, told
from dispatch.board.compare import Comparison, compared, moved_side, proposed_side, standing_side
from dispatch.board.models import PlanRun, ProposedPlan
from dispatch.board.operations.calm import is_stale
from dispatch.board.overview import overview
from dispatch.board.pages.blueprint import day_of, pages, ways
from dispatch.board.pages.compare_maps import both_maps
from dispatch.board.queries import (
    UNDER_WAY,
    calm_proposal,
    day_state,
    open_lines,
    orders_and_places,
    proposal_of,
    team,
    versions_on,
    visits_on,
)
from dispatch.board.views import Overview
from dispatch.board.work import DayOfBranch
from dispatch.db import transaction
from dispatch.staff.roster_queries import roster_of
from dispatch.typed import number_in
from dispatch.web.access import current, may
from dispatch.web.filters import clock
from dispatch.web.login import settings


class Sum(NamedTuple):
    """One line of what a plan changes: less is better; `shown` names how it is told."""

    label: str
    left: int
    right: int
    shown: str


@pages.get("/plan/proposals/<int:proposal_id>")
@may("order.plan")
def proposal(proposal_id: int) -> str:
    """A proposed plan beside the day as it stands, or beside another proposal (`beside`)."""
    who = current()
    with transaction() as db:
        right, run, asked_by = proposal_of(db, proposal_id, who)
        of = day_of(right.branch_id, right.day)
        other = number_in(request.args.get("beside"))
        left = proposal_of(db, other, who)[0] if other else None
        seen = _as_it_stands(db, of)
        side = proposed_side(left.routes, left.figures) if left else standing_side(seen)
        both = compared(side, proposed_side(right.routes, right.figures))
        stale = 0 if right.state != "open" else _stale(db, of, right)
        asked: dict[str, Any] = {"asked_by": asked_by, "run": run, "under_way": run.state in UNDER_WAY}
        asked |= {"past": _past(run, of), "seconds": settings().plan_seconds}
        return render_template(
            "board/compare.html",
            of=of,
            left=left,
            right=right,
            address=url_for("board.proposal", proposal_id=right.id, beside=left.id if left else None),
            stale=stale,
            others=_others(db, of, right, left),
            sums=_sums(both),
            **asked,
            **_beside(db, seen, both),
        )


@pages.get("/plan/happened/<int:proposal_id>")
@may("order.plan")
def calm(proposal_id: int) -> str:
    """What is proposed after something has happened, beside the day as it stands."""
    with transaction() as db:
        right = calm_proposal(db, proposal_id, current())
        of = day_of(right.branch_id, right.day)
        seen = _as_it_stands(db, of)
        side = standing_side(seen)
        both = compared(side, moved_side(side, [move_from_json(move) for move in right.moves]))
        stale = right.state == "open" and is_stale(db, right)
        return render_template(
            "board/compare.html",
            of=of,
            left=None,
            right=right,
            calm=told(happened_from(right.reasons)),
            address=url_for("board.calm", proposal_id=right.id),
            warning=_("Something has changed since this was proposed. A new proposal comes in a moment.") if stale else None,
            sums=_calm_sums(right),
            **_beside(db, seen, both),
        )


def _sums(both: Comparison) -> list[Sum]:
    labels = {
        "unserved": (_("Vehicles without a technician"), "plain"),
        "priority": (_("Urgency of these"), "plain"),
        "travel_s": (_("On the road"), "hours"),
        "distance_m": (_("Distance"), "far"),
        "overtime_s": (_("Overtime"), "minutes"),
        "late_s": (_("Later than promised"), "minutes"),
    }
    a, b = both.left.figures, both.right.figures
    return [Sum(label, a[name], b[name], shown) for name, (label, shown) in labels.items()]


def _calm_sums(right: CalmProposal) -> list[Sum]:
    labels = {
        "late_jobs": (_("Too late"), "plain"),
        "late_s": (_("Late together"), "minutes"),
        "shifted": (_("At another time than told"), "plain"),
        "unserved": (_("Without a technician"), "plain"),
        "overtime_s": (_("Overtime"), "minutes"),
        "travel_s": (_("On the road"), "hours"),
    }
    a, b = right.figures["nothing"], right.figures["then"]
    return [Sum(label, a[name], b[name], shown) for name, (label, shown) in labels.items()]


def _others(db: Session, of: DayOfBranch, right: ProposedPlan, left: ProposedPlan | None) -> list[dict[str, Any]]:
    """With what a proposal can be compared; nothing to choose while there is no other proposal."""
    found = [one for one in day_state(db, of).proposals if one.id != right.id]
    if not found:
        return []
    stands = {"label": _("As it stands"), "url": url_for("board.proposal", proposal_id=right.id), "active": left is None}
    chips = [stands]
    for one in found:
        url = url_for("board.proposal", proposal_id=right.id, beside=one.id)
        word = _("Proposed at %(time)s", time=clock(one.made_at))
        chips.append({"label": word, "url": url, "active": left is not None and left.id == one.id})
    return chips


def _past(run: PlanRun, of: DayOfBranch) -> int:
    if run.begun_at is None:
        return 0
    return int(min(max((of.at - run.begun_at).total_seconds(), 0), settings().plan_seconds))


def _as_it_stands(db: Session, of: DayOfBranch) -> Overview:
    """The day for comparing: without bags, and without the reasons of what waits."""
    people = team(db, of.branch_id)
    visits = visits_on(db, of.branch_id, *of.bounds, lent=True)
    who = {person.id for person in people} | {visit.technician_id for visit in visits}
    roster = roster_of(db, of.branch_id, who, of.day, of.day, of.zone, today=of.today)
    lines = open_lines(db, of.branch_id, of.day)
    return overview(of, ways(), team=people, visits=visits, bags={}, lines=lines, told=None, roster=roster)


def _beside(db: Session, seen: Overview, both: Comparison) -> dict[str, Any]:
    everything = [*both.left.all, *both.right.all]
    orders, places = orders_and_places(db, {line_id for stop in everything for line_id in stop.line_ids})
    there = {route.person.id: route for route in seen.routes}
    names = {who: route.person.name for who, route in there.items()}
    maps = both_maps(both, orders, places, there, settings())
    return {"both": both, "orders": orders, "names": names, "there": there, "hours": seen.hours, "maps": maps}


def _stale(db: Session, of: DayOfBranch, right: ProposedPlan) -> int:
    """How many visits came, went or were changed since the problem was gathered."""
    now_there = {str(visit_id): version for visit_id, version in versions_on(db, of.branch_id, *of.bounds)}
    return len({one for one, _version in now_there.items() ^ right.standing.items()})
