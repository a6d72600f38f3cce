from __future__ import annotations

import ssl
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dispatch.host import addresses, phone_steps, tls
from tests.host.conftest import settings_in

AT = datetime(2026, 12, 2, 1, 0, tzinfo=UTC)
NAMES = ("localhost", "127.0.0.1", "192.168.1.20")


def files(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in (folder / "tls").iterdir()}


def test_it_is_made_once_private_and_loads(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    tls.ensure(settings, at=AT, names=NAMES)
    first = files(tmp_path)
    tls.ensure(settings, at=AT, names=NAMES)
    assert files(tmp_path) == first
    assert all(stat.S_IMODE((tmp_path / "tls" / name).stat().st_mode) == 0o600 for name in first if name != "lock")
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(*tls.leaf_paths(settings))


def test_a_client_that_trusts_the_authority_accepts_the_server(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    tls.ensure(settings, names=NAMES)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(*tls.leaf_paths(settings))
    client = ssl.create_default_context(cafile=str(tls.ca_certificate_path(settings)))
    for name in NAMES:
        shake_hands(server, client, name)
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(server, client, "192.168.1.21")


def shake_hands(server: ssl.SSLContext, client: ssl.SSLContext, name: str) -> None:
    """A handshake in memory, by a client that called the server `name`."""
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    serving = server.wrap_bio(up, down, server_side=True)
    calling = client.wrap_bio(down, up, server_hostname=name)
    for _ in range(4):
        for side in (calling, serving):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    assert calling.version() == "TLSv1.3"


def test_the_certificate_follows_the_addresses_and_the_authority_stays(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    tls.ensure(settings, at=AT, names=NAMES)
    before = files(tmp_path)
    tls.ensure(settings, at=AT, names=(*NAMES, "10.0.0.9"))
    after = files(tmp_path)
    assert after["server.pem"] != before["server.pem"]
    assert after["authority.pem"] == before["authority.pem"]


@pytest.mark.parametrize(("days", "renewed"), [(300, False), (380, True)])
def test_it_is_renewed_near_its_end(tmp_path: Path, days: int, renewed: bool) -> None:
    settings = settings_in(tmp_path)
    tls.ensure(settings, at=AT, names=NAMES)
    before = files(tmp_path)["server.pem"]
    tls.ensure(settings, at=AT + timedelta(days=days), names=NAMES)
    assert (files(tmp_path)["server.pem"] != before) is renewed


@pytest.mark.parametrize("broken", ["server.pem", "server.key", "authority.key"])
def test_a_broken_file_is_made_anew(tmp_path: Path, broken: str) -> None:
    settings = settings_in(tmp_path)
    tls.ensure(settings, at=AT, names=NAMES)
    (tmp_path / "tls" / broken).write_text("half")
    tls.ensure(settings, at=AT, names=NAMES)
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(*tls.leaf_paths(settings))


def test_the_terminal_shows_the_code_and_the_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "network_addresses", lambda: ["192.168.1.20"])
    settings = settings_in(tmp_path, TLS="on")
    tls.ensure(settings, at=AT, names=NAMES)
    said = phone_steps.opening_lines(settings)
    assert "https://192.168.1.20:8000/trust" in said
    assert tls.fingerprint(settings) in said
    assert "iPhone" in said
    assert "证书信任设置" in said


def test_names_that_no_certificate_holds_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "_towards_outside", lambda: "192.168.1.20")
    monkeypatch.setattr(addresses, "_of_interfaces", lambda: ["127.0.0.1", "192.168.1.20", "10.0.0.9"])
    monkeypatch.setattr(addresses.socket, "gethostname", lambda: "my_machine!")
    assert addresses.reachable_names() == ["localhost", "127.0.0.1", "192.168.1.20", "10.0.0.9"]


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ({}, "http://localhost:8000"),
        ({"HOST": "0.0.0.0"}, "http://192.168.1.20:8000"),
        ({"TLS": "on"}, "https://192.168.1.20:8000"),
        ({"HOST": "10.0.0.9"}, "http://10.0.0.9:8000"),
        ({"HOST": "0.0.0.0", "PUBLIC_URL": "https://dispatch.example"}, "https://dispatch.example"),
    ],
)
def test_sheets_bear_the_address_that_others_reach(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: dict[str, str], address: str
) -> None:
    monkeypatch.setattr(addresses, "network_addresses", lambda: ["192.168.1.20"])
    assert addresses.outer_address(settings_in(tmp_path, **given)) == address


def test_without_a_network_it_is_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "network_addresses", list)
    assert addresses.outer_address(settings_in(tmp_path, HOST="0.0.0.0")) == "http://localhost:8000"
