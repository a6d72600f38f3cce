"""Keeping statements: a file comes in, is read at once or by the worker, and its lines are kept, each once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.errors import Conflict, NotFound, Refusal, RuleBroken
from dispatch.files.gateway import store
from dispatch.files.operations import keep
from dispatch.finance.models import BankProfile, LineMatch, MatchPart, Statement, StatementLine
from dispatch.finance.statement_queries import kept_lines, profile_for
from dispatch.finance.statement_rules import UNDER_WAY, contradiction, new_lines
from dispatch.finance.statements.lines import Line, totals
from dispatch.finance.statements.lines import Statement as Reading
from dispatch.finance.statements.reading import Profile, Seen, look_at, told_of
from dispatch.intake.progress import LARGE_FILE, Tell, in_silence, is_lost
from dispatch.intake.stored_rows import kept
from dispatch.jobs import enqueue
from dispatch.staff.rules import Actor
from dispatch.tabular.layouts import headings_of
from dispatch.tabular.tables import Workbook
from dispatch.tabular.told import Told, told_from
from dispatch.words import say, text_to_json

READ = "finance.read_statement"
MEDIA = "application/octet-stream"
PIECE = 2_000
_COPIED = (
    *("statement_id", "branch_id", "channel", "account", "row", "key", "kind", "at", "amount", "fee"),
    *("receipt", "reference", "party", "note"),
)
HERE_ALREADY = say("This very file is here already: %(name)s sent it on %(day)s as %(file)s. Nothing was counted twice.")
_ONE_AT_A_TIME = sa.text("SELECT pg_advisory_xact_lock(hashtext('statement_line'))")


def receive(session: Session, name: str, content: bytes, *, by: Actor, at: datetime) -> Statement:
    """Keep a file that is to be read. Raises Conflict for one that is here already, under whatever name."""
    by.must("money.confirm")
    assert by.id is not None and by.branch_id is not None
    file = keep(session, content, MEDIA, at=at)
    before = session.scalar(sa.select(Statement).where(Statement.file_hash == file.sha256, Statement.state != "failed"))
    if before is not None:
        when = f"{before.at.astimezone(ZoneInfo(by.zone)):%Y-%m-%d %H:%M}"
        raise Conflict(HERE_ALREADY.msgid, name=before.by_name, day=when, file=before.file_name)
    made = Statement(branch_id=by.branch_id, file_name=name, file_hash=file.sha256, state="asked", heard_at=at)
    made.by_id, made.by_name, made.at = by.id, by.name, at
    session.add(made)
    session.flush()
    return made


def ask(session: Session, made: Statement) -> None:
    """Have the worker read it."""
    enqueue(session, READ, statement_id=made.id)


def ask_again(session: Session, statement_id: int, *, by: Actor, at: datetime) -> None:
    """Ask once more for a file of which nobody has heard for a while. It is read once, however often it is asked for."""
    made = locked(session, statement_id, by)
    if made.state in UNDER_WAY and is_lost(made.heard_at, at):
        made.heard_at = at
        ask(session, made)


def locked(session: Session, statement_id: int, by: Actor) -> Statement:
    """The statement under its lock. Raises NotFound for another branch's."""
    by.must("money.confirm")
    made = session.get(Statement, statement_id, with_for_update=True, populate_existing=True)
    if made is None or not by.sees_branch(made.branch_id):
        raise NotFound
    return made


def note_progress(session: Session, statement_id: int, stage: str, done: int, total: int, *, at: datetime) -> None:
    """Write down how far it is, in a transaction of its own: the reading is one itself."""
    mine = sa.update(Statement).where(Statement.id == statement_id, Statement.state == "running")
    session.execute(mine.values(stage=stage, done=done, total=total, heard_at=at))


def fail(session: Session, made: Statement, refusal: Refusal) -> None:
    """It came to nothing, for a reason; the same file may be sent again."""
    made.state, made.failure = "failed", text_to_json(refusal.text)
    session.flush()


# --- reading


def read_kept(session: Session, made: Statement, *, by: Actor, at: datetime, tell: Tell = in_silence) -> Statement:
    """Read a file that is here, as was said of it or of files like it, and keep its lines. Done twice, it is done once.

    Where its columns are not recognised it waits for a person to say them. Raises RuleBroken for what is no statement. The row
    of the statement is written last: until then others write into it how far this is.
    """
    used: list[int] = []
    seen = look_at(made.file_name, store().get(made.file_hash), ZoneInfo(by.zone), _profile(session, made, used))
    session.execute(_ONE_AT_A_TIME)
    session.refresh(made)
    if made.state not in UNDER_WAY:
        return made
    if seen.statement is None:
        assert seen.unread is not None
        made.state, made.failure = "unread", text_to_json(seen.unread)
    else:
        _take(session, made, seen.statement, by=by, at=at, tell=tell)
        _remember(session, made, seen, by=by, at=at)
    made.layout = kept(seen.layout) if seen.layout else None
    made.profile_id = next(iter(used), made.profile_id)
    session.flush()
    return made


def _profile(session: Session, made: Statement, used: list[int]) -> Profile:
    """How the columns of a file are read: as was said of it, else as of files with the same headings (then `used` names it)."""

    def told(workbook: Workbook) -> Told:
        if made.told is not None:
            return told_from(made.told)
        known = profile_for(session, workbook, made.branch_id)
        used.extend([known.id] if known else [])
        return Told(known.keys) if known else Told()

    return told


def _take(session: Session, made: Statement, reading: Reading, *, by: Actor, at: datetime, tell: Tell) -> None:
    """Keep the lines that are not on record. Raises RuleBroken where the file contradicts what is."""
    known = kept_lines(session, reading)
    against = contradiction(reading.lines, known, whole=bool(reading.account))
    if against is not None:
        raise RuleBroken(against)
    fresh = new_lines(reading.lines, known)
    _write(session, made, reading, fresh, tell)
    times = [line.time for line in reading.lines]
    made.channel, made.account, made.bank = reading.channel, reading.account, reading.bank
    made.first_at, made.last_at = min(times), max(times)
    counted = {"kinds": Counter(line.kind for line in fresh)}
    made.totals, made.taken, made.state, made.failure = reading.totals, totals(fresh) | counted, "kept", None
    detail = {"file": made.file_name, "channel": reading.channel, "lines": len(reading.lines), "new": len(fresh)}
    record(session, ("statement", made.id), "statement.read", by=by, at=at, detail=detail)


def _write(session: Session, made: Statement, reading: Reading, lines: Sequence[Line], tell: Tell) -> None:
    """Write the lines in one stream: a hundred thousand take seconds so, and ten times as long one by one."""
    raw = session.connection().connection.driver_connection
    assert raw is not None
    with raw.cursor() as cursor, cursor.copy(f"COPY statement_line ({', '.join(_COPIED)}) FROM STDIN") as stream:
        for number, line in enumerate(lines):
            if number % PIECE == 0:
                tell("rows", number, len(lines))
            facts = [line.row, line.key, line.kind, line.time, line.amount, line.fee]
            texts = [line.receipt, line.reference, line.party, line.note]
            stream.write_row([made.id, made.branch_id, reading.channel, reading.account, *facts, *texts])


# --- which column is what


@dataclass(frozen=True)
class Chosen:
    """What a person says of a bank's file: its row of headings (None: as found), and by column, from 0, what it is."""

    head: int | None
    keys: Mapping[int, str]


def choose_columns(session: Session, statement_id: int, chosen: Chosen | None, *, by: Actor, at: datetime) -> Statement:
    """Read a bank's file anew, its columns being what a person says; None: as if nobody had ever said anything.

    Its lines are replaced. Raises Conflict while it is being read, for a channel's bill, and once one of its lines is or was
    matched. A large file is left to the worker.
    """
    session.execute(_ONE_AT_A_TIME)  # before its lines are held: another file may have some of them, too
    made = locked(session, statement_id, by)
    if made.state not in ("unread", "kept") or made.channel not in (None, "bank"):
        raise Conflict(say("The columns of this file cannot be chosen now."))
    content = store().get(made.file_hash)
    if chosen is None:
        _forget(session, made)
    made.told = None if chosen is None else told_of(made.file_name, content, chosen.head, chosen.keys).as_json()
    _drop_lines(session, made, at)
    if len(content) <= LARGE_FILE:
        return read_kept(session, made, by=by, at=at)
    ask(session, made)
    return made


def _drop_lines(session: Session, made: Statement, at: datetime) -> None:
    mine = StatementLine.statement_id == made.id
    lines = sa.select(StatementLine.id).where(mine)
    session.execute(lines.order_by(StatementLine.id).with_for_update())
    parts = sa.select(MatchPart.match_id).where(MatchPart.line_id.in_(lines))
    session.execute(sa.delete(LineMatch).where(LineMatch.id.in_(parts), LineMatch.run_id.is_(None)))
    if session.scalar(sa.select(sa.or_(sa.exists().where(mine, StatementLine.state != "open"), parts.exists()))):
        raise Conflict(say("Some of its lines are settled already: it stays as it was read."))
    session.execute(sa.delete(StatementLine).where(mine))
    made.channel = made.account = made.totals = made.taken = made.first_at = made.last_at = None
    made.state, made.failure, made.heard_at = "asked", None, at
    session.flush()


def _remember(session: Session, made: Statement, seen: Seen, *, by: Actor, at: datetime) -> None:
    """Keep for the next file with the same headings what a person said of this one."""
    headings = headings_of([seen.layout]) if seen.layout else []
    if made.told is None or not seen.told.keys or not headings:
        return
    mine = sa.select(BankProfile).where(BankProfile.branch_id == made.branch_id, BankProfile.headings == headings)
    found = session.scalar(mine.with_for_update())
    assert by.id is not None
    if found is None:
        found = BankProfile(branch_id=made.branch_id, headings=headings)
        session.add(found)
    found.keys, found.by_id, found.by_name, found.at = dict(seen.told.keys), by.id, by.name, at
    session.flush()
    made.profile_id = found.id


def _forget(session: Session, made: Statement) -> None:
    profile = made.profile_id
    made.profile_id = None
    session.flush()
    session.execute(sa.delete(BankProfile).where(BankProfile.id == profile, BankProfile.branch_id == made.branch_id))
