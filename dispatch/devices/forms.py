"""Stock lists: a file of terminals or of SIM cards -> rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from dispatch.devices.ownership_rules import OURS, read_owner
from dispatch.devices.rules import Iccid, read_iccid, read_imei, read_phone_808, read_sim_number, read_terminal_id
from dispatch.tabular.cells import Cell, plain, read_whole
from dispatch.tabular.columns import Column
from dispatch.tabular.days import read_near_day
from dispatch.tabular.imports import Import, RowReader, V, read_rows
from dispatch.tabular.tables import Workbook
from dispatch.words import Text, say

LONGEST_WARRANTY = 240
_OWNER = Column("owner", ("归属", "所属", "产权", "产权归属", "Owner", "Belongs to"))

TERMINAL_COLUMNS = (
    Column(
        "serial",
        ("序列号", "终端序列号", "设备序列号", "设备编号", "机身号", "SN", "S/N", "Serial", "Serial number"),
        required=True,
    ),
    Column("model", ("型号", "终端型号", "产品型号", "设备型号", "Model"), required=True),
    Column("imei", ("IMEI", "IMEI号", "IMEI码")),
    Column("terminal_id", ("终端ID(808)", "终端ID", "808终端ID", "终端号", "设备ID", "Terminal ID", "Terminal ID (808)")),
    Column("phone_808", ("终端手机号", "终端手机号(808)", "808手机号", "Terminal phone", "808 phone")),
    Column("batch", ("批次", "批次号", "批号", "Batch")),
    Column("received_on", ("入库日期", "入库时间", "到货日期", "Received", "Received on", "Date received")),
    Column("store", ("仓库", "库房", "存放地点", "Store", "Warehouse")),
    Column("warranty_months", ("质保月数", "质保期", "质保", "质保(月)", "保修月数", "保修期", "Warranty", "Warranty months")),
    Column("number", ("序号", "编号", "No", "#")),
    _OWNER,
)

SIM_COLUMNS = (
    Column("iccid", ("ICCID", "ICCID号", "SIM卡号", "卡号", "SIM ICCID"), required=True),
    Column("msisdn", ("号码", "手机号", "手机号码", "SIM号码", "接入号", "物联网号码", "MSISDN", "Number", "Phone number")),
    Column("carrier", ("运营商", "Carrier", "Operator")),
    Column("plan", ("套餐", "流量套餐", "资费", "Plan", "Data plan")),
    Column("expires_on", ("到期日", "到期日期", "到期时间", "有效期", "Expires", "Expires on", "Expiry", "Expiry date")),
    Column("bound_imei", ("绑定IMEI", "绑定的IMEI", "机卡绑定", "Bound IMEI")),
    Column("store", ("仓库", "库房", "Store", "Warehouse")),
    Column("imsi", ("IMSI", "IMSI号")),
    Column("number", ("序号", "编号", "No", "#")),
    _OWNER,
)


@dataclass(frozen=True)
class TerminalRow:
    """A terminal to be taken into stock. "" and None stand for what the file does not give; `owner` is None for what is ours."""

    row: int
    serial: str
    model: str
    imei: str | None
    terminal_id: str | None
    phone_808: str | None
    batch: str
    received_on: date | None
    store: str
    warranty_months: int | None
    owner: str | None = None


@dataclass(frozen=True)
class SimRow:
    """A SIM card to be taken into stock."""

    row: int
    iccid: Iccid
    msisdn: str | None
    imsi: str | None
    carrier: str
    plan: str
    expires_on: date | None
    bound_imei: str | None
    store: str
    owner: str | None = None


def read_terminals(workbook: Workbook) -> Import[TerminalRow]:
    """A stock list of terminals -> rows; serial, IMEI and terminal id may each stand only once."""
    unique = (
        ("serial", _serial),
        ("imei", lambda row: row.imei),
        ("terminal_id", lambda row: row.terminal_id),
        ("phone_808", lambda row: row.phone_808),
    )
    return read_rows(workbook, TERMINAL_COLUMNS, _terminal, unique)


def read_sims(workbook: Workbook) -> Import[SimRow]:
    """A stock list of SIMs -> rows; a card is known by the first 19 characters of its ICCID."""
    unique = (("iccid", _iccid_key), ("msisdn", lambda row: row.msisdn))
    return read_rows(workbook, SIM_COLUMNS, _sim, unique)


def _serial(row: TerminalRow) -> str:
    return row.serial


def _iccid_key(row: SimRow) -> str:
    return row.iccid.key


def _code(reader: Callable[[str], V | Text]) -> Callable[[Cell], V | Text]:
    """A reader of text as a reader of cells."""
    return lambda cell: reader(plain(cell))


def _read_months(cell: Cell) -> int | Text | None:
    """A warranty: 12, 24个月."""
    months = read_whole(cell)
    if not isinstance(months, int) or 1 <= months <= LONGEST_WARRANTY:
        return months
    return say("“%(text)s” is not a warranty: from 1 to %(most)s months", text=plain(cell), most=LONGEST_WARRANTY)


def _read_owned(cell: Cell) -> str | Text | None:
    """What says whose it is, if it is not ours."""
    owner = read_owner(plain(cell))
    if isinstance(owner, Text):
        return owner
    return None if owner == OURS else plain(cell)


def _terminal(reader: RowReader) -> TerminalRow:
    return TerminalRow(
        row=reader.row,
        serial=reader.need("serial", lambda cell: plain(cell).replace(" ", "").upper(), ""),
        model=reader.needed_text("model"),
        imei=reader.maybe("imei", _code(read_imei)),
        terminal_id=reader.maybe("terminal_id", _code(read_terminal_id)),
        phone_808=reader.maybe("phone_808", _code(read_phone_808)),
        batch=reader.text("batch"),
        received_on=reader.maybe("received_on", read_near_day),
        store=reader.text("store"),
        warranty_months=reader.maybe("warranty_months", _read_months),
        owner=reader.maybe("owner", _read_owned),
    )


def _sim(reader: RowReader) -> SimRow:
    return SimRow(
        row=reader.row,
        iccid=reader.need("iccid", _code(read_iccid), Iccid("")),
        msisdn=reader.maybe("msisdn", _code(read_sim_number)),
        imsi=reader.text("imsi") or None,
        carrier=reader.text("carrier"),
        plan=reader.text("plan"),
        expires_on=reader.maybe("expires_on", read_near_day),
        bound_imei=reader.maybe("bound_imei", _code(read_imei)),
        store=reader.text("store"),
        owner=reader.maybe("owner", _read_owned),
    )
