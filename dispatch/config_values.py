"""Readers for settings: each turns an environment text into a value, or raises ValueError saying what is expected."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from dispatch.clock import read_hours
from dispatch.permissions import PERMISSIONS, ROLES

ORDER_KINDS = ("installation", "repair")
APPROVED_KINDS = (*ORDER_KINDS, "purchase", "goodwill", "refund", "overrule", "quotation")
PHOTOS = ("plate", "imei", "iccid", "wiring", "place")
CLOCK_STAGES = ("approval", "departure", "arrival", "repair")
URGENCIES = ("normal", "urgent", "emergency")
YES, NO = ("1", "on", "yes", "true"), ("0", "off", "no", "false")


USUAL_LIMITS = (
    "any.approval.any=240w, any.approval.urgent=60w, any.approval.emergency=30r,"
    "repair.departure.any=960w, repair.departure.urgent=240w, repair.departure.emergency=120r,"
    "repair.arrival.any=1440w, repair.arrival.urgent=480w, repair.arrival.emergency=240r,"
    "repair.repair.any=2400w, repair.repair.urgent=960w, repair.repair.emergency=480r,"
    "installation.arrival.any=2400w, installation.repair.any=4800w"
)
"""How long what may take, unless settings or a branch say otherwise; a working day has 480 minutes."""


class SettingError(Exception):
    """A setting that cannot be taken; the text is one sentence for whoever started the program."""

    def __init__(self, name: str, value: str, expected: str) -> None:
        self.name, self.value, self.expected = name, value, expected
        super().__init__(f"The setting {name} is {value!r}; expected is {expected}.")


@dataclass(frozen=True)
class ApprovalStep:
    """After the first level, business of this kind with more than `above` vehicles or yuan also needs this role's approval."""

    kind: str
    above: int
    role: str

    def __str__(self) -> str:
        return f"{self.kind}>{self.above}:{self.role}"


@dataclass(frozen=True)
class ClockAsked:
    """How many minutes a stage of orders of a kind and urgency ("any": all) may take, of working time or around the clock."""

    kind: str
    stage: str
    urgency: str
    minutes: int
    reckoned: str

    def __str__(self) -> str:
        return f"{self.kind}.{self.stage}.{self.urgency}={self.minutes}{self.reckoned[0]}"


@dataclass(frozen=True)
class PhotosAsked:
    """Orders of this kind are not closed without a photo of each of these kinds."""

    kind: str
    photos: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.kind}:{'+'.join(self.photos)}"


def text(given: str) -> str:
    """Any text."""
    return given


def names(given: str) -> tuple[str, ...]:
    """Names separated by commas or spaces."""
    return tuple(re.split(r"[,\s]+", given.strip(" ,")))


def boolean(given: str) -> bool:
    """on or off, in the usual spellings."""
    if given.lower() not in YES + NO:
        raise ValueError("on or off")
    return given.lower() in YES


def whole(least: int, most: int) -> Callable[[str], int]:
    """A reader of whole numbers from `least` to `most`."""
    wanted = f"a whole number from {least} to {most}"

    def read(given: str) -> int:
        if not re.fullmatch(r"\d{1,12}", given, re.ASCII) or not least <= int(given) <= most:
            raise ValueError(wanted)
        return int(given)

    return read


def number(least: float, most: float) -> Callable[[str], float]:
    """A reader of decimal numbers from `least` to `most`."""
    wanted = f"a number from {least} to {most}"

    def read(given: str) -> float:
        if not re.fullmatch(r"\d{1,12}(\.\d{1,12})?", given, re.ASCII) or not least <= float(given) <= most:
            raise ValueError(wanted)
        return float(given)

    return read


def choice(*options: str) -> Callable[[str], str]:
    """A reader of one word out of a few, in small or capital letters."""

    def read(given: str) -> str:
        if given.lower() not in options:
            raise ValueError(f"one of {', '.join(options)}")
        return given.lower()

    return read


def some_of(*options: str) -> Callable[[str], tuple[str, ...]]:
    """A reader of words out of a few, separated by commas or spaces; `none` alone stands for none of them, and for itself."""

    def read(given: str) -> tuple[str, ...]:
        words = names(given.lower())
        if words != ("none",) and not set(words) <= set(options):
            raise ValueError(f"some of {', '.join(options)}, or none")
        return tuple(dict.fromkeys(words))

    return read


def working_hours(given: str) -> str:
    """Pieces of a working day, as in 08:30-12:00,13:00-17:30."""
    if read_hours(given) is None:
        raise ValueError("working hours such as 08:30-12:00,13:00-17:30 or 22:00-06:00")
    return given


def folder(given: str) -> Path:
    """A folder, relative ones from where the program is started."""
    path = Path(given).expanduser().absolute()
    if path.exists() and not path.is_dir():
        raise ValueError("a folder, and this is a file")
    return path


def zone(given: str) -> str:
    """A time zone of the IANA database."""
    try:
        ZoneInfo(given)
    except (KeyError, ValueError, OSError):
        raise ValueError("a time zone such as Asia/Shanghai") from None
    return given


def web_address(given: str) -> str:
    """http or https address, without a slash at the end."""
    parts = urlsplit(given)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("an address such as https://dispatch.example.com")
    return given.rstrip("/")


def database_url(given: str) -> str:
    """A PostgreSQL address in any usual spelling; given back in the one SQLAlchemy wants for psycopg."""
    scheme, separator, rest = given.partition("://")
    if scheme not in ("postgres", "postgresql", "postgresql+psycopg") or not separator or not rest:
        raise ValueError("a PostgreSQL address such as postgresql://user:password@host/database")
    return f"postgresql+psycopg://{rest}"


def approval_steps(given: str) -> tuple[ApprovalStep, ...]:
    """`kind>size:role` or `kind:role`, separated by commas."""
    return tuple(_approval_step(part.strip()) for part in given.split(",") if part.strip())


def photos_asked(given: str) -> tuple[PhotosAsked, ...]:
    """`kind:photo+photo`, separated by commas; each kind once."""
    found = tuple(_photos_asked(part.strip()) for part in given.split(",") if part.strip())
    if len({one.kind for one in found}) < len(found):
        raise ValueError("each kind of order once")
    return found


def clocks_asked(given: str) -> tuple[ClockAsked, ...]:
    """`kind.stage.urgency=minutes` and w or r, separated by commas; 0 minutes: no limit."""
    return tuple(_clock_asked(part.strip()) for part in given.split(",") if part.strip())


def without_password(url: str) -> str:
    """The text with the password of an address replaced by stars."""
    return re.sub(r"(://[^:/@]*:)[^@]*@", r"\1***@", url)


def _photos_asked(part: str) -> PhotosAsked:
    kind, _, listed = (piece.strip() for piece in part.partition(":"))
    photos = tuple(dict.fromkeys(piece.strip() for piece in listed.split("+") if piece.strip()))
    if kind not in ORDER_KINDS or not photos or not set(photos) <= set(PHOTOS):
        raise ValueError(f"photos such as installation:plate+wiring, with {' or '.join(ORDER_KINDS)}, and of {', '.join(PHOTOS)}")
    return PhotosAsked(kind, photos)


def _clock_asked(part: str) -> ClockAsked:
    match = re.fullmatch(r"(\w+)\.(\w+)\.(\w+)=(\d{1,6})([wr])", part, re.ASCII)
    known = match and match[1] in ("any", *ORDER_KINDS) and match[2] in CLOCK_STAGES and match[3] in ("any", *URGENCIES)
    if not match or not known or int(match[4]) > 100_000:
        raise ValueError(
            f"limits such as repair.arrival.urgent=480w, with {', '.join(CLOCK_STAGES)}, and any, {', '.join(URGENCIES)}"
        )
    return ClockAsked(match[1], match[2], match[3], int(match[4]), {"w": "work", "r": "round"}[match[5]])


def _approval_step(part: str) -> ApprovalStep:
    match = re.fullmatch(r"(\w+)\s*(?:>\s*(\d{1,6}))?\s*:\s*(\w+)", part, re.ASCII)
    roles = [role for role in ROLES if f"order.approve_{role}" in PERMISSIONS]
    if not match or match[1] not in APPROVED_KINDS or match[3] not in roles:
        raise ValueError(
            f"steps such as installation>20:director, with one of {', '.join(APPROVED_KINDS)}, and one of {', '.join(roles)}"
        )
    return ApprovalStep(match[1], int(match[2] or 0), match[3])
