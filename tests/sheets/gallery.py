"""Ten sheets to be looked at by eye: `python -m tests.sheets.gallery FOLDER` writes them as PDF and, page by page, as PNG."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from dispatch.audit.rules import canonical
from dispatch.sheets.drawing import photo_for_print
from dispatch.sheets.gateway import missing_glyphs, render
from dispatch.sheets.printing import Print, printed_photos, sheet_html, title_of
from dispatch.sheets.rules import print_missing
from tests.sheets.building import (
    at,
    charge,
    facts,
    fitting,
    line,
    photo,
    photo_facts,
    receipt,
    repaired,
    signature,
    sim,
    strokes,
    terminal,
    trial,
    visit,
)

Sheet = tuple[dict[str, Any], dict[str, bytes]]
PAID = [
    charge("北斗终端 BD-808A", "680.00", "680.00", "part"),
    charge("物联网卡", "50.00", "50.00", "part"),
    charge("上门维修", "120.00", "0.00", "free"),
]


def short() -> Sheet:
    """A repair without any change, free of charge."""
    return facts(), {}


def usual() -> Sheet:
    """Terminal and SIM swapped out of warranty, paid in cash, with photos: the sheet that is printed most often."""
    pictures = [photo(90), photo(150, upright=True)]
    shown = [photo_facts(pictures[0], "condition", "09:55"), photo_facts(pictures[1], "work", "10:33")]
    held = {
        "until": "2026-03-01",
        "rule": {"msgid": "%(months)s months from installation on %(day)s", "params": {"months": 12, "day": "2025-03-01"}},
    }
    proven = dict.fromkeys(("online", "identity", "firmware", "iccid"), "jt808") | {"fix": "traccar", "satellites": "traccar"}
    drivers = [{"name": "李国强", "phone": "13537779012"}, {"name": "王磊", "phone": None}]
    vehicle = repaired(drivers=drivers, warranty=held, tests=trial(proven=proven))
    given = facts(lines=[vehicle], charges=PAID, total="730.00", receipts=[receipt("730.00")], photos=shown)
    return given, _files(pictures)


def long() -> Sheet:
    """Long words everywhere, six photos, a failed and an overruled test, a debt."""
    pictures = [photo(40 + 20 * n, upright=n % 2 == 1) for n in range(8)]
    kinds = ("condition", "condition", "unit", "unit", "work", "work", "paper", "work")
    shown = [photo_facts(p, kind, f"10:{10 + n}") for n, (p, kind) in enumerate(zip(pictures, kinds, strict=True))]
    told = (
        "客户来电：车辆在高速行驶过程中定位每隔十几分钟跳到两百公里以外，昨天夜里起完全不上线；"
        "上个月已经来修过一次，换过天线，当时好了两天。司机说仪表台下面有焦味。"
    )
    results = trial(signal=("failed", None), power=("overruled", "客户不同意断电测试，现场口头确认"), acc=("not_available", None))
    extra = [
        charge("GPS/北斗双模天线（含五米延长线及防水接头）", "85.00", "170.00", "listed", quantity=2),
        charge("移机费", "100.00", "100.00", "listed"),
    ]
    given = facts(
        customer={
            "name": "深圳市前海恒通国际供应链管理股份有限公司宝安分公司",
            "contact": "欧阳志远（车队调度）",
            "phone": "0755-26556565-801",
            "address": "广东省深圳市宝安区福永街道凤凰社区凤凰第三工业区岭下路 5 号 B 栋一楼后门"
            "装卸货平台（导航到“凤凰第三工业区南门”）",
        },
        lines=[repaired(tests=results, drivers=[{"name": "李国强", "phone": "13537779012"}])],
        charges=[*PAID, *extra],
        total="1000.00",
        receipts=[receipt("500.00"), receipt("300.00", "wechat", number="SZ-0000124", invoice_number=None)],
        due="200.00",
        photos=shown,
    )
    given["order"] |= {
        "symptom": "drift",
        "symptom_text": told,
        "diagnosis": "疑似主电源线虚接，天线进水；先带终端、SIM 和天线各一。",
    }
    return given, _files(pictures)


def rare_names() -> Sheet:
    """Names with signs that few fonts have, one of them not ours either."""
    given = facts(
        customer={"name": "𠮷祥龘物流行", "contact": "龘𪚥", "phone": "13900000001", "address": "深圳市龙华区㙟仔墩 3 号"},
        lines=[repaired(drivers=[{"name": "王喆堃", "phone": "13900000002"}, {"name": "䶮小䲜", "phone": None}])],
        charges=PAID,
        total="730.00",
        receipts=[receipt("730.00", "alipay")],
        signatures=[signature(signer="龘𪚥")],
    )
    return given, {}


def forty_three() -> Sheet:
    """The summary of a large installation by two technicians; some vehicles did not come."""
    lines = [_installed(n) for n in range(1, 44)]
    visits = [visit(), visit("卫晨", "JS002", day="2026-12-03")]
    signatures = [signature(), signature("s2", technician="卫晨", signer="刘芳", at=at("17:20", "2026-12-03"))]
    given = facts("installation", lines=lines, visits=visits, signatures=signatures)
    return given, {}


def _installed(n: int) -> dict[str, Any]:
    plate = None if n in (7, 31) else f"粤B{10000 + n * 37}" if n % 5 else f"粤BD{10000 + n * 41}"
    colour = "green" if plate and len(plate) == 8 else "yellow" if n % 3 else "blue"
    if n in (12, 40):
        return line(n, plate, colour=colour, status="residual", reason="车辆外出未回场", tests=[])
    if n == 22:
        return line(n, plate, colour=colour, status="not_done", reason="车主已将车辆转卖，不再安装", tests=[])
    by = "苏杰" if n < 25 else "卫晨"
    fitted = [
        fitting("install", "terminal", None, terminal(f"BD20261100{n:02d}"), by=by),
        fitting("install", "sim", None, sim(f"898604261122900456{n:02d}"), by=by),
    ]
    shown = trial(by=by, power=("overruled", "总闸由车队统一管理")) if n == 9 else trial(by=by)
    return line(n, plate, colour=colour, fittings=fitted, tests=shown)


def one_vehicle() -> Sheet:
    """The sheet of one vehicle of that installation."""
    picture = photo(120)
    held = {
        "until": "2027-12-02",
        "rule": {"msgid": "%(months)s months from installation on %(day)s", "params": {"months": 12, "day": "2026-12-02"}},
    }
    vehicle = {**_installed(5), "warranty": held, "drivers": [{"name": "陈志强", "phone": "13800138000"}]}
    return facts("vehicle", lines=[vehicle], due=None, photos=[photo_facts(picture, line=5)]), _files([picture])


def refused() -> Sheet:
    """The customer does not sign; a photo is there in its place."""
    picture = photo(200)
    evidence = photo_facts(picture, "refusal", "10:50")
    reason = "客户认为终端仍在保修期内，不同意收费，拒绝签字，并要求经理致电说明。"
    given = facts(
        lines=[repaired()],
        charges=PAID,
        total="730.00",
        due="730.00",
        photos=[evidence],
        signatures=[signature(refused=True, reason=reason, photo=evidence["id"])],
    )
    return given, _files([picture])


def unplated() -> Sheet:
    """A new vehicle without a plate, on account, the wet terminal swapped and the old SIM taken out."""
    why = {"why": "damage", "why_words": "主机后盖开裂，内部进水"}
    done = [
        fitting("swap", "terminal", terminal("BD2024031877"), terminal("BD2026110042", "BD-910V")) | why,
        fitting("remove", "sim", sim("89860421011870031234"), None),
    ]
    vehicle = line(1, None, vin="LGAG3DV24LA012345", fittings=done)
    paid = [receipt("680.00", "account", invoice_number=None)]
    return facts(lines=[vehicle], charges=PAID[:1], total="680.00", receipts=paid), {}


def english_names() -> Sheet:
    """A customer from abroad with long English names, a refund among the receipts."""
    customer = {
        "name": "Schenker-Hellmann International Freight Forwarding and Warehousing (Shenzhen) Company Limited",
        "contact": "Maximilian von Hohenberg-Lichtenstein",
        "phone": "+49 30 901820",
        "address": "Unit 2301-2309, Tower B, China Merchants Port Building, Taizi Road 1, Shekou, Nanshan District, Shenzhen",
    }
    paid = [receipt("780.00", "transfer"), receipt("-50.00", "transfer", number="SZ-0000130", invoice_number=None)]
    branch = {"code": "SZ", "name": "Shenzhen Nanshan"}
    given = facts(
        customer=customer,
        branch=branch,
        lines=[repaired(plate="粤BD12345", colour="green")],
        charges=PAID,
        total="730.00",
        receipts=paid,
        signatures=[signature(signer="Maximilian von Hohenberg-Lichtenstein", phone="+49 30 901820")],
    )
    return given, {}


def two_visits() -> Sheet:
    """A first visit that found a part missing, and a second one by a colleague that ended it."""
    visits = [
        visit(day="2026-12-01", checks=[{"item": "parts", "ok": False, "note": "包里没有 BD-910V，经理口头同意先去看"}]),
        visit("卫晨", "JS002", distance_m=None),
    ]
    signatures = [signature(at=at("11:02", "2026-12-01")), signature("s2", technician="卫晨", signer="刘芳", phone=None)]
    given = facts(
        visits=visits, lines=[repaired()], charges=PAID, total="730.00", receipts=[receipt("730.00")], signatures=signatures
    )
    return given, {}


def _files(pictures: list[bytes]) -> dict[str, bytes]:
    return {f"{photo_facts(p)['sha256']}.jpg": photo_for_print(p) for p in pictures}


GALLERY = (short, usual, long, rare_names, forty_three, one_vehicle, refused, unplated, english_names, two_visits)


def drawn(sheet: Sheet) -> bytes:
    """A sheet as PDF, neither signed nor kept."""
    given, files = sheet
    points = {signature["id"]: strokes(n) for n, signature in enumerate(given["signatures"], 1) if not signature["refused"]}
    shown = Print(1, datetime.fromisoformat(at("11:00")), "https://dispatch.example/s/4fK2mXw9QhRtZ0bVnL7cYA?v=1", points)
    printable = print_missing(given, missing_glyphs(canonical(given).decode()))
    wanted = {f"{p['sha256']}.jpg" for p in printed_photos(given)}
    return render(
        sheet_html(printable, shown),
        title=title_of(printable),
        language="zh-CN",
        created=shown.made_at,
        attachment=("sheet.json", canonical(given)),
        files={name: content for name, content in files.items() if name in wanted},
    )


def pages(folder: Path) -> Iterator[Path]:
    """Write the gallery into a folder; yields the PDFs."""
    folder.mkdir(parents=True, exist_ok=True)
    for n, make in enumerate(GALLERY, 1):
        file = folder / f"{n:02d}_{make.__name__}.pdf"
        file.write_bytes(drawn(make()))
        subprocess.run(["pdftoppm", "-r", "80", "-png", file, file.with_suffix("")], check=True)
        yield file


if __name__ == "__main__":
    for written in pages(Path(sys.argv[1])):
        print(written)
