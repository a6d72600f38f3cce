"""What is booked stays: the migrations of deposits, matching, invoices and closed days are not undone over what there is."""

from __future__ import annotations

import pytest
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.orm import Session

from dispatch.finance.day_closing import close_day
from dispatch.finance.matching_run import match_branch
from dispatch.host.schema import alembic_config
from tests.conftest import AT, Cast
from tests.fees.building import paid
from tests.fees.money import banked, confirmed, handed, owing
from tests.finance.building import said
from tests.invoices.building import asked


def test_nothing_that_was_booked_is_migrated_away(db: Session, cast: Cast) -> None:
    order = owing(db, cast)
    asked(db, cast.lin, order)
    made = handed(db, [paid(db, order, "300", cast.su).id], cast.su)
    confirmed(db, made.id, {"100": 3}, cast.qian)
    deposit = banked(db, [made.id], "300", cast.qian)
    said(db, cast, "bank", ("300", deposit.number, {"kind": "deposit"}))
    assert match_branch(db, cast.sz, by=cast.qian, at=AT).sure == 1
    close_day(db, cast.sz, AT.date(), by=cast.qian, at=AT)
    scripts = ScriptDirectory.from_config(alembic_config(""))
    told = {"0041": "1 deposits", "0043": "1 matchings", "0045": "1 invoices", "0047": "1 days are closed"}
    with Operations.context(MigrationContext.configure(db.connection())):
        for revision, why in told.items():
            with pytest.raises(RuntimeError, match=why):
                scripts.get_revision(revision).module.downgrade()
