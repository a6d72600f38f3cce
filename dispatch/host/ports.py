"""The ports: are they free, and does the product answer on its own."""

from __future__ import annotations

import errno
import http.client
import socket
import ssl
from dataclasses import dataclass

from dispatch.config import Settings
from dispatch.host.errors import CannotStart


def demand_free_port(settings: Settings) -> None:
    """Raise CannotStart if the web server could not listen on HOST and PORT."""
    _demand(_Wanted("HOST", settings.host, "PORT", settings.port))


def demand_free_port_for_terminals(settings: Settings) -> None:
    """Raise CannotStart if terminals could not reach us on JT808_HOST and JT808_PORT, or no port is set for them."""
    if not settings.jt808_port:
        raise CannotStart("No port is set that terminals report to; choose one, as in: JT808_PORT=6808 ./run")
    if settings.jt808_port == settings.port:
        raise CannotStart(f"PORT and JT808_PORT are both {settings.port}; choose another one, as in: JT808_PORT=6808 ./run")
    _demand(_Wanted("JT808_HOST", settings.jt808_host, "JT808_PORT", settings.jt808_port))


@dataclass(frozen=True)
class _Wanted:
    """An address to listen on, and the settings that say so."""

    host_name: str
    host: str
    port_name: str
    port: int


def _demand(wanted: _Wanted) -> None:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(wanted.host, wanted.port, type=socket.SOCK_STREAM)[0]
    except (socket.gaierror, UnicodeError):
        raise CannotStart(
            f"{wanted.host_name} is {wanted.host!r}, which is no address of a machine; use 127.0.0.1 or 0.0.0.0."
        ) from None
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as wrong:
            raise CannotStart(_why_not(wanted, wrong)) from None


def is_alive(settings: Settings) -> bool:
    """True if GET /livez is answered with 200 on our port."""
    connection = _connection(settings)
    try:
        connection.request("GET", "/livez", headers={"Host": settings.trusted_hosts[0]})
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _connection(settings: Settings) -> http.client.HTTPConnection:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104
    if not settings.tls:
        return http.client.HTTPConnection(host, settings.port, timeout=5)
    # We ask ourselves whether we are alive; who we are is not in question.
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return http.client.HTTPSConnection(host, settings.port, timeout=5, context=context)


def _why_not(wanted: _Wanted, wrong: OSError) -> str:
    if wrong.errno == errno.EADDRINUSE:
        free = wanted.port + 1 if wanted.port < 65535 else 8000
        return f"Port {wanted.port} is taken by another program; choose another one, as in: {wanted.port_name}={free} ./run"
    if wrong.errno == errno.EACCES:
        return f"Port {wanted.port} is for root only; choose one from 1024 on, as in: {wanted.port_name}=8000 ./run"
    return f"{wanted.host_name} is {wanted.host!r}, which is not an address of this machine; use 127.0.0.1 or 0.0.0.0."
