"""Making a sheet: rendered and signed in one child process per worker, which lives as long as the worker does."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import datetime

from dispatch.sheets import gateway, signing
from dispatch.sheets.apart import Apart, Died, Limits, TookTooLong
from dispatch.sheets.gateway import SheetFailed, check_libraries
from dispatch.words import say

LIMITS = Limits(cpu_seconds=120, seconds=180, pieces=500)

_lock = threading.Lock()
_makers: dict[signing.Seal, Apart] = {}


def make_pdf(
    html: str,
    *,
    title: str,
    language: str,
    created: datetime,
    attachment: tuple[str, bytes],
    reason: str,
    at: datetime,
    files: Mapping[str, bytes] | None = None,
) -> bytes:
    """The signed PDF/A-3u of an HTML page.

    `files` are the pictures that the page names `file:NAME` (anything else but `data:` is refused); `attachment` is the name and
    content of the JSON inside; `created` is when the sheet's facts were closed, `at` when it is signed, for `reason`.
    Raises SheetFailed with a sentence; a child that was killed is replaced and asked once more.
    """
    check_libraries()
    pages = {"title": title, "language": language, "created": created, "attachment": attachment, "files": dict(files or {})}
    try:
        pdf: bytes = _maker().do(html, pages, reason, at)
    except TookTooLong:
        raise SheetFailed(say("The sheet could not be made within %(seconds)s seconds.", seconds=int(LIMITS.seconds))) from None
    except Died:
        raise SheetFailed(say("The sheet could not be made: the process that makes it ended twice.")) from None
    return pdf


def stop() -> None:
    """End the child; the next sheet would start a new one."""
    with _lock:
        for maker in _makers.values():
            maker.stop()
        _makers.clear()


def _maker() -> Apart:
    with _lock:
        seal = signing.seal()
        return _makers.setdefault(seal, Apart(_begin, seal, limits=LIMITS))


def _begin(seal: signing.Seal) -> Callable[..., bytes]:
    """In the child: what makes one sheet."""
    signing.use(seal)

    def make(html: str, pages: dict[str, object], reason: str, at: datetime) -> bytes:
        return signing.sign(gateway.render(html, **pages), reason=reason, at=at)  # type: ignore[arg-type]

    return make
