"""The end of the demonstration's days before: most orders are closed, some are ready for it, some show who owes what."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from dispatch import db
from dispatch.clock import now
from dispatch.config import Settings
from dispatch.db import transaction
from dispatch.demo import closing
from dispatch.files.gateway import configure
from dispatch.orders.models import Order, OrderPapers
from dispatch.orders.outstanding import groups
from dispatch.sheets.operations import begin_version, release_version
from dispatch.staff.models import Person
from dispatch.staff.queries import actor_of
from tests.company import DemoCompany


def released(sheet_id: int, base_url: str) -> None:
    """A sheet is issued, whatever is in its file: drawing it takes its time and is proven elsewhere."""
    with transaction() as session:
        draft = begin_version(session, sheet_id, at=now())
        if draft is not None:
            release_version(session, draft, f"%PDF-1.7 {sheet_id}".encode(), warnings=[], at=now())


@pytest.fixture
def settings(demo_company: DemoCompany, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """The demonstration company of this afternoon, before the days before are closed."""
    settings = demo_company.settings
    configure(settings.data_dir, settings.files_key)
    monkeypatch.setattr(closing, "carry_out", released)
    monkeypatch.setattr(closing, "missing_libraries", tuple)
    db.connect(settings.database_url, pool_size=2)
    yield settings
    db.disconnect()


def by_status() -> dict[str, int]:
    with transaction() as session:
        rows = session.execute(sa.select(Order.status, sa.func.count()).group_by(Order.status))
        return dict(rows.all())


def test_most_are_closed_and_the_rest_is_left_to_people(settings: Settings) -> None:
    closing.close_earlier_days(settings)
    first = by_status()
    assert first["closed"] >= 10
    with transaction() as session:
        wang = actor_of(session.scalars(sa.select(Person).where(Person.username == "wang")).one())
        owed = groups(session, wang)
        assert {group.owes for group in owed} == {"complete", "technician", "office", "finance"}
        assert len({group.who for group in owed if group.who}) >= 4
        assert session.scalars(sa.select(Order).where(Order.status == "closed", Order.kind == "installation")).one()
        missing = session.scalars(sa.select(OrderPapers.missing).join(Order).where(Order.status == "done")).all()
    assert len({paper["msgid"] for papers in missing for paper in papers}) >= 6
    closing.close_earlier_days(settings)
    assert by_status() == first
