"""Accounts are opened when something is first posted to them: two acts that open the same ones do not stop each other."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa

from dispatch.db import transaction
from dispatch.fees.ledger_rules import AccountKey
from dispatch.fees.operations.posting import lock_accounts
from tests.conftest import Cast
from tests.fees.money import balance
from tests.racing import together

pytestmark = pytest.mark.usefixtures("database")


@contextmanager
def after_first_look(*accounts: AccountKey, then: Any) -> Iterator[None]:
    """A transaction that locks accounts; after its first statement about them it does `then`."""
    with transaction() as session:
        looks: list[str] = []

        def look(_connection: object, _cursor: object, statement: str, *_: object) -> None:
            if "FROM account" in statement:
                looks.append(statement)
                if len(looks) == 1:
                    then()

        sa.event.listen(session.connection(), "after_cursor_execute", look)
        lock_accounts(session, accounts)
        yield


def test_an_account_that_is_opened_beside_one_that_is_held(cast: Cast) -> None:
    """The first looks when neither account is there; meanwhile one is opened, and the second holds it and wants the other."""
    su, wei = (AccountKey("cash_in_hand", person_id=who.id) for who in (cast.su, cast.wei))
    looked, held = threading.Event(), threading.Event()

    def first() -> None:
        with after_first_look(su, wei, then=lambda: (looked.set(), held.wait(5))):
            pass

    def second() -> None:
        looked.wait(5)
        with transaction() as session:
            lock_accounts(session, [su])
        with after_first_look(su, wei, then=lambda: (held.set(), time.sleep(0.3))):
            pass

    together(first, second)
    with transaction() as session:
        assert balance(session, "cash_in_hand", person_id=cast.wei.id or 0) == 0
