"""`./run check`: whether the record is whole. It looks at one snapshot and changes nothing, so the product may run meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.approvals.checks import broken_ladders
from dispatch.audit.checks import broken_digests, broken_trail, plainly
from dispatch.config import Settings
from dispatch.devices.checks import broken_custody
from dispatch.fees.cash_check import broken_limits
from dispatch.fees.checks import broken_receipts
from dispatch.fees.ledger_check import broken_ledgers
from dispatch.fees.quote_check import broken_quotations
from dispatch.field.checks import broken_facts, broken_results
from dispatch.files import gateway as files
from dispatch.files.checks import broken_files, leftover_files
from dispatch.finance.checks import broken_statements
from dispatch.finance.contractor_check import broken_settlements
from dispatch.finance.day_check import broken_days
from dispatch.finance.match_check import broken_matches
from dispatch.finance.merit_check import broken_merits
from dispatch.host.schema import known_versions, newest_version, revision_of
from dispatch.intake.checks import broken_help, broken_outages, broken_silences
from dispatch.invoices.checks import broken_invoices
from dispatch.orders.checks import broken_clocks, broken_recalls, broken_waits
from dispatch.orders.contact_checks import broken_calls, broken_contacts
from dispatch.orders.models import Order
from dispatch.outside.checks import broken_offers, broken_requests
from dispatch.paycodes.checks import broken_codes
from dispatch.sheets import signing
from dispatch.sheets.checks import broken_releases, broken_versions
from dispatch.words import Text, listed, say

Said = Text | str


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong. `area` is one of AREAS; `said` names the thing, so that a person can find it."""

    area: str
    said: Said


@dataclass(frozen=True)
class Area:
    """One part of the record: its name in print, the table that is counted for it, and what finds its problems."""

    word: Text
    table: str
    find: Callable[[Session], Iterator[Said]]
    slow: bool = False


def problems(session: Session, *, quick: bool = False) -> Iterator[Problem]:
    """Everything that is wrong. Tables of another version are named, and then nothing else is looked at."""
    if (said := wrong_version(session)) is not None:
        yield Problem("tables", said)
        return
    for name, area in AREAS.items():
        if not (area.slow and quick):
            for told in area.find(session):
                yield Problem(name, told)


def looked_at(session: Session, *, quick: bool = False) -> Iterator[tuple[Text, int]]:
    """How many things of each kind were looked at."""
    for area in AREAS.values():
        if not (area.slow and quick):
            yield area.word, session.scalar(sa.select(sa.func.count()).select_from(sa.table(area.table))) or 0


def notes(session: Session) -> Iterator[Text]:
    """What is odd but harmless."""
    left = leftover_files(session)
    if left.number:
        yield say(
            "%(n)s files have no row and are harmless leftovers of what did not end well: %(names)s",
            n=left.number,
            names=listed(left.names),
        )


@contextmanager
def snapshot(settings: Settings) -> Iterator[Session]:
    """A session that reads one moment of the database; the store of files and the seal's certificates are open beside it."""
    files.configure(settings.data_dir, settings.files_key)
    signing.configure_from(settings)
    engine = sa.create_engine(
        settings.database_url,
        poolclass=sa.NullPool,
        isolation_level="REPEATABLE READ",
        connect_args={"options": "-c timezone=UTC -c default_transaction_read_only=on"},
    )
    try:
        with Session(engine) as session:
            yield session
    finally:
        engine.dispose()


def wrong_version(session: Session) -> Text | None:
    """A sentence if the tables are not of this program's version."""
    here = revision_of(session.connection())
    head = newest_version()
    if here == head:
        return None
    if here is None:
        return say("There are no tables of this program in the database.")
    if here in known_versions():
        return say(
            "The tables are of version %(here)s and this program needs %(head)s: `./run migrate`. Nothing else was looked at.",
            here=here,
            head=head,
        )
    return say("The tables are of version %(here)s, which this program does not know: it is older than they are.", here=here)


def _trail(session: Session) -> Iterator[Said]:
    def named(kind: str, subject_id: int) -> str:
        number = session.scalar(sa.select(Order.number).where(Order.id == subject_id)) if kind == "order" else None
        return f"{plainly(kind, subject_id)} ({number})" if number else plainly(kind, subject_id)

    yield from broken_trail(session, named=named)
    yield from broken_digests(session)


_FAILED = sa.text(
    "SELECT id, task_name, args FROM procrastinate_jobs failed WHERE status = 'failed' AND NOT EXISTS ("
    "SELECT 1 FROM procrastinate_jobs later WHERE (later.task_name, later.status) = (failed.task_name, 'succeeded') "
    "AND later.id > failed.id AND later.args - 'timestamp' = failed.args - 'timestamp') ORDER BY id"
)


def failed_jobs(session: Session) -> Iterator[Text]:
    """Jobs that were given up, unless the same was asked for again later and went well."""
    for job, task, arguments in session.execute(_FAILED):
        yield say("Job %(id)s (%(task)s %(arguments)s) was given up", id=job, task=task, arguments=str(arguments))


AREAS: dict[str, Area] = {
    "audit": Area(say("entries of the trail"), "audit_entry", _trail),
    "custody": Area(say("moves of units"), "custody_entry", broken_custody),
    "facts": Area(say("messages from the field"), "field_fact", broken_facts),
    "tests": Area(say("results of test-runs"), "test_result", broken_results),
    "clocks": Area(say("clocks of orders"), "order_clock", broken_clocks),
    "waits": Area(say("times of waiting"), "order_wait", broken_waits),
    "approvals": Area(say("requests for approval"), "approval_request", broken_ladders),
    "recalls": Area(say("recalls"), "recall", broken_recalls),
    "contacts": Area(say("contacts"), "owned_contact", broken_contacts),
    "calls": Area(say("further calls"), "order_call", broken_calls),
    "help": Area(say("times of remote help"), "remote_help", broken_help),
    "outside": Area(say("requests for help from outside"), "outside_request", broken_requests),
    "offers": Area(say("offers to contractors"), "outside_offer", broken_offers),
    "silences": Area(say("silent terminals"), "silence", broken_silences),
    "outages": Area(say("outages"), "outage", broken_outages),
    "quotations": Area(say("quotations"), "quotation", broken_quotations),
    "receipts": Area(say("receipts"), "receipt", broken_receipts),
    "codes": Area(say("payment codes"), "pay_code", broken_codes),
    "money": Area(say("postings"), "posting", broken_ledgers),
    "limits": Area(say("cash limits"), "cash_limit", broken_limits),
    "merits": Area(say("rewards and deductions"), "merit", broken_merits),
    "invoices": Area(say("invoices"), "invoice", broken_invoices),
    "days": Area(say("closed days"), "day_close", broken_days),
    "statements": Area(say("lines of statements"), "statement_line", broken_statements),
    "matches": Area(say("matches"), "line_match", broken_matches),
    "settlements": Area(say("contractors' settlements"), "contractor_sheet", broken_settlements),
    "files": Area(say("files"), "stored_file", broken_files),
    "sheets": Area(say("versions of sheets"), "sheet_version", broken_versions),
    "releases": Area(say("released PDFs"), "sheet_release", broken_releases, slow=True),
    "jobs": Area(say("jobs"), "procrastinate_jobs", failed_jobs),
}
