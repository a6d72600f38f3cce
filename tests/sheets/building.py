"""Sheets to draw and to look at: facts as `sheet_facts` gives them, made up here from a few words."""

from __future__ import annotations

import hashlib
import io
import math
from collections.abc import Sequence
from typing import Any

from PIL import Image, ImageDraw

DAY = "2026-12-02"
RULES = {
    "free": {"msgid": "Visit, survey, installation and repair of our own products are free.", "params": {}},
    "part": {"msgid": "Out of warranty since %(day)s: the part is charged.", "params": {"day": "2026-03-01"}},
    "listed": {"msgid": "Neither a free service nor the warranty covers this: the listed price is charged.", "params": {}},
}
TESTS = ("online", "identity", "firmware", "iccid", "fix", "satellites", "signal", "acc", "power")


def at(clock: str, day: str = DAY) -> str:
    """A moment of the day in the branch's zone."""
    return f"{day}T{clock}:00+08:00"


def terminal(serial: str, model: str = "BD-808A") -> dict[str, Any]:
    """The four numbers of a terminal."""
    tail = f"{int(hashlib.sha256(serial.encode()).hexdigest(), 16) % 10**9:09d}"
    return {"serial": serial, "model": model, "imei": f"860425{tail}", "terminal_id": tail[-7:], "phone_808": f"01440{tail[:7]}"}


def sim(iccid: str) -> dict[str, Any]:
    """The numbers of a SIM."""
    return {"iccid": iccid, "msisdn": "1440" + iccid[-9:], "carrier": "中国移动"}


def fitting(kind: str, unit_kind: str, old: Any, new: Any, *, clock: str = "10:12", by: str = "苏杰") -> dict[str, Any]:
    """One change of a unit."""
    return {"kind": kind, "unit_kind": unit_kind, "old": old, "new": new, "at": at(clock), "by": by}


def trial(
    clock: str = "10:31", by: str = "苏杰", *, proven: dict[str, str] | None = None, **results: tuple[str, str | None]
) -> list[dict[str, Any]]:
    """A whole test-run; `results` names the points that were not simply passed, `proven` those a terminal proved."""
    given = {item: results.get(item, ("passed", None)) for item in TESTS}
    proofs = {item: {"proof": {"source": source, "at": at("10:29")}} for item, source in (proven or {}).items()}
    common = {"by": by, "at": at(clock)}
    return [{"item": item, "result": r, "reason": why, **common, **proofs.get(item, {})} for item, (r, why) in given.items()]


def line(position: int, plate: str | None, **facts: Any) -> dict[str, Any]:
    """One vehicle, done unless said otherwise."""
    usual = {
        "colour": "yellow" if plate else None,
        "vin": f"LFWSRXSJ1M1F{position:05d}",
        "drivers": [],
        "status": "done",
        "reason": None,
        "fittings": [],
        "tests": trial(),
        "warranty": None,
    }
    return {"position": position, "plate": plate, **usual, **facts}


def charge(name: str, price: str, amount: str, rule: str, *, quantity: int = 1, line: int | None = 1) -> dict[str, Any]:
    """One thing that is charged, or free."""
    money = {"quantity": quantity, "unit_price": price, "amount": amount}
    return {"code": name, "name": name, **money, "rule": rule, "told": RULES[rule], "line": line}


def receipt(amount: str, channel: str = "cash", **facts: Any) -> dict[str, Any]:
    """Money that was taken."""
    usual = {"number": "SZ-0000123", "invoice_number": "25442000000012345678", "at": at("10:40"), "by": "苏杰"}
    return {"channel": channel, "amount": amount, **usual, **facts}


def signature(key: str = "s1", **facts: Any) -> dict[str, Any]:
    """A customer's signature."""
    usual = {
        "technician": "苏杰",
        "signer": "张超敏",
        "phone": "18886844318",
        "refused": False,
        "reason": None,
        "photo": None,
        "at": at("10:44"),
        "summary_hash": hashlib.sha256(key.encode()).hexdigest(),
        "lat": "22.639000",
        "lon": "113.811000",
    }
    return {"id": key, **usual, **facts}


def visit(technician: str = "苏杰", number: str = "JS001", *, day: str = DAY, **facts: Any) -> dict[str, Any]:
    """One trip, from setting out to the end."""
    checks = [{"item": item, "ok": True, "note": None} for item in ("facts", "tools", "parts", "papers")]
    times = {"departed_at": at("09:05", day), "arrived_at": at("09:52", day), "finished_at": at("10:46", day)}
    return {"technician": technician, "employee_no": number, **times, "distance_m": 38, "checks": checks, **facts}


def facts(kind: str = "repair", **given: Any) -> dict[str, Any]:
    """The facts of a sheet: a small repair unless said otherwise."""
    usual: dict[str, Any] = {
        "format": "gps-dispatch/sheet/1",
        "kind": kind,
        "number": "WX-20261202-0001" if kind == "repair" else "AZ-20261202-0003",
        "branch": {"code": "SZ", "name": "深圳"},
        "customer": {
            "name": "恒通物流有限公司",
            "contact": "张超敏",
            "phone": "18886844318",
            "address": "广东省深圳市宝安区宝安国际机场货运村",
        },
        "order": {
            "received_at": at("08:41"),
            "wanted_on": DAY,
            "symptom": "offline" if kind == "repair" else None,
            "symptom_text": "终端不上线三天，平台看不到车。" if kind == "repair" else None,
            "diagnosis": None,
            "product_model": "BD-808A",
            "purchased_on": None,
        },
        "visits": [visit()],
        "lines": [line(1, "粤BQ5T88")],
        "charges": [],
        "total": "0.00",
        "receipts": [],
        "due": "0.00",
        "photos": [],
        "signatures": [signature()],
    }
    return {**usual, **given}


def photo_facts(content: bytes, kind: str = "work", clock: str = "10:20", line: int | None = 1) -> dict[str, Any]:
    """A photo as facts name it."""
    sha256 = hashlib.sha256(content).hexdigest()
    return {"id": sha256[:8], "kind": kind, "sha256": sha256, "at": at(clock), "line": line}


def photo(shade: int = 90, *, upright: bool = False, size: int = 2048) -> bytes:
    """A JPEG that looks like something: a vehicle on a road."""
    width, height = (size * 3 // 4, size) if upright else (size, size * 3 // 4)
    picture = Image.linear_gradient("L").resize((width, height)).convert("RGB")
    draw = ImageDraw.Draw(picture)
    base = height * 2 // 3
    draw.rectangle((0, base, width, height), fill=(90, 92, 96))
    draw.rectangle((width // 6, height // 3, width * 4 // 6, base), fill=(shade, 110, 160))
    draw.rectangle((width * 4 // 6, height // 2, width * 5 // 6, base), fill=(200, shade, 60))
    for middle in (width * 2 // 6, width * 9 // 12):
        draw.ellipse((middle - 90, base - 90, middle + 90, base + 90), fill=(25, 25, 25))
    written = io.BytesIO()
    picture.save(written, "JPEG", quality=85)
    return written.getvalue()


def strokes(seed: int = 1) -> list[list[list[float]]]:
    """A signature as the pad sends it: shares of the field's width, and the time in milliseconds."""
    return [_stroke(seed, part) for part in range(3)]


def _stroke(seed: int, part: int) -> list[list[float]]:
    left = 0.1 + part * 0.27
    return [
        [
            left + step / 40 * 0.22,
            0.16 + 0.07 * math.sin(step * (0.33 + part * 0.11) + seed) + 0.03 * math.cos(step * 0.9 * seed),
            step * 8,
        ]
        for step in range(40)
    ]


def repaired(number: int = 1, plate: str | None = "粤BQ5T88", **given: Any) -> dict[str, Any]:
    """A vehicle whose terminal and SIM were both swapped."""
    swaps: Sequence[dict[str, Any]] = (
        fitting("swap", "terminal", terminal("BD2024031877"), terminal("BD2026110042")),
        fitting("swap", "sim", sim("89860421011870031234"), sim("89860426112290045678"), clock="10:15"),
    )
    return line(number, plate, fittings=list(swaps), **given)
