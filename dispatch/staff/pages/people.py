"""People: who works here, what they can and may, hiring and letting go."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from dispatch.clock import local_day, now
from dispatch.db import STALE, transaction
from dispatch.devices.operations import bag_follows
from dispatch.devices.part_queries import parts_held
from dispatch.devices.queries import bag
from dispatch.devices.shelves import shelf
from dispatch.errors import Invalid, Refusal
from dispatch.orders.paces import pace_shown
from dispatch.orders.ties import live_visits
from dispatch.permissions import ROLES
from dispatch.staff.hiring import Ties, give_password, hire, let_go, locked, new_password, revise, show_phone, take_back
from dispatch.staff.models import Branch, Person
from dispatch.staff.operations import NewPerson
from dispatch.staff.page_forms import PersonFacts, read_person
from dispatch.staff.pages.blueprint import Answer, pages
from dispatch.staff.passwords import hash_password
from dispatch.staff.person_papers import PAPER_NAMES, papers_of
from dispatch.staff.queries import PEOPLE_SORTS, branch, branches, people, people_counts, person
from dispatch.staff.rules import GIVEN_BY_ADMINISTRATOR, SKILLS, Actor, roles_to_give, skill_counts
from dispatch.web.access import current, may
from dispatch.web.forms import Form
from dispatch.web.listing import Heads, Leaf, cut_asked
from dispatch.words import say

PACE_OVER = timedelta(days=90)
LEFT = "left"
"""The filter for those who left, beside the roles."""


@pages.get("/people")
@may("staff.see")
def index() -> str:
    """Everybody at the branch, by role or name."""
    words, role = request.args.get("q", "").strip()[:60], request.args.get("role", "")
    wanted = role if role in ROLES else None
    with transaction() as db:
        cut = cut_asked(PEOPLE_SORTS, "number")
        found = people(db, current(), words=words, role=wanted, active=role != LEFT, cut=cut)
        counts = people_counts(db, current())
        return render_template(
            "staff/index.html",
            people=found.rows,
            page=Leaf.of(found),
            sort=Heads(cut.sort),
            q=words,
            chips=_chips(role, counts),
            today=_today(),
            SKILLS=SKILLS,
            ROLES=ROLES,
            left=role == LEFT,
        )


def _chips(chosen: str, counts: dict[str | None, int]) -> list[dict[str, object]]:
    held = [(role, word, counts[role]) for role, word in ROLES.items() if counts.get(role)]
    rows = [("", say("Everybody"), counts[None]), *held]
    rows += [(LEFT, say("Left"), counts[""])] if counts[""] else []
    return [
        {"label": word, "count": count, "active": chosen == role, "url": url_for("staff.index", role=role or None)}
        for role, word, count in rows
    ]


def _today() -> object:
    return local_day(now(), current().zone)


@pages.get("/people/<int:person_id>")
@may("staff.see")
def show(person_id: int) -> str:
    """One person: facts, skills, shift, bag, what is planned for him."""
    with transaction() as db:
        return person_page(db, person_id)


def person_page(
    db: Session, person_id: int, *, password: str | None = None, error: Refusal | None = None, paper: Form | None = None
) -> str:
    """Somebody's page. `password`: a new one, shown this once; `error`, `paper`: what was refused."""
    found = person(db, person_id, current())
    carried = bag(db, person_id)
    return render_template(
        "staff/show.html",
        one=found,
        shelf=shelf(db, carried) if carried else None,
        visits=live_visits(db, person_id),
        changeable=_changeable(current(), found),
        today=_today(),
        skill_counts=skill_counts,
        SKILLS=SKILLS,
        ROLES=ROLES,
        password=password,
        error=error,
        papers=papers_of(db, person_id),
        paper=paper,
        paper_names=PAPER_NAMES,
        pace_shown=pace_shown(db, person_id, since=now() - PACE_OVER) if "technician" in found.roles else None,
    )


def _changeable(by: Actor, found: Person) -> bool:
    """Are there buttons for this reader? The operation asks again."""
    return by.may("staff.change") and (
        "administrator" in by.roles or by.id == found.id or not found.roles & GIVEN_BY_ADMINISTRATOR
    )


@pages.post("/people/<int:person_id>/phone")
@may("staff.see")
def phone(person_id: int) -> str:
    """The whole phone number, in place of the masked one; the asking is kept."""
    with transaction() as db:
        number = show_phone(db, person(db, person_id, current()), by=current(), at=now())
    return render_template("staff/phone.html", number=number)


# --- hiring and changing


@pages.route("/people/new", methods=["GET", "POST"])
@may("staff.change")
def new() -> Answer:
    """Hire somebody."""
    if request.method == "GET":
        start = {
            "branch_id": current().branch_id,
            "shift_from": "08:30",
            "shift_to": "17:30",
            "lunch_from": "11:30",
            "lunch_to": "13:30",
            "pace": 100,
        }
        return _form_page(Form.of(start), None)
    form = Form.sent()
    try:
        facts = read_person({name: form.text(name) for name in form.values}, form.texts("roles"))
        with transaction() as db:
            hired = hire(db, new=_new_person(facts), branch=_branch(db, facts.branch_id), by=current(), at=now())
    except Refusal as refusal:
        return _form_page(form.refused(refusal), None, refusal)
    flash(_("%(name)s was added.", name=hired.name), "success")
    return redirect(url_for("staff.show", person_id=hired.id))


@pages.route("/people/<int:person_id>/edit", methods=["GET", "POST"])
@may("staff.change")
def edit(person_id: int) -> Answer:
    """Change a person's facts."""
    with transaction() as db:
        found = person(db, person_id, current())
    if request.method == "GET":
        return _form_page(Form.of(_typed(found)), found)
    form = Form.sent()
    try:
        facts = read_person({name: form.text(name) for name in form.values}, form.texts("roles"))
        with transaction() as db:
            _revise(db, person_id, facts, form.number("version", 0))
    except Refusal as refusal:
        # A stale form is shown as the record stands now, so that saving again is possible.
        kept = Form.of(_typed(found)) if refusal.text == STALE else form
        return _form_page(kept.refused(refusal), found, refusal)
    flash(_("Saved."), "success")
    return redirect(url_for("staff.show", person_id=person_id))


def _revise(db: Session, person_id: int, facts: PersonFacts, version: int) -> None:
    locked(db, person_id, current())
    where, ties = _branch(db, facts.branch_id), _ties(db, person_id)
    revise(db, person_id, new=_new_person(facts), branch=where, ties=ties, version=version, by=current(), at=now())
    bag_follows(db, person_id=person_id, branch_id=where.id)


def _ties(db: Session, person_id: int) -> Ties:
    carried = bag(db, person_id)
    content = shelf(db, carried) if carried else None
    units = content.units if content else 0
    return Ties(live_visits(db, person_id), units, len(parts_held(db, carried.id)) if carried else 0)


def _branch(db: Session, branch_id: int) -> Branch:
    try:
        return branch(db, branch_id, current())
    except Refusal as refusal:
        raise Invalid({"branch_id": say("Choose one of your branches.")}) from refusal


def _new_person(facts: PersonFacts) -> NewPerson:
    same = (
        "staff_no",
        "name",
        "roles",
        "phone",
        "username",
        "home_address",
        "home",
        "skills",
        "expiries",
        "shift",
        "lunch",
        "trained_on",
        "workday",
    )
    return NewPerson(**{name: getattr(facts, name) for name in same})


def _typed(found: Person) -> dict[str, object]:
    """A person as the form shows him."""
    texts = ("staff_no", "name", "phone", "username", "branch_id", "home_address", "version", "trained_on")
    times = ("shift_from", "shift_to", "lunch_from", "lunch_to")
    levels = {f"level-{skill.skill}": skill.level for skill in found.skills}
    ends = {f"expires-{skill.skill}": skill.expires_on for skill in found.skills}
    place = f"{found.home_lat}, {found.home_lon}" if found.home_lat is not None else None
    day = {name: value for name, value in asdict(found.workday).items() if value}
    clock = {name: value.strftime("%H:%M") if (value := getattr(found, name)) else None for name in times}
    return {
        **{name: getattr(found, name) for name in texts},
        **levels,
        **ends,
        **clock,
        **day,
        "home": place,
        "roles": sorted(found.roles),
    }


def _form_page(form: Form, found: Person | None, refusal: Refusal | None = None) -> Answer:
    with transaction() as db:
        choice = [(b.id, b.name) for b in branches(db) if current().sees_branch(b.id)]
    given = roles_to_give(current())
    kept = sorted(found.roles - set(given)) if found else []
    own = found is not None and found.id == current().id
    page = render_template(
        "staff/form.html", form=form, one=found, choice=choice, given=given, kept=kept, own=own, SKILLS=SKILLS, ROLES=ROLES
    )
    return (page, refusal.status) if refusal else page


# --- password, leaving, coming back


@pages.post("/people/<int:person_id>/password")
@may("staff.change")
def password(person_id: int) -> Answer:
    """Make a new password and show it once."""
    made = new_password()
    hashed = hash_password(made)
    try:
        with transaction() as db:
            give_password(db, person_id, password_hash=hashed, by=current(), at=now())
    except Refusal as refusal:
        return _refused(person_id, refusal)
    with transaction() as db:
        return person_page(db, person_id, password=made)


@pages.post("/people/<int:person_id>/leave")
@may("staff.change")
def leave(person_id: int) -> Answer:
    """Somebody leaves: no sign-in, no sessions, no new visits."""
    try:
        with transaction() as db:
            locked(db, person_id, current())
            let_go(db, person_id, ties=_ties(db, person_id), by=current(), at=now())
    except Refusal as refusal:
        return _refused(person_id, refusal)
    return redirect(url_for("staff.show", person_id=person_id))


@pages.post("/people/<int:person_id>/return")
@may("staff.change")
def come_back(person_id: int) -> Answer:
    """Somebody who left works here again."""
    try:
        with transaction() as db:
            take_back(db, person_id, by=current(), at=now())
    except Refusal as refusal:
        return _refused(person_id, refusal)
    return redirect(url_for("staff.show", person_id=person_id))


def _refused(person_id: int, refusal: Refusal) -> tuple[str, int]:
    with transaction() as db:
        return person_page(db, person_id, error=refusal), refusal.status
