"""What `./run check` prints: each problem as it is found, or one JSON object; and how it ends."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.config import Settings
from dispatch.host import checking, clients
from dispatch.host.checking import Problem
from dispatch.host.errors import CannotStart
from dispatch.web.locale import tr_in
from dispatch.words import Text, say

CONTENT, WRONG = 0, 1
Print = Callable[[str], None]


def report(settings: Settings, *, locale: str, as_json: bool, quick: bool, out: Print) -> int:
    """Look at everything and print what is wrong; 0 if all is well, 1 if not. Raises CannotStart if it cannot be looked at."""
    began = time.monotonic()
    try:
        with checking.snapshot(settings) as session:
            return (_object if as_json else _lines)(session, locale, quick, out, began)
    except sa.exc.SQLAlchemyError as reason:
        raise CannotStart(say("The database cannot be read: %(reason)s", reason=clients.first_line(reason))) from None


def _lines(session: Session, locale: str, quick: bool, out: Print, began: float) -> int:
    count = 0
    for problem in checking.problems(session, quick=quick):
        count += 1
        out(f"{problem.area}: {tr_in(locale, problem.said)}")
    for line in _ending(session, count, quick, began):
        out(tr_in(locale, line))
    return WRONG if count else CONTENT


def _ending(session: Session, count: int, quick: bool, began: float) -> Iterator[Text | str]:
    if checking.wrong_version(session) is not None:
        return
    yield from checking.notes(session)
    for word, number in checking.looked_at(session, quick=quick):
        yield say("looked at: %(n)s %(things)s", n=f"{number:,}", things=word)
    seconds = f"{time.monotonic() - began:.1f}"
    yield _verdict(count, seconds)


def _verdict(count: int, seconds: str) -> Text:
    if count:
        return say("Wrong: %(n)s. (%(seconds)s s)", n=count, seconds=seconds)
    return say("All is well. (%(seconds)s s)", seconds=seconds)


def _object(session: Session, locale: str, quick: bool, out: Print, began: float) -> int:
    found = list(checking.problems(session, quick=quick))
    whole = checking.wrong_version(session) is None
    answer: dict[str, Any] = {
        "content": not found,
        "problems": [_plain(problem, locale) for problem in found],
        "notes": [tr_in(locale, note) for note in checking.notes(session)] if whole else [],
        "looked_at": {word.msgid: number for word, number in checking.looked_at(session, quick=quick)} if whole else {},
        "seconds": round(time.monotonic() - began, 1),
    }
    out(json.dumps(answer, ensure_ascii=False, indent=1))
    return WRONG if found else CONTENT


def _plain(problem: Problem, locale: str) -> dict[str, str]:
    return {"area": problem.area, "said": tr_in(locale, problem.said)}
