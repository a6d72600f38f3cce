"""Files that wait at the desk of the demonstration: a customer's request with lines to be looked at, one nobody understands yet,
a delivery with a slip of the pen, and a list of calls."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from dispatch.customers.models import Customer
from dispatch.demo.company import Company
from dispatch.intake.operations import keep_file
from dispatch.tabular.tables import read

SENT = timedelta(minutes=40)
"""How long ago the files came in."""

HEAD = ("序号", "车牌号", "车牌颜色", "车架号", "司机姓名", "司机电话", "停放地点")
ODD_HEAD = ("号牌", "底盘", "谁开车", "怎么联系")


def build(company: Company, now: datetime) -> None:
    """Send them in, as the desk found them in its mail this morning."""
    customer = company.customers["SZ"][1]
    by, at = company.desk("SZ"), now - SENT
    for purpose, name, rows in (
        ("request", "恒通加装清单.csv", _request(company, customer)),
        ("request", "车辆资料(旧表).csv", _odd(company, customer)),
        ("terminals", "到货终端.csv", _delivery()),
        ("calls", "周末报修.csv", _calls(company, customer, now)),
    ):
        content = _csv(rows)
        keep_file(company.session, purpose, read(name, content), file=content, by=by, at=at)


def _csv(rows: Iterable[Sequence[object]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def _request(company: Company, customer: Customer) -> list[Sequence[object]]:
    """A repeated plate, one without its province, an unplated vehicle, a VIN with a slip, and one that has a terminal already."""
    own = [vehicle for vehicle in company.vehicles["SZ"] if vehicle.customer_id == customer.id]
    contact, site = customer.contacts[0], company.sites[customer.id]
    rows = (
        ("粤B3K81N", "黄", "LFW9PCF45SB252353", company.someone(), company.phone(), "夜间停厂区西门"),
        ("粤B7M26R", "黄", "LSVEDP840R2614006", company.someone(), company.phone(), ""),
        ("粤B7M26R", "黄", "LZZ83CEX7RF623241", company.someone(), company.phone(), ""),
        ("B5TT20", "蓝", "LZZS228F7P2421154", company.someone(), "1380013", ""),
        ("", "", "LGAXJ9D61V3411439", company.someone(), company.phone(), "新车未上牌"),
        ("粤BD60917", "绿", "LGABEP1K7VE36426", company.someone(), company.phone(), ""),
        (own[1].plate or "", "", "", company.someone(), company.phone(), ""),
    )
    above = (
        ("车载终端安装需求单",),
        ("客户名称", customer.name, "", "联系人", contact.name),
        ("联系电话", contact.phone, "", "安装地址", site.address),
        ("终端型号", "BD-808A", "", "安装数量", len(rows)),
        (),
    )
    return [*above, HEAD, *((number, *row) for number, row in enumerate(rows, start=1)), ("合计", len(rows))]


def _odd(company: Company, customer: Customer) -> list[Sequence[object]]:
    vins = ("LVSK7ZKJ5NA838186", "LVSK9B5MXTA813735", "LJ10KTJ66PB417602")
    plates = ("粤B6QX05", "粤B8HL73", "粤BD55182")
    return [ODD_HEAD, *((plate, vin, company.someone(), company.phone()) for plate, vin in zip(plates, vins, strict=True))]


def _delivery() -> list[Sequence[object]]:
    head = ("序列号", "型号", "IMEI", "批次", "入库日期", "仓库", "质保月数")
    good = [(f"SN2612{n:04d}", "BD-808A", "", "B2612", "2026-11-20", "总仓", 24) for n in range(1, 7)]
    return [
        head,
        *good,
        ("SN26120007", "BD-808A", "359121104139381", "B2612", "2026-11-20", "总仓", 24),
        ("SN26120008", "BD-808A", "", "B2612", "2026-13-20", "总仓", 24),
    ]


def _calls(company: Company, customer: Customer, now: datetime) -> list[Sequence[object]]:
    head = ("来电时间", "客户名称", "来电人", "来电号码", "车牌号", "产品型号", "地址", "故障现象", "紧急程度")
    when, site = (now - timedelta(hours=30)).strftime("%Y-%m-%d %H:%M"), company.sites[customer.id]
    caller = (customer.contacts[0].name, customer.contacts[0].phone)
    return [
        head,
        (when, customer.name, *caller, "粤B4WR68", "BD-808A", site.address, "终端不上线两天", "普通"),
        (when, customer.name, *caller, "粤B9CC41", "", site.address, "定位漂移", "紧急"),
        ("周六上午", customer.name, *caller, "粤B2JH19", "BD-808A", site.address, "主电源断开", "普通"),
    ]
