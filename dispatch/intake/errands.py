"""What the command does with a file: look at it, or take it in as the page would, for whoever is named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from dispatch.clock import now
from dispatch.db import transaction
from dispatch.errors import Invalid, Refusal, RuleBroken
from dispatch.intake.forms import HEADER_FIELDS, Edits, read_edits
from dispatch.intake.importing import Choice, take_list
from dispatch.intake.lists import from_json
from dispatch.intake.marks import alone, marked_rows, takeable
from dispatch.intake.models import Upload
from dispatch.intake.operations import keep_file, take_calls, take_request
from dispatch.intake.operations.listing import Chosen
from dispatch.intake.outlines import Outline, list_facts, list_outlines, request_facts, request_outlines
from dispatch.intake.queries import same_file_taken, settled_lines
from dispatch.intake.reading import MACROS, content_of
from dispatch.intake.rules import Register, settle
from dispatch.intake.stored import Json
from dispatch.intake.stored import from_json as request_from_json
from dispatch.orders.models import Order
from dispatch.staff.queries import actor_of, person_called
from dispatch.staff.rules import Actor
from dispatch.tabular.tables import Workbook, read
from dispatch.words import Text, say, text_from_json

HEADER = tuple(name for name in HEADER_FIELDS if name != "customer_is")
LIST_FIELDS = ("store",)
NOBODY = say("Nobody who works here has the user name %(name)s.")
UNREAD = say("Say on the page which column is what: %(reason)s")
DONE_BEFORE = say("This very file was taken in on %(day)s already; nothing was taken twice.")
DONE_AS_ORDER = say("This very file became order %(number)s already; nothing was taken twice.")
ORDER_MADE = say("Order %(number)s with %(count)s vehicles is saved and waits for approval.")
ROWS_TAKEN = say("%(n)s rows were taken in.")
REJECTED = say(
    "%(n)s lines cannot be taken as they are. Nothing was taken in: mend the file, or leave them out with --leave-out."
)


@dataclass(frozen=True)
class Errand:
    """A file to be looked at or taken in; `fields` are what the person would type on the page."""

    kind: str
    name: str
    content: bytes
    fields: Mapping[str, str] = field(default_factory=dict)
    leave_out: bool = False
    change: bool = False
    again: bool = False

    @property
    def purpose(self) -> str:
        """What the pages call such a file."""
        return "request" if self.kind == "vehicles" else self.kind

    def workbook(self) -> Workbook:
        """The file, opened. Raises RuleBroken."""
        return read(self.name, self.content)


@dataclass(frozen=True)
class Outcome:
    """What a file gave and what became of it: `done` says what was taken in, `refused` why it was not."""

    facts: Json
    lines: Sequence[Outline]
    notes: Sequence[Text] = ()
    done: Text | None = None
    refused: Sequence[Text] = ()
    taken: int = 0

    @property
    def counts(self) -> dict[str, int]:
        """How many lines there are, by status."""
        statuses = Counter(line.status for line in self.lines)
        return {"lines": len(self.lines), **{name: statuses[name] for name in ("ok", "attention", "rejected")}}

    @property
    def rejected(self) -> bool:
        """Can some line not be taken?"""
        return self.counts["rejected"] > 0

    def as_json(self, words: Callable[[Text], str]) -> dict[str, Any]:
        """For programs."""
        notes = [words(note) for note in self.notes]
        told = {"taken": self.taken, "done": words(self.done) if self.done else None, "refused": [*map(words, self.refused)]}
        lines = [line.as_json(words) for line in self.lines]
        return {"request": self.facts | {"notes": notes}, "lines": lines, "counts": self.counts, **told}


# --- looking


def looked_at_alone(errand: Errand) -> Outcome:
    """What the file says by itself. Raises RuleBroken when it is none that can be read."""
    content = content_of(errand.purpose, errand.workbook())
    _must_be_read(content)
    if errand.purpose == "request":
        found = request_from_json(content["request"])
        lines = request_outlines(settle(found.lines, Register(())))
        return Outcome(request_facts(found), lines, (*_macros(content), *found.notes))
    reading = from_json(errand.kind, content)
    return Outcome(list_facts(reading), list_outlines(errand.kind, reading, alone(reading)), _macros(content))


def _macros(content: Json) -> tuple[Text, ...]:
    return (MACROS,) if content.get("macros") else ()


def looked_at(errand: Errand, username: str) -> Outcome:
    """What the file says against the record, as the person's preview would show it. Nothing is kept."""
    with transaction() as session:
        by = _person(session, username)
        outcome = _outcome(session, errand, _kept(session, errand, by), by)
        session.rollback()
    return outcome


def _kept(session: Session, errand: Errand, by: Actor) -> Upload:
    kept = keep_file(session, errand.purpose, errand.workbook(), file=errand.content, by=by, at=now())
    _must_be_read(kept.content)
    if errand.purpose == "request":
        kept.content = kept.content | {"header": kept.content["header"] | dict(errand.fields)}
    return kept


def _must_be_read(content: Json) -> None:
    if "unread" in content:
        raise RuleBroken(UNREAD.msgid, reason=text_from_json(content["unread"]))


def _person(session: Session, username: str) -> Actor:
    person = person_called(session, username)
    if person is None:
        raise RuleBroken(NOBODY.msgid, name=username)
    return actor_of(person)


def _outcome(session: Session, errand: Errand, kept: Upload, by: Actor) -> Outcome:
    if errand.purpose == "request":
        found = request_from_json(kept.content["request"])
        lines = request_outlines(settled_lines(session, kept, by))
        return Outcome(request_facts(found), lines, (*_macros(kept.content), *found.notes))
    reading = from_json(errand.kind, kept.content)
    marked = marked_rows(session, errand.kind, reading, by)
    return Outcome(list_facts(reading), list_outlines(errand.kind, reading, marked), _macros(kept.content))


# --- taking in


def taken_in(errand: Errand, username: str) -> Outcome:
    """Take the file in as the person's page would: all that was agreed to, or nothing. The very same file again does nothing."""
    before: Outcome | None = None
    try:
        with transaction() as session:
            by = _person(session, username)
            kept = _kept(session, errand, by)
            before = _outcome(session, errand, kept, by)
            done = None if errand.again else _done_before(session, kept, by)
            if done is not None:
                session.rollback()
                return _with(before, done=done)
            if before.rejected and not errand.leave_out:
                raise RuleBroken(REJECTED.msgid, n=before.counts["rejected"])
            return _taken(session, errand, kept, before, by)
    except Refusal as refusal:
        if before is None:
            raise
        return _with(before, refused=_sentences(refusal))


def _with(outcome: Outcome, *, done: Text | None = None, refused: Sequence[Text] = (), taken: int = 0) -> Outcome:
    return Outcome(outcome.facts, outcome.lines, outcome.notes, done, refused, taken)


def _sentences(refusal: Refusal) -> list[Text]:
    if not isinstance(refusal, Invalid):
        return [refusal.text]
    return [say("%(label)s: %(sentence)s", label=name, sentence=text) for name, text in refusal.fields.items()]


def _done_before(session: Session, kept: Upload, by: Actor) -> Text | None:
    """What was made of the very same file."""
    earlier = same_file_taken(session, kept.purpose, kept.file_hash, by)
    if earlier is None:
        return None
    if earlier.order_id is not None:
        return Text(DONE_AS_ORDER.msgid, {"number": session.get_one(Order, earlier.order_id).number})
    assert earlier.done_at is not None
    return Text(DONE_BEFORE.msgid, {"day": earlier.done_at.date().isoformat()})


def _taken(session: Session, errand: Errand, kept: Upload, before: Outcome, by: Actor) -> Outcome:
    if errand.purpose == "request":
        order = take_request(session, kept.id, _edits(session, errand, kept, by), by=by, at=now())
        made = Text(ORDER_MADE.msgid, {"number": order.number, "count": len(order.lines)})
        return _with(before, done=made, taken=len(order.lines))
    if errand.kind == "calls":
        able = {line.row for line in before.lines if line.status != "rejected"}
        count = take_calls(session, kept.id, Chosen(able), by=by, at=now())
        return _with(before, done=Text(ROWS_TAKEN.msgid, {"n": count}), taken=count)
    count = take_list(session, kept.id, errand.kind, choice=_choice(session, errand, kept, by), by=by, at=now())
    return _with(before, done=Text(ROWS_TAKEN.msgid, {"n": count}), taken=count)


def _edits(session: Session, errand: Errand, kept: Upload, by: Actor) -> Edits:
    blocked = [str(one.index) for one in settled_lines(session, kept, by) if one.blocks] if errand.leave_out else []
    texts = {**errand.fields, "again": "1" if errand.again else ""}
    return read_edits(texts, blocked, [])


def _choice(session: Session, errand: Errand, kept: Upload, by: Actor) -> Choice:
    ready = takeable(marked_rows(session, errand.kind, from_json(errand.kind, kept.content), by))
    store = errand.fields.get("store", "")
    return Choice(len(ready), leave_out=errand.leave_out, store=store, change=errand.change, again=errand.again)
