"""Terminals and SIMs, and the ledger that says in whose custody each one is (P12).

A `Unit` is one thing with a life of its own. A `Holder` is anything that can have it: a store, a technician's bag, a vehicle's
slot, a customer, a supplier. Each move appends a `CustodyEntry`; `CustodyPosition` is where the unit is now and carries the
constraints: one holder at a time, one terminal and one SIM per vehicle slot.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dispatch.customers.models import Customer
from dispatch.db import Base, Key, constraint_says, words_of
from dispatch.devices.bench_models import ReturnStep, UnitReturn, listed
from dispatch.devices.bench_rules import OPEN
from dispatch.devices.command_models import TerminalRestart
from dispatch.devices.contractor_models import ContractorWorker
from dispatch.devices.custody_models import CustodyEntry, Holder
from dispatch.devices.firmware_models import ModelRequirement
from dispatch.devices.fitting_models import FITTING_KINDS, Fitting
from dispatch.devices.hand_over_models import HandOver, HandOverUnit
from dispatch.devices.loan_models import Loan
from dispatch.devices.observation_models import Observation, PlatformLook
from dispatch.devices.ownership_models import OwnershipEntry, owner_is_whole
from dispatch.devices.ownership_rules import OWNERS, Owner
from dispatch.devices.part_count_models import PartCount, PartCountLine
from dispatch.devices.part_models import Part, PartEntry, PartPosition
from dispatch.devices.part_paper_models import HandOverPart, TransferPart, TransferPartMove
from dispatch.devices.purchase_models import Purchase
from dispatch.devices.reorder_models import ReorderPoint
from dispatch.devices.rules import UNIT_KINDS, UNKNOWN_MODEL_MONTHS
from dispatch.devices.sim_binding_models import BindingRule
from dispatch.devices.sim_models import SimTopUp
from dispatch.devices.sim_rules import OUT_OF_USE, STATES
from dispatch.devices.store_models import CountScan, CountUnit, StockCount, StoreSeries, TakenBack, Transfer, TransferUnit
from dispatch.devices.tool_models import Calibration, Tool
from dispatch.devices.warranty_models import WarrantyTerm
from dispatch.search import grams_index, text_column
from dispatch.words import say

__all__ = [
    "FITTING_KINDS",
    "UNIT_KINDS",
    "BindingRule",
    "Calibration",
    "ContractorWorker",
    "CountScan",
    "CountUnit",
    "CustodyEntry",
    "CustodyPosition",
    "Fitting",
    "HandOver",
    "HandOverPart",
    "HandOverUnit",
    "Holder",
    "Loan",
    "ModelRequirement",
    "Observation",
    "OwnershipEntry",
    "Part",
    "PartCount",
    "PartCountLine",
    "PartEntry",
    "PartPosition",
    "PlatformLook",
    "Purchase",
    "ReorderPoint",
    "ReturnStep",
    "Sim",
    "SimTopUp",
    "StockCount",
    "StoreSeries",
    "TakenBack",
    "Terminal",
    "TerminalModel",
    "TerminalRestart",
    "Tool",
    "Transfer",
    "TransferPart",
    "TransferPartMove",
    "TransferUnit",
    "Unit",
    "UnitReturn",
    "WarrantyTerm",
]

KINDS_HELD = (*UNIT_KINDS, "tool")


class TerminalModel(Base):
    """A kind of terminal and how long it is warranted."""

    __tablename__ = "terminal_model"

    name: Mapped[str] = mapped_column(primary_key=True)
    warranty_months: Mapped[int] = mapped_column(server_default=str(UNKNOWN_MODEL_MONTHS))


class Unit(Base):
    """One serialised thing: a terminal, a SIM or a tool. `owner_seq` and `owner_hash` are those of its newest ownership entry."""

    __tablename__ = "unit"
    __table_args__ = (
        words_of("kind", KINDS_HELD),
        words_of("owner", OWNERS),
        *owner_is_whole("owner", "owner_customer_id", "owner_name"),
        sa.CheckConstraint("(owner_seq = 0) = (owner_hash IS NULL)", name="owner_has_entry"),
        sa.CheckConstraint("kind <> 'tool' OR owner <> 'customer'", name="tool_is_no_customers"),
        sa.UniqueConstraint("id", "kind"),
        sa.Index("ix_unit_not_ours", "owner", "owner_customer_id", postgresql_where=sa.text("owner <> 'ours'")),
        grams_index("unit"),
    )

    id: Mapped[Key]
    kind: Mapped[str]
    branch_id: Mapped[int] = mapped_column(sa.ForeignKey("branch.id"))
    created_at: Mapped[datetime]
    search_text: Mapped[str] = text_column()
    owner: Mapped[str] = mapped_column(server_default="ours", default="ours")
    owner_customer_id: Mapped[int | None] = mapped_column(sa.ForeignKey("customer.id"))
    owner_name: Mapped[str | None]
    owner_seq: Mapped[int] = mapped_column(server_default="0", default=0)
    owner_hash: Mapped[bytes | None]

    owner_customer: Mapped[Customer | None] = relationship()
    terminal: Mapped[Terminal | None] = relationship(back_populates="unit")
    sim: Mapped[Sim | None] = relationship(back_populates="unit")
    tool: Mapped[Tool | None] = relationship(back_populates="unit", lazy="joined")
    position: Mapped[CustodyPosition | None] = relationship(back_populates="unit")
    loan_out: Mapped[Loan | None] = relationship(
        primaryjoin=lambda: sa.and_(Loan.unit_id == Unit.id, Loan.state == "out"), viewonly=True, uselist=False
    )
    open_return: Mapped[UnitReturn | None] = relationship(
        primaryjoin=lambda: sa.and_(UnitReturn.unit_id == Unit.id, UnitReturn.status.in_(OPEN)), viewonly=True, uselist=False
    )

    @property
    def owned(self) -> Owner:
        """Whose it is."""
        return Owner(self.owner, self.owner_customer_id, self.owner_name)

    @property
    def number(self) -> str:
        """The number it goes by: a terminal's or tool's serial, a SIM's ICCID."""
        if self.terminal:
            return self.terminal.serial
        return self.sim.iccid if self.sim else self.tool.serial if self.tool else str(self.id)


class Terminal(Base):
    """A terminal's four numbers: the label's serial, the IMEI, the 808 terminal id and the 808 phone."""

    __tablename__ = "terminal"
    __table_args__ = (sa.Index("ix_terminal_unit_model", "unit_id", postgresql_include=["model"]),)

    unit_id: Mapped[int] = mapped_column(sa.ForeignKey("unit.id"), primary_key=True)
    serial: Mapped[str] = mapped_column(unique=True)
    model: Mapped[str] = mapped_column(sa.ForeignKey("terminal_model.name"))
    imei: Mapped[str | None] = mapped_column(unique=True)
    terminal_id: Mapped[str | None]
    phone_808: Mapped[str | None]
    batch: Mapped[str | None]
    received_on: Mapped[date | None]
    warranty_months: Mapped[int]

    unit: Mapped[Unit] = relationship(back_populates="terminal")


class Sim(Base):
    """A SIM card. Its key is the first 19 characters of the ICCID; the printed form is kept as it is."""

    __tablename__ = "sim"
    __table_args__ = (
        words_of("state", tuple(STATES)),
        sa.CheckConstraint("(balance IS NULL) = (balance_at IS NULL)", name="balance_has_day"),
        sa.Index("ix_sim_unit_carrier", "unit_id", postgresql_include=["carrier"]),
        sa.Index("ix_sim_out_of_use", "unit_id", postgresql_where=sa.text(f"state IN ({listed(OUT_OF_USE)})")),
    )

    unit_id: Mapped[int] = mapped_column(sa.ForeignKey("unit.id"), primary_key=True)
    iccid: Mapped[str]
    iccid_key: Mapped[str] = mapped_column(unique=True)
    msisdn: Mapped[str | None] = mapped_column(unique=True)
    imsi: Mapped[str | None]
    carrier: Mapped[str | None]
    plan: Mapped[str | None]
    expires_on: Mapped[date | None]
    bound_imei: Mapped[str | None]
    state: Mapped[str] = mapped_column(server_default="inventory")
    balance: Mapped[Decimal | None]
    balance_at: Mapped[datetime | None]

    unit: Mapped[Unit] = relationship(back_populates="sim")


class CustodyPosition(Base):
    """Where a unit is now: exactly one row per unit, moved in the same transaction as its entry."""

    __tablename__ = "custody_position"
    __table_args__ = (
        sa.CheckConstraint("holder_kind <> 'slot' OR unit_kind <> 'tool'", name="tool_is_not_fitted"),
        sa.ForeignKeyConstraint(["unit_id", "unit_kind"], ["unit.id", "unit.kind"]),
        sa.ForeignKeyConstraint(["holder_id", "holder_kind"], ["holder.id", "holder.kind"]),
        sa.Index(
            "uq_custody_position_slot", "holder_id", "unit_kind", unique=True, postgresql_where=sa.text("holder_kind = 'slot'")
        ),
        sa.Index(None, "holder_id", "unit_id"),
    )

    unit_id: Mapped[int] = mapped_column(primary_key=True)
    unit_kind: Mapped[str]
    holder_id: Mapped[int]
    holder_kind: Mapped[str]
    seq: Mapped[int]
    hash: Mapped[bytes]
    since: Mapped[datetime]

    unit: Mapped[Unit] = relationship(back_populates="position", overlaps="holder")
    holder: Mapped[Holder] = relationship(overlaps="unit,position")


constraint_says("uq_terminal_serial", say("A terminal with this serial number is already on record."))
constraint_says("uq_terminal_imei", say("This IMEI is already on record."))
constraint_says("uq_sim_iccid_key", say("This ICCID is already on record."))
constraint_says("uq_sim_msisdn", say("This SIM number is already on record."))
constraint_says(
    "uq_custody_position_slot", say("There is already one of these in the vehicle. Take the old one out first, or swap.")
)
