"""What `serve` and `demo` do around the supervisor: tables, demonstration data, and the words on the terminal."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from dispatch.config import Settings
from dispatch.host import phone_steps, schema
from dispatch.host.addresses import outer_address
from dispatch.host.supervisor import Supervisor
from dispatch.paycodes import choosing
from dispatch.sheets import starting
from dispatch.web.logs import set_up

OWN_ADDRESS = """\
The QR codes on service sheets lead to {address} and stay so on paper:
set PUBLIC_URL to the address by which your customers reach this machine.
服务单二维码指向 {address}，打印后无法更改；请用 PUBLIC_URL 设置客户能访问的地址。"""


def serve(settings: Settings) -> None:
    """Serve until a signal."""
    set_up(settings)
    Supervisor(settings, prepare=prepare, announce=announce).run()


def prepare(settings: Settings) -> None:
    """Once the database answers: what sheets need, the channels of payment codes, the tables, and the demonstration data if
    asked for and not there yet."""
    starting.prepare(settings)
    choosing.connected_by(settings)
    schema.upgrade(settings.database_url)
    if settings.demo and not _logins_file(settings).exists():
        _build_demonstration(settings)


def announce(settings: Settings) -> None:
    """Once it serves: the address, and what the person at the terminal needs to know."""
    print(f"\nGPS Dispatch serves at {settings.base_url}   (Ctrl-C ends it)", flush=True)
    from dispatch.app import opening_words  # late: loading all features takes longer than these words may wait

    if settings.tls:
        print(phone_steps.opening_lines(settings), flush=True)
    if not settings.public_url and not settings.demo:
        print(OWN_ADDRESS.format(address=outer_address(settings)), flush=True)
    lines = [str(line) for line in opening_words(settings, settings.base_url)]
    lines += _login_lines(settings) if settings.demo else []
    print("\n".join(lines), flush=True)


def _build_demonstration(settings: Settings) -> None:
    """The marker is written last: an interrupted build is done again, and must therefore be one transaction."""
    from dispatch.demo import build

    print("Building the demonstration company ...", flush=True)
    logins = build(settings)
    fresh = _logins_file(settings).with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        json.dump(logins, out, ensure_ascii=False, indent=1, default=list)
    fresh.replace(_logins_file(settings))


def _login_lines(settings: Settings) -> list[str]:
    logins: list[Any] = json.loads(_logins_file(settings).read_text(encoding="utf-8"))
    return ["Logins:", *(f"  {_login_line(login)}" for login in logins)]


def _login_line(login: Any) -> str:
    parts = login.values() if isinstance(login, dict) else login if isinstance(login, list) else [login]
    return "   ".join(map(str, parts))


def _logins_file(settings: Settings) -> Path:
    return settings.data_dir / "demo-logins.json"
