"""What a company that has just been set up still needs before its first day."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from flask import render_template, url_for
from sqlalchemy.orm import Session

from dispatch.db import transaction
from dispatch.devices.models import CustodyEntry, Terminal
from dispatch.fees.models import Price
from dispatch.orders.models import Order
from dispatch.staff.models import PersonRole
from dispatch.web.access import may
from dispatch.web.pages.blueprint import pages
from dispatch.words import Text, say


@dataclass(frozen=True)
class FirstStep:
    """One thing to do, why, where, and whether it is done."""

    word: Text
    why: Text
    url: str
    done: bool


@pages.get("/first-steps")
@may("staff.change")
def first_steps() -> str:
    """From an empty company to the first order, in the order in which things build on each other."""
    with transaction() as db:
        return render_template("web/first_steps.html", steps=_steps(db))


def no_order_yet(session: Session) -> bool:
    """True until the first call or request is taken."""
    return session.scalar(sa.select(Order.id).limit(1)) is None


def _steps(session: Session) -> list[FirstStep]:
    office = sa.select(PersonRole.person_id).where(PersonRole.role.in_(("specialist", "finance")))
    technicians = sa.select(PersonRole.person_id).where(PersonRole.role == "technician")
    issued = sa.select(CustodyEntry.id).where(CustodyEntry.reason == "issue")
    table: list[tuple[Text, Text, str, sa.Select[int] | sa.Select[str]]] = [
        (
            say("People in the office"),
            say("Whoever takes calls, approves, and counts the money. A person can have several roles."),
            url_for("staff.new"),
            office,
        ),
        (
            say("Terminals and SIM cards"),
            say("The lists that your supplier or your old system gives you."),
            url_for("imports.upload", purpose="terminals"),
            sa.select(Terminal.unit_id),
        ),
        (
            say("Technicians"),
            say(
                "From a list with their homes, skills, training and what each should carry; "
                "then a user name and a password for whoever is to sign in."
            ),
            url_for("imports.upload", purpose="technicians"),
            technicians,
        ),
        (
            say("Price list"),
            say("What parts and services cost, with tax. Without a price nothing can be charged on site."),
            url_for("imports.upload", purpose="prices"),
            sa.select(Price.code),
        ),
        (
            say("Bags"),
            say("Issue terminals and SIMs to the technicians: they fit what is in their bags."),
            url_for("devices.issue"),
            issued,
        ),
        (
            say("The first order"),
            say("Take a call, or upload an installation request."),
            url_for("intake.call"),
            sa.select(Order.id),
        ),
    ]
    return [FirstStep(word, why, url, session.scalar(query.limit(1)) is not None) for word, why, url, query in table]
