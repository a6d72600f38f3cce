"""This machine's own names and addresses, as others on its network see them."""

from __future__ import annotations

import ipaddress
import json
import re
import shutil
import socket
import subprocess

from dispatch.config import Settings

EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - compared with, not listened on


def host_name() -> str:
    """The machine's name, if it is one that a certificate and an address bar can hold; else an empty text."""
    name = socket.gethostname()
    return name if re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,61}[A-Za-z0-9])?", name) else ""


def network_addresses() -> list[str]:
    """IPv4 addresses on the local networks, the one that leads outside first. Nothing is sent."""
    found = [address for address in (_towards_outside(), *_of_interfaces()) if _is_useful(address)]
    return list(dict.fromkeys(found))


def reachable_names() -> list[str]:
    """Everything that a browser on this network may call us."""
    return list(dict.fromkeys(["localhost", "127.0.0.1", *filter(None, [host_name()]), *network_addresses()]))


def outer_address(settings: Settings) -> str:
    """Where others reach the product: as `PUBLIC_URL` says, else on this network if it listens there, else on this machine."""
    if settings.public_url or settings.host not in EVERYWHERE:
        return settings.base_url
    outside = network_addresses()
    return f"{'https' if settings.tls else 'http'}://{outside[0]}:{settings.port}" if outside else settings.base_url


def _towards_outside() -> str:
    """The address that the routing table would use; connecting a datagram socket asks it without sending."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return ""
        return str(probe.getsockname()[0])


def _of_interfaces() -> list[str]:
    if not (ip := shutil.which("ip")):
        return []
    said = subprocess.run([ip, "-json", "-4", "address", "show", "up"], capture_output=True, text=True, check=False)
    try:
        links = json.loads(said.stdout or "[]")
    except ValueError:
        return []
    return [str(entry["local"]) for link in links for entry in link.get("addr_info", []) if "local" in entry]


def _is_useful(address: str) -> bool:
    return bool(address) and not ipaddress.ip_address(address).is_loopback
