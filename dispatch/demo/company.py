"""The company before the day starts: branches, people, customers with vehicles, stock in stores, bags and vehicles."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from sqlalchemy.orm import Session

from dispatch.approvals.operations.table import add_rule
from dispatch.approvals.rules import LevelRule
from dispatch.customers.models import Customer, Site, Vehicle
from dispatch.customers.operations import Pin, VehicleFacts, contact_of, customer_named, site_of, vehicle_of
from dispatch.demo import clocks, limiting, words
from dispatch.demo.agreeing import agree_on_warranty, look_after_sims
from dispatch.demo.counter import issue_signed
from dispatch.devices.firmware import ask_for_firmware
from dispatch.devices.models import Holder, Unit
from dispatch.devices.operations import (
    NewSim,
    NewTerminal,
    bag_of,
    move_units,
    receive_sims,
    receive_terminals,
    slot_of,
    store_named,
)
from dispatch.devices.ownership import Why, change_owners
from dispatch.devices.ownership_rules import his
from dispatch.devices.queries import units_held
from dispatch.fees.operations import NewPrice, set_prices
from dispatch.staff.models import Branch
from dispatch.staff.operations import NewPerson, add_branch, add_person, name_company
from dispatch.staff.queries import actor_of
from dispatch.staff.rules import SYSTEM, Actor

BRANCHES = {"SZ": "深圳总部", "GZ": "广州网点"}
PHONES = {"SZ": "0755-26001234", "GZ": "020-38001234"}
VEHICLES_EACH = 8
AGE = timedelta(days=900)
"""How long before its day the company was founded: some terminals are out of warranty by then."""
PRICES = (
    ("P001", "BD-808A 主机", "part", "680.00", "0.13"),
    ("P002", "BD-809V 主机", "part", "1580.00", "0.13"),
    ("P007", "GT06N 主机", "part", "265.00", "0.13"),
    ("P008", "TK-310 主机", "part", "399.00", "0.13"),
    ("P003", "GNSS 天线", "part", "45.00", "0.13"),
    ("P004", "4G 天线", "part", "38.50", "0.13"),
    ("P005", "电源线束", "part", "25.00", "0.13"),
    ("P006", "SIM 卡", "part", "15.00", "0.13"),
    ("S001", "上门费(本公司产品)", "service", "0.00", "0.06"),
    ("S003", "移机费", "service", "150.00", "0.06"),
    ("S004", "SIM 充值 100MB/年", "service", "60.00", "0.06"),
)


@dataclass
class Company:
    """What has been built so far, by branch code; `people` by user name."""

    session: Session
    random: Random
    at: datetime
    password_hash: str
    zone: str
    branches: dict[str, Branch] = field(default_factory=dict)
    people: dict[str, Actor] = field(default_factory=dict)
    customers: dict[str, list[Customer]] = field(default_factory=dict)
    vehicles: dict[str, list[Vehicle]] = field(default_factory=dict)
    plates: set[str] = field(default_factory=set)
    sites: dict[int, Site] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=lambda: iter(range(100_000, 999_999)))

    def someone(self) -> str:
        """A made-up name."""
        return self.random.choice(words.SURNAMES) + self.random.choice(words.GIVEN)

    def phone(self) -> str:
        """A made-up mobile number."""
        return f"13{self.random.randrange(5, 10)}{self.random.randrange(10**8):08d}"

    def desk(self, code: str) -> Actor:
        """Who takes the calls of a branch."""
        return self.people["lin" if code == "SZ" else "feng"]

    def manager(self, code: str) -> Actor:
        """Who decides for a branch."""
        return self.people["wang" if code == "SZ" else "lv"]

    @staticmethod
    def is_fitted(index: int) -> bool:
        """Whether a vehicle carries a terminal from the start, by its place in the branch's list: each fourth has none yet."""
        return index % 4 > 0


COMPANY_NAME = "示范定位服务有限公司"


def build(company: Company) -> None:
    """Everything that stands before the first call."""
    for code, name in BRANCHES.items():
        told = {"code": code, "name": name, "zone": company.zone, "phone": PHONES[code]}
        company.branches[code] = add_branch(company.session, **told, by=SYSTEM, at=company.at)
    _hire(company)
    _prices(company)
    for code in BRANCHES:
        _customers(company, code)
        _stock(company, code)
    _approvals(company)
    clocks.agree(company)
    limiting.agree(company)
    name_company(company.session, COMPANY_NAME, by=company.people["admin"], at=company.at)
    agree_on_warranty(company, company.customers["SZ"][0].id, company.manager("SZ"))


def _hire(company: Company) -> None:
    for number, (username, name, code, roles) in enumerate(words.OFFICE, start=1):
        _add(company, code, NewPerson(f"D{number:03d}", name, frozenset(roles), phone=company.phone(), username=username))
    number = 0
    for code, technicians in words.TECHNICIANS.items():
        for (username, name, skills), place in zip(technicians, _spread(words.PLACES[code], len(technicians)), strict=True):
            number += 1
            facts = {"username": username, "home_address": place[0], "home": place[1:], "skills": skills}
            _add(company, code, _technician(company, number, name, **facts))
    novice = NewPerson("JS099", "许子轩", frozenset({"technician"}), phone=company.phone(), username="xu", skills={"repair": 1})
    _add(company, "SZ", novice)


def _technician(company: Company, number: int, name: str, **facts: Any) -> NewPerson:
    """A trained technician; each fourth works late."""
    late = number % 4 == 0
    return NewPerson(
        f"JS{number:03d}",
        name,
        frozenset({"technician"}),
        phone=company.phone(),
        shift=(time(10), time(19)) if late else (time(8, 30), time(17, 30)),
        lunch=(time(12, 30), time(14, 30)) if late else (time(11, 30), time(13, 30)),
        trained_on=(company.at - timedelta(days=300)).date(),
        **facts,
    )


def _spread(places: tuple[tuple[str, float, float], ...], count: int) -> list[tuple[str, float, float]]:
    return [places[i * len(places) // count] for i in range(count)]


def _add(company: Company, code: str, new: NewPerson) -> None:
    whole = NewPerson(**{**new.__dict__, "password_hash": company.password_hash})
    person = add_person(company.session, branch=company.branches[code], new=whole, by=SYSTEM, at=company.at)
    person.branch = company.branches[code]
    assert new.username is not None
    company.people[new.username] = actor_of(person)


def _prices(company: Company) -> None:
    first_day = company.at.date().replace(month=1, day=1)
    prices = [NewPrice(c, n, k, Decimal(a), Decimal(t), first_day) for c, n, k, a, t in PRICES]
    set_prices(company.session, prices, by=company.people["qian"], at=company.at)


def _approvals(company: Company) -> None:
    """Large requests go to the director, the largest to finance as well."""
    for least, roles in ((50, ("director",)), (200, ("finance",))):
        rule, key = LevelRule("installation", roles, Decimal(least)), uuid.UUID(int=least, version=4)
        add_rule(company.session, rule, key=key, by=company.people["chen"], at=company.at)


def _customers(company: Company, code: str) -> None:
    desk, places = company.desk(code), words.PLACES[code]
    company.customers[code], company.vehicles[code] = [], []
    for index, (name, tier) in enumerate(words.CUSTOMERS[code]):
        customer = customer_named(company.session, branch_id=company.branches[code].id, name=name, by=desk, at=company.at)
        customer.tier = tier
        address, lat, lon = places[index % len(places)]
        pin = Pin(lat + company.random.uniform(-0.004, 0.004), lon + company.random.uniform(-0.004, 0.004))
        site = site_of(company.session, customer=customer, address=address, pin=pin, by=desk, at=company.at)
        company.sites[customer.id] = site
        contact_of(company.session, customer=customer, name=company.someone(), phone=company.phone())
        company.customers[code].append(customer)
        company.vehicles[code] += [make_vehicle(company, customer, code) for _ in range(VEHICLES_EACH)]


def make_vehicle(company: Company, customer: Customer, code: str) -> Vehicle:
    """A vehicle with plate, VIN and driver; every ninth still has no plate."""
    number, random = next(company.numbers), company.random
    electric = number % 5 == 0
    plate = new_plate(company, "粤B" if code == "SZ" else "粤A", electric)
    vin = f"LFW{random.choice('ABCDEFGH')}{random.randrange(10**6):06d}N{number:06d}"
    facts = VehicleFacts(
        plate=None if number % 9 == 0 else plate,
        plate_colour="green" if electric else random.choice(("yellow", "blue")),
        vin=vin,
        kind=random.choice(words.KINDS),
        make=random.choice(words.MAKES),
        drivers=((company.someone(), company.phone(), None),),
    )
    return vehicle_of(company.session, customer=customer, facts=facts, by=company.desk(code), at=company.at)


def new_plate(company: Company, office: str, electric: bool) -> str:
    """A plate nobody has yet; electric vehicles have one place more."""
    while True:
        body = "".join(company.random.choices("ABCDEFGHJKLMNPQRSTUVWXYZ0123456789", k=3)) + f"{company.random.randrange(100):02d}"
        plate = f"{office}F{company.random.randrange(10**5):05d}" if electric else office + body
        if plate not in company.plates:
            company.plates.add(plate)
            return plate


def _stock(company: Company, code: str) -> None:
    branch = company.branches[code]
    keeper = company.manager(code)
    store = store_named(company.session, branch_id=branch.id, name="总仓" if code == "SZ" else "广州仓")
    fitted = [v for i, v in enumerate(company.vehicles[code]) if company.is_fitted(i)]
    technicians = [company.people[username] for username, _, _ in words.TECHNICIANS[code]]
    count = len(fitted) + 8 * len(technicians) + (60 if code == "SZ" else 15)
    receive_terminals(company.session, [_terminal(company) for _ in range(count)], store=store, by=keeper, at=company.at)
    receive_sims(company.session, [_sim(company) for _ in range(count)], store=store, by=keeper, at=company.at)
    ask_for_firmware(company.session, words.MODELS[0][0], "V2.1", seen=0, by=keeper, at=company.at)
    _fit(company, store, fitted, keeper)
    for technician in technicians:
        _fill_bag(company, store, technician, keeper)


def _terminal(company: Company) -> NewTerminal:
    number = next(company.numbers)
    model, months = words.MODELS[number % len(words.MODELS)]
    return NewTerminal(
        serial=f"SN26{number:06d}",
        model=model,
        imei=_with_luhn(f"86155003{number:06d}"),
        terminal_id=f"4{number:06d}",
        batch=f"B26{number % 12 + 1:02d}",
        received_on=company.at.date(),
        warranty_months=months,
    )


def _sim(company: Company) -> NewSim:
    number, random = next(company.numbers), company.random
    key = f"898604{random.randrange(10**7):07d}{number:06d}"
    return NewSim(
        iccid=_with_luhn(key),
        iccid_key=key,
        msisdn=f"1440{random.randrange(1000):03d}{number:06d}",
        carrier=random.choice(words.CARRIERS),
        plan=random.choice(("30MB/月", "100MB/月", "2GB/月")),
        expires_on=(company.at + AGE + timedelta(days=random.randrange(30, 500))).date(),
    )


def _with_luhn(digits: str) -> str:
    """The digits with their Luhn check digit behind."""
    total = sum(sum(divmod(int(d) * (2 if i % 2 == 0 else 1), 10)) for i, d in enumerate(reversed(digits)))
    return f"{digits}{-total % 10}"


def _fit(company: Company, store: Holder, vehicles: list[Vehicle], keeper: Actor) -> None:
    terminals = units_held(company.session, store.id, kind="terminal", limit=len(vehicles))
    sims = units_held(company.session, store.id, kind="sim", limit=len(vehicles))
    for vehicle, terminal, sim in zip(vehicles, terminals, sims, strict=True):
        slot = slot_of(company.session, vehicle_id=vehicle.id, branch_id=store.branch_id)
        days = 1 + int((AGE.days - 10) * company.random.random() ** 5)  # most of them early: some warranties are over
        at = company.at + timedelta(days=days, minutes=company.random.randrange(600))
        move_units(company.session, [terminal.id, sim.id], to=slot, reason="install", by=keeper, at=at)
        change_owners(company.session, {terminal.id: his(vehicle.customer_id)}, Why("fitted", keeper, at))
    _bind_to_another(sims[-1], terminals[0])
    look_after_sims(company, [sims[-2], sims[-3], sims[-4]], keeper)


def _bind_to_another(card: Unit, beside: Unit) -> None:
    """Nobody told the carrier when this SIM came into another terminal."""
    assert card.sim and beside.terminal
    card.sim.bound_imei = beside.terminal.imei


def _fill_bag(company: Company, store: Holder, technician: Actor, keeper: Actor) -> None:
    assert technician.id is not None
    bag = bag_of(company.session, person_id=technician.id, branch_id=store.branch_id)
    chosen = [u.id for kind in ("terminal", "sim") for u in units_held(company.session, store.id, kind=kind, limit=8)]
    at = company.at + AGE - timedelta(hours=72 - company.random.randrange(8))
    issue_signed(company.session, store, bag, chosen, by=keeper, at=at)
