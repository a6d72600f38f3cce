"""The least firmware of terminal models: what is asked for now, and asking for something else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from dispatch.devices.firmware_rules import read_version
from dispatch.devices.models import ModelRequirement, TerminalModel
from dispatch.errors import Conflict, Invalid, NotFound
from dispatch.staff.rules import Actor
from dispatch.words import Text, say


@dataclass(frozen=True)
class Asked:
    """A model of terminal with what is asked of it now; nothing, where nobody ever asked for a firmware."""

    model: TerminalModel
    asked: ModelRequirement | None


def least_firmware(session: Session, model: str) -> str | None:
    """The least firmware of a model; None where none is asked for."""
    newest = sa.select(ModelRequirement.least_firmware).where(ModelRequirement.model == model)
    return session.scalar(newest.order_by(ModelRequirement.id.desc()).limit(1))


def asked_of_models(session: Session) -> Sequence[Asked]:
    """All models by name, in one statement."""
    newest = sa.select(sa.func.max(ModelRequirement.id)).where(ModelRequirement.model == TerminalModel.name).scalar_subquery()
    row = aliased(ModelRequirement)
    query = sa.select(TerminalModel, row).outerjoin(row, row.id == newest).order_by(TerminalModel.name)
    return [Asked(model, asked) for model, asked in session.execute(query)]


def ask_for_firmware(session: Session, model: str, firmware: str, *, seen: int, by: Actor, at: datetime) -> bool:
    """Ask for at least this firmware from now on, or for none where it is empty; whether that is another than before.

    `seen` is the requirement that stood on the page (0: none). Raises NotFound, Invalid, Conflict.
    """
    known = session.get(TerminalModel, model, with_for_update=True)
    if known is None:
        raise NotFound
    least = read_version(firmware) if firmware.strip() else None
    if isinstance(least, Text):
        raise Invalid({"firmware": least})
    newest = session.scalar(sa.select(sa.func.max(ModelRequirement.id)).where(ModelRequirement.model == model)) or 0
    if least_firmware(session, model) == least:
        return False
    if newest != seen:
        raise Conflict(say("Somebody changed this a moment ago. What stands here now is the newest."))
    session.add(ModelRequirement(model=model, least_firmware=least, by_id=by.id or 0, by_name=by.name, at=at))
    return True
