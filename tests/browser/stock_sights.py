"""The pages of people, customers, vehicles and stock, and of the bench."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.customers.models import Customer
from dispatch.devices.bench_models import UnitReturn
from dispatch.devices.models import (
    CustodyPosition,
    HandOver,
    Holder,
    Part,
    SimTopUp,
    StockCount,
    Terminal,
    Tool,
    Transfer,
    Unit,
)
from dispatch.devices.pages.bench import TABS
from dispatch.fees.models import Price
from dispatch.intake.models import Outage
from dispatch.outside.models import OutsideOffer
from dispatch.staff.models import Person
from tests.browser.sight import Sight, first


def bench_pages(session: Session) -> dict[str, Sight]:
    """The bench's lists, and one return in every status that the company has."""
    tabs = {f"the bench, {tab}": Sight("devices.bench", f"/bench?tab={tab}") for tab in TABS}
    rows = session.execute(sa.select(UnitReturn.status, sa.func.min(UnitReturn.id)).group_by(UnitReturn.status))
    cases = {f"a return, {status}": Sight("devices.bench_case", f"/bench/{id_}", "he") for status, id_ in rows}
    proposed = first(session, sa.select(UnitReturn.id).where(UnitReturn.status == "scrap_proposed"))
    repaired = first(session, sa.select(UnitReturn.unit_id).where(UnitReturn.status == "repaired"))
    return {
        **tabs,
        **cases,
        "a return to be scrapped": Sight("devices.bench_case", f"/bench/{proposed}"),
        "a terminal that was returned": Sight("devices.unit", f"/units/{repaired}"),
    }


_store = HandOver.to_holder.has(Holder.kind == "store")
_issued = HandOver.from_holder.has(Holder.kind == "store")
_asked = (
    sa.select(Holder.person_id).join(HandOver, HandOver.to_holder_id == Holder.id).where(HandOver.status == "offered", _issued)
)


def _papers(status: str) -> sa.Select[int]:
    return sa.select(HandOver.id).where(HandOver.status == status).order_by(HandOver.id)


def stock_pages(session: Session) -> dict[str, Sight]:
    technician = first(session, sa.select(Person.id).where(Person.username == "su"))
    customer = first(session, sa.select(Customer.id).order_by(Customer.id))
    vehicle = first(session, sa.select(Holder.vehicle_id).join(CustodyPosition).where(Holder.kind == "slot"))
    bag = first(session, sa.select(Holder.id).where(Holder.person_id == technician))
    store = first(session, sa.select(Holder.id).where(Holder.kind == "store"))
    outside = first(session, sa.select(Holder.id).where(Holder.kind == "contractor").order_by(Holder.id))
    settled = first(session, sa.select(OutsideOffer.contractor_id).where(OutsideOffer.work_at.is_not(None)))
    fitted = sa.select(Unit.id).join(CustodyPosition).join(Holder).where(Holder.kind == "slot")
    topped_up = first(session, sa.select(SimTopUp.unit_id))
    agreed = first(session, sa.select(Price.customer_id).where(Price.customer_id.is_not(None)).order_by(Price.id))
    serial = sa.select(Terminal.serial).where(Terminal.unit_id.in_(fitted))
    carried = sa.select(Unit.id).join(CustodyPosition).where(CustodyPosition.holder_id == bag)
    return {
        "a technician": Sight("staff.show", f"/people/{technician}"),
        "phones of a technician": Sight("field.phones", f"/people/{technician}/phones", "lin"),
        "changing a person": Sight("staff.edit", f"/people/{technician}/edit"),
        "a customer": Sight("customers.show", f"/customers/{customer}"),
        "changing a customer": Sight("customers.edit", f"/customers/{customer}/edit"),
        "a vehicle": Sight("customers.vehicle", f"/vehicles/{vehicle}"),
        "the life of a vehicle, on paper": Sight("lives.vehicle_paper", f"/vehicles/{vehicle}/paper"),
        "the life of a SIM, on paper": Sight("lives.unit_paper", f"/units/{topped_up}/paper"),
        "an outage": Sight("intake.outage", f"/silent/outages/{first(session, sa.select(Outage.id))}"),
        "changing a vehicle": Sight("customers.edit_vehicle", f"/vehicles/{vehicle}/edit"),
        "a store": Sight("devices.holder", f"/stock/{store}"),
        "a contractor": Sight("devices.contractor", f"/stock/contractors/{outside}", "lin"),
        "a contractor's settlement": Sight("finance.contractor_settlement", f"/finance/contractors/{settled}", "qian"),
        "a contractor's settlement, none": Sight(
            "finance.contractor_settlement", f"/finance/contractors/{settled}?from=2020-01-01&to=2020-01-02"
        ),
        "giving to a contractor": Sight("devices.contractor_give", f"/stock/contractors/{outside}/give", "lin"),
        "a part": Sight("devices.part", f"/stock/parts/{first(session, sa.select(Part.id))}"),
        "parts of a store": Sight("devices.holder_parts", f"/stock/{store}/parts?do=issue"),
        "reorder points": Sight("devices.reorder_points", f"/stock/{store}/reorder-points"),
        "a bag": Sight("devices.holder", f"/stock/{bag}"),
        "one's own bag": Sight("devices.holder", f"/stock/{bag}", "su"),
        "a terminal": Sight("devices.unit", f"/units/{first(session, fitted.where(Unit.kind == 'terminal'))}"),
        "whose a terminal is": Sight("devices.owner", f"/units/{first(session, fitted.where(Unit.kind == 'terminal'))}/owner"),
        "a SIM": Sight("devices.unit", f"/units/{first(session, fitted.where(Unit.kind == 'sim'))}"),
        "a tool": Sight("devices.unit", f"/units/{first(session, sa.select(Tool.unit_id).order_by(Tool.serial))}"),
        "SIMs to see to": Sight("devices.sims", "/stock/sims"),
        "SIMs about to run out": Sight("devices.sims", "/stock/sims?concern=expiring"),
        "what was where": Sight("devices.past", "/stock/past"),
        "what was where, told": Sight("devices.past", f"/stock/past?number={first(session, serial)}"),
        "a terminal in a bag": Sight("devices.unit", f"/units/{first(session, carried)}", "su"),
        "a transfer to be received": Sight("devices.transfer", f"/stock/transfers/{first(session, sa.select(Transfer.number))}"),
        "a count to be approved": Sight("devices.count", f"/stock/counts/{first(session, sa.select(StockCount.number))}"),
        "a return to be accepted": Sight("devices.paper", f"/stock/papers/{first(session, _papers('offered').where(_store))}"),
        "a paper that was signed": Sight("devices.paper", f"/stock/papers/{first(session, _papers('accepted'))}"),
        "at the counter": Sight("devices.counter", f"/stock/counter/{first(session, _asked)}"),
        "a price": Sight("fees.show", f"/prices/{first(session, sa.select(Price.code))}"),
        "a price of customers": Sight("fees.show", f"/prices/S003?customer={agreed}"),
        "prices of a customer": Sight("fees.index", f"/prices?customer={agreed}"),
        "a new price of a customer": Sight("fees.new", f"/prices/new?customer={agreed}"),
        "customer with prices of his own": Sight("customers.show", f"/customers/{agreed}"),
        "a SIM at its carrier": Sight("devices.sim_card", f"/units/{topped_up}/sim"),
        "contracts of a customer": Sight("devices.contracts", f"/customers/{customer}/contracts"),
        "a call about a known vehicle": Sight("intake.call", f"/calls/new?vehicle_id={vehicle}"),
    }
