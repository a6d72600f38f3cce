"""A caller that the company knows."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from dispatch.customers.operations import Pin, VehicleFacts, contact_of, customer_named, site_of, vehicle_of
from dispatch.db import transaction
from dispatch.devices.models import Unit
from dispatch.devices.operations import NewSim, NewTerminal, move_units, receive_sims, receive_terminals, slot_of, store_named
from tests.conftest import AT, Cast
from tests.intake.building import ADDRESS


@pytest.fixture
def known(database: str, cast: Cast) -> int:
    """A vehicle with driver, terminal and SIM, of a customer with a contact and a site; the vehicle's id."""
    with transaction() as db:
        owner = customer_named(db, branch_id=cast.sz, name="恒通物流有限公司", by=cast.lin, at=AT)
        contact_of(db, customer=owner, name="张超敏", phone="0755-26556565转801")
        site_of(db, customer=owner, address=ADDRESS, pin=Pin(22.639, 113.811, "file", 100), by=cast.lin, at=AT)
        facts = VehicleFacts("粤B5Q8JF", "yellow", "LSGPC52U6AF102554", drivers=(("李磊涛", "13899603082", None),))
        vehicle = vehicle_of(db, customer=owner, facts=facts, by=cast.lin, at=AT)
        store = store_named(db, branch_id=cast.sz, name="主库")
        receive_terminals(db, [NewTerminal("SN100200300", "BD-808A", warranty_months=24)], store=store, by=cast.wang, at=AT)
        receive_sims(db, [NewSim("89860619000012345678", "8986061900001234567")], store=store, by=cast.wang, at=AT)
        slot = slot_of(db, vehicle_id=vehicle.id, branch_id=cast.sz)
        move_units(db, list(db.scalars(sa.select(Unit.id))), to=slot, reason="fit", by=cast.wang, at=AT)
        return vehicle.id
