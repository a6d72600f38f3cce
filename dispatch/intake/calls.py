"""A list of repair calls (P2): a file -> rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from dispatch.customers.rules import Phone, normalise_plate, normalise_vin, read_phone
from dispatch.tabular.cells import Cell, plain, read_decimal, read_moment
from dispatch.tabular.columns import Column
from dispatch.tabular.days import read_near_day
from dispatch.tabular.imports import Import, RowReader, read_rows
from dispatch.tabular.tables import Workbook
from dispatch.words import Text, say

COLUMNS = (
    Column("at", ("来电时间", "报修时间", "时间", "日期", "Called at", "Call time", "Time", "Date"), required=True),
    Column("customer", ("客户名称", "客户", "单位名称", "公司名称", "Customer", "Customer name", "Company"), required=True),
    Column("caller", ("来电人", "联系人", "报修人", "Caller", "Contact")),
    Column("phone", ("来电号码", "联系电话", "电话", "手机", "Phone", "Caller phone", "Phone number")),
    Column("plate", ("车牌号", "车牌号码", "车牌", "车号", "Plate", "Plate number", "License plate")),
    Column("vin", ("车架号", "VIN", "Chassis")),
    Column("model", ("产品型号", "终端型号", "设备型号", "型号", "Model", "Terminal model")),
    Column("purchased_on", ("购买日期", "购机日期", "购买时间", "Purchase date", "Purchased on", "Bought on")),
    Column("address", ("地址", "车辆地址", "所在地", "维修地址", "Address")),
    Column("lat", ("纬度", "Lat", "Latitude")),
    Column("lon", ("经度", "Lon", "Lng", "Longitude")),
    Column("symptom", ("故障现象", "故障", "现象", "问题描述", "Symptom", "Problem", "Fault"), required=True),
    Column("urgency", ("紧急程度", "紧急", "优先级", "Urgency", "Priority")),
    Column("number", ("序号", "No", "#")),
)

_NO_MOMENT = datetime(1, 1, 1)  # noqa: DTZ001 - the branch's local time, as the column has it

_URGENCIES = {
    "普通": "normal",
    "一般": "normal",
    "正常": "normal",
    "normal": "normal",
    "紧急": "urgent",
    "加急": "urgent",
    "urgent": "urgent",
    "特急": "emergency",
    "非常紧急": "emergency",
    "emergency": "emergency",
}


@dataclass(frozen=True)
class RepairCall:
    """One call. `at` is the branch's local time, without zone; degrees are the file's; urgency is a code of `orders.rules`."""

    row: int
    at: datetime
    customer: str
    caller: str
    phone: Phone
    plate: str
    vin: str
    model: str
    purchased_on: date | None
    address: str
    lat: float | None
    lon: float | None
    symptom: str
    urgency: str


def read_calls(workbook: Workbook) -> Import[RepairCall]:
    """A call list -> rows. The same vehicle may call twice: nothing has to be unique."""
    return read_rows(workbook, COLUMNS, _call)


def _call(reader: RowReader) -> RepairCall:
    return RepairCall(
        row=reader.row,
        at=reader.need("at", read_moment, _NO_MOMENT),
        customer=reader.needed_text("customer"),
        caller=reader.text("caller"),
        phone=read_phone(reader.text("phone")),
        plate=normalise_plate(reader.text("plate")),
        vin=normalise_vin(reader.text("vin")),
        model=reader.text("model"),
        purchased_on=reader.maybe("purchased_on", read_near_day),
        address=reader.text("address"),
        lat=reader.maybe("lat", _read_degrees),
        lon=reader.maybe("lon", _read_degrees),
        symptom=reader.needed_text("symptom"),
        urgency=reader.maybe("urgency", _read_urgency) or "normal",
    )


def _read_degrees(cell: Cell) -> float | Text | None:
    number = read_decimal(cell)
    if number is None or isinstance(number, Text):
        return number
    return float(number) if abs(number) <= 180 else say("“%(text)s” is not a coordinate", text=plain(cell))


def _read_urgency(cell: Cell) -> str | Text:
    word = plain(cell).casefold()
    return _URGENCIES.get(word) or say("“%(text)s” is not an urgency; write 普通, 紧急 or 特急", text=plain(cell))
