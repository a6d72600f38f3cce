"""The tables of levels, deputies and links come and go without losing a level or stopping halfway."""

from __future__ import annotations

import os

import pytest
import sqlalchemy as sa
from alembic import command
from sqlalchemy.orm import Session

from dispatch.host.schema import alembic_config, upgrade
from dispatch.orders.models import Approval
from dispatch.orders.operations.approving import approve
from tests import databases
from tests.building import repair_order
from tests.conftest import AT, Cast
from tests.orders.building import asks_above
from tests.orders.said import by_word, open_step


def test_the_tables_go_and_come_with_orders_in_flight(cluster_url: str, template: tuple[str, Cast]) -> None:
    cast = template[1]
    with databases.database(cluster_url, f"ladder_{os.getpid()}", template[0]) as url:
        engine = databases.engine(url)
        with Session(engine, expire_on_commit=False) as db, db.begin():
            rule, order, said = asks_above(db, cast, "finance"), repair_order(db, cast), repair_order(db, cast)
            approve(db, said.id, approval_id=open_step(db, said), by=cast.wang, at=AT)
            word = by_word(db, said, cast.qian, by=cast.lin)
            assert word.permission == "order.approve_finance"
            rule.ended_at, rule.ended_by_id = AT, cast.chen.id
        command.downgrade(alembic_config(url), "0021")
        upgrade(url)
        with Session(engine, expire_on_commit=False) as db, db.begin():
            assert db.scalars(sa.select(Approval.following)).all() == [None] * 3
            asks_above(db, cast, "director")
            for who in (cast.wang, cast.chen):
                approve(db, order.id, approval_id=open_step(db, order), by=who, at=AT)
            levels = db.execute(sa.select(Approval.permission, Approval.following).where(Approval.order_id == order.id))
            assert levels.all() == [("order.approve", ["order.approve_director"]), ("order.approve_director", [])]
        command.downgrade(alembic_config(url), "0021")
        with engine.begin() as connection:
            connection.execute(sa.text("UPDATE approval SET decided_by_id = :who"), {"who": cast.wang.id})
        with pytest.raises(RuntimeError, match=f"two levels of approval of {order.number}, {said.number}"):
            upgrade(url)
