"""The tables of levels, deputies, links and requests come and go without losing a level or stopping halfway."""

from __future__ import annotations

import os
import uuid
from decimal import Decimal

import pytest
import sqlalchemy as sa
from alembic import command
from sqlalchemy.orm import Session

from dispatch.approvals.models import ApprovalRule
from dispatch.approvals.operations.table import add_rule
from dispatch.approvals.rules import LevelRule
from dispatch.devices.purchase_rules import Wanted
from dispatch.devices.purchasing import ask_purchase
from dispatch.fees.operations import ask_goodwill, settle_goodwill
from dispatch.host.schema import alembic_config, upgrade
from dispatch.orders.models import Approval
from dispatch.orders.operations.approving import approve
from tests import databases
from tests.building import repair_order
from tests.conftest import AT, Cast
from tests.fees.building import repair
from tests.orders.building import asks_above
from tests.orders.said import by_word, open_step


def _asked(db: Session, cast: Cast) -> int:
    """Goodwill that waits, besides a purchase and a rule for such."""
    order = repair(db, cast)
    small = LevelRule("purchase", (), Decimal(0), Decimal(1000))
    add_rule(db, small, key=uuid.uuid4(), by=cast.chen, at=AT)
    ask_purchase(db, Wanted("other", "梯子", 1, Decimal(300), "五金城", "旧的坏了"), key=uuid.uuid4(), by=cast.lin, at=AT)
    return ask_goodwill(db, order.id, order.lines[0].id, reason="老客户", key=uuid.uuid4(), by=cast.lin, at=AT).id


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
            asked = _asked(db, cast)
        command.downgrade(alembic_config(url), "0021")
        upgrade(url)
        with Session(engine, expire_on_commit=False) as db, db.begin():
            assert set(db.scalars(sa.select(Approval.following))) == {None}
            asks_above(db, cast, "director")
            for who in (cast.wang, cast.chen):
                approve(db, order.id, approval_id=open_step(db, order), by=who, at=AT)
            levels = db.execute(sa.select(Approval.permission, Approval.following).where(Approval.order_id == order.id))
            assert levels.all() == [("order.approve", ["order.approve_director"]), ("order.approve_director", [])]
            settle_goodwill(db, asked, approve=True, reason="", by=cast.wang, at=AT)
            assert not db.scalars(sa.select(ApprovalRule).where(ApprovalRule.kind == "purchase")).all()
        command.downgrade(alembic_config(url), "0021")
        with engine.begin() as connection:
            connection.execute(sa.text("UPDATE approval SET decided_by_id = :who"), {"who": cast.wang.id})
        with pytest.raises(RuntimeError, match=f"two levels of approval of {order.number}, {said.number}"):
            upgrade(url)
