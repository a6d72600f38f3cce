"""Empty lists to be filled in: the installation request that a customer sends, and the lists that are brought in."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from dispatch.intake.request_columns import HEADER_LABELS, LINE_COLUMNS
from dispatch.tabular.columns import Column

BLOCK = (("customer", "address"), ("contact", "phone"), ("wanted_on", "model"), ("quantity", "salesman"))
TABLE = ("plate", "colour", "vin", "vehicle_type", "make", "driver", "driver_phone", "parking", "remark")

LISTS: dict[str, tuple[tuple[str, str], ...]] = {
    "terminals": (
        ("序列号", "SN00000001"),
        ("型号", "BD-808A"),
        ("IMEI", "359121104139382"),
        ("终端ID(808)", "4316102"),
        ("终端手机号", ""),
        ("批次", "B2601"),
        ("入库日期", "2026-01-05"),
        ("仓库", "总仓"),
        ("质保月数", "12"),
        ("归属", "本公司"),
    ),
    "sims": (
        ("ICCID", "89860622588667878485"),
        ("号码", "1410051948431"),
        ("运营商", "中国移动"),
        ("套餐", "30MB/月"),
        ("到期日", "2027-06-30"),
        ("绑定IMEI", ""),
        ("仓库", "总仓"),
        ("IMSI", ""),
        ("归属", ""),
    ),
    "parts": (
        ("编码", "P101"),
        ("名称", "电源线 3 米"),
        ("单位", "根"),
        ("数量", "50"),
        ("仓库", "总仓"),
    ),
    "technicians": (
        ("工号", "JS999"),
        ("姓名", "张三"),
        ("手机", "13800138000"),
        ("驻地", "广东省深圳市宝安区福永街道"),
        ("纬度", "22.679"),
        ("经度", "113.841"),
        ("技能", "install:2;repair:1"),
        ("班次", "08:30-17:30"),
        ("随车终端", "8"),
        ("随车SIM", "8"),
    ),
    "prices": (
        ("编码", "P999"),
        ("名称", "GNSS 天线"),
        ("类别", "配件"),
        ("单价", "1,280.00"),
        ("税率", "13%"),
        ("生效日期", "2026-01-01"),
        ("截止日期", ""),
        ("网点", ""),
        ("客户", ""),
        ("合同", ""),
    ),
}
"""The headings of each list, and the row that shows how to fill it in."""


def list_csv(kind: str) -> str:
    """The template of a kind of list: its headings and one row as an example."""
    return _csv(zip(*LISTS[kind], strict=True))


def template_csv(locale: str) -> str:
    """The template's text, with the mark by which spreadsheet programs know UTF-8. `locale` is zh or en."""
    block = [[cell for key in pair for cell in (_heading(HEADER_LABELS, key, locale), "", "")] for pair in BLOCK]
    return _csv([*block, [], [_heading(LINE_COLUMNS, key, locale) for key in TABLE]])


def _csv(rows: Iterable[Iterable[str]]) -> str:
    out = io.StringIO(newline="")
    out.write("\ufeff")
    csv.writer(out).writerows(rows)
    return out.getvalue()


def _heading(columns: Iterable[Column], key: str, locale: str) -> str:
    names = next(column.names for column in columns if column.key == key)
    return names[0] if locale == "zh" else next(name for name in names if name.isascii())
